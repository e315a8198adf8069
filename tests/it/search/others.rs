//! The smaller indexes: accounts and files.

use super::corpus::{TestIndex, document};
use geoml_hub::base::{Clock, RepositoryId, Timestamp, UserId};
use geoml_hub::search::{
    Audience, FileChange, FileDocument, FileIndex, FileQuery, FileSort, RepositoryChange, UserChange, UserDocument,
    UserIndex,
};

fn user(username: &str, full_name: &str, bio: &str) -> UserDocument {
    UserDocument {
        id: UserId::new(&Clock::system()),
        username: username.to_owned(),
        full_name: full_name.to_owned(),
        bio: bio.to_owned(),
        location: String::new(),
        created_at: Timestamp::from_seconds(0),
    }
}

#[tokio::test]
async fn accounts_are_found_by_name_full_name_and_biography_in_both_languages() {
    let folder = tempfile::tempdir().unwrap();
    let users = UserIndex::open(folder.path()).unwrap();
    users.begin_rebuild().await.unwrap();
    let gone = user("gone", "Gone Person", "");
    let people = vec![
        user("weigui", "李伟", "遥感与冰川"),
        user("ana.silva", "Ana Silva", "glaciologist"),
        user("geo_lab-7", "Geo Lab", "we map <b>ice</b>"),
        gone.clone(),
    ];
    users
        .apply(
            people.into_iter().map(|user| UserChange::Put(Box::new(user))).collect(),
            None,
        )
        .await
        .unwrap();
    users.apply(vec![UserChange::Delete(gone.id)], None).await.unwrap();
    users.finish_rebuild(1).await.unwrap();
    let names = |text: &str| -> Vec<String> {
        users
            .search(text, true, 0, 10)
            .unwrap()
            .0
            .into_iter()
            .map(|hit| hit.document.username)
            .collect()
    };
    assert_eq!(names("李伟"), ["weigui"]);
    assert_eq!(names("冰川"), ["weigui"]);
    assert_eq!(names("silv"), ["ana.silva"]);
    assert_eq!(names("sliva"), ["ana.silva"], "a typo");
    assert_eq!(names("geolab"), ["geo_lab-7"]);
    assert!(names("gone").is_empty());
    assert_eq!(users.search("", false, 1, 1).unwrap().1, 3);
    assert_eq!(
        users.search("ana", false, 0, 1).unwrap().0[0]
            .username_highlight
            .as_deref(),
        Some("<mark>ana</mark>.silva")
    );
}

fn file(repository: RepositoryId, path: &str, size_bytes: u64) -> FileChange {
    FileChange::Put(FileDocument {
        repository,
        path: path.to_owned(),
        size_bytes,
    })
}

#[tokio::test]
async fn files_are_found_by_name_type_and_size_in_repositories_one_may_read() {
    let (open, secret) = (document("open", "open"), document("secret", "secret"));
    let reader = UserId::new(&Clock::system());
    let hidden = geoml_hub::search::RepositoryDocument {
        public: false,
        readers: vec![reader],
        ..secret.clone()
    };
    let index = TestIndex::with(vec![open.clone(), hidden.clone()]).await;
    let files = FileIndex::open(index.folder.path(), index.index.clone()).unwrap();
    files.begin_rebuild().await.unwrap();
    let changes = vec![
        file(open.id, "weights/unet_v2.safetensors", 9_000),
        file(open.id, "train.py", 10),
        file(open.id, "数据/降水_2020.nc", 500),
        file(open.id, "gone.txt", 1),
        file(secret.id, "weights/unet_secret.safetensors", 7_000),
        FileChange::Delete(open.id, "gone.txt".to_owned()),
    ];
    files.apply(changes, None).await.unwrap();
    files.finish_rebuild(1).await.unwrap();
    let search = |query: FileQuery, audience: Audience| {
        let (hits, total) = files
            .search(
                &FileQuery {
                    limit: 10,
                    prefix: true,
                    ..query
                },
                &audience,
            )
            .unwrap();
        assert_eq!(hits.len() as u64, total);
        hits.into_iter().map(|hit| hit.document.path).collect::<Vec<_>>()
    };
    let text = |text: &str| FileQuery {
        text: text.to_owned(),
        ..FileQuery::default()
    };
    assert_eq!(
        search(text("unet"), Audience::Everyone),
        ["weights/unet_v2.safetensors"]
    );
    assert_eq!(search(text("unet"), Audience::Accounts([reader].into())).len(), 2);
    assert_eq!(search(text("unet"), Audience::All).len(), 2);
    assert_eq!(search(text("降水"), Audience::Everyone), ["数据/降水_2020.nc"]);
    assert!(search(text("gone"), Audience::Everyone).is_empty());
    let python = FileQuery {
        extensions: vec![".PY".to_owned()],
        ..FileQuery::default()
    };
    assert_eq!(search(python, Audience::Everyone), ["train.py"]);
    let large = FileQuery {
        size_min: Some(500),
        sort: FileSort::Size,
        ..FileQuery::default()
    };
    assert_eq!(
        search(large, Audience::Everyone),
        ["weights/unet_v2.safetensors", "数据/降水_2020.nc"]
    );
    let sorted = FileQuery {
        sort: FileSort::Name,
        repository: Some(open.id),
        ..FileQuery::default()
    };
    assert_eq!(
        search(sorted, Audience::All),
        ["train.py", "weights/unet_v2.safetensors", "数据/降水_2020.nc"]
    );

    let shown = geoml_hub::search::RepositoryDocument { public: true, ..hidden };
    index
        .index
        .apply(vec![RepositoryChange::Put(Box::new(shown))], None)
        .await
        .unwrap();
    assert_eq!(
        search(text("unet"), Audience::Everyone).len(),
        2,
        "no file was written again"
    );
    index
        .index
        .apply(vec![RepositoryChange::Delete(secret.id)], None)
        .await
        .unwrap();
    assert_eq!(search(text("unet"), Audience::All).len(), 1);
    files
        .apply(vec![FileChange::DeleteRepository(open.id)], None)
        .await
        .unwrap();
    files.flush().await.unwrap();
    assert!(search(FileQuery::default(), Audience::All).is_empty());
}
