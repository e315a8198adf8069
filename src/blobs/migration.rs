//! Frozen steps from earlier forms of these tables.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

use crate::base::{RepositoryId, Sha256};
use crate::store::{Migration, Scan, StoreError, Table, WriteTx};

/// Counts for each repository what its recipes make up and what they take.
pub const COUNT_CHUNKED_SPACE: Migration = Migration {
    name: "count what files sent by chunk make up and take",
    run: count_chunked_space,
};

type Name = [u8; 32];

#[derive(Deserialize, Serialize)]
struct Recipe {
    size: u64,
}

#[derive(Deserialize, Serialize)]
struct Xorb {
    stored_len: u64,
}

#[derive(Default, Deserialize, Serialize)]
struct Counted {
    epoch: u64,
    waiting_bytes: u64,
    #[serde(default)]
    named_bytes: u64,
    #[serde(default)]
    content_bytes: u64,
}

fn count_chunked_space(tx: &WriteTx<'_>) -> Result<(), StoreError> {
    let recipes = Table::<(Sha256, RepositoryId), Recipe>::new("recipes");
    let uses = Table::<(Name, RepositoryId, Sha256), ()>::new("recipe_uses");
    let xorbs = Table::<Name, Xorb>::new("xorbs");
    let epochs = Table::<RepositoryId, Counted>::new("xorb_epochs");
    let mut sums = BTreeMap::<RepositoryId, (u64, u64)>::new();
    recipes.scan(tx, &Scan::all(), |(_, holder), recipe| {
        sums.entry(holder).or_default().0 += recipe.size;
        Ok::<_, StoreError>(ControlFlow::Continue(()))
    })?;
    // Sorted by xorb and holder, so that what was counted just before is what need not be counted again.
    let mut last = None;
    uses.scan(tx, &Scan::all(), |(xorb, holder, _), ()| {
        if last.replace((xorb, holder)) != Some((xorb, holder)) {
            let stored = xorbs.get(tx, &xorb)?.map_or(0, |row| row.stored_len);
            sums.entry(holder).or_default().1 += stored;
        }
        Ok::<_, StoreError>(ControlFlow::Continue(()))
    })?;
    for (holder, (content_bytes, named_bytes)) in sums {
        // A holder without a row is gone.
        if let Some(row) = epochs.get(tx, &holder)? {
            let row = Counted {
                named_bytes,
                content_bytes,
                ..row
            };
            epochs.put(tx, &holder, &row)?;
        }
    }
    Ok(())
}
