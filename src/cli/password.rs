use super::ask;
use crate::users::Password;
use rustix::termios::{LocalModes, OptionalActions, Termios, isatty, tcgetattr, tcsetattr};
use std::io::{BufRead, Stdin, stdin};

/// Asks for a new password twice at a terminal; reads one line when standard input is something else.
pub(super) fn new_password(account: &str) -> anyhow::Result<Password> {
    let input = stdin();
    if !isatty(&input) {
        return Ok(Password::new(read_line(&input)?));
    }
    let _quiet = Quiet::start(&input)?;
    ask(&format!("New password of {account}: "));
    let first = read_line(&input)?;
    ask("\nAgain: ");
    let second = read_line(&input)?;
    ask("\n");
    anyhow::ensure!(first == second, "The two passwords differ; nothing was changed.");
    Ok(Password::new(first))
}

fn read_line(input: &Stdin) -> anyhow::Result<String> {
    let mut line = String::new();
    let length = input.lock().read_line(&mut line)?;
    anyhow::ensure!(length > 0, "No password was given on standard input.");
    let end = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(end);
    Ok(line)
}

/// A terminal that does not show what is typed, until it is dropped.
struct Quiet<'a> {
    input: &'a Stdin,
    before: Termios,
}

impl<'a> Quiet<'a> {
    fn start(input: &'a Stdin) -> anyhow::Result<Self> {
        let before = tcgetattr(input)?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        tcsetattr(input, OptionalActions::Flush, &quiet)?;
        Ok(Self { input, before })
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        // A terminal that is gone needs no restoring.
        let _ = tcsetattr(self.input, OptionalActions::Flush, &self.before);
    }
}
