use crate::store::Schema;
use crate::{blobs, cards, events, files, git, hooks, jobs, models, pulls, repos, social, taxonomy, users};

/// Every table of the hub, in import order, and the migrations that led to them. A snapshot test shows every change.
pub fn schema() -> Schema {
    let tables = [
        blobs::XORB_TABLES,
        blobs::CHUNK_TABLES,
        blobs::RECIPE_TABLES,
        jobs::TABLES,
        events::TABLES,
        git::path_history::TABLES,
        users::TABLES,
        repos::TABLES,
        repos::CONTRIBUTED_TABLES,
        taxonomy::TABLES,
        cards::TABLES,
        models::TABLES,
        files::TABLES,
        pulls::TABLES,
        hooks::TABLES,
        social::TABLES,
    ];
    Schema {
        tables: tables.concat(),
        migrations: &[blobs::COUNT_CHUNKED_SPACE],
    }
}
