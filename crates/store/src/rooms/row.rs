//! A room as it is read: the columns that every text gives, and what they become.

use orderchat_domain::event::Hash;
use orderchat_domain::id::PharmacyId;
use orderchat_domain::project::{ActorRecord, OrderBrief, RoomRecord};
use orderchat_domain::receipt::Frontier;
use orderchat_domain::room::RoomStatus;
use orderchat_domain::{OrderId, ParticipantId, Role, RoomCode, RoomId};

use crate::orders::{corrupt, person};
use crate::row::Row;
use crate::{Result, StoreError};

/// A room with what is not for eyes: the head of its chain, the frontiers of its receipts.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredRoom {
    pub record: RoomRecord,
    pub chain: Hash,
    /// The seq of the newest message.
    pub last_message: Option<u64>,
    /// The seq of the newest message that is not about the order.
    pub last_said: Option<u64>,
    pub delivered: Frontier,
    pub read: Frontier,
    /// The log entry that holds the reason for closing.
    pub close_reason: Option<i64>,
}

macro_rules! columns {
    () => {
        "r.k, r.id, r.code, o.k, o.id, o.number, o.status, o.delivery_status, o.pharmacy, \
         o.customer, o.rider, o.final_at, r.title, r.description, r.status, r.is_public, \
         r.max_participants, r.participant_count, h.message_count, h.ordinal, h.news, \
         COALESCE(o.language, r.language), \
         r.created_at, r.closed_at, r.closed_by_policy, r.reopened_at, r.archived_at, \
         r.deleted_at, h.last_at, h.seq, r.version, h.chain, h.last_message, h.last_said, \
         r.delivered_leader, \
         r.delivered_first, r.delivered_second, r.read_leader, r.read_first, r.read_second, \
         r.close_reason, r.closed_role, cu.k, cu.id, cu.name, cu.email, cp.id, ct.body"
    };
}
pub(crate) use columns;

macro_rules! joins {
    () => {
        " JOIN room_head h ON h.room = r.k JOIN shop_order o ON o.k = r.shop_order \
         LEFT JOIN app_user cu ON cu.k = r.closed_by \
         LEFT JOIN participant cp ON cp.room = r.k AND cp.usr = r.closed_by \
         LEFT JOIN entry_text ct ON ct.g = r.close_reason "
    };
}
pub(crate) use joins;

pub(crate) fn read(mut row: Row) -> Result<StoredRoom> {
    let row = &mut row;
    let key = row.take()?;
    let id = RoomId(row.take()?);
    let code: String = row.take()?;
    let code = RoomCode::parse(&code)
        .ok_or_else(|| StoreError::Corrupt("a room's code is none".to_owned()))?;
    let order = brief(row)?;
    let (title, description) = (row.take()?, row.take()?);
    let status: String = row.take()?;
    let status = RoomStatus::parse(&status)
        .ok_or_else(|| StoreError::Corrupt("a room's status is none".to_owned()))?;
    let mut record = RoomRecord {
        key,
        id,
        code,
        order,
        title,
        description,
        status,
        is_public: row.take()?,
        max_participants: row.take()?,
        participant_count: row.take()?,
        message_count: row.take()?,
        ordinal: row.take()?,
        news: row.take()?,
        language: row.take()?,
        created_at: row.take()?,
        closed_at: row.take()?,
        closed_by_policy: row.take()?,
        reopened_at: row.take()?,
        archived_at: row.take()?,
        deleted_at: row.take()?,
        last_activity: row.take()?,
        seq: row.take()?,
        version: row.take()?,
        closed_by: None,
        close_reason: None,
    };
    let chain = row.take()?;
    let (last_message, last_said) = (row.take()?, row.take()?);
    let (delivered, read) = (frontier(row)?, frontier(row)?);
    let close_reason = row.take()?;
    let closed_role: Option<String> = row.take()?;
    let closer = person(row)?;
    let participant: Option<uuid::Uuid> = row.take()?;
    let closed_role = closed_role.as_deref().and_then(Role::parse);
    record.closed_by = closer.zip(closed_role).map(|(person, role)| ActorRecord {
        participant: participant.map(ParticipantId),
        person,
        role,
    });
    record.close_reason = row
        .take::<Option<String>>()?
        .filter(|reason| !reason.is_empty());
    Ok(StoredRoom {
        record,
        chain,
        last_message,
        last_said,
        delivered,
        read,
        close_reason,
    })
}

fn brief(row: &mut Row) -> Result<OrderBrief> {
    let key = row.take()?;
    let id: String = row.take()?;
    let (number, status, delivery_status) = (row.take()?, row.take()?, row.take()?);
    let pharmacy: String = row.take()?;
    Ok(OrderBrief {
        key,
        id: OrderId::parse("id", &id).map_err(|e| corrupt(&e))?,
        number,
        status,
        delivery_status,
        pharmacy: PharmacyId::parse("pharmacy", &pharmacy).map_err(|e| corrupt(&e))?,
        customer: row.take()?,
        rider: row.take()?,
        final_at: row.take()?,
    })
}

fn frontier(row: &mut Row) -> Result<Frontier> {
    Ok(Frontier {
        leader: row.take()?,
        first: row.take()?,
        second: row.take()?,
    })
}
