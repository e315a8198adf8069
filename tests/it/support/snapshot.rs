use std::path::PathBuf;

/// Fails unless the committed file says this. `UPDATE_SNAPSHOTS=1` writes it instead.
#[track_caller]
pub fn assert_snapshot(path: &str, actual: &str) {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&file, actual).unwrap();
        return;
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    if committed == actual {
        return;
    }
    let difference = similar::TextDiff::from_lines(committed.as_str(), actual);
    panic!(
        "{path} is stale. When the change is wanted, run the test with UPDATE_SNAPSHOTS=1 and look at the diff.\n{}",
        difference.unified_diff().context_radius(2).header("committed", "now")
    );
}
