use std::net::SocketAddr;
use std::path::PathBuf;

use geoml_hub::config::{BlobBackend, BlobsConfig, Config, Secret};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use tokio::runtime::Runtime;

const BUCKET: &str = "hub";
const ACCESS_KEY_ID: &str = "test-access-key";
const SECRET_ACCESS_KEY: &str = "test-secret-key";

/// A server that speaks the S3 protocol, with threads of its own, on a port of its own. It keeps objects as files.
pub struct S3Server {
    address: SocketAddr,
    folder: tempfile::TempDir,
    runtime: Option<Runtime>,
}

impl S3Server {
    /// Starts the server with one empty bucket.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(BUCKET)).unwrap();
        let mut builder = S3ServiceBuilder::new(s3s_fs::FileSystem::new(folder.path()).unwrap());
        builder.set_auth(SimpleAuth::from_single(ACCESS_KEY_ID, SECRET_ACCESS_KEY));
        let service = builder.build();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            while let Ok((socket, _)) = listener.accept().await {
                let service = service.clone();
                tokio::spawn(async move {
                    let server = Builder::new(TokioExecutor::new());
                    // A client that goes away is no concern of the server.
                    let _ended = server.serve_connection(TokioIo::new(socket), service).await;
                });
            }
        });
        Self {
            address,
            folder,
            runtime: Some(runtime),
        }
    }

    /// Stops answering at once, connections included.
    pub fn stop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }

    /// What a hub needs to use this server.
    pub fn config(&self) -> BlobsConfig {
        BlobsConfig {
            backend: BlobBackend::S3,
            s3_endpoint: Some(format!("http://{}", self.address)),
            s3_bucket: BUCKET.to_owned(),
            s3_prefix: "team/a".to_owned(),
            s3_access_key_id: Some(ACCESS_KEY_ID.to_owned()),
            s3_secret_access_key: Some(Secret::new(SECRET_ACCESS_KEY)),
            ..Config::default().blobs
        }
    }

    /// The same as environment variables of a hub.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let endpoint = format!("http://{}", self.address);
        vec![
            ("GEOML_HUB__BLOBS__BACKEND", "s3".to_owned()),
            ("GEOML_HUB__BLOBS__S3_ENDPOINT", endpoint),
            ("GEOML_HUB__BLOBS__S3_BUCKET", BUCKET.to_owned()),
            ("GEOML_HUB__BLOBS__S3_PREFIX", "team/a".to_owned()),
            ("GEOML_HUB__BLOBS__S3_ACCESS_KEY_ID", ACCESS_KEY_ID.to_owned()),
            ("GEOML_HUB__BLOBS__S3_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY.to_owned()),
        ]
    }

    /// Everything that lies below a path of the hub, parts of unfinished uploads included.
    pub fn objects(&self, path: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.object(path)];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten() {
                let entry = entry.unwrap().path();
                let list = if entry.is_dir() { &mut folders } else { &mut found };
                list.push(entry);
            }
        }
        found
    }

    /// The file in which the server keeps an object of the hub.
    pub fn object(&self, path: &str) -> PathBuf {
        self.folder.path().join(BUCKET).join("team/a").join(path)
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        self.stop();
    }
}
