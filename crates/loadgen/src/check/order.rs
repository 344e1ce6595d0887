//! Real time: what was acked before something else began comes before it, and is seen by it.

use super::Case;
use super::case::Operation;
use crate::history::Op;

/// If A was acked before B began, A stands before B in the log.
pub(crate) fn real_time(case: &Case<'_>) -> Vec<String> {
    let acked = acked_writes(case);
    let mut later: Vec<(u64, u64, &str)> = case
        .operations
        .iter()
        .filter(|b| b.is_write())
        .filter_map(|b| b.position.map(|position| (b.invoke_ns, position, b.key)))
        .collect();
    later.sort_unstable();
    let starts = later.iter().map(|&(invoke_ns, ..)| invoke_ns);
    let before = greatest_before(&acked, starts);
    let pairs = later.iter().zip(before);
    pairs
        .filter_map(|(&(_, position, key), before)| {
            let greatest = before.filter(|&greatest| position <= greatest)?;
            Some(format!(
                "{key} at seq {position} began after the ack of seq {greatest}"
            ))
        })
        .collect()
}

/// A look at the room's head shows every write that was acked before the look.
pub(crate) fn heads_include_acked(case: &Case<'_>) -> Vec<String> {
    let acked = acked_writes(case);
    let looks = looks(case);
    let before = greatest_before(&acked, looks.iter().map(|look| look.invoke_ns));
    let pairs = looks.iter().zip(before);
    pairs
        .filter_map(|(look, before)| {
            let greatest = before.filter(|&greatest| look.seq().is_some_and(|s| s < greatest))?;
            Some(format!(
                "{} saw the head {:?} after the ack of seq {greatest}",
                look.user, look.seqs
            ))
        })
        .collect()
}

/// A head once seen is never taken back: not for a later look, and not in the end.
pub(crate) fn heads_never_fall(case: &Case<'_>) -> Vec<String> {
    let looks = looks(case);
    let mut seen: Vec<(u64, u64)> = looks
        .iter()
        .filter_map(|look| look.seq().map(|seq| (look.return_ns, seq)))
        .collect();
    seen.sort_unstable();
    let before = greatest_before(&seen, looks.iter().map(|look| look.invoke_ns));
    let head = case.room.head();
    let mut violations = Vec::new();
    for (look, before) in looks.iter().zip(before) {
        let Some(seq) = look.seq() else { continue };
        if let Some(greatest) = before.filter(|&greatest| seq < greatest) {
            violations.push(format!(
                "{} saw the head {seq} after {greatest} had been seen",
                look.user
            ));
        }
        if seq > head {
            violations.push(format!(
                "{} saw the head {seq}; the room ends at {head}",
                look.user
            ));
        }
    }
    violations
}

/// `(return_ns, position)` of every acked write, by return.
pub(super) fn acked_writes(case: &Case<'_>) -> Vec<(u64, u64)> {
    let acked = case.operations.iter().filter(|a| a.is_write() && a.is_ok());
    let mut acked: Vec<(u64, u64)> = acked
        .filter_map(|a| a.position.map(|position| (a.return_ns, position)))
        .collect();
    acked.sort_unstable();
    acked
}

/// Successful looks at the head, by when they began.
fn looks<'c, 'a>(case: &'c Case<'a>) -> Vec<&'c Operation<'a>> {
    let mut looks: Vec<_> = case.of(Op::Head).filter(|look| look.is_ok()).collect();
    looks.sort_unstable_by_key(|look| look.invoke_ns);
    looks
}

/// For each start, in ascending order: the greatest position that had returned before it.
/// `returned` is sorted by return.
fn greatest_before(
    returned: &[(u64, u64)],
    starts: impl Iterator<Item = u64>,
) -> impl Iterator<Item = Option<u64>> {
    let mut returned = returned.iter().copied().peekable();
    let mut greatest = None;
    starts.map(move |start| {
        while let Some((_, position)) = returned.next_if(|&(return_ns, _)| return_ns < start) {
            greatest = greatest.max(Some(position));
        }
        greatest
    })
}

#[cfg(test)]
mod tests {
    use super::greatest_before;
    use crate::check::sample::{Sample, broken};

    #[test]
    fn a_send_that_stands_before_one_acked_before_it_began() {
        let mut sample = Sample::good();
        // `b` follows `a` in the log; now it was acked before `a` began.
        let a = sample.record("a").invoke_ns;
        let b = sample.record("b");
        b.invoke_ns = a - 5;
        b.return_ns = a - 4;
        assert_eq!(broken(&sample), ["real-time-order"]);
    }

    #[test]
    fn sends_that_overlap_may_stand_either_way() {
        let mut sample = Sample::good();
        let a = sample.record("a").invoke_ns;
        let b = sample.record("b");
        b.invoke_ns = a - 5;
        b.return_ns = a + 1;
        assert_eq!(broken(&sample), [""; 0]);
    }

    #[test]
    fn a_read_that_misses_an_acked_write() {
        let mut sample = Sample::good();
        sample.look().seq = Some(1);
        assert_eq!(broken(&sample), ["read-after-ack"]);
    }

    #[test]
    fn a_head_that_fell_between_two_looks() {
        let mut sample = Sample::good();
        let mut earlier = sample.look().clone();
        // Seen before anything it could have missed was acked.
        earlier.invoke_ns = 1;
        earlier.return_ns = 2;
        earlier.seq = earlier.seq.map(|seq| seq + 1);
        sample.records.push(earlier);
        assert_eq!(broken(&sample), ["head-never-falls"]);
    }

    #[test]
    fn a_head_beyond_the_end_of_the_room() {
        let mut sample = Sample::good();
        sample.look().seq = Some(99);
        assert_eq!(broken(&sample), ["head-never-falls"]);
    }

    #[test]
    fn the_greatest_is_of_all_that_returned_before() {
        let returned = [(10, 3), (20, 9), (30, 5)];
        let found: Vec<_> = greatest_before(&returned, [10, 11, 25, 99].into_iter()).collect();
        assert_eq!(found, [None, Some(3), Some(9), Some(9)]);
    }
}
