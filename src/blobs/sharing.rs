//! Content that one holder has from another, as forks and duplicates have it.

use super::xet::hash::XetHash;
use super::xorb_rows::{self, XorbRow};
use super::{chunk_rows, recipe_rows};
use crate::base::{RepositoryId, Sha256, Timestamp};
use crate::store::{StoreError, WriteTx};

/// Gives a holder the recipes of these blobs that another one has, and the xorbs that they name: so clients read the blobs by
/// the Xet protocol there too, and need not send again what is in them. The caller has the right to all of the blobs.
///
/// Whoever holds a xorb can name no chunk of it whose hash it does not know, so nothing else of the xorb is shown.
pub fn share_recipes(
    tx: &WriteTx<'_>,
    from: RepositoryId,
    to: RepositoryId,
    blobs: impl IntoIterator<Item = Sha256>,
    now: Timestamp,
) -> Result<(), StoreError> {
    for sha256 in blobs {
        let Some(recipe) = recipe_rows::recipe(tx, sha256, from)? else {
            continue;
        };
        for xorb in recipe.xorbs() {
            share_xorb(tx, from, to, xorb, now)?;
        }
        recipe_rows::put(tx, sha256, to, &recipe, now)?;
    }
    Ok(())
}

fn share_xorb(
    tx: &WriteTx<'_>,
    from: RepositoryId,
    to: RepositoryId,
    xorb: XetHash,
    now: Timestamp,
) -> Result<(), StoreError> {
    if xorb_rows::is_held(tx, to, xorb)? {
        return Ok(());
    }
    if let Some(row) = xorb_rows::xorb(tx, xorb)? {
        let searched = chunk_rows::chunks_of(tx, from, xorb)?;
        xorb_rows::hold(tx, to.into(), xorb, &XorbRow { since: now, ..row }, &searched)?;
    }
    Ok(())
}
