use std::collections::HashSet;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use geoml_hub::base::{RepositoryId, Sha256};
use geoml_hub::blobs::xet::hash::{XetHash, file_hash, range_verification_hash};
use geoml_hub::blobs::xet::shard::Term;
use geoml_hub::blobs::xet::xorb::XorbBuilder;
use geoml_hub::blobs::{AnnouncedRecipe, BlobError, BlobProblem, check_rows};

use super::{Fixture, bytes_of, read_all};

const DAY: Duration = Duration::from_hours(24);

super::on_both_backends! {
    a_recipe_is_read_like_any_blob,
    a_recipe_is_taken_only_when_everything_fits,
    what_nobody_names_goes_and_the_epoch_advances,
    xorbs_stay_while_a_recipe_of_a_live_blob_needs_them,
    a_check_finds_a_recipe_whose_xorb_is_gone,
    a_restart_forgets_nothing,
}

struct Sent {
    xorb: XetHash,
    chunks: Vec<(XetHash, Bytes)>,
}

async fn send(fixture: &Fixture, holder: RepositoryId, seed: u64, count: usize) -> Sent {
    let mut builder = XorbBuilder::default();
    let mut chunks = Vec::new();
    for index in 0..count {
        let content = bytes_of(10_000 + 7_919 * (index % 11), seed + index as u64);
        chunks.push((builder.add(&content).unwrap(), content));
    }
    let (xorb, bytes) = builder.finish();
    let mut writer = fixture.blobs.xorb_writer(xorb);
    for piece in bytes.chunks(70_001) {
        writer.write(Bytes::copy_from_slice(piece)).await.unwrap();
    }
    assert!(writer.finish(holder.into()).await.unwrap());
    Sent { xorb, chunks }
}

fn announced(terms: &[(&Sent, std::ops::Range<usize>)]) -> (AnnouncedRecipe, Vec<u8>) {
    let (mut content, mut chunks, mut listed) = (Vec::new(), Vec::new(), Vec::new());
    for (sent, range) in terms {
        let run = &sent.chunks[range.clone()];
        let before = content.len();
        for (hash, bytes) in run {
            content.extend_from_slice(bytes);
            chunks.push((*hash, bytes.len() as u64));
        }
        listed.push(Term {
            xorb: sent.xorb,
            raw_len: u32::try_from(content.len() - before).unwrap(),
            chunks: u32::try_from(range.start).unwrap()..u32::try_from(range.end).unwrap(),
            verification: Some(range_verification_hash(run.iter().map(|(hash, _)| *hash))),
        });
    }
    let recipe = AnnouncedRecipe {
        file: file_hash(&chunks),
        terms: listed,
        sha256: Some(Sha256::of(&content)),
    };
    (recipe, content)
}

fn assert_rows_agree(fixture: &Fixture) {
    let problems = fixture.store.read(check_rows).unwrap();
    assert_eq!(problems, Vec::<String>::new());
}

async fn sweep(fixture: &Fixture, named: &[Sha256]) {
    let named: HashSet<Sha256> = named.iter().copied().collect();
    let named =
        move |batch: &[Sha256]| Ok::<_, BlobError>(batch.iter().copied().filter(|one| named.contains(one)).collect());
    fixture.blobs.sweep(named, DAY).await.unwrap();
    assert_rows_agree(fixture);
}

async fn a_recipe_is_read_like_any_blob(fixture: Fixture) {
    let holder = RepositoryId::new(&fixture.clock);
    let (one, two) = (
        send(&fixture, holder, 1, 300).await,
        send(&fixture, holder, 900, 12).await,
    );
    let (recipe, content) = announced(&[(&one, 3..250), (&two, 0..12), (&one, 100..300), (&one, 0..1)]);
    let sha256 = Sha256::of(&content);
    let stored = fixture.blobs.take_recipe(holder.into(), recipe, |_| {}).await.unwrap();
    assert_eq!((stored.sha256, stored.size), (sha256, content.len() as u64));
    assert_rows_agree(&fixture);
    let reader = fixture.blobs.reader(sha256).await.unwrap();
    assert!(read_all(&reader).await == content, "the content came back changed");
    let size = content.len();
    for start in (0..size).step_by(size / 23) {
        for length in [1, 9_999, 800_000] {
            let end = (start + length).min(size);
            let mut stream = reader.stream(start as u64..end as u64);
            let mut read = Vec::new();
            while let Some(piece) = stream.next().await {
                read.extend_from_slice(&piece.unwrap());
            }
            assert!(read == content[start..end], "bytes {start}..{end}");
        }
    }
    let report = fixture.blobs.check([(sha256, size as u64)], true).await.unwrap();
    assert_eq!((report.problems.len(), report.hashed_bytes), (0, size as u64));
}

async fn a_recipe_is_taken_only_when_everything_fits(fixture: Fixture) {
    let (holder, other) = (RepositoryId::new(&fixture.clock), RepositoryId::new(&fixture.clock));
    let sent = send(&fixture, holder, 1, 20).await;
    let (good, content) = announced(&[(&sent, 0..20)]);
    let refused = fixture.blobs.take_recipe(other.into(), good.clone(), |_| {}).await;
    assert!(matches!(refused, Err(BlobError::UnknownXorb { .. })), "{refused:?}");
    let mut bad = good.clone();
    bad.sha256 = Some(Sha256::of(b"other"));
    let refused = fixture.blobs.take_recipe(holder.into(), bad, |_| {}).await;
    assert!(matches!(refused, Err(BlobError::HashMismatch { .. })), "{refused:?}");
    for change in [
        |recipe: &mut AnnouncedRecipe| recipe.terms[0].chunks.end += 1,
        |recipe: &mut AnnouncedRecipe| recipe.terms[0].chunks.end = 0,
        |recipe: &mut AnnouncedRecipe| recipe.terms[0].raw_len -= 1,
        |recipe: &mut AnnouncedRecipe| recipe.terms[0].verification = Some(recipe.file),
        |recipe: &mut AnnouncedRecipe| recipe.file = recipe.terms[0].xorb,
    ] {
        let mut bad = good.clone();
        change(&mut bad);
        let refused = fixture.blobs.take_recipe(holder.into(), bad, |_| {}).await;
        assert!(matches!(refused, Err(BlobError::BadRecipe { .. })), "{refused:?}");
    }
    assert!(!fixture.blobs.exists(Sha256::of(&content)).await.unwrap());
    fixture.blobs.take_recipe(holder.into(), good, |_| {}).await.unwrap();
    assert!(fixture.blobs.exists(Sha256::of(&content)).await.unwrap());
}

async fn what_nobody_names_goes_and_the_epoch_advances(fixture: Fixture) {
    let (holder, other) = (RepositoryId::new(&fixture.clock), RepositoryId::new(&fixture.clock));
    let sent = send(&fixture, holder, 1, 20).await;
    send(&fixture, other, 1, 20).await;
    let (recipe, content) = announced(&[(&sent, 0..20)]);
    let sha256 = Sha256::of(&content);
    fixture
        .blobs
        .take_recipe(holder.into(), recipe.clone(), |_| {})
        .await
        .unwrap();
    assert_eq!(fixture.blobs.waiting_xorb_bytes(holder).unwrap(), 0);
    assert!(fixture.blobs.waiting_xorb_bytes(other).unwrap() > 0);
    sweep(&fixture, &[]).await;
    assert!(fixture.blobs.exists(sha256).await.unwrap(), "it is young");
    fixture.clock.advance(2 * DAY);
    sweep(&fixture, &[]).await;
    assert!(!fixture.blobs.exists(sha256).await.unwrap());
    for holder in [holder, other] {
        assert_eq!(fixture.blobs.xorb_epoch(holder).unwrap(), 1);
        assert!(!fixture.blobs.holds_xorb(holder, sent.xorb).unwrap());
        assert_eq!(fixture.blobs.waiting_xorb_bytes(holder).unwrap(), 0);
    }
    let refused = fixture.blobs.take_recipe(holder.into(), recipe.clone(), |_| {}).await;
    assert!(matches!(refused, Err(BlobError::UnknownXorb { .. })), "{refused:?}");
    send(&fixture, holder, 1, 20).await;
    fixture.blobs.take_recipe(holder.into(), recipe, |_| {}).await.unwrap();
    assert!(read_all(&fixture.blobs.reader(sha256).await.unwrap()).await == content);
}

async fn xorbs_stay_while_a_recipe_of_a_live_blob_needs_them(fixture: Fixture) {
    let holder = RepositoryId::new(&fixture.clock);
    let (used, unused) = (
        send(&fixture, holder, 1, 20).await,
        send(&fixture, holder, 700, 4).await,
    );
    let (recipe, content) = announced(&[(&used, 2..3)]);
    let sha256 = Sha256::of(&content);
    fixture.blobs.take_recipe(holder.into(), recipe, |_| {}).await.unwrap();
    fixture.clock.advance(30 * DAY);
    sweep(&fixture, &[sha256]).await;
    assert!(read_all(&fixture.blobs.reader(sha256).await.unwrap()).await == content);
    assert!(fixture.blobs.holds_xorb(holder, used.xorb).unwrap());
    assert!(!fixture.blobs.holds_xorb(holder, unused.xorb).unwrap());
    // Somebody counts on it again just before nothing names it.
    fixture.blobs.adopt(sha256).await.unwrap();
    sweep(&fixture, &[]).await;
    assert!(fixture.blobs.exists(sha256).await.unwrap());
}

async fn a_check_finds_a_recipe_whose_xorb_is_gone(fixture: Fixture) {
    let holder = RepositoryId::new(&fixture.clock);
    let sent = send(&fixture, holder, 1, 5).await;
    let (recipe, content) = announced(&[(&sent, 0..5)]);
    let (sha256, size) = (Sha256::of(&content), content.len() as u64);
    fixture.blobs.take_recipe(holder.into(), recipe, |_| {}).await.unwrap();
    let name = hex::encode(sent.xorb.as_bytes());
    let path = format!("xorbs/{}/{}/{name}", &name[..2], &name[2..4]);
    let file = match &fixture.server {
        Some(server) => server.object(&path),
        None => fixture.data.path().join(path),
    };
    std::fs::remove_file(file).unwrap();
    let report = fixture.blobs.check([(sha256, size)], false).await.unwrap();
    assert_eq!(report.problems, [BlobProblem::Missing { sha256, size }]);
}

async fn a_restart_forgets_nothing(mut fixture: Fixture) {
    let holder = RepositoryId::new(&fixture.clock);
    let sent = send(&fixture, holder, 1, 50).await;
    let (recipe, content) = announced(&[(&sent, 0..50)]);
    fixture.restart();
    fixture.blobs.take_recipe(holder.into(), recipe, |_| {}).await.unwrap();
    fixture.restart();
    let reader = fixture.blobs.reader(Sha256::of(&content)).await.unwrap();
    assert!(read_all(&reader).await == content);
}
