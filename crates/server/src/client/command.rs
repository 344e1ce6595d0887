//! What somebody types: a message, or a command that begins with a slash.

use super::shown;

pub(super) const HELP: &str = "\
Type a line to send it. A message is called by its number: #17.
  /reply #17 TEXT     answer a message; without a number, the newest by somebody else
  /edit #17 TEXT      change a text of yours; without a number, the newest
  /delete #17 REASON  delete a message; alone, your newest
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
        match name {
            "reply" | "edit" | "delete" => Self::on_a_message(name, rest),
            "typing" => Self::Typing,
            "rooms" => Self::Rooms,
            "room" if rest.is_empty() => Self::Wrong("/room needs an id or a code".to_owned()),
            "room" => Self::Room(rest),
            "help" => Self::Help,
            "quit" => Self::Quit,
            _ => Self::Wrong(format!("/{name} is no command; /help lists them")),
        }
    }

    fn on_a_message(name: &str, rest: &'a str) -> Self {
        let (which, text) = match numbered(rest) {
            Ok(numbered) => numbered,
            Err(first) => return Self::Wrong(which_is_meant(name, first)),
        };
        match name {
            // To guess would delete another message than the one that is meant.
            "delete" if which.is_none() && !text.is_empty() => Self::Wrong(
                "/delete with a reason needs the message's number first: /delete #N REASON"
                    .to_owned(),
            ),
            "delete" => {
                let reason = (!text.is_empty()).then_some(text);
                Self::Delete { which, reason }
            }
            _ if text.is_empty() => Self::Wrong(format!("/{name} needs a text")),
            "edit" => Self::Edit { which, text },
            _ => Self::Reply { to: which, text },
        }
    }
}

/// The number of a message at the beginning, and what follows it.
///
/// # Errors
/// The first word, if it may be meant as a number and is not written as one.
fn numbered(text: &str) -> Result<(Option<u64>, &str), &str> {
    let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    if let Some(number) = first.strip_prefix('#') {
        let number = number.parse().map_err(|_| first)?;
        return Ok((Some(number), rest.trim_start()));
    }
    let may_be_in_one = |c: char| c.is_numeric() || c.is_ascii_punctuation();
    if first.chars().any(char::is_numeric) && first.chars().all(may_be_in_one) {
        return Err(first);
    }
    Ok((None, text))
}

/// Asks whether a message or a text is meant: to guess would change another message.
fn which_is_meant(name: &str, first: &str) -> String {
    let bare = first.trim_start_matches('#');
    let digits = bare.find(|c: char| !c.is_ascii_digit());
    let number = match &bare[..digits.unwrap_or(bare.len())] {
        "" => "N",
        number => number,
    };
    format!(
        "/{name} {}: for the message write /{name} #{number}; for a text that begins so, name its \
         message first: /{name} #N TEXT",
        shown::quoted(first)
    )
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
    #[case("/delete #4 17", Command::Delete { which: Some(4), reason: Some("17") })]
    #[case("/reply 5pm, -- ok", Command::Reply { to: None, text: "5pm, -- ok" })]
    #[case("/reply :-)", Command::Reply { to: None, text: ":-)" })]
    #[case("/room CHAT-7K3M-9QXD", Command::Room("CHAT-7K3M-9QXD"))]
    #[case("/quit", Command::Quit)]
    fn a_line_is_a_message_or_a_command(#[case] line: &str, #[case] meant: Command<'_>) {
        assert_eq!(Command::parse(line), meant);
    }

    #[rstest]
    #[case("/edit #9")]
    #[case("/room")]
    #[case("/dance")]
    #[case("/delete 17")]
    #[case("/delete 17th")]
    #[case("/delete message 17")]
    #[case("/delete 17.")]
    #[case("/delete ١٧")]
    #[case("/delete 17-19 rude")]
    #[case("/delete #17: rude")]
    #[case("/delete # 17")]
    #[case("/delete #99999999999999999999")]
    #[case("/edit 17 zzz")]
    #[case("/reply 5")]
    fn what_cannot_be_done_says_why(#[case] line: &str) {
        assert!(matches!(Command::parse(line), Command::Wrong(why) if why.starts_with('/')));
    }
}
