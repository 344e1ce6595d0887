//! Receipts: how far a participant has read only grows, and only as they asked.

use std::collections::BTreeMap;

use super::Case;
use super::case::Operation;
use crate::history::{Op, Outcome};

/// For everybody who marked as read: no look and not the end shows less than what was acked or
/// seen before, nor more than was ever asked for; reading implies delivery.
pub(crate) fn hold(case: &Case<'_>) -> Vec<String> {
    let mut users = BTreeMap::<&str, Vec<&Operation<'_>>>::new();
    for operation in case.of(Op::Read).chain(case.of(Op::Watermark)) {
        if operation.outcome > Outcome::Fail {
            users.entry(operation.user).or_default().push(operation);
        }
    }
    users
        .into_iter()
        .flat_map(|(user, operations)| {
            let mut violations = looks(user, &operations);
            violations.extend(end(case, user, &operations));
            violations
        })
        .collect()
}

/// The seq an ack or a look made certain.
fn certain(operation: &Operation<'_>) -> Option<u64> {
    operation.seq().filter(|_| operation.is_ok())
}

/// The furthest that was asked to be read by `begun_before_ns`, whatever was answered.
fn furthest_asked(operations: &[&Operation<'_>], begun_before_ns: u64) -> u64 {
    let reads = operations.iter().filter(|o| o.op == Op::Read);
    reads
        .filter(|read| read.invoke_ns < begun_before_ns)
        .filter_map(|read| read.seq())
        .max()
        .unwrap_or(0)
}

fn looks(user: &str, operations: &[&Operation<'_>]) -> Vec<String> {
    let mut violations = Vec::new();
    let looks = operations.iter().filter(|o| o.op == Op::Watermark);
    for look in looks {
        let Some(seen) = certain(look) else { continue };
        let before = operations.iter().filter(|o| o.return_ns < look.invoke_ns);
        let least = before.filter_map(|o| certain(o)).max().unwrap_or(0);
        let most = furthest_asked(operations, look.return_ns);
        if seen < least || seen > most {
            violations.push(format!(
                "{user} saw their read_seq at {seen}; it was at least {least}, at most {most}"
            ));
        }
    }
    violations
}

/// How the watermark stands in the end.
fn end(case: &Case<'_>, user: &str, operations: &[&Operation<'_>]) -> Option<String> {
    let least = operations
        .iter()
        .filter_map(|o| certain(o))
        .max()
        .unwrap_or(0);
    let most = furthest_asked(operations, u64::MAX);
    let mut participants = case.room.participants.iter();
    let Some(participant) = participants.find(|p| p.user.as_deref() == Some(user)) else {
        return (least > 0).then(|| format!("{user} has read up to {least} and is no participant"));
    };
    let (Some(read), Some(delivered)) = (participant.read_seq, participant.delivered_seq) else {
        return Some(format!("the receipts of {user} are hidden from the reader"));
    };
    if read < least || read > most {
        return Some(format!(
            "{user} has read_seq {read}; it is at least {least}, at most {most}"
        ));
    }
    if delivered < read {
        return Some(format!(
            "{user} has read {read} and received only {delivered}"
        ));
    }
    let head = case.room.head();
    (delivered > head).then(|| format!("{user} has received {delivered} of {head}"))
}

#[cfg(test)]
mod tests {
    use crate::check::sample::{Sample, broken};
    use crate::history::Op;

    const RULE: [&str; 1] = ["watermark-holds"];

    #[test]
    fn an_acked_receipt_that_is_gone() {
        let mut sample = Sample::good();
        sample.participant("p-customer").read_seq = Some(1);
        assert_eq!(broken(&sample), RULE);
    }

    #[test]
    fn a_watermark_that_somebody_saw_fall() {
        let mut sample = Sample::good();
        let look = sample.first(Op::Watermark);
        look.seq = look.seq.map(|seq| seq - 1);
        assert_eq!(broken(&sample), RULE);
    }

    #[test]
    fn a_watermark_beyond_what_was_read() {
        let mut sample = Sample::good();
        let participant = sample.participant("p-customer");
        participant.read_seq = participant.read_seq.map(|seq| seq + 1);
        participant.delivered_seq = participant.read_seq;
        assert_eq!(broken(&sample), RULE);
    }

    #[test]
    fn what_was_read_but_not_received() {
        let mut sample = Sample::good();
        sample.participant("p-customer").delivered_seq = Some(0);
        assert_eq!(broken(&sample), RULE);
    }

    #[test]
    fn what_was_received_beyond_the_end() {
        let mut sample = Sample::good();
        sample.participant("p-customer").delivered_seq = Some(99);
        assert_eq!(broken(&sample), RULE);
    }
}
