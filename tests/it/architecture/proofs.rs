//! Every rule fails on a file that breaks it and passes one that does not.

use super::source::Source;
use super::{LONGEST_FILE, rules};

/// Asserts that the rule answers exactly one violation that contains this text.
fn breaks(rule: fn(&Source) -> Vec<String>, path: &str, text: &str, told: &str) {
    let violations = rule(&Source::new(path, text));
    assert_eq!(violations.len(), 1, "{violations:?}");
    assert!(violations[0].contains(told), "{violations:?}");
}

fn passes(rule: fn(&Source) -> Vec<String>, path: &str, text: &str) {
    let violations = rule(&Source::new(path, text));
    assert!(violations.is_empty(), "{violations:?}");
}

#[test]
fn an_import_from_above_is_found_in_every_way_of_writing_it() {
    let rule = rules::imports_go_down;
    let told = "`store` uses `repos`, which stands above it";
    for text in [
        "use crate::repos::Repos;",
        "use crate::repos;",
        "use crate::{base::Clock, repos::{Repos, Other}};",
        "use crate::{\n    base,\n    repos,\n};",
        "fn f() { crate::repos::create(); }",
        "fn f() { crate :: repos :: create(); }",
        "use ::std::fmt; pub use crate::repos::Repos as Other;",
    ] {
        breaks(rule, "src/store/mod.rs", text, told);
    }
    breaks(
        rule,
        "src/store/deep/er.rs",
        "\n\nuse crate::repos;",
        "src/store/deep/er.rs:3: ",
    );
    breaks(
        rule,
        "src/store/mod.rs",
        "use crate::nowhere::X;",
        "`crate::nowhere` is no module",
    );
    breaks(rule, "src/store/mod.rs", "use crate::*;", "`crate::*` is no module");
}

#[test]
fn an_import_from_below_is_fine_and_so_is_a_mention_in_a_comment_or_text() {
    let text = "//! See [`crate::repos`].\nuse crate::base::{Clock, id::UserId};\nuse crate::store::Table;\n\
                /* crate::app /* crate::cli */ */ const X: &str = \"crate::web\"; const Y: &str = r#\"\" crate::web\"#;\n\
                crate::define_id!(A); fn f<'a>(x: &'a str) -> char { '\"' }";
    passes(rules::imports_go_down, "src/store/mod.rs", text);
    passes(rules::imports_go_down, "src/lib.rs", "pub use crate::app::App;");
}

#[test]
fn code_after_a_quote_character_is_still_seen() {
    let text = "const A: char = '\"'; const B: &[u8] = b\"\\\"\"; const C: char = '\\''; use crate::repos;";
    breaks(rules::imports_go_down, "src/store/mod.rs", text, "uses `repos`");
}

#[test]
fn a_dependency_outside_its_home_is_found() {
    let rule = rules::dependencies_stay_home;
    breaks(
        rule,
        "src/repos/store.rs",
        "use redb::Database;",
        "`redb` may be named only in store",
    );
    breaks(
        rule,
        "src/repos/create.rs",
        "fn f() { gix::open(p); }",
        "`gix` may be named only in git",
    );
    breaks(
        rule,
        "src/repos/create.rs",
        "use gix_hash::ObjectId;",
        "`gix_hash` may be named only in git",
    );
    breaks(
        rule,
        "src/users/mod.rs",
        "use actix_web::web;",
        "files of the API layer",
    );
    breaks(
        rule,
        "src/users/model.rs",
        "#[derive(utoipa::ToSchema)] struct A;",
        "`utoipa`",
    );
    breaks(
        rule,
        "src/app/mod.rs",
        "use clap::Parser;",
        "`clap` may be named only in cli",
    );
    breaks(
        rule,
        "src/files/mod.rs",
        "use object_store::path::Path;",
        "`object_store`",
    );
    breaks(rule, "src/admin/mod.rs", "use tantivy::Index;", "`tantivy`");
}

#[test]
fn a_dependency_at_home_is_fine_and_so_is_another_thing_of_its_name() {
    let rule = rules::dependencies_stay_home;
    passes(rule, "src/store/mod.rs", "use redb::Database;");
    passes(rule, "src/users/api.rs", "use actix_web::web; use utoipa::ToSchema;");
    passes(rule, "src/repos/api/branches.rs", "use actix_web::web;");
    passes(
        rule,
        "src/events/mod.rs",
        "fn f(notify: &Notify) { notify.notify_one(); self.notify(); a::notify::b(); }",
    );
}

#[test]
fn a_long_file_is_found() {
    breaks(
        rules::files_are_short,
        "src/a.rs",
        &"\n".repeat(LONGEST_FILE + 1),
        "501 lines, 500 at most",
    );
    passes(rules::files_are_short, "src/a.rs", &"\n".repeat(LONGEST_FILE));
}

#[test]
fn paths_that_climb_and_globs_are_found_outside_tests() {
    let rule = rules::paths_are_plain;
    breaks(rule, "src/store/a.rs", "use super::super::base;", "`super::super`");
    breaks(rule, "src/store/a.rs", "use super::*;", "a glob import");
    breaks(
        rule,
        "src/store/a.rs",
        "#[cfg(test)] mod tests { fn f() {} }\nuse super::*;",
        "src/store/a.rs:2",
    );
    passes(
        rule,
        "src/store/a.rs",
        "use super::Table;\n#[cfg(test)]\nmod tests { use super::*; fn f() { { } } }",
    );
}

#[test]
fn markers_of_unfinished_work_are_found() {
    let rule = rules::nothing_is_left_undone;
    breaks(rule, "src/a.rs", "\n// TODO: more", "src/a.rs:2: TODO");
    breaks(rule, "src/a.rs", "/// FIXME later\nfn f() {}", "FIXME");
    breaks(rule, "src/a.rs", "fn f() { todo!() }", "`todo!`");
    passes(
        rule,
        "src/a.rs",
        "const TODO: &str = \"TODO\"; // a word like HACKATHON",
    );
}

#[test]
fn an_object_that_gix_is_asked_for_elsewhere_is_found() {
    let rule = rules::objects_are_looked_for_in_one_place;
    let text = "fn f() { self.gix.try_find_header(id); }";
    breaks(rule, "src/git/tag.rs", text, "src/git/tag.rs:1: asks gix");
    passes(rule, "src/git/lookup.rs", text);
    passes(rule, "src/git/tag.rs", "fn f() { self.find_header(id); }");
}

#[test]
fn a_task_started_by_a_slice_is_found() {
    let rule = rules::tasks_have_owners;
    breaks(
        rule,
        "src/repos/create.rs",
        "fn f() { tokio::spawn(async {}); }",
        "src/repos/create.rs:1",
    );
    breaks(rule, "src/files/zip.rs", "std::thread::spawn(|| {});", "starts a task");
    passes(rule, "src/jobs/worker.rs", "tokio::spawn(async {});");
    passes(
        rule,
        "src/repos/create.rs",
        "#[cfg(test)] mod tests { fn f() { tokio::spawn(async {}); } }",
    );
}

#[test]
fn a_drawer_is_found() {
    breaks(rules::names_tell, "src/repos/utils.rs", "", "`utils` says nothing");
    passes(rules::names_tell, "src/repos/create.rs", "");
}
