use super::{Social, SocialError, store};
use crate::base::{Timestamp, UserId};
use crate::users::Caller;

/// The figures of an account, as far as the caller may see its repositories.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AccountFigures {
    /// Repositories.
    pub repositories: u64,
    /// Files in them.
    pub files: u64,
    /// Bytes of these files.
    pub bytes: u64,
    /// Stars of its repositories.
    pub stars_received: u64,
    /// Views of its repositories.
    pub views: u64,
    /// Downloads of its repositories.
    pub downloads: u64,
    /// Repositories that it starred.
    pub starred: u64,
    /// Accounts that follow it.
    pub followers: u64,
    /// Accounts that it follows.
    pub following: u64,
    /// When one of its repositories last changed.
    pub last_activity: Option<Timestamp>,
}

impl Social {
    /// Adds up what the caller may see of an account. Blocking: looks at every repository and star.
    pub fn figures(&self, caller: &Caller, account: UserId) -> Result<AccountFigures, SocialError> {
        let owned = self.repos.owned_by(caller, account)?;
        let (_, starred) = self.starred(caller, account, 0, 0)?;
        self.store.read(|tx| {
            let mut figures = AccountFigures {
                starred,
                followers: store::followers(tx, account, 0, 0)?.1,
                following: store::following(tx, account, 0, 0)?.1,
                ..AccountFigures::default()
            };
            for repository in owned {
                let counters = store::counters(tx, repository.id)?;
                figures.repositories += 1;
                figures.files += repository.file_count;
                figures.bytes += repository.size_bytes;
                figures.stars_received += counters.stars;
                figures.views += counters.views;
                figures.downloads += counters.downloads;
                figures.last_activity = figures.last_activity.max(Some(repository.updated_at));
            }
            Ok(figures)
        })
    }
}
