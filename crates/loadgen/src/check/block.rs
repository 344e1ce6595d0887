//! After the ack of a block the blocked user does nothing more in the room.

use super::Case;
use crate::history::Op;

/// No message of theirs stands after the block, and nothing they began after its ack succeeded.
/// A block in a history is for good: nobody lifts it again.
pub(crate) fn nothing_after(case: &Case<'_>) -> Vec<String> {
    let mut violations = Vec::new();
    for block in case.of(Op::Block).filter(|block| block.is_ok()) {
        let blocked = block.key;
        for operation in case.operations.iter().filter(|o| o.user == blocked) {
            let behind = operation.position.is_some_and(|p| Some(p) > block.seq());
            if operation.is_write() && behind {
                violations.push(format!(
                    "{blocked} was blocked at seq {:?} and wrote seq {:?}",
                    block.seq(),
                    operation.position
                ));
            } else if operation.is_ok() && operation.last_ok_invoke_ns > block.return_ns {
                violations.push(format!(
                    "{blocked} was blocked, and a {:?} begun after that was answered ok",
                    operation.op
                ));
            }
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use crate::check::sample::{Sample, broken};
    use crate::history::{Op, Outcome, Record};

    #[test]
    fn a_lost_send_that_landed_behind_the_block() {
        let mut sample = Sample::good();
        sample.append_text("m-late", "late");
        let block = sample.first(Op::Block).clone();
        sample.records.push(Record {
            user: block.key.clone().unwrap(),
            op: Op::Send,
            key: Some("late".into()),
            outcome: Outcome::Maybe,
            body_hash: Some(crate::text::hash(&crate::text::of("late"))),
            seq: None,
            ..block
        });
        // The sample appends under the customer's name.
        sample.message("m-late").sender = Some("p-rider".into());
        assert_eq!(broken(&sample), ["nothing-after-block"]);
    }

    #[test]
    fn a_look_at_the_room_after_the_block() {
        let mut sample = Sample::good();
        let block = sample.first(Op::Block).clone();
        let head = sample.room.head();
        sample.records.push(Record {
            user: block.key.clone().unwrap(),
            op: Op::Head,
            key: None,
            invoke_ns: block.return_ns + 1,
            return_ns: block.return_ns + 2,
            seq: Some(head),
            ..block
        });
        assert_eq!(broken(&sample), ["nothing-after-block"]);
    }
}
