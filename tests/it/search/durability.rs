use super::corpus::{TestIndex, document, geoscience, put, query};
use crate::support::{PATIENCE, eventually};
use geoml_hub::search::{Audience, RebuildReason, RepositoryChange, RepositoryIndex, SearchError};
use std::path::Path;

async fn reopened(index: TestIndex) -> (RepositoryIndex, tempfile::TempDir) {
    index.index.close().await;
    (RepositoryIndex::open(index.folder.path()).unwrap(), index.folder)
}

fn total(index: &RepositoryIndex) -> u64 {
    index.search(&query(""), &Audience::All).unwrap().total
}

/// What a crash leaves is what is on disk: a copy made while the writer runs.
fn copied(folder: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    std::fs::create_dir(copy.path().join("repositories")).unwrap();
    for entry in std::fs::read_dir(folder.join("repositories")).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, copy.path().join("repositories").join(path.file_name().unwrap())).unwrap();
    }
    copy
}

/// Files of the index except its version, the largest first.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder.join("repositories")).unwrap();
    let mut files: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| !path.ends_with("hub-index-version"))
        .collect();
    files.sort_by_key(|path| std::cmp::Reverse(path.metadata().unwrap().len()));
    files
}

#[tokio::test]
async fn a_new_folder_asks_to_be_filled_and_an_interrupted_filling_begins_again() {
    let folder = tempfile::tempdir().unwrap();
    let index = RepositoryIndex::open(folder.path()).unwrap();
    assert_eq!(index.status().needs_rebuild, Some(RebuildReason::Missing));
    index.begin_rebuild().await.unwrap();
    put(&index, geoscience()).await;
    index.close().await;
    let index = RepositoryIndex::open(folder.path()).unwrap();
    assert_eq!(index.status().needs_rebuild, Some(RebuildReason::Unfinished));
    index.begin_rebuild().await.unwrap();
    put(&index, geoscience()).await;
    index.finish_rebuild(7).await.unwrap();
    assert_eq!((index.status().needs_rebuild, index.status().cursor), (None, Some(7)));
    index.close().await;
    let index = RepositoryIndex::open(folder.path()).unwrap();
    assert_eq!(
        (index.status().needs_rebuild, index.status().cursor, total(&index)),
        (None, Some(7), 36)
    );
}

#[tokio::test]
async fn what_came_before_the_first_filling_began_stays_and_a_later_filling_removes_what_is_old() {
    let folder = tempfile::tempdir().unwrap();
    let index = RepositoryIndex::open(folder.path()).unwrap();
    put(&index, vec![document("early", "river")]).await;
    index.begin_rebuild().await.unwrap();
    assert_eq!(total(&index), 1, "it was made since the folder was new");
    put(&index, geoscience()).await;
    index.finish_rebuild(1).await.unwrap();
    assert_eq!(total(&index), 37);
    index.begin_rebuild().await.unwrap();
    assert_eq!(total(&index), 0);
    index.finish_rebuild(2).await.unwrap();
    index.close().await;
}

#[tokio::test]
async fn a_rebuild_that_begins_during_a_merge_finds_an_empty_folder() {
    let index = TestIndex::geoscience().await;
    for round in 0..6 {
        // So many commits that the last of them starts a merge.
        for number in 0..6 {
            put(&index.index, vec![document(&format!("river{round}{number}"), "river")]).await;
        }
        index.index.begin_rebuild().await.unwrap();
        assert_eq!(total(&index.index), 0);
        put(&index.index, geoscience()).await;
        assert_eq!(total(&index.index), 36);
    }
}

#[tokio::test]
async fn the_cursor_is_as_durable_as_the_changes_that_came_with_it() {
    let index = TestIndex::geoscience().await;
    let change = RepositoryChange::Put(Box::new(document("late", "late")));
    index.index.apply(vec![change], Some(41)).await.unwrap();
    assert_eq!(index.index.status().cursor, Some(0), "taken is not durable yet");
    index.index.flush().await.unwrap();
    assert_eq!(index.index.status().cursor, Some(41));
    let copy = copied(index.folder.path());
    let revived = RepositoryIndex::open(copy.path()).unwrap();
    assert_eq!((revived.status().cursor, total(&revived)), (Some(41), 37));
}

#[tokio::test]
async fn files_of_a_commit_that_a_kill_cut_off_do_not_hinder_the_next() {
    let documents = geoscience();
    let gone = documents[0].id;
    let index = TestIndex::with(documents).await;
    let remove = || vec![RepositoryChange::Delete(gone)];
    let before = std::fs::read(index.folder.path().join("repositories/meta.json")).unwrap();
    index.index.apply(remove(), Some(41)).await.unwrap();
    index.index.flush().await.unwrap();
    // The state after a kill between the files of a commit and the row that names them.
    let copy = copied(index.folder.path());
    std::fs::write(copy.path().join("repositories/meta.json"), before).unwrap();
    let is_deletions = |path: &std::path::PathBuf| path.extension().is_some_and(|extension| extension == "del");
    let left = files(copy.path()).into_iter().find(is_deletions).unwrap();
    let revived = RepositoryIndex::open(copy.path()).unwrap();
    assert_eq!((revived.status().cursor, total(&revived)), (Some(0), 36));
    let other = RepositoryChange::Put(Box::new(document("another", "another")));
    revived.apply(vec![other], Some(40)).await.unwrap();
    assert!(
        !left.exists(),
        "what no commit names is removed before anything is written"
    );
    revived.apply(remove(), Some(41)).await.unwrap();
    revived.flush().await.unwrap();
    assert_eq!((revived.status().cursor, total(&revived)), (Some(41), 36));
}

#[tokio::test]
async fn replaying_events_changes_nothing() {
    let index = TestIndex::with(Vec::new()).await;
    let kept = document("kept", "kept");
    let gone = document("gone", "gone");
    for cursor in [3, 3, 3] {
        let changes = vec![
            RepositoryChange::Put(Box::new(kept.clone())),
            RepositoryChange::Put(Box::new(gone.clone())),
            RepositoryChange::Delete(gone.id),
        ];
        index.index.apply(changes, Some(cursor)).await.unwrap();
        index.index.flush().await.unwrap();
    }
    assert_eq!(index.names(""), ["kept"]);
}

#[tokio::test]
async fn a_change_becomes_searchable_by_itself_soon() {
    let index = TestIndex::with(Vec::new()).await;
    index
        .index
        .apply(vec![RepositoryChange::Put(Box::new(document("soon", "soon")))], Some(1))
        .await
        .unwrap();
    eventually(async || match index.results("soon").total {
        1 => Ok(()),
        total => Err(format!("{total} found")),
    })
    .await;
}

#[tokio::test]
async fn a_truncated_missing_or_senseless_file_makes_the_index_ask_for_a_rebuild() {
    for damage in ["truncate", "remove", "nonsense"] {
        let index = TestIndex::geoscience().await;
        index.index.close().await;
        let files = files(index.folder.path());
        for file in &files {
            match damage {
                "truncate" => std::fs::write(file, [0; 5]).unwrap(),
                "remove" => std::fs::remove_file(file).unwrap(),
                _ => std::fs::write(file, "nonsense".repeat(50)).unwrap(),
            }
        }
        let reopened = RepositoryIndex::open(index.folder.path()).unwrap();
        assert_eq!(
            reopened.status().needs_rebuild,
            Some(RebuildReason::Damaged),
            "{damage}"
        );
        assert_eq!(total(&reopened), 0);
        reopened.begin_rebuild().await.unwrap();
        put(&reopened, geoscience()).await;
        reopened.finish_rebuild(1).await.unwrap();
        assert_eq!((reopened.status().needs_rebuild, total(&reopened)), (None, 36));
    }
}

#[tokio::test]
async fn a_flipped_byte_is_noticed_soon_after_the_start() {
    let index = TestIndex::geoscience().await;
    index.index.close().await;
    let victim = files(index.folder.path())
        .into_iter()
        .find(|path| path.extension().is_some_and(|extension| extension == "store"))
        .unwrap();
    let mut bytes = std::fs::read(&victim).unwrap();
    bytes[20] ^= 0xff;
    std::fs::write(&victim, bytes).unwrap();
    let reopened = RepositoryIndex::open(index.folder.path()).unwrap();
    let mut status = reopened.watch();
    let waited = tokio::time::timeout(PATIENCE, status.wait_for(|status| status.needs_rebuild.is_some())).await;
    assert_eq!(waited.unwrap().unwrap().needs_rebuild, Some(RebuildReason::Damaged));
}

#[tokio::test]
async fn an_index_of_another_version_is_emptied() {
    let (reopened, folder) = {
        let index = TestIndex::geoscience().await;
        index.index.close().await;
        std::fs::write(
            index.folder.path().join("repositories/hub-index-version"),
            "repositories 0\n",
        )
        .unwrap();
        (RepositoryIndex::open(index.folder.path()).unwrap(), index.folder)
    };
    assert_eq!(reopened.status().needs_rebuild, Some(RebuildReason::OtherVersion));
    drop(folder);
}

#[tokio::test]
async fn an_unusable_folder_is_named_and_a_closed_index_says_so() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("repositories"), "a file in the way").unwrap();
    let error = RepositoryIndex::open(folder.path()).err().unwrap();
    assert!(error.to_string().contains("repositories"), "{error}");
    let index = TestIndex::geoscience().await;
    index.index.close().await;
    assert!(matches!(index.index.flush().await, Err(SearchError::Closed)));
    assert_eq!(total(&index.index), 36, "reading goes on");
    let (reopened, _folder) = reopened(index).await;
    assert_eq!(total(&reopened), 36);
}
