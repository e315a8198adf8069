use super::support::{Bench, put, rename};
use geoml_hub::git::GitError;

fn modules(name: &str, key: &str, value: &str) -> String {
    format!("[submodule \"{name}\"]\n\tpath = sub\n\turl = https://example.org/x.git\n\t{key} = {value}\n")
}

#[test]
fn whatever_is_accepted_as_a_file_that_git_obeys_passes_fsck() {
    let long = format!("*.bin {}\n", "x".repeat(3_000));
    let good = [
        (".gitmodules", modules("a", "branch", "main")),
        (".gitmodules", modules("a/b", "url", "../sibling.git")),
        (".gitmodules", modules("a", "url", "git@example.org:a/b.git")),
        (".gitattributes", "*.bin filter=lfs\n".to_owned()),
        ("d/.gitattributes", "# ok\n".to_owned()),
        ("notes.txt", long.clone()),
    ];
    for (path, content) in good {
        let bench = Bench::new();
        bench.commit(vec![put(path, content)]);
        bench.assert_sound();
    }
    let bad = [
        (".gitmodules", modules("../a", "branch", "x")),
        (".gitmodules", modules("a", "url", "-u./payload")),
        (".gitmodules", modules("a", "path", "-p")),
        (".gitmodules", modules("a", "update", "!rm")),
        (".gitmodules", modules("a", "url", "https://example.org/%0ahost=x")),
        (".gitmodules", modules("a", "url", "../../../:host")),
        (".gitmodules", modules("a", "url", "http::example.org")),
        (".gitmodules", modules("a", "url", "https:///x")),
        (".gitmodules", "[submodule \"".to_owned()),
        (".GitModules", modules("../a", "branch", "x")),
        ("gitmod~1", modules("../a", "branch", "x")),
        (".gitattributes", long.clone()),
        ("d/.gitattributes", long.clone()),
    ];
    let bench = Bench::new();
    for (path, content) in bad {
        let answer = bench.prepare(vec![put(path, &content)]);
        assert!(matches!(answer, Err(GitError::BadContent { .. })), "{path}: {content}");
    }
    // A detour through another name, within one commit and over two.
    let detour = vec![put("x", &long), rename("x", ".gitattributes")];
    assert!(matches!(bench.prepare(detour), Err(GitError::BadContent { .. })));
    bench.commit(vec![put("x", &long)]);
    assert!(matches!(
        bench.prepare(vec![rename("x", ".gitattributes")]),
        Err(GitError::BadContent { .. })
    ));
    let huge = vec![b'#'; 2 << 20];
    assert!(matches!(
        bench.prepare(vec![put(".gitattributes", huge)]),
        Err(GitError::TooLarge { .. })
    ));
    bench.assert_sound();
}
