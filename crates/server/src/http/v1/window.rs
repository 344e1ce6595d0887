//! Lists that go on in both directions from a cursor.

use serde::{Deserialize, Serialize};

/// Where a list goes on: after this key, or backwards before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Step<K> {
    pub(super) from: K,
    pub(super) back: bool,
}

/// A page cut out of what was read, and the steps to its neighbours.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cut<T, K> {
    pub(super) results: Vec<T>,
    pub(super) next: Option<Step<K>>,
    pub(super) previous: Option<Step<K>>,
}

/// Cuts what was read, in the direction of the step and one more than the limit, to a page in the
/// list's own order.
pub(super) fn cut<T, K: Copy>(
    mut read: Vec<(T, K)>,
    limit: u32,
    step: Option<Step<K>>,
) -> Cut<T, K> {
    let back = step.is_some_and(|step| step.back);
    let more = read.len() > limit as usize;
    read.truncate(limit as usize);
    if back {
        read.reverse();
    }
    let at_first = read.first().map(|(_, key)| Step {
        from: *key,
        back: true,
    });
    let at_last = read.last().map(|(_, key)| Step {
        from: *key,
        back: false,
    });
    let (has_next, has_previous) = if back {
        (true, more)
    } else {
        (more, step.is_some())
    };
    Cut {
        results: read.into_iter().map(|(item, _)| item).collect(),
        next: at_last.filter(|_| has_next),
        previous: at_first.filter(|_| has_previous),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(keys: impl IntoIterator<Item = i64>) -> Vec<((), i64)> {
        keys.into_iter().map(|key| ((), key)).collect()
    }

    #[test]
    fn the_first_page_has_no_previous_and_the_last_no_next() {
        let first = cut(items(1..=4), 3, None);
        assert_eq!((first.results.len(), first.previous), (3, None));
        assert_eq!(
            first.next,
            Some(Step {
                from: 3,
                back: false
            })
        );
        let last = cut(items(4..=5), 3, first.next);
        assert_eq!((last.results.len(), last.next), (2, None));
        assert_eq!(
            last.previous,
            Some(Step {
                from: 4,
                back: true
            })
        );
    }

    #[test]
    fn a_page_read_backwards_comes_in_the_lists_order() {
        let page = cut(
            items([3, 2, 1]),
            2,
            Some(Step {
                from: 4,
                back: true,
            }),
        );
        assert_eq!(
            page.previous,
            Some(Step {
                from: 2,
                back: true
            })
        );
        assert_eq!(
            page.next,
            Some(Step {
                from: 3,
                back: false
            })
        );
    }
}
