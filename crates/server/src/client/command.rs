//! What somebody types: a message, or a command that begins with a slash.

pub(super) const HELP: &str = "\
Type a line to send it. A message is called by its number: #17.
  /reply #17 TEXT     answer a message; without a number, the newest by somebody else
  /edit #17 TEXT      change a text of yours; without a number, the newest
  /delete #17 REASON  delete a message; without a number, your newest
  /typing             let the others see that you type
  /rooms              list the rooms
  /room ID|CODE       go to another room
  /quit               leave this program (not the room)
  //TEXT              send a text that begins with a slash";

/// A line, understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command<'a> {
    Nothing,
    Say(&'a str),
    Reply {
        to: Option<u64>,
        text: &'a str,
    },
    Edit {
        which: Option<u64>,
        text: &'a str,
    },
    Delete {
        which: Option<u64>,
        reason: Option<&'a str>,
    },
    Typing,
    Rooms,
    Room(&'a str),
    Help,
    Quit,
    /// What is wrong with it, in words.
    Wrong(String),
}

impl<'a> Command<'a> {
    pub(super) fn parse(line: &'a str) -> Self {
        let line = line.trim();
        if line.is_empty() {
            return Self::Nothing;
        }
        let Some(command) = line.strip_prefix('/') else {
            return Self::Say(line);
        };
        if command.starts_with('/') {
            return Self::Say(command);
        }
        let (name, rest) = command
            .split_once(char::is_whitespace)
            .unwrap_or((command, ""));
        let rest = rest.trim();
        let (which, text) = numbered(rest);
        match name {
            "reply" | "edit" if text.is_empty() => Self::Wrong(format!("/{name} needs a text")),
            "reply" => Self::Reply { to: which, text },
            "edit" => Self::Edit { which, text },
            "delete" => {
                let reason = (!text.is_empty()).then_some(text);
                Self::Delete { which, reason }
            }
            "typing" => Self::Typing,
            "rooms" => Self::Rooms,
            "room" if rest.is_empty() => Self::Wrong("/room needs an id or a code".to_owned()),
            "room" => Self::Room(rest),
            "help" => Self::Help,
            "quit" => Self::Quit,
            _ => Self::Wrong(format!("/{name} is no command; /help lists them")),
        }
    }
}

/// The number of a message at the beginning, and what follows it.
fn numbered(text: &str) -> (Option<u64>, &str) {
    let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    match first
        .strip_prefix('#')
        .and_then(|number| number.parse().ok())
    {
        Some(number) => (Some(number), rest.trim_start()),
        None => (None, text),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("  ", Command::Nothing)]
    #[case(" hello ", Command::Say("hello"))]
    #[case("#3 is ready", Command::Say("#3 is ready"))]
    #[case("//quit", Command::Say("/quit"))]
    #[case("/reply #17 yes", Command::Reply { to: Some(17), text: "yes" })]
    #[case("/reply yes, now", Command::Reply { to: None, text: "yes, now" })]
    #[case("/edit #9  better", Command::Edit { which: Some(9), text: "better" })]
    #[case("/delete", Command::Delete { which: None, reason: None })]
    #[case("/delete #4 rude", Command::Delete { which: Some(4), reason: Some("rude") })]
    #[case("/room CHAT-7K3M-9QXD", Command::Room("CHAT-7K3M-9QXD"))]
    #[case("/quit", Command::Quit)]
    fn a_line_is_a_message_or_a_command(#[case] line: &str, #[case] meant: Command<'_>) {
        assert_eq!(Command::parse(line), meant);
    }

    #[rstest]
    #[case("/edit #9")]
    #[case("/room")]
    #[case("/dance")]
    fn what_cannot_be_done_says_why(#[case] line: &str) {
        assert!(matches!(Command::parse(line), Command::Wrong(why) if why.starts_with('/')));
    }
}
