use crate::base::RepositoryKind;
use crate::cards::store::{self, CardTemplate};
use crate::cards::templates::TemplateLanguage;
use crate::cards::{Cards, CardsError, event};
use crate::events::{NewEvent, Origin, Subject};
use crate::store::StoreError;
use crate::users::{Caller, Scope, SelfOrAdmin};
use serde_json::json;

/// Most templates of one account.
const MOST_TEMPLATES: u64 = 100;
/// Longest template, in bytes.
const CONTENT_MAX_BYTES: usize = 64 * 1024;
/// Longest name, in characters.
const NAME_MAX_CHARS: usize = 80;
/// Longest description, in characters.
const DESCRIPTION_MAX_CHARS: usize = 300;

/// A template to be made.
#[derive(Debug, Clone)]
pub struct NewTemplate {
    /// Its name; one of the same name by the same author is replaced.
    pub name: String,
    /// What it is for, in a sentence.
    pub description: String,
    /// Kind of repository that it is for.
    pub kind: RepositoryKind,
    /// Its language.
    pub language: TemplateLanguage,
    /// The README with variables such as `{{title}}`.
    pub content: String,
}

impl Cards {
    /// A page of the templates that people have made and that pass, and how many pass in all. Blocking: reads all.
    pub fn templates(
        &self,
        passes: impl Fn(&CardTemplate) -> bool,
        offset: usize,
        limit: usize,
    ) -> Result<(Vec<CardTemplate>, u64), StoreError> {
        self.store.read(|tx| store::templates(tx, passes, offset, limit))
    }

    /// Removes a template of an account, for that account or an administrator.
    pub async fn remove_template(&self, proof: &SelfOrAdmin, name: String, origin: Origin) -> Result<(), CardsError> {
        let (author, events) = (proof.target().clone(), self.events.clone());
        self.store
            .write(move |tx| {
                if !store::delete_template(tx, author.id, &name)? {
                    return Err(CardsError::NoTemplate(format!("{}/{name}", author.name)));
                }
                let told = NewEvent::new(event::TEMPLATE_REMOVED, &origin, Subject::Account(author.id));
                events.record(tx, told.with(json!({ "name": name })))?;
                Ok(())
            })
            .await
    }

    /// Makes a template that everybody can use.
    pub async fn offer_template(
        &self,
        caller: &Caller,
        new: NewTemplate,
        origin: Origin,
    ) -> Result<CardTemplate, CardsError> {
        let author = caller.require_whole_account(Scope::Write)?.id;
        let template = CardTemplate {
            name: line("name", &new.name, 1, NAME_MAX_CHARS)?,
            description: line("description", &new.description, 0, DESCRIPTION_MAX_CHARS)?,
            kind: new.kind,
            language: new.language,
            content: new.content,
            author,
            updated_at: self.clock.now(),
        };
        if template.content.trim().is_empty() || template.content.len() > CONTENT_MAX_BYTES {
            let message = format!("A template is a text of at most {} KiB.", CONTENT_MAX_BYTES / 1024);
            return Err(CardsError::Invalid {
                field: "content",
                message,
            });
        }
        let events = self.events.clone();
        self.store
            .write(move |tx| {
                let replaces = store::template_exists(tx, author, &template.name)?;
                if !replaces && store::template_count(tx, author)? >= MOST_TEMPLATES {
                    let message =
                        format!("An account can have {MOST_TEMPLATES} templates; give the name of one to replace it.");
                    return Err(CardsError::Invalid { field: "name", message });
                }
                store::put_template(tx, &template)?;
                let told = NewEvent::new(event::TEMPLATE_OFFERED, &origin, Subject::Account(author));
                events.record(tx, told.with(json!({ "name": template.name })))?;
                Ok(template)
            })
            .await
    }
}

fn line(field: &'static str, text: &str, least: usize, most: usize) -> Result<String, CardsError> {
    let text = text.trim();
    if !(least..=most).contains(&text.chars().count()) || text.chars().any(char::is_control) {
        let message = format!("'{field}' is one line of {least} to {most} characters.");
        return Err(CardsError::Invalid { field, message });
    }
    Ok(text.to_owned())
}
