//! What was pushed: every follower's slice whole, once and in order, of the log as it is kept.

use super::Case;
use super::following::Told;
use super::order::acked_writes;
use crate::heard::Sign;
use crate::history::{Op, Outcome};
use crate::text;

/// Nothing is jumped over, on one connection or from one to the next.
pub(crate) fn without_gap(case: &Case<'_>) -> Vec<String> {
    let events = events(case).filter_map(|told| Some((told, told.had?)));
    events
        .filter(|&(told, had)| told.seq > had + 1)
        .map(|(told, had)| format!("{} after seq {had}", heard(told)))
        .collect()
}

/// Nothing comes again, and nothing after what is later.
pub(crate) fn exactly_once(case: &Case<'_>) -> Vec<String> {
    let events = events(case).filter_map(|told| Some((told, told.had?)));
    events
        .filter(|&(told, had)| told.seq <= had)
        .map(|(told, had)| format!("{} although it had all up to {had}", heard(told)))
        .collect()
}

/// Who is told to have caught up has heard everything up to there.
pub(crate) fn caught_up_is_true(case: &Case<'_>) -> Vec<String> {
    let told = case
        .following
        .iter()
        .flat_map(|following| following.of(Sign::CaughtUp));
    told.filter_map(|told| Some((told, told.had?)))
        .filter(|&(told, had)| told.seq != had)
        .map(|(told, had)| {
            format!(
                "{} was told to have caught up to seq {} and had heard up to {had}",
                told.following.process, told.seq
            )
        })
        .collect()
}

/// Who waited long enough has heard of every write that was acked before.
pub(crate) fn to_the_end(case: &Case<'_>) -> Vec<String> {
    let acked = acked_writes(case);
    let mut violations = Vec::new();
    for following in &case.following {
        // Whose part in the room has ended meanwhile is told no more, nor whose part may have: a block
        // that was not answered.
        let mut blocks = case
            .of(Op::Block)
            .filter(|block| block.key == following.user);
        let may_have_ended = blocks.any(|block| block.outcome == Outcome::Maybe);
        if may_have_ended || !ends(case, following.user).is_empty() {
            continue;
        }
        let waits = following.steps.iter();
        for wait in waits.filter(|step| step.heard.op == Sign::Waited) {
            let had = wait.had.unwrap_or(0);
            let last = greatest_before(&acked, wait.heard.at_ns);
            if let Some(last) = last.filter(|&last| had < last) {
                violations.push(format!(
                    "{} waited for seq {last}, which was acked, and heard up to {had}",
                    following.process
                ));
            }
        }
    }
    violations
}

/// An event that was pushed is in the log.
pub(crate) fn only_what_is_logged(case: &Case<'_>) -> Vec<String> {
    let events = events(case).filter(|told| case.event_at(told.seq).is_none());
    events
        .map(|told| format!("{}, which is not in the log", heard(told)))
        .collect()
}

/// … with the same kind, actor and time. What a viewer may not know is hidden; messages never are.
pub(crate) fn as_logged(case: &Case<'_>) -> Vec<String> {
    let events = events(case).filter_map(|told| Some((told, case.event_at(told.seq)?)));
    events
        .filter(|(told, event)| {
            let frame = told.heard;
            let kind = frame.kind.as_deref().unwrap_or_default();
            if kind == "hidden" {
                return event.kind.starts_with("message.");
            }
            let actor = event.actor["participant"].as_str();
            (kind, frame.at.as_deref(), frame.actor.as_deref())
                != (event.kind.as_str(), Some(event.at.as_str()), actor)
        })
        .map(|(told, event)| {
            format!(
                "{} as {:?} of {:?}; the log has {} of {}",
                heard(told),
                told.heard.kind,
                told.heard.at,
                event.kind,
                event.at
            )
        })
        .collect()
}

/// An event shows its message as it is then or later: in a version that there is, with the text of
/// that version.
pub(crate) fn texts_agree(case: &Case<'_>) -> Vec<String> {
    let shown = events(case).filter_map(|told| {
        let message = case.message(told.heard.message.as_deref()?)?;
        // The texts of updates are written for whom they are shown to.
        (message.message_type == "text").then_some((told, told.heard.version?, message))
    });
    let wrong = shown.filter(|&(told, version, message)| {
        if version < told.seq || version > message.version {
            return true;
        }
        let hash = if version == message.version {
            Some(text::hash(&message.content))
        } else {
            let said = case.write_at(version);
            said.and_then(|said| said.body_hash).map(str::to_owned)
        };
        hash.is_some() && hash != told.heard.body_hash
    });
    wrong
        .map(|(told, version, message)| {
            format!(
                "{} with version {version} of message {} and not the text of it",
                heard(told),
                message.id
            )
        })
        .collect()
}

/// One's own end in a room is the last that one hears of it.
pub(crate) fn nothing_after_end(case: &Case<'_>) -> Vec<String> {
    let mut violations = Vec::new();
    for following in &case.following {
        let told = following.events().chain(following.of(Sign::CaughtUp));
        let told: Vec<_> = told.collect();
        for end in ends(case, following.user) {
            let after = told
                .iter()
                .filter(|told| told.seq > end.seq && told.seq < end.back);
            violations.extend(after.map(|told| {
                format!(
                    "{} of {}, whose end in the room is seq {}",
                    heard(*told),
                    following.user,
                    end.seq
                )
            }));
        }
    }
    violations
}

/// Nothing is heard before it was asked for, and who follows a room has what was acked before.
pub(crate) fn real_time(case: &Case<'_>) -> Vec<String> {
    let mut violations = Vec::new();
    for told in events(case) {
        let write = case.write_at(told.seq);
        let early = write.filter(|write| told.heard.at_ns < write.invoke_ns);
        violations.extend(
            early.map(|write| format!("{} before {} was asked for", heard(told), write.key)),
        );
    }
    let acked = acked_writes(case);
    for following in &case.following {
        let mut followed_ns = None;
        for step in &following.steps {
            match (step.heard.op, step.heard.seq, followed_ns) {
                (Sign::Follow, ..) => followed_ns = Some(step.heard.at_ns),
                (Sign::CaughtUp, Some(seq), Some(ns)) => {
                    followed_ns = None;
                    let missed = greatest_before(&acked, ns).filter(|&last| last > seq);
                    violations.extend(missed.map(|last| {
                        format!(
                            "{} caught up to seq {seq} after the ack of seq {last}",
                            following.process
                        )
                    }));
                }
                _ => {}
            }
        }
    }
    violations
}

/// A cursor that was heard here can be served.
pub(crate) fn resumes_are_served(case: &Case<'_>) -> Vec<String> {
    let told = case
        .following
        .iter()
        .flat_map(|following| following.of(Sign::Resync));
    told.filter_map(|told| Some((told, told.had?)))
        // Whose part in the room has ended cannot resume it.
        .filter(|(told, had)| {
            let ends = ends(case, told.following.user);
            !ends.iter().any(|end| end.back > *had)
        })
        .map(|(told, had)| {
            format!(
                "{} asked for what came after seq {had} and was told to reload: {:?}",
                told.following.process, told.heard.detail
            )
        })
        .collect()
}

fn events<'c, 'a>(case: &'c Case<'a>) -> impl Iterator<Item = Told<'c, 'a>> {
    case.following
        .iter()
        .flat_map(|following| following.events())
}

fn heard(told: Told<'_, '_>) -> String {
    format!("{} heard seq {}", told.following.process, told.seq)
}

/// The greatest position that had returned before `ns`.
fn greatest_before(returned: &[(u64, u64)], ns: u64) -> Option<u64> {
    let before = returned.iter().filter(|&&(return_ns, _)| return_ns < ns);
    before.map(|&(_, position)| position).max()
}

/// From `seq` on, without it, a user has no part in the room any more, until `back`.
struct End {
    seq: u64,
    back: u64,
}

/// Blocks take a room from everybody; other ends not from staff, who reach it by their role.
fn ends(case: &Case<'_>, user: &str) -> Vec<End> {
    let blocks = case.of(Op::Block).filter(|block| block.key == user);
    let mut ends: Vec<End> = blocks
        .filter_map(|block| {
            let seq = block.seq().filter(|_| block.is_ok())?;
            Some(End {
                seq,
                back: u64::MAX,
            })
        })
        .collect();
    let mut participants = case.room.participants.iter();
    let participant = participants.find(|p| p.user.as_deref() == Some(user));
    let Some(participant) = participant else {
        return ends;
    };
    let stays = !matches!(participant.role.as_deref(), Some("customer" | "rider"));
    let mut open = None;
    for event in &case.room.events {
        let about = event.data["participant"]["id"].as_str();
        match event.kind.as_str() {
            _ if about != Some(participant.id.as_str()) => {}
            "participant.blocked" => open = open.or(Some(event.seq)),
            "participant.ended" if !stays => open = open.or(Some(event.seq)),
            "participant.joined" | "participant.unblocked" => {
                let back = event.seq;
                ends.extend(open.take().map(|seq| End { seq, back }));
            }
            _ => {}
        }
    }
    let back = u64::MAX;
    ends.extend(open.map(|seq| End { seq, back }));
    ends
}

#[cfg(test)]
mod tests {
    use crate::check::sample::{Sample, broken};
    use crate::check::{Evidence, check};
    use crate::heard::Sign;
    use crate::history::{Op, Outcome};

    #[test]
    fn followers_that_heard_everything_once() {
        assert_eq!(broken(&Sample::followed()), [""; 0]);
    }

    #[test]
    fn an_event_that_was_jumped_over() {
        let mut sample = Sample::followed();
        sample.unhear("f-customer", 5);
        assert_eq!(broken(&sample), ["live-without-gap"]);
    }

    #[test]
    fn an_event_that_came_again_after_a_resume() {
        let mut sample = Sample::followed();
        let again = sample.heard("f-customer", 8).clone();
        let at = sample.index("f-customer", 8) + 1;
        sample.heard.insert(at, again);
        assert_eq!(broken(&sample), ["live-exactly-once"]);
    }

    #[test]
    fn events_in_the_wrong_order() {
        let mut sample = Sample::followed();
        let (five, six) = (sample.index("f-customer", 5), sample.index("f-customer", 6));
        sample.heard.swap(five, six);
        assert_eq!(broken(&sample), ["live-exactly-once", "live-without-gap"]);
    }

    #[test]
    fn a_resume_that_left_out_the_last_events() {
        let mut sample = Sample::followed();
        sample.unhear("f-customer", 7);
        sample.heard("f-customer", 8).op = Sign::CaughtUp;
        // What was still to come begins right after.
        assert_eq!(broken(&sample), ["live-caught-up-is-true"]);
    }

    #[test]
    fn an_acked_write_that_never_came() {
        let mut sample = Sample::followed();
        sample.unhear("f-customer", 12);
        assert_eq!(broken(&sample), ["live-to-the-end"]);
    }

    #[test]
    fn who_may_have_been_blocked_need_not_hear_the_end() {
        let mut sample = Sample::followed();
        sample.unhear("f-customer", 12);
        let block = sample.records.iter().find(|record| record.op == Op::Block);
        let mut unanswered = block.expect("a block").clone();
        unanswered.key = Some("customer".to_owned());
        unanswered.outcome = Outcome::Maybe;
        unanswered.seq = None;
        sample.records.push(unanswered);
        assert_eq!(broken(&sample), [""; 0]);
    }

    #[test]
    fn an_event_that_was_never_committed() {
        let mut sample = Sample::followed();
        let mut more = sample.heard("f-customer", 11).clone();
        more.seq = Some(13);
        more.message = None;
        let at = sample.index("f-customer", 12) + 1;
        sample.heard.insert(at, more);
        assert_eq!(broken(&sample), ["live-only-what-is-logged"]);
    }

    #[test]
    fn an_event_of_another_kind_than_logged() {
        let mut sample = Sample::followed();
        sample.heard("f-customer", 2).kind = Some("room.updated".into());
        assert_eq!(broken(&sample), ["live-as-logged"]);
    }

    #[test]
    fn a_message_may_not_be_hidden_and_other_things_may() {
        let mut sample = Sample::followed();
        sample.heard("f-customer", 2).kind = Some("hidden".into());
        assert_eq!(broken(&sample), [""; 0]);
        sample.heard("f-customer", 3).kind = Some("hidden".into());
        assert_eq!(broken(&sample), ["live-as-logged"]);
    }

    #[test]
    fn a_text_that_is_not_of_its_version() {
        let mut sample = Sample::followed();
        let other = sample.heard("f-customer", 4).body_hash.clone();
        sample.heard("f-customer", 3).body_hash = other;
        assert_eq!(broken(&sample), ["live-texts-agree"]);
    }

    #[test]
    fn a_replay_may_show_the_message_as_it_is_now() {
        let mut sample = Sample::followed();
        let now = sample.heard("f-customer", 8).clone();
        let created = sample.heard("f-customer", 5);
        created.version = now.version;
        created.body_hash = now.body_hash;
        assert_eq!(broken(&sample), [""; 0]);
    }

    #[test]
    fn a_message_shown_older_than_the_event() {
        let mut sample = Sample::followed();
        sample.heard("f-customer", 8).version = Some(5);
        assert_eq!(broken(&sample), ["live-texts-agree"]);
    }

    #[test]
    fn an_event_after_one_s_own_block() {
        let mut sample = Sample::followed();
        sample.append_text("m-late", "late");
        let said = sample.record("a").clone();
        sample.records.push(crate::history::Record {
            key: Some("late".into()),
            seq: Some(13),
            invoke_ns: 495,
            return_ns: 700,
            body_hash: Some(crate::text::hash(&crate::text::of("late"))),
            ..said
        });
        sample.hear("f-rider", "rider", 13);
        assert_eq!(broken(&sample), ["live-nothing-after-end"]);
    }

    #[test]
    fn an_event_heard_before_it_was_asked_for() {
        let mut sample = Sample::followed();
        sample.heard("f-customer", 4).at_ns = 1;
        assert_eq!(broken(&sample), ["live-real-time"]);
    }

    #[test]
    fn a_room_followed_from_before_what_was_acked() {
        let mut sample = Sample::followed();
        sample.step("f-late", "staff", Sign::Follow, None, 590);
        sample.step("f-late", "staff", Sign::CaughtUp, Some(11), 591);
        assert_eq!(broken(&sample), ["live-real-time"]);
    }

    #[test]
    fn a_cursor_that_was_not_served() {
        let mut sample = Sample::followed();
        sample.step("f-customer", "customer", Sign::Follow, Some(12), 610);
        sample.step("f-customer", "customer", Sign::Resync, Some(12), 611);
        assert_eq!(broken(&sample), ["live-resumes-are-served"]);
    }

    #[test]
    fn after_a_restore_the_slice_begins_at_the_resync() {
        let mut sample = Sample::followed();
        sample.step("f-customer", "customer", Sign::Follow, Some(12), 610);
        sample.step("f-customer", "customer", Sign::Resync, Some(9), 611);
        sample.cut_after(9);
        let violations = check(&Evidence {
            records: &sample.records,
            heard: &sample.heard,
            readings: &[sample.reading()],
            restored: true,
        });
        assert_eq!(violations, []);
    }
}
