//! When personal access tokens were last used. Gathered in memory and written together, so that using a token costs no
//! write; a power cut loses at most a minute of it.

use super::error::UsersError;
use super::{Users, store};
use crate::base::{Timestamp, TokenId};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Uses that are not written yet.
#[derive(Default)]
pub(super) struct TokenUses(Mutex<HashMap<TokenId, Timestamp>>);

impl TokenUses {
    pub(super) fn note(&self, token: TokenId, now: Timestamp) {
        self.uses().insert(token, now);
    }

    pub(super) fn last(&self, token: TokenId) -> Option<Timestamp> {
        self.uses().get(&token).copied()
    }

    fn uses(&self) -> MutexGuard<'_, HashMap<TokenId, Timestamp>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Users {
    /// Writes the gathered uses; to be called now and then, and when the hub stops. Answers how many there were.
    pub async fn flush_token_uses(&self) -> Result<usize, UsersError> {
        let uses = std::mem::take(&mut *self.0.token_uses.uses());
        if uses.is_empty() {
            return Ok(0);
        }
        let rows = uses.clone();
        let written = self
            .0
            .store
            .write(move |tx| {
                for (token, time) in &rows {
                    // A token may have been deleted since it was used.
                    if store::token(tx, *token)?.is_some() {
                        store::TOKEN_USES.put(tx, token, time)?;
                    }
                }
                Ok(rows.len())
            })
            .await;
        if written.is_err() {
            let mut newer = self.0.token_uses.uses();
            for (token, time) in uses {
                newer.entry(token).or_insert(time);
            }
        }
        written
    }
}
