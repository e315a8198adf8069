use super::{Social, SocialError, event, store};
use crate::base::UserId;
use crate::events::{NewEvent, Origin, Subject};
use crate::store::StoreError;
use crate::users::{Account, Caller, Scope};

impl Social {
    /// Follows an account, or stops; doing it twice changes nothing.
    pub async fn set_follow(
        &self,
        caller: &Caller,
        followed: &Account,
        follow: bool,
        origin: Origin,
    ) -> Result<(), SocialError> {
        let follower = caller.require_whole_account(Scope::Write)?.id;
        let followed = followed.id;
        if follower == followed {
            return Err(SocialError::FollowsItself);
        }
        let (now, events) = (self.clock.now(), self.events.clone());
        self.store
            .write(move |tx| {
                if store::follows(tx, follower, followed)? == follow {
                    return Ok(());
                }
                let kind = if follow {
                    store::put_follow(tx, follower, followed, now)?;
                    event::FOLLOWED
                } else {
                    store::delete_follow(tx, follower, followed)?;
                    event::UNFOLLOWED
                };
                events.record(tx, NewEvent::new(kind, &origin, Subject::Account(followed)))?;
                Ok::<_, SocialError>(())
            })
            .await
    }

    /// Whether an account follows another.
    pub fn is_following(&self, follower: UserId, followed: UserId) -> Result<bool, StoreError> {
        self.store.read(|tx| store::follows(tx, follower, followed))
    }

    /// A page of the accounts that follow this one, and how many do. Blocking when there are many.
    pub fn followers(&self, account: UserId, offset: usize, limit: usize) -> Result<(Vec<UserId>, u64), StoreError> {
        self.store.read(|tx| store::followers(tx, account, offset, limit))
    }

    /// A page of the accounts that this one follows, and how many there are. Blocking when there are many.
    pub fn following(&self, account: UserId, offset: usize, limit: usize) -> Result<(Vec<UserId>, u64), StoreError> {
        self.store.read(|tx| store::following(tx, account, offset, limit))
    }
}
