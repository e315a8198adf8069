//! Reading the form of an upload, field by field as it arrives.

use crate::base::{RepoPath, UploadId};
use crate::events::Origin;
use crate::files::{Arrived, Changed, Files, FilesError, UploadDraft, checked_path};
use crate::repos::WriteRepo;
use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::http::header::{CONTENT_LENGTH, HeaderMap};
use futures_util::StreamExt;

const FIELD_MAX_BYTES: usize = 64 * 1024;

/// How many files a form carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Amount {
    /// One, whose path may stand in the field `path`.
    One,
    /// Many, whose names are their paths.
    Many,
}

/// What an upload form says so far.
struct Form {
    draft: UploadDraft,
    amount: Amount,
    path: Option<String>,
    /// A single file that waits for a path that a later field may give.
    waiting: Option<(Arrived, Option<String>)>,
    /// Assembled uploads that belong to the commit; taken last, when the branch is known.
    sessions: Vec<UploadId>,
}

/// Takes a form to its end and makes one commit of its files.
pub(super) async fn receive(
    files: &Files,
    proof: WriteRepo,
    headers: &HeaderMap,
    mut form: Multipart,
    amount: Amount,
    origin: Origin,
) -> Result<Changed, FilesError> {
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let draft = files.upload(proof, announced).await?;
    let mut state = Form {
        draft,
        amount,
        path: None,
        waiting: None,
        sessions: Vec::new(),
    };
    while let Some(field) = form.next().await {
        // Boxed: the work on a file is more than a thread's stack should carry along.
        Box::pin(state.take(field.map_err(broken)?)).await?;
    }
    Box::pin(state.finish(origin)).await
}

impl Form {
    async fn take(&mut self, field: Field) -> Result<(), FilesError> {
        match field.name().unwrap_or_default() {
            "path" => self.path = Some(text(field, "path").await?),
            "message" => {
                let message = text(field, "message").await?;
                self.draft.set_message(message);
            }
            "branch" => {
                let branch = text(field, "branch").await?;
                self.draft.set_branch(branch);
            }
            "sessions" | "sessions[]" if self.amount == Amount::Many => {
                let id = text(field, "sessions").await?;
                let id = id.trim().parse().map_err(|_| FilesError::UnknownSession)?;
                if !self.sessions.contains(&id) {
                    self.sessions.push(id);
                }
            }
            "file" | "files" | "files[]" => self.take_file(field).await?,
            // Forms carry fields of other programs too; their content is read over.
            _ => {
                text(field, "form").await?;
            }
        }
        Ok(())
    }

    async fn take_file(&mut self, mut field: Field) -> Result<(), FilesError> {
        if self.amount == Amount::One && self.waiting.is_some() {
            return Err(FilesError::TooManyFiles(1));
        }
        let name = file_name(&field);
        let path = match (self.amount, &self.path, &name) {
            (Amount::Many, _, Some(name)) => Some(checked_path("files", name)?),
            (Amount::Many, _, None) => {
                let message = "Every file of a batch needs a file name: its path in the repository.".to_owned();
                return Err(FilesError::Invalid {
                    field: "files",
                    message,
                });
            }
            (Amount::One, Some(path), name) => Some(single_path(path, name.as_deref())?),
            (Amount::One, None, _) => None,
        };
        let mut arriving = self.draft.begin(path.clone()).await?;
        while let Some(chunk) = field.next().await {
            self.draft.write(&mut arriving, chunk.map_err(broken)?).await?;
        }
        let arrived = self.draft.end(arriving).await?;
        match self.amount {
            Amount::Many => self.draft.stage(arrived, None).await,
            Amount::One => {
                self.waiting = Some((arrived, name));
                Ok(())
            }
        }
    }

    async fn finish(mut self, origin: Origin) -> Result<Changed, FilesError> {
        if let Some((arrived, name)) = self.waiting.take() {
            let path = match (&self.path, name) {
                (Some(path), name) => single_path(path, name.as_deref())?,
                (None, Some(name)) => checked_path("file", &name)?,
                (None, None) => {
                    let message = "The file needs a path: send it in the field 'path'.".to_owned();
                    return Err(FilesError::Invalid { field: "path", message });
                }
            };
            self.draft.stage(arrived, Some(path)).await?;
        }
        for id in std::mem::take(&mut self.sessions) {
            self.draft.add_session(id).await?;
        }
        self.draft.commit(origin).await
    }
}

/// A path that ends with a slash, or none, is a folder: the file keeps its own name.
fn single_path(path: &str, name: Option<&str>) -> Result<RepoPath, FilesError> {
    match name {
        Some(name) if path.is_empty() || path.ends_with('/') => checked_path("path", &format!("{path}{name}")),
        _ => checked_path("path", path),
    }
}

/// The file name as it was sent: in UTF-8 by RFC 8187 when it is there, else the plain one.
fn file_name(field: &Field) -> Option<String> {
    let disposition = field.content_disposition()?;
    let extended = disposition
        .get_filename_ext()
        .and_then(|name| String::from_utf8(name.value.clone()).ok());
    let plain = || disposition.get_filename().map(str::to_owned);
    extended.or_else(plain).filter(|name| !name.is_empty())
}

async fn text(mut field: Field, name: &'static str) -> Result<String, FilesError> {
    let too_long = |_| FilesError::Invalid {
        field: name,
        message: format!("'{name}' is longer than 64 KiB."),
    };
    let bytes = field.bytes(FIELD_MAX_BYTES).await.map_err(too_long)?.map_err(broken)?;
    let not_text = |_| FilesError::Invalid {
        field: name,
        message: format!("'{name}' is not UTF-8 text."),
    };
    String::from_utf8(bytes.to_vec()).map_err(not_text)
}

fn broken(error: MultipartError) -> FilesError {
    FilesError::BrokenForm(error.to_string())
}
