//! The checks of `git fsck --strict` on single objects (`fsck.c` of git 2.47): what passes here, a client that checks what
//! it receives will take.

use super::idents;
use crate::git::ObjectId;
use crate::git::tree_layout::Layout;
use gix::bstr::{BStr, ByteSlice};
use gix::objs::Kind;
use gix::validate::path::component;
use std::cmp::Ordering;

/// Folders, commits and tags above this size are nobody's work; they are held in memory while they are checked.
pub(super) const STRUCTURE_MAX_BYTES: u64 = 32 << 20;
/// The longest name of an entry, as in git.
const NAME_MAX_BYTES: usize = 4_096;

/// Checks a folder, and tells of its entries: name, kind of object, object. Submodules are left out, as their commits are
/// elsewhere.
pub(super) fn tree(content: &[u8], each: &mut dyn FnMut(&BStr, Kind, ObjectId)) -> Result<(), String> {
    let mut before: Option<(&BStr, bool)> = None;
    let mut files_before: Vec<&BStr> = Vec::new();
    let mut rest = content;
    while !rest.is_empty() {
        let (mode, name, id, behind) = entry(rest)?;
        rest = behind;
        let folder = mode == 0o040_000;
        check_name(name, mode)?;
        if let Some((previous, previous_is_folder)) = before {
            check_order(previous, previous_is_folder, name, folder)?;
        }
        check_twice(&mut files_before, name, folder)?;
        before = Some((name, folder));
        tell(mode, name, id, each)?;
    }
    Ok(())
}

fn tell(mode: u32, name: &BStr, id: ObjectId, each: &mut dyn FnMut(&BStr, Kind, ObjectId)) -> Result<(), String> {
    if id == ObjectId::from_bytes([0; 20]) {
        return Err(format!("its entry '{name}' names no object"));
    }
    match mode {
        0o160_000 => {}
        0o040_000 => each(name, Kind::Tree, id),
        _ => each(name, Kind::Blob, id),
    }
    Ok(())
}

/// Tells of the entries of a folder that hold something else than in the one of this layout, which was checked; false, and
/// nothing told, when more than that differs.
pub(super) fn changed(
    layout: &Layout,
    old: &[u8],
    new: &[u8],
    each: &mut dyn FnMut(&BStr, Kind, ObjectId),
) -> Result<bool, String> {
    let Some(changed) = layout.differing(old, new) else {
        return Ok(false);
    };
    for place in changed {
        let (mode, name, id, _) = entry(layout.entry(new, place))?;
        tell(mode, name, id, each)?;
    }
    Ok(true)
}

fn entry(rest: &[u8]) -> Result<(u32, &BStr, ObjectId, &[u8]), String> {
    let broken = || "it is not a folder that git can read".to_owned();
    let (mode, rest) = split_at_byte(rest, b' ').ok_or_else(broken)?;
    let (name, rest) = split_at_byte(rest, 0).ok_or_else(broken)?;
    let (id, rest) = rest.split_first_chunk().ok_or_else(broken)?;
    if mode.starts_with(b"0") {
        return Err(format!("the mode of its entry '{}' begins with a zero", name.as_bstr()));
    }
    let known = match mode {
        b"40000" => 0o040_000,
        b"100644" | b"100664" => 0o100_644,
        b"100755" => 0o100_755,
        b"120000" => 0o120_000,
        b"160000" => 0o160_000,
        _ => {
            return Err(format!(
                "its entry '{}' has the mode '{}'",
                name.as_bstr(),
                mode.as_bstr()
            ));
        }
    };
    Ok((known, name.as_bstr(), ObjectId::from_bytes(*id), rest))
}

/// What stands before and behind the first such byte. Folders have millions of entries: this needs no searcher to be made.
fn split_at_byte(text: &[u8], byte: u8) -> Option<(&[u8], &[u8])> {
    let place = text.find_byte(byte)?;
    Some((&text[..place], &text[place + 1..]))
}

fn check_name(name: &BStr, mode: u32) -> Result<(), String> {
    if name.len() > NAME_MAX_BYTES {
        return Err("it has an entry with a name of more than 4096 bytes".to_owned());
    }
    let mode = (mode == 0o120_000).then_some(component::Mode::Symlink);
    // Names that only Windows refuses are allowed, as in git; disguises of `.git` are not.
    let options = component::Options {
        protect_windows: false,
        protect_hfs: true,
        protect_ntfs: true,
    };
    let allowed = |name: &BStr| gix::validate::path::component(name, mode, options).map(drop);
    allowed(name).map_err(|error| format!("its entry '{name}' has a name that git refuses: {error}"))?;
    // On Windows the parts behind a backslash are names too.
    let parts = name.split(|byte| *byte == b'\\').skip(1).map(ByteSlice::as_bstr);
    for part in parts.filter(|part| !part.is_empty()) {
        if let Err(component::Error::DotGitDir) = gix::validate::path::component(part, mode, options) {
            return Err(format!("its entry '{name}' leads to a folder of git on Windows"));
        }
    }
    Ok(())
}

/// git sorts folders as if their names ended with a slash.
fn check_order(previous: &BStr, previous_is_folder: bool, name: &BStr, folder: bool) -> Result<(), String> {
    let shared = previous.len().min(name.len());
    let order = previous[..shared].cmp(&name[..shared]);
    let end = |name: &BStr, folder: bool| match name.get(shared) {
        Some(byte) => *byte,
        None if folder => b'/',
        None => 0,
    };
    let order = order.then_with(|| end(previous, previous_is_folder).cmp(&end(name, folder)));
    match order {
        Ordering::Less => Ok(()),
        Ordering::Equal => Err(format!("it has two entries named '{name}'")),
        Ordering::Greater => Err(format!("its entries are not sorted at '{name}'")),
    }
}

/// A file and a folder of one name need not stand side by side: `a`, `a.b`, `a/`. Files whose name begins the present one
/// are kept, as in git's own check.
fn check_twice<'a>(files_before: &mut Vec<&'a BStr>, name: &'a BStr, folder: bool) -> Result<(), String> {
    while files_before.last().is_some_and(|file| !name.starts_with(file)) {
        files_before.pop();
    }
    if folder && files_before.contains(&name) {
        return Err(format!("it has two entries named '{name}'"));
    }
    if !folder {
        files_before.push(name);
    }
    Ok(())
}

/// Checks a commit; answers its folder and its parents.
pub(super) fn commit(content: &[u8]) -> Result<(ObjectId, Vec<ObjectId>), String> {
    let mut lines = Lines::of(content)?;
    let tree = lines.id("tree ")?.ok_or("it does not begin with its folder")?;
    let mut parents = Vec::new();
    while let Some(parent) = lines.id("parent ")? {
        parents.push(parent);
    }
    let author = lines.value("author ").ok_or("it has no author")?;
    idents::check(author).map_err(|reason| format!("its author line {reason}"))?;
    if lines.value("author ").is_some() {
        return Err("it has several authors".to_owned());
    }
    let committer = lines.value("committer ").ok_or("it has no committer")?;
    idents::check(committer).map_err(|reason| format!("its committer line {reason}"))?;
    if content.contains(&0) {
        return Err("it contains a NUL byte".to_owned());
    }
    gix::objs::CommitRef::from_bytes(content, gix::hash::Kind::Sha1)
        .map_err(|_| "it is not a commit that can be read".to_owned())?;
    Ok((tree, parents))
}

/// Checks an annotated tag; answers what it names.
pub(super) fn tag(content: &[u8]) -> Result<(ObjectId, Kind), String> {
    let mut lines = Lines::of(content)?;
    let target = lines.id("object ")?.ok_or("it does not begin with its object")?;
    let kind = lines.value("type ").ok_or("it does not say the kind of its object")?;
    let kind = Kind::from_bytes(kind).map_err(|_| "it names a kind of object that there is not")?;
    let name = lines.value("tag ").ok_or("it has no name")?;
    if name.is_empty() {
        return Err("it has no name".to_owned());
    }
    // Tags of the first years have no tagger.
    if let Some(tagger) = lines.value("tagger ") {
        idents::check(tagger).map_err(|reason| format!("its tagger line {reason}"))?;
    }
    gix::objs::TagRef::from_bytes(content, gix::hash::Kind::Sha1)
        .map_err(|_| "it is not a tag that can be read".to_owned())?;
    Ok((target, kind))
}

/// The lines at the beginning of a commit or tag.
struct Lines<'a>(&'a [u8]);

impl<'a> Lines<'a> {
    fn of(content: &'a [u8]) -> Result<Self, String> {
        let header = content.find("\n\n").map_or(content, |end| &content[..=end]);
        if header.contains(&0) {
            return Err("its header contains a NUL byte".to_owned());
        }
        if !header.ends_with(b"\n") {
            return Err("its header does not end".to_owned());
        }
        Ok(Self(header))
    }

    /// The rest of the next line when it begins with this word.
    fn value(&mut self, word: &str) -> Option<&'a [u8]> {
        let rest = self.0.strip_prefix(word.as_bytes())?;
        let end = rest.find_byte(b'\n')?;
        self.0 = &rest[end + 1..];
        Some(&rest[..end])
    }

    fn id(&mut self, word: &str) -> Result<Option<ObjectId>, String> {
        let Some(digits) = self.value(word) else {
            return Ok(None);
        };
        let bad = || format!("its line '{word}…' holds no object id");
        let text = std::str::from_utf8(digits).map_err(|_| bad())?;
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(bad());
        }
        text.parse().map(Some).map_err(|_| bad())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "1111111111111111111111111111111111111111";

    fn tree_of(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let mut content = Vec::new();
        for (mode, name) in entries {
            content.extend_from_slice(mode.as_bytes());
            content.push(b' ');
            content.extend_from_slice(name);
            content.push(0);
            content.extend_from_slice(&[0x11; 20]);
        }
        content
    }

    fn told(content: &[u8]) -> Result<Vec<(String, Kind, ObjectId)>, String> {
        let mut entries = Vec::new();
        tree(content, &mut |name, kind, id| {
            entries.push((name.to_string(), kind, id));
        })?;
        Ok(entries)
    }

    #[test]
    fn a_folder_is_checked_beside_the_one_before() {
        let old = tree_of(&[("100644", b"a"), ("40000", b"b"), ("160000", b"c"), ("100644", b"d")]);
        let layout = Layout::of(&old).unwrap();
        let beside = |new: &[u8]| {
            let mut names = Vec::new();
            let same = changed(&layout, &old, new, &mut |name, _, _| names.push(name.to_string()));
            same.map(|same| same.then_some(names))
        };
        assert_eq!(beside(&old), Ok(Some(Vec::new())));
        assert!(layout.has_folders());
        let mut new = old.clone();
        let width = "100644 a\0".len() + 20;
        new[width - 20] = 0x22;
        new[width + "40000 b\0".len() + 19] = 0x22;
        assert_eq!(beside(&new), Ok(Some(vec!["a".to_owned(), "b".to_owned()])));
        new[width - 20..width].fill(0);
        assert!(beside(&new).is_err(), "an entry that names no object");
        let mut other = old.clone();
        other[width - 22] = b'z';
        assert_eq!(beside(&other), Ok(None), "another name");
        assert_eq!(beside(&old[..width]), Ok(None), "fewer entries");
    }

    #[test]
    fn sound_folders_pass() {
        let content = tree_of(&[
            ("100644", b"a"),
            ("100755", b"a.b"),
            ("40000", b"con"),
            ("120000", b"link"),
            ("160000", b"sub"),
            ("100644", "é\\x".as_bytes()),
        ]);
        assert_eq!(told(&content).unwrap().len(), 5);
        assert!(told(b"").unwrap().is_empty());
    }

    #[test]
    fn entries_that_git_refuses_are_refused() {
        let names: &[&[u8]] = &[
            b"",
            b".",
            b"..",
            b".git",
            b".GIT",
            b"git~1",
            b".git ",
            b".git.",
            b".git::$INDEX_ALLOCATION",
            b"a/b",
            "\u{200c}.git".as_bytes(),
            b"a\\.git",
        ];
        for name in names {
            assert!(told(&tree_of(&[("100644", name)])).is_err(), "{}", name.as_bstr());
        }
        for mode in ["0100644", "100600", "040000", "0", "", "999"] {
            assert!(told(&tree_of(&[(mode, b"a")])).is_err(), "{mode}");
        }
        assert!(told(&tree_of(&[("120000", b".gitmodules")])).is_err());
        for broken in [&b"100644 a"[..], b"100644 a\0short", b"x", b"100644"] {
            assert!(told(broken).is_err());
        }
    }

    #[test]
    fn entries_are_sorted_and_unique_as_git_wants_it() {
        for wrong in [
            &[("100644", &b"b"[..]), ("100644", b"a")][..],
            &[("100644", b"a"), ("100644", b"a")],
            &[("40000", b"a"), ("100644", b"a.b")],
            &[("100644", b"a"), ("100644", b"a.b"), ("40000", b"a")],
            &[("100644", b"a"), ("40000", b"a")],
        ] {
            assert!(told(&tree_of(wrong)).is_err(), "{wrong:?}");
        }
        assert!(told(&tree_of(&[("100644", b"a.b"), ("40000", b"a")])).is_ok());
    }

    fn commit_with(author: &str, more: &str) -> Result<(ObjectId, Vec<ObjectId>), String> {
        let ident = "Ada <ada@example.org> 1700000000 +0100";
        commit(format!("tree {ID}\nparent {ID}\nauthor {author}\ncommitter {ident}\n{more}\nmessage\n").as_bytes())
    }

    #[test]
    fn commits_are_read_and_broken_ones_refused() {
        let ident = "Ada <ada@example.org> 1700000000 +0100";
        let (tree, parents) = commit_with(ident, "").unwrap();
        assert_eq!((tree, parents.len()), (ID.parse().unwrap(), 1));
        assert!(commit_with(ident, "gpgsig x\n y\nmergetag z\n").is_ok());
        assert!(commit_with("Ada ada@example.org 1 +0000", "").is_err());
        assert!(commit_with(ident, "a\0b\n").is_err());
        assert!(commit(b"").is_err());
        assert!(commit(format!("tree {ID}\nauthor {ident}\n\nx").as_bytes()).is_err());
        let twice = format!("tree {ID}\nauthor {ident}\nauthor {ident}\ncommitter {ident}\n\nx");
        assert!(commit(twice.as_bytes()).is_err());
        let short = format!("tree 1111\nauthor {ident}\ncommitter {ident}\n\nx");
        assert!(commit(short.as_bytes()).is_err());
    }

    #[test]
    fn tags_are_read_and_broken_ones_refused() {
        let good = format!("object {ID}\ntype commit\ntag v1\ntagger Ada <a@b> 1 +0000\n\nfirst\n");
        assert_eq!(tag(good.as_bytes()).unwrap(), (ID.parse().unwrap(), Kind::Commit));
        for wrong in [
            good.replace("type commit", "type thing"),
            good.replace("tag v1\n", ""),
            good.replace("<a@b>", "a@b"),
            good.replace("object", "objekt"),
        ] {
            assert!(tag(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
