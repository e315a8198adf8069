//! Each rule looks at one file and answers a sentence per violation.

use super::source::{Source, words};
use super::{HOMES, LONGER_FILES, LONGEST_FILE, ORDER, TASK_OWNERS};

/// A module names only itself and modules below it.
pub(super) fn imports_go_down(source: &Source) -> Vec<String> {
    let module = source.module();
    if matches!(module, "lib" | "main") {
        return Vec::new();
    }
    let rank = |name: &str| ORDER.iter().position(|known| *known == name);
    let own = rank(module).unwrap_or(0);
    let judge = |(offset, used): (usize, String)| {
        let complaint = match rank(&used) {
            Some(other) if other >= own => return None,
            Some(_) => format!("`{module}` uses `{used}`, which stands above it: move the shared idea down"),
            None => format!("`crate::{used}` is no module of the order"),
        };
        Some(format!("{}: {complaint}", source.place(offset)))
    };
    modules_used(source).into_iter().filter_map(judge).collect()
}

/// The modules named in `crate::…` paths, groups included.
fn modules_used(source: &Source) -> Vec<(usize, String)> {
    let mut used = Vec::new();
    for (offset, word) in source.words() {
        let Some(path) = source.code_from(offset + word.len()).trim_start().strip_prefix("::") else {
            continue;
        };
        if word != "crate" {
            continue;
        }
        let path = path.trim_start();
        if let Some(group) = path.strip_prefix('{') {
            used.extend(heads(group).into_iter().map(|head| (offset, head)));
            continue;
        }
        let head = words(path).first().map_or("*", |(_, head)| *head).to_owned();
        // An exported macro lives at the root of the crate.
        if !path.trim_start_matches(head.as_str()).starts_with('!') {
            used.push((offset, if path.starts_with('*') { "*".to_owned() } else { head }));
        }
    }
    used
}

/// First word of each entry of a group, up to its closing brace.
fn heads(group: &str) -> Vec<String> {
    let (mut depth, mut entry, mut heads) = (0_usize, String::new(), Vec::new());
    for letter in group.chars() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => heads.push(std::mem::take(&mut entry)),
            _ if depth == 0 => entry.push(letter),
            _ => {}
        }
    }
    heads.push(entry);
    heads
        .iter()
        .filter_map(|entry| words(entry).first().map(|(_, head)| (*head).to_owned()))
        .collect()
}

/// A heavy dependency is named only in its home.
pub(super) fn dependencies_stay_home(source: &Source) -> Vec<String> {
    let module = source.module();
    let in_api_layer = source.path.ends_with("/api.rs") || source.path.contains("/api/");
    let mut violations = Vec::new();
    for (offset, word) in source.words() {
        let before = source.code.get(..offset).unwrap_or_default().trim_end();
        let after = source.code_from(offset + word.len()).trim_start();
        let is_crate = after.starts_with("::") || before.ends_with("use");
        // A module or item of that name inside a path is not the crate.
        if !is_crate || (before.ends_with("::") && !before.ends_with("{::")) {
            continue;
        }
        for home in HOMES.iter().filter(|home| word.starts_with(home.name)) {
            if home.modules.contains(&module) || (home.api_layer && in_api_layer) {
                continue;
            }
            let api = if home.api_layer {
                " and in files of the API layer (api.rs, api/)"
            } else {
                ""
            };
            let homes = home.modules.join(", ");
            violations.push(format!(
                "{}: `{word}` may be named only in {homes}{api}",
                source.place(offset)
            ));
        }
    }
    violations
}

/// A file fits into a reader's head.
pub(super) fn files_are_short(source: &Source) -> Vec<String> {
    let lines = source.text.lines().count();
    let most = LONGER_FILES
        .iter()
        .find(|(path, _)| *path == source.path)
        .map_or(LONGEST_FILE, |(_, most)| *most);
    if lines <= most {
        return Vec::new();
    }
    vec![format!(
        "{}: {lines} lines, {most} at most: split it by what its parts are about",
        source.path
    )]
}

/// No `super::super`, no `use super::*` outside tests: the order could not be read from such paths.
pub(super) fn paths_are_plain(source: &Source) -> Vec<String> {
    let mut violations = Vec::new();
    let squeezed = |code: &str| -> Vec<String> {
        code.lines()
            .map(|line| line.chars().filter(|letter| !letter.is_whitespace()).collect())
            .collect()
    };
    for (number, line) in squeezed(&source.code).iter().enumerate() {
        if line.contains("super::super") {
            violations.push(format!(
                "{}:{}: `super::super`: write `crate::…`",
                source.path,
                number + 1
            ));
        }
    }
    for (number, line) in squeezed(&source.code_without_tests()).iter().enumerate() {
        if line.contains("usesuper::*") || line.contains("usecrate::*") {
            violations.push(format!(
                "{}:{}: a glob import: name what is used",
                source.path,
                number + 1
            ));
        }
    }
    violations
}

/// No markers of unfinished work, in comments or as macros.
pub(super) fn nothing_is_left_undone(source: &Source) -> Vec<String> {
    let mut violations = Vec::new();
    for (offset, word) in words(&source.comments) {
        if matches!(word, "TODO" | "FIXME" | "XXX" | "HACK") {
            violations.push(format!(
                "{}: {word} in a comment: do it or file it",
                source.place(offset)
            ));
        }
    }
    for (offset, word) in source.words() {
        let is_macro = source.code_from(offset + word.len()).starts_with('!');
        if is_macro && matches!(word, "todo" | "unimplemented" | "dbg") {
            violations.push(format!(
                "{}: `{word}!` is not for the main branch",
                source.place(offset)
            ));
        }
    }
    violations
}

/// Objects of git are looked for where it is known when not to believe that one is missing, `git/lookup.rs`.
pub(super) fn objects_are_looked_for_in_one_place(source: &Source) -> Vec<String> {
    let own = ["gix.try_find_", "gix.find_", "gix.rev_walk", ".merge_bases_many("];
    let code = source.code_without_tests();
    code.lines()
        .enumerate()
        .filter(|(_, line)| source.path != "src/git/lookup.rs" && own.iter().any(|call| line.contains(call)))
        .map(|(number, _)| {
            let path = &source.path;
            format!(
                "{path}:{}: asks gix for an object; use the methods of git/lookup.rs",
                number + 1
            )
        })
        .collect()
}

/// Only the composition root and engines start tasks; a slice's work is a job, a consumer or a periodic task.
pub(super) fn tasks_have_owners(source: &Source) -> Vec<String> {
    if TASK_OWNERS.contains(&source.module()) {
        return Vec::new();
    }
    let code = source.code_without_tests();
    let found = [
        "tokio::spawn",
        "task::spawn",
        "thread::spawn",
        "rt::spawn",
        "task::spawn_blocking",
    ];
    let complain = |line: usize| {
        format!(
            "{}:{line}: starts a task; use a job, a consumer, a periodic task or base::blocking",
            source.path
        )
    };
    let own_helper = source.path == "src/base/mod.rs";
    code.lines()
        .enumerate()
        .filter(|(_, line)| !own_helper && found.iter().any(|spawn| line.contains(spawn)))
        .map(|(number, _)| complain(number + 1))
        .collect()
}

/// No drawers for everything.
pub(super) fn names_tell(source: &Source) -> Vec<String> {
    const DRAWERS: &[&str] = &[
        "utils", "util", "common", "helpers", "helper", "types", "manager", "misc", "core",
    ];
    let parts = source.path.split('/').map(|part| part.trim_end_matches(".rs"));
    parts
        .filter(|part| DRAWERS.contains(part))
        .map(|part| format!("{}: `{part}` says nothing: name what is in it", source.path))
        .collect()
}
