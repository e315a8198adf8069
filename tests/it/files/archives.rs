use super::{content, repository, upload_batch};
use crate::support::TestApp;
use std::collections::BTreeMap;
use std::io::{Cursor, Read};

fn unpacked(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut files = BTreeMap::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).unwrap();
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        files.insert(file.name().unwrap().into_owned(), content);
    }
    files
}

#[tokio::test]
async fn an_archive_holds_exactly_the_files_of_a_folder_or_of_everything() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    repository(&ana, "net", "public").await;
    let mut files: BTreeMap<String, Vec<u8>> = (0..700)
        .map(|number| {
            (
                format!("data/文件 {number}.txt"),
                format!("content {number}\n").repeat(number).into_bytes(),
            )
        })
        .collect();
    files.insert("data/deep/er/w.safetensors".to_owned(), content(3_000_000, 1));
    files.insert("top.txt".to_owned(), b"top".to_vec());
    upload_batch(&ana, "ana/net", files.clone().into_iter().collect())
        .await
        .expect(201);
    let whole = app.anonymous().get("/api/ana/net/download/").await.expect(200);
    assert_eq!(whole.header("content-type"), "application/zip");
    assert!(whole.header("content-disposition").contains("net.zip"));
    let mut found = unpacked(&whole.body);
    assert!(found.remove("README.md").is_some() && found.remove(".gitattributes").is_some());
    assert!(found == files);
    for address in [
        "/api/ana/net/download/data/deep",
        "/api/ana/net/download/data/deep?format=zip",
    ] {
        let folder = unpacked(&app.anonymous().get(address).await.expect(200).body);
        assert_eq!(folder.keys().collect::<Vec<_>>(), ["data/deep/er/w.safetensors"]);
        assert!(folder["data/deep/er/w.safetensors"] == files["data/deep/er/w.safetensors"]);
    }
    ana.get("/api/ana/net/download/nowhere?format=zip")
        .await
        .refused(404, "not_found");
    ana.get("/api/ana/net/download/data?format=rar")
        .await
        .refused(422, "invalid");
    app.finish().await;
}

#[tokio::test]
async fn a_client_that_leaves_stops_the_archive() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    repository(&ana, "net", "public").await;
    upload_batch(&ana, "ana/net", vec![("w.bin".to_owned(), content(30_000_000, 1))])
        .await
        .expect(201);
    for _ in 0..3 {
        let address = format!("{}/api/ana/net/download/", app.address());
        let mut response = reqwest::get(address).await.unwrap();
        response.chunk().await.unwrap().unwrap();
    }
    ana.get("/api/ana/net/download/README.md").await.expect(200);
    app.finish().await;
}
