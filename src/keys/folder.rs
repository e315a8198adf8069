use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use super::KeysError;

/// Makes the folder if needed and closes it to everybody but its owner.
pub(in crate::keys) fn prepare(folder: &Path) -> Result<(), KeysError> {
    let prepared = || -> io::Result<()> {
        match fs::DirBuilder::new().mode(0o700).create(folder) {
            Ok(()) => sync_folder(folder.parent().unwrap_or(folder)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                fs::set_permissions(folder, Permissions::from_mode(0o700))
            }
            Err(error) => Err(error),
        }
    };
    prepared().map_err(|source| KeysError::Folder {
        path: folder.to_owned(),
        source,
    })
}

/// Reads the file; if there is none, makes it from `create` and returns after it is on disk.
pub(in crate::keys) fn load_or_create(
    path: &Path,
    create: impl FnOnce() -> Result<Vec<u8>, KeysError>,
) -> Result<Vec<u8>, KeysError> {
    let failed = |source| KeysError::Folder {
        path: path.to_owned(),
        source,
    };
    match fs::read(path) {
        Ok(content) => {
            fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(failed)?;
            Ok(content)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let content = create()?;
            write_new(path, &content).map_err(failed)?;
            Ok(content)
        }
        Err(error) => Err(failed(error)),
    }
}

/// A crash leaves the whole file or none: it is written aside, synced and renamed.
fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let aside = path.with_extension("new");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&aside)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&aside, path)?;
    sync_folder(path.parent().unwrap_or(path))
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    File::open(folder)?.sync_all()
}
