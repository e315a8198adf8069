//! Rules for branches: who may push to them, and whether their history may be rewritten or removed.

use super::model::Repository;
use super::{AdminRepo, Repos, ReposError, WriteRepo, event};
use crate::events::{NewEvent, Origin, Subject};
use crate::git::branch_matches;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Rules of one repository; a list that is longer is nobody's intention.
const RULES_MAX: usize = 100;
const PATTERN_MAX_BYTES: usize = 250;

/// Who may push to a branch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PushAccess {
    /// Everybody who may write to the repository.
    #[default]
    Write,
    /// Its owner and administrators.
    Admin,
    /// Nobody.
    Nobody,
}

/// A rule for the branches whose name matches a pattern.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Protection {
    /// A name, or a pattern: `*` stands for anything but a slash, `**` for anything.
    pub pattern: String,
    /// Who may push.
    #[serde(default)]
    pub push: PushAccess,
    /// Whether pushes may rewrite the history.
    #[serde(default)]
    pub force_push: bool,
    /// Whether the branch may be deleted.
    #[serde(default)]
    pub deletion: bool,
}

/// What pushes to a repository may do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushRules {
    /// Rules for branches, of which the first that matches counts. The default branch is protected against rewriting
    /// and deletion when none matches it.
    #[serde(default)]
    pub protections: Vec<Protection>,
    /// Whether pointers may be pushed whose large files the repository does not have.
    #[serde(default)]
    pub missing_lfs: bool,
}

impl Repository {
    /// The rule for a branch; none when everything is allowed to those who may write.
    pub fn protection_of(&self, branch: &str) -> Option<Protection> {
        let default = || Protection {
            pattern: branch.to_owned(),
            push: PushAccess::Write,
            force_push: false,
            deletion: false,
        };
        let rule = self.written_rule(branch).cloned();
        rule.or_else(|| (self.default_branch == branch).then(default))
    }

    /// The rule that somebody wrote for a branch.
    fn written_rule(&self, branch: &str) -> Option<&Protection> {
        let mut rules = self.push_rules.protections.iter();
        rules.find(|rule| branch_matches(&rule.pattern, branch))
    }

    /// Refuses the deletion of a branch whose rule forbids it.
    pub(super) fn require_deletable(&self, branch: &str) -> Result<(), ReposError> {
        if self.protection_of(branch).is_none_or(|rule| rule.deletion) {
            return Ok(());
        }
        Err(ReposError::ProtectedBranch {
            branch: branch.to_owned(),
            refused: "it may not be deleted",
        })
    }
}

/// Refuses whom the rule for a branch keeps from changing it.
pub(super) fn require_push(proof: &WriteRepo, row: &Repository, branch: &str) -> Result<(), ReposError> {
    let access = row.protection_of(branch).map(|rule| rule.push).unwrap_or_default();
    let allowed = match access {
        PushAccess::Write => true,
        PushAccess::Admin => proof.administers(),
        PushAccess::Nobody => false,
    };
    if allowed {
        Ok(())
    } else {
        Err(ReposError::ProtectedBranch {
            branch: branch.to_owned(),
            refused: "you may not push to it",
        })
    }
}

/// Refuses whom the rule for a branch keeps from writing its history anew on purpose. A rule that somebody wrote holds
/// for all. Where there is none, the default branch is guarded against mistakes of a push; this is none, and who
/// administers the repository, and could write a rule, needs none.
pub(super) fn require_rewrite(proof: &WriteRepo, row: &Repository, branch: &str) -> Result<(), ReposError> {
    require_push(proof, row, branch)?;
    let allowed = match row.written_rule(branch) {
        Some(rule) => rule.force_push,
        None => row.default_branch != branch || proof.administers(),
    };
    if allowed {
        Ok(())
    } else {
        Err(ReposError::ProtectedBranch {
            branch: branch.to_owned(),
            refused: "its history may not be rewritten",
        })
    }
}

impl Repos {
    /// Changes what pushes may do.
    pub async fn change_push_rules(
        &self,
        proof: &AdminRepo,
        rules: PushRules,
        origin: Origin,
    ) -> Result<Repository, ReposError> {
        check(&rules)?;
        let id = proof.repository().id;
        self.update(id, move |_, repository, record| {
            if repository.push_rules == rules {
                return Ok(());
            }
            let details = json!({ "protections": rules.protections, "missing_lfs": rules.missing_lfs });
            repository.push_rules = rules;
            record(NewEvent::new(event::PUSH_RULES, &origin, Subject::Repository(id)).with(details))
        })
        .await
    }
}

fn check(rules: &PushRules) -> Result<(), ReposError> {
    let invalid = |message: String| ReposError::Invalid {
        field: "protections",
        message,
    };
    if rules.protections.len() > RULES_MAX {
        return Err(invalid(format!(
            "A repository has at most {RULES_MAX} rules for branches."
        )));
    }
    for rule in &rules.protections {
        let pattern = &rule.pattern;
        if pattern.is_empty() || pattern.len() > PATTERN_MAX_BYTES || pattern.chars().any(char::is_control) {
            return Err(invalid(format!(
                "A pattern has 1 to {PATTERN_MAX_BYTES} bytes and stands on one line."
            )));
        }
    }
    Ok(())
}
