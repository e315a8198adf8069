//! Adds cards that nobody wrote to the search index of a stopped hub, for measurements of what it does with very many hits.
//! The word `rain` is in each of them. They lead to no repository, so a page shows them only as a part of its numbers.
//!
//! Run: `seed DATA_FOLDER COUNT`

use anyhow::Context;
use geoml_hub::base::Clock;
use geoml_hub::search::{RepositoryChange, RepositoryDocument, RepositoryIndex};
use std::path::Path;
use support::{Card, Random, Words};

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().context("the data folder is missing")?;
    let count: usize = arguments.next().context("the count is missing")?.parse()?;
    let mut random = Random::new(0x5eed_0002);
    let words = Words::new(&mut random);
    let index = RepositoryIndex::open(&Path::new(&folder).join("index"))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let clock = Clock::system();
        for begin in (0..count).step_by(1_000) {
            let numbers = begin..count.min(begin + 1_000);
            let changes = numbers.map(|number| change(&clock, &words.card(&mut random), number, &mut random));
            index.apply(changes.collect(), None).await?;
        }
        index.flush().await?;
        index.close().await;
        Ok(())
    })
}

fn change(clock: &Clock, card: &Card, number: usize, random: &mut Random) -> RepositoryChange {
    let document = card.document(clock, number);
    RepositoryChange::Put(Box::new(RepositoryDocument {
        readme: format!("{} rain", document.readme),
        tags: vec![format!("tag-{}", random.zipf(50))],
        ..document
    }))
}
