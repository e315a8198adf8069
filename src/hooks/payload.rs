//! What is sent: the payload of the Hugging Face Hub, version 3.

use super::Hooks;
use super::model::{Domain, Webhook};
use crate::base::{Family, UserId};
use crate::events::{Event, Subject};
use crate::jobs::JobError;
use crate::pulls::{Happening, Pull, PullEvent, PullsError};
use crate::repos::{ReadRepo, Visibility};
use crate::users::{Account, account};
use crate::{pulls, repos};
use serde_json::{Value, json};

/// What an event means to those who are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Meaning {
    pub(super) domain: Domain,
    action: &'static str,
    scope: &'static str,
}

/// What is sent, and its name for people.
pub(super) struct Told {
    pub(super) name: String,
    pub(super) body: Value,
}

/// What an event means; none of one that nobody is told of.
pub(super) fn meaning(event: &Event) -> Option<Meaning> {
    let (domain, action, scope) = match event.kind.as_str() {
        repos::event::CREATED | repos::event::RESTORED => (Domain::Repo, "create", "repo"),
        repos::event::COMMITTED | repos::event::REFERENCE | repos::event::CONTRIBUTED => {
            (Domain::Repo, "update", "repo.content")
        }
        repos::event::CHANGED => (Domain::Repo, "update", "repo.config"),
        repos::event::RENAMED | repos::event::TRANSFERRED => (Domain::Repo, "move", "repo"),
        repos::event::DELETED => (Domain::Repo, "delete", "repo"),
        pulls::event::OPENED => (Domain::Discussion, "create", "discussion"),
        pulls::event::RENAMED | pulls::event::STATUS => (Domain::Discussion, "update", "discussion"),
        pulls::event::COMMENTED => (Domain::Discussion, "create", "discussion.comment"),
        pulls::event::COMMENT_EDITED | pulls::event::COMMENT_HIDDEN => {
            (Domain::Discussion, "update", "discussion.comment")
        }
        _ => return None,
    };
    Some(Meaning { domain, action, scope })
}

/// What says no more than that the webhook works.
pub(super) fn test(webhook: &Webhook) -> Told {
    let body = json!({ "event": { "action": "ping", "scope": "webhook" }, "webhook": named(webhook) });
    let name = "ping webhook".to_owned();
    Told { name, body }
}

fn named(webhook: &Webhook) -> Value {
    json!({ "id": webhook.id, "version": 3 })
}

impl Hooks {
    /// What a webhook is told of an event now; none when its owner may not read the repository, or it is not there.
    pub(super) fn told(&self, webhook: &Webhook, event: &Event) -> Result<Option<Told>, JobError> {
        let (Some(meaning), Some(Subject::Repository(id))) = (meaning(event), &event.subject) else {
            return Ok(None);
        };
        let proof = self.repos.readable_for(webhook.owner, *id)?;
        let is_told = |proof: &ReadRepo| proof.repository().is_live() || event.kind == repos::event::DELETED;
        let Some(proof) = proof.filter(is_told) else {
            return Ok(None);
        };
        let place = Place::new(webhook, &proof);
        let mut body = json!({
            "event": { "action": meaning.action, "scope": meaning.scope },
            "repo": place.repository(&proof),
            "webhook": named(webhook),
        });
        if let Some(references) = updated_references(event) {
            body["updatedRefs"] = references;
        }
        if let Some(old) = event.details["old"].as_str().filter(|_| meaning.action == "move") {
            let now = json!({ "name": body["repo"]["name"], "owner": body["repo"]["owner"] });
            body["movedTo"] = now;
            let owner = self.owner_before(&proof, event)?;
            body["repo"]["name"] = json!(format!("{}/{old}", owner.name));
            body["repo"]["owner"] = json!({ "id": owner.id });
        }
        if event.kind == repos::event::CHANGED {
            let visibility = event.details["visibility"].as_str();
            body["updatedConfig"] = visibility.map_or(json!({}), |is| json!({ "private": is == "private" }));
        }
        if meaning.domain == Domain::Discussion && !self.add_discussion(&mut body, &place, &proof, event)? {
            return Ok(None);
        }
        let name = format!("{} {}", meaning.action, meaning.scope);
        Ok(Some(Told { name, body }))
    }

    /// Who owned what moved; its owner now when it moved to another name alone.
    fn owner_before(&self, proof: &ReadRepo, event: &Event) -> Result<Account, JobError> {
        let before = match former_owner(event) {
            Some(id) => self.store.read(|tx| account(tx, id))?,
            None => None,
        };
        Ok(before.unwrap_or_else(|| proof.owner().clone()))
    }

    /// Adds the discussion, and the comment if it is about one. Answers whether there is such a discussion.
    fn add_discussion(
        &self,
        body: &mut Value,
        place: &Place,
        proof: &ReadRepo,
        event: &Event,
    ) -> Result<bool, JobError> {
        let number = event.details["number"].as_u64().unwrap_or(0);
        let (pull, happened) = match self.pulls.get_whole(proof, number) {
            Ok(whole) => whole,
            Err(PullsError::NotFound(_)) => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        body["discussion"] = place.discussion(proof, &pull);
        let opening = (event.kind == pulls::event::OPENED).then_some(1);
        let sequence = event.details["comment"].as_u64().or(opening);
        let comment = happened.iter().find(|one| Some(one.sequence) == sequence);
        if let Some(comment) = comment.and_then(|comment| place.comment(&pull, comment)) {
            body["comment"] = comment;
        }
        Ok(true)
    }
}

/// The account that a repository moved away from.
pub(super) fn former_owner(event: &Event) -> Option<UserId> {
    event.details["old_owner"].as_str()?.parse().ok()
}

fn updated_references(event: &Event) -> Option<Value> {
    let text = |name: &str| event.details[name].as_str();
    let reference = match event.kind.as_str() {
        repos::event::COMMITTED => format!("refs/heads/{}", text("branch")?),
        repos::event::REFERENCE => text("reference")?.to_owned(),
        repos::event::CONTRIBUTED => format!("refs/pr/{}", event.details["number"].as_u64()?),
        _ => return None,
    };
    let (old, new) = (&event.details["old"], &event.details["new"]);
    Some(json!([{ "ref": reference, "oldSha": old, "newSha": new }]))
}

/// Addresses of a repository.
struct Place {
    web: String,
    api: String,
}

impl Place {
    fn new(webhook: &Webhook, proof: &ReadRepo) -> Self {
        let repository = proof.repository();
        let (hub, family) = (&webhook.hub, repository.kind.family());
        let name = format!("{}/{}", proof.owner().name, repository.name);
        let segment = match family {
            Family::Models => "models",
            Family::Datasets => "datasets",
            Family::Spaces => "spaces",
        };
        Self {
            web: format!("{hub}/{}{name}", family.url_prefix()),
            api: format!("{hub}/api/{segment}/{name}"),
        }
    }

    fn repository(&self, proof: &ReadRepo) -> Value {
        let repository = proof.repository();
        let kind = match repository.kind.family() {
            Family::Models => "model",
            Family::Datasets => "dataset",
            Family::Spaces => "space",
        };
        json!({
            "type": kind,
            "name": format!("{}/{}", proof.owner().name, repository.name),
            "id": repository.id,
            "private": repository.visibility == Visibility::Private,
            "url": { "web": self.web, "api": self.api },
            "headSha": repository.last_commit.as_ref().map(|commit| commit.id),
            "owner": { "id": repository.owner },
        })
    }

    fn discussion(&self, proof: &ReadRepo, pull: &Pull) -> Value {
        let number = pull.number;
        let mut discussion = json!({
            "id": format!("{}-{number}", proof.id()),
            "title": pull.title,
            "url": {
                "web": format!("{}/discussions/{number}", self.web),
                "api": format!("{}/discussions/{number}", self.api),
            },
            "status": pull.status.as_str(),
            "author": { "id": pull.author },
            "isPullRequest": pull.request.is_some(),
            "num": number,
        });
        if let Some(request) = &pull.request {
            let base = format!("refs/heads/{}", request.base);
            discussion["changes"] = json!({ "base": base, "mergeCommitId": request.merge_commit });
        }
        discussion
    }

    fn comment(&self, pull: &Pull, event: &PullEvent) -> Option<Value> {
        let Happening::Comment { latest, hidden, .. } = &event.what else {
            return None;
        };
        let id = format!("{:024x}", event.sequence);
        let web = format!("{}/discussions/{}#{id}", self.web, pull.number);
        let content = (!hidden).then_some(&latest.text);
        Some(json!({
            "id": id,
            "author": { "id": event.author },
            "content": content,
            "hidden": hidden,
            "url": { "web": web },
        }))
    }
}
