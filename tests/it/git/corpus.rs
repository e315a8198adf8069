//! Replays what fuzzing of the readers of clients' formats has found: `tests/fuzz/corpus`.

#[path = "../../fuzz/targets/mod.rs"]
mod targets;

use std::path::Path;

fn replay(name: &str, target: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fuzz/corpus")
        .join(name);
    let mut count = 0;
    for input in std::fs::read_dir(folder).unwrap() {
        let path = input.unwrap().path();
        let input = std::fs::read(&path).unwrap();
        let outcome = std::panic::catch_unwind(|| target(&input));
        assert!(outcome.is_ok(), "{} breaks the target {name}", path.display());
        count += 1;
    }
    assert!(count >= 5, "only {count} inputs for the target {name}");
}

#[test]
fn packet_lines_of_the_corpus_are_read_within_their_bytes() {
    replay("packets", targets::packets);
}

#[test]
fn lists_of_commands_of_the_corpus_are_read_or_refused() {
    replay("commands", targets::commands);
}

#[test]
fn fetches_of_the_corpus_are_answered_or_refused() {
    replay("fetch", targets::fetch);
}

#[test]
fn packs_of_the_corpus_are_taken_or_refused_and_leave_nothing() {
    replay("pack", targets::pack);
}

#[test]
fn small_texts_of_the_corpus_are_read_or_refused() {
    replay("texts", targets::texts);
}

#[test]
fn xorbs_of_the_corpus_are_taken_or_refused() {
    replay("xorb", targets::xorb);
}

#[test]
fn chunks_of_the_corpus_are_unpacked_or_refused() {
    replay("chunk", targets::chunk);
}

#[test]
fn shards_of_the_corpus_are_read_or_refused() {
    replay("shard", targets::shard);
}
