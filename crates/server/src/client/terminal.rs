//! Lines in and lines out: with an editor on a terminal, plain on a pipe.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use anyhow::Context as _;
use rustyline::completion::Completer;
use rustyline::error::{ReadlineError, Signal};
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::MemHistory;
use rustyline::validate::Validator;
use rustyline::{Config, Editor, ExternalPrinter, Helper};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// What the person does.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Input {
    Line(String),
    /// Keys are pressed.
    Typing,
}

/// The person at the terminal, or whatever writes into the pipe.
pub(super) struct Terminal {
    /// Ends with the input.
    pub(super) input: UnboundedReceiver<Input>,
    /// Nobody is there to do again what was not done.
    pub(super) is_piped: bool,
    /// `None`: plain lines.
    printer: Option<Box<dyn ExternalPrinter + Send>>,
}

impl Terminal {
    /// Begins to read what is typed.
    pub(super) fn open() -> anyhow::Result<Self> {
        let (sender, input) = unbounded_channel();
        let is_piped = !std::io::stdin().is_terminal();
        let printer = if !is_piped && std::io::stdout().is_terminal() {
            Some(edit_lines(sender)?)
        } else {
            read_lines(sender)?;
            None
        };
        Ok(Self {
            input,
            is_piped,
            printer,
        })
    }

    /// Prints a line above the one that is being typed. Whatever could move the cursor or turn the
    /// text around is left out of it: parts of it were written by others.
    pub(super) fn print(&mut self, line: &str) -> anyhow::Result<()> {
        let mut line = harmless(line);
        line.push('\n');
        match &mut self.printer {
            Some(printer) => printer.print(line)?,
            None => {
                let mut out = std::io::stdout().lock();
                out.write_all(line.as_bytes())?;
                out.flush()?;
            }
        }
        Ok(())
    }
}

fn harmless(line: &str) -> String {
    let is_harmful = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    let plain = line.replace('\t', "    ");
    plain
        .replace(is_harmful, "\u{FFFD}")
        .replace('\n', "\n      ")
}

fn read_lines(sender: UnboundedSender<Input>) -> anyhow::Result<()> {
    in_thread(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            if sender.send(Input::Line(line)).is_err() {
                return;
            }
        }
    })
}

fn edit_lines(sender: UnboundedSender<Input>) -> anyhow::Result<Box<dyn ExternalPrinter + Send>> {
    let config = Config::builder().auto_add_history(true).build();
    let mut editor = Editor::with_history(config, MemHistory::new())?;
    editor.set_helper(Some(Keys(sender.clone())));
    let printer = editor.create_external_printer()?;
    in_thread(move || {
        loop {
            match editor.readline("> ") {
                Ok(line) => {
                    if sender.send(Input::Line(line)).is_err() {
                        return;
                    }
                }
                Err(ReadlineError::Signal(Signal::Resize)) => {}
                // Ctrl-C, Ctrl-D, or no terminal any more.
                Err(_) => return,
            }
        }
    })?;
    Ok(Box::new(printer))
}

/// The thread ends with its input, or with the process.
fn in_thread(read: impl FnOnce() + Send + 'static) -> anyhow::Result<()> {
    let thread = std::thread::Builder::new().name("input".to_owned());
    thread.spawn(read).context("the input cannot be read")?;
    Ok(())
}

/// Told of every key by being asked for hints, of which there are none.
struct Keys(UnboundedSender<Input>);

impl Hinter for Keys {
    type Hint = String;

    fn hint(&self, line: &str, _: usize, _: &rustyline::Context<'_>) -> Option<String> {
        if !line.is_empty() && !line.starts_with('/') {
            // Nobody listens when the program ends.
            let _ = self.0.send(Input::Typing);
        }
        None
    }
}

impl Completer for Keys {
    type Candidate = String;
}

impl Highlighter for Keys {}

impl Validator for Keys {}

impl Helper for Keys {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_cannot_drive_the_terminal() {
        assert_eq!(
            harmless("a\u{1b}[2Jb\rc\u{202E}d"),
            "a\u{FFFD}[2Jb\u{FFFD}c\u{FFFD}d"
        );
        assert_eq!(harmless("one\ntwo"), "one\n      two");
    }
}
