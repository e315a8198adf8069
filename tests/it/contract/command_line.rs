use crate::support::{assert_snapshot, hub_command};
use std::fmt::Write as _;

#[test]
fn the_command_line_is_as_documented() {
    let mut text = String::new();
    describe(&[], &mut text);
    assert_snapshot("tests/it/contract/command_line.txt", &text);
}

/// Appends the help of a command and of every command below it.
fn describe(command: &[&str], text: &mut String) {
    let arguments = [command, &["--help"]].concat();
    let output = hub_command(&arguments).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{arguments:?} failed");
    writeln!(text, "$ geoml-hub {}\n{help}", arguments.join(" ")).unwrap();
    let below = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help");
    for name in below {
        describe(&[command, &[name]].concat(), text);
    }
}
