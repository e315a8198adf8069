//! Packs of strangers, made by stock git or by hand.

use super::support::{Bench, Dice, put, stock_in};
use geoml_hub::git::ObjectId;
use geoml_hub::git::receive::{Incoming, ReceiveError, ReceiveLimits, ReferenceChange, ReferenceRefusal};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

const LIMITS: ReceiveLimits = ReceiveLimits {
    object_bytes: 1 << 20,
    pack_bytes: 1 << 30,
    objects: 100_000,
};

/// The output of a git program that is given this input.
fn piped(folder: &Path, arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new("git")
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "git {arguments:?}");
    output.stdout
}

/// A client's folder, with one commit for each list of files.
struct Client(tempfile::TempDir);

impl Client {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        stock_in(folder.path(), &["init", "--quiet"]);
        Self(folder)
    }

    fn clone_of(bench: &Bench) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = bench.path();
        stock_in(folder.path(), &["clone", "--quiet", path.to_str().unwrap(), "."]);
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn commit(&self, files: &[(&str, &[u8])]) -> ObjectId {
        for (path, content) in files {
            let path = self.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        stock_in(self.path(), &["add", "-A"]);
        stock_in(self.path(), &["commit", "--quiet", "-m", "Change"]);
        self.head()
    }

    fn head(&self) -> ObjectId {
        stock_in(self.path(), &["rev-parse", "HEAD"]).trim().parse().unwrap()
    }

    /// What `git push` would send for these revisions.
    fn pack(&self, revisions: &str, more: &[&str]) -> Vec<u8> {
        let mut arguments = vec!["pack-objects", "--revs", "--stdout", "--quiet", "--delta-base-offset"];
        arguments.extend(more);
        piped(self.path(), &arguments, revisions.as_bytes())
    }
}

fn receive(bench: &Bench, pack: &[u8]) -> Result<Incoming, ReceiveError> {
    bench.open().receive(&mut &pack[..], LIMITS)
}

fn refused(bench: &Bench, pack: &[u8]) -> ReceiveError {
    match receive(bench, pack) {
        Ok(_) => panic!("the pack was taken"),
        Err(error) => error,
    }
}

/// Nothing of any push is left beside the repositories, and none in this one.
fn assert_untouched(bench: &Bench) {
    let temporary = bench.folder.path().join("git/tmp");
    assert_eq!(std::fs::read_dir(temporary).unwrap().count(), 0);
    bench.assert_sound();
}

fn created(name: &str, new: ObjectId) -> ReferenceChange {
    ReferenceChange {
        name: name.to_owned(),
        old: None,
        new: Some(new),
    }
}

/// Takes a pack and lets a branch begin at the tip.
fn accept(bench: &Bench, pack: &[u8], branch: &str, tip: ObjectId) {
    let incoming = receive(bench, pack).unwrap();
    incoming.check_complete(&[(tip, true)], &[]).unwrap();
    incoming.keep().unwrap();
    let repository = bench.open();
    let old = repository.branch(branch).unwrap();
    let change = ReferenceChange {
        name: format!("refs/heads/{branch}"),
        old,
        new: Some(tip),
    };
    for answer in repository.change_references(&[change], true).unwrap() {
        answer.unwrap();
    }
}

/// A pack of entries written by hand: type number, size that the header claims, what stands between header and content,
/// content.
fn hand_made(entries: &[(u8, u64, &[u8], &[u8])]) -> Vec<u8> {
    let mut pack = b"PACK\0\0\0\x02".to_vec();
    pack.extend_from_slice(&u32::try_from(entries.len()).unwrap().to_be_bytes());
    for (kind, size, between, content) in entries {
        pack.extend(entry_header(*kind, *size));
        pack.extend_from_slice(between);
        pack.extend(deflated(content));
    }
    sealed(pack)
}

fn entry_header(kind: u8, size: u64) -> Vec<u8> {
    let mut rest = size >> 4;
    let mut byte = (kind << 4) | u8::try_from(size & 15).unwrap();
    let mut header = Vec::new();
    while rest > 0 {
        header.push(byte | 0x80);
        byte = u8::try_from(rest & 0x7f).unwrap();
        rest >>= 7;
    }
    header.push(byte);
    header
}

/// Stored blocks of zlib, which need no compressor.
fn deflated(content: &[u8]) -> Vec<u8> {
    let mut out = vec![0x78, 0x01];
    let mut blocks = content.chunks(0xffff).peekable();
    if blocks.peek().is_none() {
        out.extend_from_slice(&[1, 0, 0, 0xff, 0xff]);
    }
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).unwrap();
        out.push(u8::from(blocks.peek().is_none()));
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&(!length).to_le_bytes());
        out.extend_from_slice(block);
    }
    let (mut a, mut b) = (1_u32, 0_u32);
    for byte in content {
        a = (a + u32::from(*byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    out.extend_from_slice(&(b << 16 | a).to_be_bytes());
    out
}

/// The pack with its right checksum.
fn sealed(mut pack: Vec<u8>) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("x"), &pack).unwrap();
    let output = Command::new("sha1sum").arg(folder.path().join("x")).output().unwrap();
    let hex = String::from_utf8(output.stdout).unwrap();
    pack.extend_from_slice(hex[..40].parse::<ObjectId>().unwrap().as_bytes());
    pack
}

fn number(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value >= 0x80 {
        out.push(u8::try_from(value & 0x7f).unwrap() | 0x80);
        value >>= 7;
    }
    out.push(u8::try_from(value).unwrap());
    out
}

#[test]
fn a_history_of_stock_git_arrives_whole() {
    let (bench, client) = (Bench::new(), Client::new());
    let mut dice = Dice(7);
    let mut text: Vec<u8> = (0..20_000).map(|_| u8::try_from(97 + dice.roll(26)).unwrap()).collect();
    let mut tip = client.commit(&[("README.md", b"# One")]);
    for round in 0..30 {
        let place = dice.roll(text.len());
        text[place] = b'#';
        let path = format!("folder {}/ü{}.txt", round % 3, round % 7);
        tip = client.commit(&[(&path, &text), ("data/small", &[u8::try_from(round).unwrap()])]);
    }
    let pack = client.pack("HEAD\n", &["--depth=50", "--window=20"]);
    accept(&bench, &pack, "main", tip);
    bench.assert_sound();
    assert_untouched(&bench);
    let count = |folder: &Path| stock_in(folder, &["rev-list", "--objects", "--count", "main"]);
    assert_eq!(count(&bench.path()), count(client.path()));
    assert_eq!(bench.open().log(tip, 0, 100).unwrap().commits.len(), 31);
}

#[test]
fn a_thin_pack_is_completed_with_what_the_repository_has() {
    let bench = Bench::new();
    let mut dice = Dice(3);
    let text: Vec<u8> = (0..30_000).map(|_| u8::try_from(97 + dice.roll(26)).unwrap()).collect();
    let base = bench.commit(vec![put("big.txt", &text), put("other/file", "x")]);
    let client = Client::clone_of(&bench);
    let mut changed = text.clone();
    changed[10] = b'!';
    client.commit(&[("big.txt", &changed)]);
    changed[20_000] = b'!';
    let tip = client.commit(&[("big.txt", &changed)]);
    let pack = client.pack(&format!("HEAD\n^{base}\n"), &["--thin"]);
    assert!(pack.len() < 10_000, "the pack is thin: {} bytes", pack.len());
    accept(&bench, &pack, "main", tip);
    bench.assert_sound();
    assert_eq!(bench.open().file(tip, "big.txt").unwrap().size, Some(30_000));
    // The same without a base that is anywhere.
    let other = Bench::new();
    assert!(matches!(refused(&other, &pack), ReceiveError::BadPack(_)));
    assert_untouched(&other);
}

#[test]
fn deltas_whose_base_passed_long_ago_are_worked_out_like_others() {
    let noise = |seed: u32| -> Vec<u8> {
        let mut state = 2 * seed + 1;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        };
        (0..900_000).map(|_| next()).collect()
    };
    // The first bytes of a base, and one letter.
    let delta = |base: u64, length: u8, letter: u8| {
        let mut delta = [number(base), number(u64::from(length) + 1)].concat();
        delta.extend([0x90, length, 1, letter]);
        delta
    };
    let mut entries = vec![(3, 900_000, Vec::new(), noise(1))];
    let near = delta(900_000, 200, b'a');
    let mut passed = entry_header(3, 900_000).len() + deflated(&noise(1)).len();
    entries.push((6, near.len() as u64, offset_of(passed), near.clone()));
    passed = entry_header(6, near.len() as u64).len() + offset_of(passed).len() + deflated(&near).len();
    for content in (2..22).map(noise) {
        passed += entry_header(3, 900_000).len() + deflated(&content).len();
        entries.push((3, 900_000, Vec::new(), content));
    }
    let far = delta(201, 100, b'b');
    entries.push((6, far.len() as u64, offset_of(passed), far.clone()));
    passed = entry_header(6, far.len() as u64).len() + offset_of(passed).len() + deflated(&far).len();
    let last = delta(101, 50, b'c');
    entries.push((6, last.len() as u64, offset_of(passed), last));
    let entries = entries
        .iter()
        .map(|(kind, size, between, content)| (*kind, *size, &between[..], &content[..]));
    let pack = hand_made(&entries.collect::<Vec<_>>());
    let (bench, client) = (Bench::new(), Client::new());
    receive(&bench, &pack).unwrap().keep().unwrap();
    piped(client.path(), &["index-pack", "--stdin"], &pack);
    let objects = |folder: &Path| stock_in(folder, &["cat-file", "--batch-all-objects", "--batch-check"]);
    assert_eq!(objects(&bench.path()), objects(client.path()));
    assert_eq!(objects(client.path()).lines().count(), 24);
}

/// How far back the base of a delta begins, as packs write it.
fn offset_of(distance: usize) -> Vec<u8> {
    let mut rest = distance;
    let mut out = vec![u8::try_from(rest & 0x7f).unwrap()];
    while rest >= 0x80 {
        rest = (rest >> 7) - 1;
        out.insert(0, u8::try_from(rest & 0x7f).unwrap() | 0x80);
    }
    out
}

#[test]
fn packs_that_lie_are_refused_and_leave_nothing() {
    let (bench, client) = (Bench::new(), Client::new());
    client.commit(&[("a", b"some content"), ("b/c", b"more content")]);
    let pack = client.pack("HEAD\n", &[]);
    let mut bad_sum = pack.clone();
    *bad_sum.last_mut().unwrap() ^= 1;
    assert!(matches!(refused(&bench, &bad_sum), ReceiveError::BadPack(_)));
    for end in [0, 3, 12, 13, 40, pack.len() - 21, pack.len() - 1] {
        assert!(matches!(refused(&bench, &pack[..end]), ReceiveError::Cut), "{end}");
    }
    for place in 12..pack.len() - 20 {
        let mut broken = pack.clone();
        broken[place] ^= 0x55;
        refused(&bench, &broken);
    }
    let blob = b"blob";
    let more_than_told = hand_made(&[(3, 2, b"", blob)]);
    let less_than_told = hand_made(&[(3, 9, b"", blob)]);
    let twice = hand_made(&[(3, 4, b"", blob), (3, 4, b"", blob)]);
    let no_kind = hand_made(&[(5, 4, b"", blob)]);
    let outside = hand_made(&[(6, 4, &[0x7f], blob)]);
    for pack in [more_than_told, less_than_told, twice, no_kind, outside] {
        assert!(matches!(refused(&bench, &pack), ReceiveError::BadPack(_)));
    }
    let endless = b"PACK\0\0\0\x02\xff\xff\xff\xff".to_vec();
    assert!(matches!(refused(&bench, &endless), ReceiveError::TooManyObjects(_)));
    assert_untouched(&bench);
}

#[test]
fn ten_gigabytes_in_a_header_are_refused_before_anything_is_inflated() {
    let bench = Bench::new();
    for kind in [1, 2, 3, 4] {
        let pack = hand_made(&[(kind, 10 << 30, b"", b"tiny")]);
        let error = refused(&bench, &pack);
        assert!(
            matches!(error, ReceiveError::LargeFiles { .. } | ReceiveError::TooManyObjects(_)),
            "{error}"
        );
    }
    let delta = [number(4), number(10 << 30), vec![0x80 | 0x10, 4]].concat();
    let pack = hand_made(&[(3, 4, b"", b"tiny"), (6, delta.len() as u64, &[16], &delta)]);
    assert!(matches!(refused(&bench, &pack), ReceiveError::LargeFiles { .. }));
    assert_untouched(&bench);
}

#[test]
fn a_delta_bomb_costs_neither_memory_nor_time() {
    // Every delta makes almost 1 MiB out of 64 KiB; forty thousand of them would be 37 GiB.
    let base = vec![b'x'; 0x1_0000];
    let mut start = [number(0x1_0000), number(0xf_0004)].concat();
    start.extend(std::iter::repeat_n(0x80, 15));
    start.push(4);
    let mut entries: Vec<(u8, u64, Vec<u8>, Vec<u8>)> = vec![(3, base.len() as u64, Vec::new(), base.clone())];
    let mut offset = 12 + entry_header(3, base.len() as u64).len() + deflated(&base).len();
    for different in 0..40_000_u32 {
        let delta = [&start[..], &different.to_be_bytes()].concat();
        let mut distance = vec![u8::try_from((offset - 12) & 0x7f).unwrap()];
        let mut rest = (offset - 12) >> 7;
        while rest > 0 {
            rest -= 1;
            distance.insert(0, 0x80 | u8::try_from(rest & 0x7f).unwrap());
            rest >>= 7;
        }
        let length = entry_header(6, delta.len() as u64).len() + distance.len() + deflated(&delta).len();
        entries.push((6, delta.len() as u64, distance, delta.clone()));
        offset += length;
    }
    let entries: Vec<_> = entries
        .iter()
        .map(|(kind, size, between, content)| (*kind, *size, &between[..], &content[..]))
        .collect();
    let pack = hand_made(&entries);
    let bench = Bench::new();
    let begun = std::time::Instant::now();
    let error = refused(&bench, &pack);
    assert!(matches!(error, ReceiveError::TooManyObjects(_)), "{error}");
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
    assert_untouched(&bench);
}

#[test]
fn a_file_above_the_limit_is_named_with_its_path_and_what_to_do() {
    let (bench, client) = (Bench::new(), Client::new());
    let mut dice = Dice(9);
    let noise: Vec<u8> = (0..=1 << 20).map(|_| u8::try_from(dice.roll(256)).unwrap()).collect();
    client.commit(&[("data/deep/big model.bin", &noise), ("small", b"x")]);
    let pack = client.pack("HEAD\n", &[]);
    let text = refused(&bench, &pack).to_string();
    assert!(text.contains("data/deep/big model.bin has 1 MiB"), "{text}");
    assert!(text.contains("git lfs track \"data/deep/big model.bin\""), "{text}");
    assert_untouched(&bench);
}

#[test]
fn objects_that_fsck_refuses_are_refused() {
    let bench = Bench::new();
    let blob = hand_made(&[(3, 1, b"", b"x")]);
    assert!(receive(&bench, &blob).is_ok());
    let mut tree = b"100644 .git\0".to_vec();
    tree.extend_from_slice(&[1; 20]);
    let pack = hand_made(&[(2, tree.len() as u64, b"", &tree)]);
    let error = refused(&bench, &pack);
    assert!(
        matches!(&error, ReceiveError::BadObject { reason, .. } if reason.contains(".git")),
        "{error}"
    );
    let client = Client::new();
    client.commit(&[(".gitmodules", b"[submodule \"../evil\"]\n\turl = x\n")]);
    let error = refused(&bench, &client.pack("HEAD\n", &[]));
    assert!(matches!(error, ReceiveError::BadObject { .. }), "{error}");
    assert_untouched(&bench);
}

#[test]
fn a_push_that_lacks_something_is_refused() {
    let (bench, client) = (Bench::new(), Client::new());
    client.commit(&[("a", b"one"), ("f/b", b"two")]);
    let tip = client.commit(&[("a", b"three")]);
    let objects = stock_in(client.path(), &["rev-list", "--objects", "--no-object-names", "HEAD"]);
    let objects: Vec<&str> = objects.lines().collect();
    for missing in &objects {
        let kept: Vec<&str> = objects.iter().filter(|id| *id != missing).copied().collect();
        let listed = kept.join("\n");
        let pack = piped(
            client.path(),
            &["pack-objects", "--stdout", "--quiet"],
            listed.as_bytes(),
        );
        let incoming = receive(&bench, &pack).unwrap();
        let error = incoming.check_complete(&[(tip, true)], &[]).unwrap_err();
        assert!(
            matches!(&error, ReceiveError::Incomplete(text) if text.contains(missing)),
            "{missing}: {error}"
        );
    }
    assert_untouched(&bench);
}

#[test]
fn objects_of_the_repository_count_only_with_everything_that_they_need() {
    let (bench, client) = (Bench::new(), Client::new());
    client.commit(&[("a", b"one"), ("f/b", b"two")]);
    let folder = stock_in(client.path(), &["rev-parse", "HEAD:f"]);
    // The rest of something that was pruned: a folder without its file.
    let pack = piped(
        client.path(),
        &["pack-objects", "--stdout", "--quiet"],
        folder.as_bytes(),
    );
    let folder_pack = bench.path().join("objects/pack");
    piped(&folder_pack, &["index-pack", "--stdin"], &pack);
    let tip = client.head();
    let listed = stock_in(client.path(), &["rev-list", "--objects", "--no-object-names", "HEAD"]);
    let blob = stock_in(client.path(), &["rev-parse", "HEAD:f/b"]);
    let listed = listed.replace(&folder, "").replace(&blob, "");
    let pack = piped(
        client.path(),
        &["pack-objects", "--stdout", "--quiet"],
        listed.as_bytes(),
    );
    let error = receive(&bench, &pack)
        .unwrap()
        .check_complete(&[(tip, true)], &[])
        .unwrap_err();
    assert!(
        matches!(&error, ReceiveError::Incomplete(text) if text.contains(blob.trim())),
        "{error}"
    );
}

#[test]
fn references_move_together_or_each_by_itself() {
    let bench = Bench::new();
    let (one, two) = (bench.commit(vec![put("a", "1")]), bench.commit(vec![put("a", "2")]));
    let repository = bench.open();
    let stale = ReferenceChange {
        name: "refs/heads/main".to_owned(),
        old: Some(one),
        new: None,
    };
    let fresh = created("refs/tags/v1", one);
    let answers = repository
        .change_references(&[stale.clone(), fresh.clone()], true)
        .unwrap();
    assert!(matches!(answers[0], Err(ReferenceRefusal::Stale)));
    assert!(matches!(answers[1], Err(ReferenceRefusal::Atomic)));
    assert!(repository.tags().unwrap().is_empty());
    let answers = repository.change_references(&[stale, fresh.clone()], false).unwrap();
    assert!(answers[0].is_err() && answers[1].is_ok());
    assert_eq!(repository.tags().unwrap().len(), 1);
    // Said again, as after a crash.
    assert!(repository.change_references(&[fresh], true).unwrap()[0].is_ok());
    bench.stock(&["pack-refs", "--all"]);
    let clash = [
        created("refs/tags/v1/x", two),
        created("refs/heads/main/x", two),
        created("refs/heads/x", two),
        created("refs/heads/x/y", two),
    ];
    let answers = repository.change_references(&clash, false).unwrap();
    assert!(matches!(&answers[0], Err(ReferenceRefusal::Clash(other)) if other == "refs/tags/v1"));
    assert!(matches!(answers[1], Err(ReferenceRefusal::Clash(_))) && answers[2].is_ok());
    assert!(matches!(answers[3], Err(ReferenceRefusal::Clash(_))));
    // A name makes room for those below it in one step.
    let away = ReferenceChange {
        name: "refs/tags/v1".to_owned(),
        old: Some(one),
        new: None,
    };
    let answers = repository
        .change_references(&[created("refs/tags/v1/x", two), away], true)
        .unwrap();
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    bench.assert_sound();
}
