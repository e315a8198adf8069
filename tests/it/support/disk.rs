use std::path::{Path, PathBuf};
use std::process::Command;

/// A file system of its own, small enough to fill. Needs root, as CI and the containers of developers have.
pub struct SmallDisk {
    folder: tempfile::TempDir,
}

impl SmallDisk {
    /// Mounts a disk of `bytes` in memory.
    pub fn mount(bytes: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={bytes}"), "tmpfs"])
            .arg(folder.path())
            .status()
            .unwrap();
        assert!(
            mounted.success(),
            "this test mounts a small disk and has to run as root"
        );
        Self { folder }
    }

    /// Where the disk is mounted.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    fn filler(&self) -> PathBuf {
        self.path().join("filler")
    }

    /// Takes all the room that is left.
    pub fn fill(&self) {
        let mut file = std::fs::File::create(self.filler()).unwrap();
        let zeros = vec![0_u8; 1 << 16];
        while std::io::Write::write_all(&mut file, &zeros).is_ok() {}
    }

    /// Gives the room back that [`Self::fill`] took.
    pub fn free(&self) {
        std::fs::remove_file(self.filler()).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("--lazy").arg(self.path()).status();
        assert!(
            unmounted.is_ok_and(|status| status.success()),
            "the small disk could not be unmounted"
        );
    }
}
