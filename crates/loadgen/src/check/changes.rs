//! Edits and deletes: what was acked shows, and nothing changes that nobody asked for.

use std::collections::{BTreeMap, BTreeSet};

use super::Case;
use super::case::Operation;
use super::reading::Message;
use crate::history::{Op, Outcome};
use crate::text;

/// Every ok edit is in the log, and each edited message shows the text of its last edit.
pub(crate) fn edits_applied(case: &Case<'_>) -> Vec<String> {
    let ok = case.of(Op::Edit).filter(|edit| edit.is_ok());
    let mut violations: Vec<String> = ok.filter_map(|edit| unlogged(case, edit)).collect();
    let edits = by_message(case, Op::Edit);
    for message in &case.room.messages {
        let edits = edits
            .get(message.id.as_str())
            .map_or(&[][..], Vec::as_slice);
        violations.extend(wrong_text(case, message, edits));
    }
    violations
}

/// An acked edit without its event.
fn unlogged(case: &Case<'_>, edit: &Operation<'_>) -> Option<String> {
    let logged = case
        .events_about(edit.key, "message.edited")
        .any(|event| Some(event.seq) == edit.seq());
    (!logged).then(|| {
        let seq = edit.seq().map_or("?".into(), |seq| seq.to_string());
        format!(
            "the edit of {} was acked as version {seq}, where no such event is",
            edit.key
        )
    })
}

/// A message whose last event is an edit, with a text that is not that edit's.
fn wrong_text(case: &Case<'_>, message: &Message, edits: &[&Operation<'_>]) -> Option<String> {
    let last = case
        .events_about(&message.id, "message.edited")
        .map(|event| event.seq)
        .max()?;
    if last != message.version || message.is_deleted {
        return None;
    }
    // The acked edit at that seq; if there is none, one of those that were never answered.
    let acked: Vec<_> = edits.iter().filter(|e| e.seq() == Some(last)).collect();
    let hash = text::hash(&message.content);
    let shown = |edit: &&Operation<'_>| edit.body_hash == Some(hash.as_str());
    let fits = match acked[..] {
        [] => edits
            .iter()
            .filter(|edit| edit.outcome == Outcome::Maybe)
            .any(shown),
        _ => acked.into_iter().all(shown),
    };
    (!fits).then(|| format!("{} shows another text than its edit {last}", message.id))
}

/// Every ok delete left a tombstone without a text.
pub(crate) fn deletes_applied(case: &Case<'_>) -> Vec<String> {
    let ok = case.of(Op::Delete).filter(|delete| delete.is_ok());
    ok.filter_map(|delete| {
        let id = delete.key;
        let logged = case.events_about(id, "message.deleted").next().is_some();
        match case.message(id) {
            None => Some(format!("{id} was deleted and has no tombstone")),
            Some(message) if !message.is_deleted => {
                Some(format!("{id} was deleted and is still there"))
            }
            Some(message) if !message.content.is_empty() => {
                Some(format!("{id} was deleted and still shows a text"))
            }
            Some(_) if !logged => Some(format!("the delete of {id} is not in the log")),
            Some(_) => None,
        }
    })
    .collect()
}

/// No message was edited or deleted more often than somebody tried to.
pub(crate) fn none_unasked(case: &Case<'_>) -> Vec<String> {
    let edits = by_message(case, Op::Edit);
    let deletes = by_message(case, Op::Delete);
    let mut violations = Vec::new();
    for message in &case.room.messages {
        let id = message.id.as_str();
        let edits = edits.get(id).map_or(&[][..], Vec::as_slice);
        let acked: BTreeSet<u64> = edits.iter().filter_map(|edit| edit.seq()).collect();
        let maybe = edits.iter().filter(|e| e.outcome == Outcome::Maybe).count();
        let unexplained = case
            .events_about(id, "message.edited")
            .filter(|event| !acked.contains(&event.seq))
            .count();
        if unexplained > maybe {
            violations.push(format!(
                "{id} was edited {unexplained} times without an answer; that was tried {maybe} times"
            ));
        }
        let deleted = case.events_about(id, "message.deleted").count();
        let asked = deletes
            .get(id)
            .is_some_and(|deletes| deletes.iter().any(|d| d.outcome > Outcome::Fail));
        if (message.is_deleted || deleted > 0) && !asked {
            violations.push(format!("{id} is deleted; nobody did that"));
        }
        if deleted > 1 {
            violations.push(format!("{id} was deleted {deleted} times"));
        }
    }
    violations
}

fn by_message<'c, 'a>(case: &'c Case<'a>, op: Op) -> BTreeMap<&'a str, Vec<&'c Operation<'a>>> {
    let mut operations = BTreeMap::<&str, Vec<&Operation<'_>>>::new();
    for operation in case.of(op) {
        operations.entry(operation.key).or_default().push(operation);
    }
    operations
}

#[cfg(test)]
mod tests {
    use crate::check::sample::{Sample, broken};
    use crate::history::{Op, Outcome};

    #[test]
    fn an_acked_edit_that_is_undone() {
        let mut sample = Sample::good();
        sample.undo_change("m-edited");
        assert_eq!(broken(&sample), ["edit-applied"]);
    }

    #[test]
    fn an_edited_message_that_shows_its_old_text() {
        let mut sample = Sample::good();
        sample.message("m-edited").content = crate::text::of("edited");
        assert_eq!(broken(&sample), ["edit-applied"]);
    }

    #[test]
    fn a_lost_edit_that_shows_a_text_nobody_wrote() {
        let mut sample = Sample::good();
        sample.message("m-half-edited").content = "half".into();
        assert_eq!(broken(&sample), ["edit-applied"]);
    }

    #[test]
    fn an_acked_delete_that_is_undone() {
        let mut sample = Sample::good();
        sample.undo_change("m-deleted");
        assert_eq!(broken(&sample), ["delete-applied"]);
    }

    #[test]
    fn a_tombstone_that_still_shows_its_text() {
        let mut sample = Sample::good();
        sample.message("m-deleted").content = crate::text::of("deleted");
        assert_eq!(broken(&sample), ["delete-applied"]);
    }

    #[test]
    fn a_delete_that_nobody_asked_for() {
        let mut sample = Sample::good();
        sample.records.retain(|record| record.op != Op::Delete);
        assert_eq!(broken(&sample), ["no-change-unasked"]);
    }

    #[test]
    fn a_refused_delete_that_happened() {
        let mut sample = Sample::good();
        sample.change_of("m-deleted").outcome = Outcome::Fail;
        assert_eq!(broken(&sample), ["no-change-unasked"]);
    }

    #[test]
    fn an_edit_applied_twice() {
        let mut sample = Sample::good();
        sample.append_change("m-edited", "message.edited");
        // Its text is now that of an edit which nobody made.
        assert_eq!(broken(&sample), ["edit-applied", "no-change-unasked"]);
    }
}
