//! Front door for the clients of the Hugging Face Hub: huggingface_hub, hf, transformers, datasets.
//!
//! Owns nothing: it says in that hub's words what the slices know, and does by their use-cases what its clients ask for.
//! Guarantees: errors carry the headers by which the clients choose their exceptions; a private repository answers whoever
//! may not see it exactly like a missing one; a commit streams through, whatever its size. Deliberately absent: the rules of
//! what goes where and who may do what, which are those of every other door.

/// Routes.
pub mod api;
/// Commits as they arrive.
mod commit;
/// The lines of a commit.
mod commit_lines;

use crate::cards::Cards;
use crate::editor::Editor;
use crate::files::Files;
use crate::hooks::Hooks;
use crate::models::Models;
use crate::pulls::Pulls;
use crate::repos::Repos;
use crate::search::Search;
use crate::social::Social;
use crate::users::Users;

/// What the answers are put together from.
#[derive(Clone)]
pub struct HfParts {
    /// Repositories.
    pub repos: Repos,
    /// Their cards.
    pub cards: Cards,
    /// What the files of models say.
    pub models: Models,
    /// Their files.
    pub files: Files,
    /// Their histories.
    pub editor: Editor,
    /// Their discussions and pull requests.
    pub pulls: Pulls,
    /// Accounts, whose rights tokens carry.
    pub users: Users,
    /// Webhooks.
    pub hooks: Hooks,
    /// Their counters.
    pub social: Social,
    /// Finding them.
    pub search: Search,
}
