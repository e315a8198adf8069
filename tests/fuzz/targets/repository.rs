use geoml_hub::base::{Clock, RepositoryId, Timestamp};
use geoml_hub::git::{CommitRequest, Content, Git, ObjectId, Operation, Parent, Repository, Signature};
use std::sync::OnceLock;

/// A small repository that nothing changes.
pub struct Subject {
    git: Git,
    id: RepositoryId,
    folder: tempfile::TempDir,
    /// Commits, trees and blobs in it.
    objects: Vec<ObjectId>,
}

const FILES: [(&str, &str); 4] = [
    ("README.md", "---\nlicense: mit\n---\n# Snow\n"),
    ("data/depth.csv", "station,depth\n1,20\n2,31\n3,17\n"),
    ("data/more/depth.csv", "station,depth\n1,20\n2,31\n3,18\n"),
    ("model.py", "print('snow')\n"),
];

impl Subject {
    /// The one of this process.
    pub fn shared() -> &'static Self {
        static SUBJECT: OnceLock<Subject> = OnceLock::new();
        SUBJECT.get_or_init(Self::new)
    }

    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the repository");
        let git = Git::open(folder.path().join("git")).expect("an empty folder");
        let id = RepositoryId::new(&Clock::system());
        git.create(id, "main").expect("a new repository");
        let mut subject = Self {
            git,
            id,
            folder,
            objects: Vec::new(),
        };
        for (number, (path, text)) in FILES.into_iter().enumerate() {
            subject.commit(number, path, text);
        }
        subject
    }

    fn commit(&mut self, number: usize, path: &str, text: &'static str) {
        let seconds = 1_700_000_000 + i64::try_from(number).expect("a small number");
        let signature = Signature::new("Ada Lovelace", "ada@example.org", Timestamp::from_seconds(seconds));
        let repository = self.open();
        let request = CommitRequest {
            branch: "main".to_owned(),
            parent: Parent::Tip,
            operations: vec![Operation::Put {
                path: path.parse().expect("a path"),
                content: Content::Bytes(text.as_bytes().into()),
                executable: None,
            }],
            author: signature.clone(),
            committer: signature,
            message: format!("Add {path}"),
        };
        let prepared = repository.prepare(request).expect("a commit");
        repository.publish(&prepared).expect("a free branch");
        self.objects.push(prepared.id);
        self.objects
            .extend(prepared.changes.iter().filter_map(|change| Some(change.new?.1)));
        self.objects
            .push(repository.commit(prepared.id).expect("the commit is there").tree);
    }

    /// A handle of its own.
    pub fn open(&self) -> Repository {
        self.git.repository(self.id).expect("the repository is there")
    }

    /// One of the objects.
    pub fn object(&self, number: u8) -> ObjectId {
        self.objects[usize::from(number) % self.objects.len()]
    }

    /// Whether the folder for temporary files is empty.
    pub fn nothing_left(&self) -> bool {
        std::fs::read_dir(self.folder.path().join("git/tmp")).is_ok_and(|mut entries| entries.next().is_none())
    }

    /// The lines of a text as a request: an empty one is a flush, `~` a delimiter, and `@` with a byte behind it the name of an
    /// object.
    pub fn request(&self, text: &[u8]) -> Vec<u8> {
        let mut request = Vec::new();
        for line in text.split(|byte| *byte == b'\n') {
            match line {
                b"" => request.extend(b"0000"),
                b"~" => request.extend(b"0001"),
                line => {
                    let line = self.named(line);
                    request.extend(format!("{:04x}", line.len() + 5).bytes());
                    request.extend(line);
                    request.push(b'\n');
                }
            }
        }
        request
    }

    fn named(&self, line: &[u8]) -> Vec<u8> {
        let mut named = Vec::new();
        let mut bytes = line.iter();
        while let Some(byte) = bytes.next() {
            match (byte, bytes.as_slice().first()) {
                (b'@', Some(number)) => {
                    named.extend(self.object(*number).to_string().bytes());
                    bytes.next();
                }
                _ => named.push(*byte),
            }
        }
        named
    }
}
