//! How far people have received and read, and when: rows are only ever appended.

use orderchat_domain::Millis;
use orderchat_domain::receipt::{Frontier, Mark, reached_at};

use crate::engine::Ask;
use crate::row::Row;
use crate::sql::statements;
use crate::value::{Value, values};
use crate::{Result, Tx};

statements! {
    MARKS = "SELECT m.participant, m.visible_from, m.seq, m.at FROM receipt_mark m
        WHERE m.room = $1 AND m.kind = $2 AND m.seq >= $3 ORDER BY m.seq, m.participant LIMIT $4";
    FIRST_BEYOND = "SELECT p.k, a.visible_from, a.seq, a.at FROM participant p
        JOIN receipt_advance a ON a.participant = p.k AND a.kind = $2
            AND a.seq = (SELECT MIN(n.seq) FROM receipt_advance n
                WHERE n.participant = p.k AND n.kind = $2 AND n.seq >= $3
                  AND n.visible_from <= $3)
        WHERE p.room = $1";
    ADD_MARK (room: Int, kind: Int, seq: Int, participant: Int, at: Int, visible_from: Int) =
        "INSERT INTO receipt_mark (room, kind, seq, participant, at, visible_from)
         SELECT i.room, i.kind, i.seq, i.participant, i.at, i.visible_from FROM {rows} WHERE 1 = 1
         ON CONFLICT DO NOTHING";
    ADD_ADVANCE (participant: Int, kind: Int, seq: Int, at: Int, visible_from: Int) =
        "INSERT INTO receipt_advance (participant, kind, seq, at, visible_from)
         SELECT i.participant, i.kind, i.seq, i.at, i.visible_from FROM {rows} WHERE 1 = 1
         ON CONFLICT DO NOTHING";
    ADVANCE_AT (participant: Int, kind: Int, seq: Int) =
        "SELECT i.participant, i.kind, a.at FROM {rows} JOIN receipt_advance a
            ON a.participant = i.participant AND a.kind = i.kind
            AND a.seq = (SELECT MIN(n.seq) FROM receipt_advance n
                WHERE n.participant = i.participant AND n.kind = i.kind AND n.seq >= i.seq
                  AND n.visible_from <= i.seq)";
    REACHED_EACH (n: Int, room: Int, kind: Int, seq: Int, sender: Int) =
        "SELECT i.n, MIN(a.at) FROM {rows} JOIN participant p
            ON p.room = i.room AND p.k <> i.sender
         JOIN receipt_advance a ON a.participant = p.k AND a.kind = i.kind
            AND a.seq = (SELECT MIN(n.seq) FROM receipt_advance n
                WHERE n.participant = p.k AND n.kind = i.kind AND n.seq >= i.seq
                  AND n.visible_from <= i.seq)
         GROUP BY i.n";
    PASSED = "SELECT CAST(COALESCE(SUM(CASE WHEN l.actor = $4 THEN 1 ELSE 0 END), 0) AS BIGINT),
            CAST(COALESCE(SUM(CASE WHEN l.actor <> $4 AND s.deleted_at IS NOT NULL
                THEN 1 ELSE 0 END), 0) AS BIGINT)
        FROM log l LEFT JOIN message_state s ON s.room = l.room AND s.seq = l.seq
        WHERE l.room = $1 AND l.seq > $2 AND l.seq <= $3 AND l.kind = 'message.created'
          AND l.message_type <> 'system'
          AND (CAST($5 AS BIGINT) = 0 OR l.message_type NOT IN ('order_update', 'delivery_update'))";
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Delivered = 0,
    Read = 1,
}

/// A message whose first receipt is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) room: i64,
    pub(crate) kind: Kind,
    pub(crate) seq: u64,
    /// A participant's key, 0 for the system.
    pub(crate) sender: i64,
}

/// `of_message` for messages of many rooms: those that were reached, and when. Looks at the people of
/// each message's room.
///
/// # Errors
/// As any read.
pub(crate) fn reached_each(tx: &mut Tx<'_>, asked: &[Asked]) -> Result<Vec<(Asked, Millis)>> {
    let rows: Vec<_> = (0_u64..)
        .zip(asked)
        .map(|(n, one)| values![n, one.room, one.kind as i64, one.seq, one.sender])
        .collect();
    let mut times = Vec::with_capacity(asked.len());
    for mut row in tx.query_rows(&REACHED_EACH, &rows)? {
        let n: u64 = row.take()?;
        if let (Some(one), Some(at)) = (asked.get(n as usize), row.take::<Option<Millis>>()?) {
            times.push((*one, at));
        }
    }
    Ok(times)
}

/// Marks read at once beside two for each seq of a page, which is as many as a seq can have.
const SPARE: u64 = 64;

/// The marks of a room that tell when the messages of a page were reached.
pub(crate) struct PageMarks {
    room: i64,
    kind: Kind,
    frontier: Frontier,
    limit: u64,
    params: [Value<'static>; 4],
}

impl PageMarks {
    /// `None` when nobody has reached any of these seqs, ascending.
    pub(crate) fn of(room: i64, kind: Kind, frontier: Frontier, seqs: &[u64]) -> Option<Self> {
        let reached = seqs.partition_point(|seq| *seq <= frontier.first);
        let (first, last) = (*seqs.first()?, *seqs[..reached].last()?);
        let limit = 2 * (last - first + 1).min(1_000) + SPARE;
        Some(Self {
            room,
            kind,
            frontier,
            limit,
            params: values![room, kind as i64, first, limit],
        })
    }

    pub(crate) fn ask(&self) -> Ask<'_> {
        Ask::Once(&MARKS, &self.params)
    }

    /// When the first person other than its sender reached each of these messages: pairs of seq and
    /// sender (a participant's key, 0 for the system), ascending. As many times, in their order.
    ///
    /// # Errors
    /// As any read.
    pub(crate) fn reached(
        &self,
        tx: &mut Tx<'_>,
        rows: Vec<Row>,
        messages: &[(u64, i64)],
    ) -> Result<Vec<Option<Millis>>> {
        let (mut marks, mut until) = self.complete(tx, rows)?;
        let mut times = Vec::with_capacity(messages.len());
        for &(seq, sender) in messages {
            if self.frontier.of_others(sender) < seq {
                times.push(None);
                continue;
            }
            if seq > until {
                (marks, until) = (first_beyond(tx, self.room, self.kind, seq)?, seq);
            }
            let mut at = reached_at(&marks, sender, seq);
            if at.is_none() {
                // Whoever moved the frontier may not see this one; others who do were behind them.
                at = reached_at(&first_beyond(tx, self.room, self.kind, seq)?, sender, seq);
            }
            times.push(at);
        }
        Ok(times)
    }

    /// The marks, and up to which seq they tell when it was reached.
    fn complete(&self, tx: &mut Tx<'_>, rows: Vec<Row>) -> Result<(Vec<Mark>, u64)> {
        let mut marks = rows.into_iter().map(mark).collect::<Result<Vec<_>>>()?;
        match marks.last() {
            // There are more: somebody who jumped beyond these may have been there earlier.
            Some(&Mark { seq, .. }) if marks.len() as u64 == self.limit => {
                marks.append(&mut first_beyond(tx, self.room, self.kind, seq)?);
                Ok((marks, seq))
            }
            _ => Ok((marks, u64::MAX)),
        }
    }
}

/// Each participant's first advance to or beyond the seq, which is also their earliest.
fn first_beyond(tx: &mut Tx<'_>, room: i64, kind: Kind, seq: u64) -> Result<Vec<Mark>> {
    tx.query(&FIRST_BEYOND, &values![room, kind as i64, seq])?
        .into_iter()
        .map(mark)
        .collect()
}

fn mark(mut row: Row) -> Result<Mark> {
    Ok(Mark {
        participant: row.take()?,
        visible_from: row.take()?,
        seq: row.take()?,
        at: row.take()?,
    })
}

/// A receipt that moved on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advance {
    pub room: i64,
    pub kind: Kind,
    /// Whose, how far, when, and what they saw then.
    pub mark: Mark,
    /// It moved the frontier of the room.
    pub moved: bool,
}

/// Remembers advances.
///
/// # Errors
/// As any write.
pub fn add(tx: &mut Tx<'_>, advances: &[Advance]) -> Result<()> {
    let own: Vec<_> = advances
        .iter()
        .map(|Advance { kind, mark, .. }| {
            let from = mark.visible_from;
            values![mark.participant, *kind as i64, mark.seq, mark.at, from]
        })
        .collect();
    tx.execute_rows(&ADD_ADVANCE, &own)?;
    let marks: Vec<_> = advances
        .iter()
        .filter(|one| one.moved)
        .map(
            |Advance {
                 room, kind, mark, ..
             }| {
                let (who, from) = (mark.participant, mark.visible_from);
                values![*room, *kind as i64, mark.seq, who, mark.at, from]
            },
        )
        .collect();
    tx.execute_rows(&ADD_MARK, &marks)
}

/// A participant's key, and when they received and read a message.
pub type Times = (i64, Option<Millis>, Option<Millis>);

/// When each of these participants received and read the message.
///
/// # Errors
/// As any read.
pub fn of_message(tx: &mut Tx<'_>, participants: &[i64], seq: u64) -> Result<Vec<Times>> {
    let kinds = [Kind::Delivered, Kind::Read];
    let rows: Vec<_> = participants
        .iter()
        .flat_map(|key| kinds.map(|kind| values![*key, kind as i64, seq]))
        .collect();
    let mut times: Vec<_> = participants.iter().map(|key| (*key, None, None)).collect();
    for mut row in tx.query_rows(&ADVANCE_AT, &rows)? {
        let (participant, kind): (i64, i64) = (row.take()?, row.take()?);
        let at = row.take()?;
        if let Some(entry) = times.iter_mut().find(|(key, ..)| *key == participant) {
            if kind == Kind::Delivered as i64 {
                entry.1 = at
            } else {
                entry.2 = at
            }
        }
    }
    Ok(times)
}

/// Of the messages that count as unread after `from`, up to and with `to`, to a guest without news of
/// the order: how many the user sent, and how many of others' are deleted.
///
/// # Errors
/// As any read.
pub fn passed(
    tx: &mut Tx<'_>,
    room: i64,
    (from, to): (u64, u64),
    user: i64,
    guest: bool,
) -> Result<(u64, u64)> {
    match tx.query_opt(&PASSED, &values![room, from, to, user, guest])? {
        Some(mut row) => Ok((row.take()?, row.take()?)),
        None => Ok((0, 0)),
    }
}
