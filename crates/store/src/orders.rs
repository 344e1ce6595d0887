//! Our copy of the shop's orders.

use std::collections::BTreeMap;

use orderchat_domain::id::PharmacyId;
use orderchat_domain::order::{Order, Sequences};
use orderchat_domain::project::{OrderRecord, Person};
use orderchat_domain::{Millis, OrderId, UserId};
use serde_json::Value as Json;

use crate::engine::Ask;
use crate::row::{FromCell, Row};
use crate::sql::statements;
use crate::value::values;
use crate::{Result, StoreError, Tx};

macro_rules! columns {
    () => {
        "o.k, o.id, o.number, o.status, o.delivery_status, o.pharmacy, o.pharmacy_name, o.eta, \
         o.language, o.metadata, o.newest_sequence, o.status_sequence, o.delivery_sequence, \
         o.rider_sequence, o.eta_sequence, o.number_sequence, o.customer_sequence, \
         o.pharmacy_sequence, o.staff_sequence, o.language_sequence, o.metadata_sequence, o.final_at, o.version, o.created_at, \
         o.updated_at, c.k, c.id, c.name, c.email, d.k, d.id, d.name, d.email"
    };
}

macro_rules! from {
    () => {
        " FROM shop_order o JOIN app_user c ON c.k = o.customer \
         LEFT JOIN app_user d ON d.k = o.rider "
    };
}

statements! {
    LOCK = "SELECT o.k FROM shop_order o WHERE o.id = $1 {lock o}";
    BY_ID = concat!("SELECT ", columns!(), from!(), "WHERE o.id = $1");
    BY_KEY = concat!("SELECT ", columns!(), from!(), "WHERE o.k = $1");
    INSERT = "INSERT INTO shop_order (id, number, status, delivery_status, customer, pharmacy,
            pharmacy_name, rider, eta, language, metadata, newest_sequence, status_sequence,
            delivery_sequence, rider_sequence, eta_sequence, number_sequence, customer_sequence,
            pharmacy_sequence, staff_sequence, language_sequence, metadata_sequence, final_at,
            version, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
            $19, $20, $21, $22, $23, 0, $24, $24)
        ON CONFLICT (id) DO NOTHING RETURNING k";
    UPDATE = "UPDATE shop_order SET number = $2, status = $3, delivery_status = $4, customer = $5,
            pharmacy = $6, pharmacy_name = $7, rider = $8, eta = $9, language = $10, metadata = $11,
            newest_sequence = $12, status_sequence = $13, delivery_sequence = $14,
            rider_sequence = $15, eta_sequence = $16, number_sequence = $17,
            customer_sequence = $18, pharmacy_sequence = $19, staff_sequence = $20,
            language_sequence = $21, metadata_sequence = $22, final_at = $23, updated_at = $24
        WHERE id = $1";
    UNDER_WAY = "SELECT DISTINCT status FROM shop_order
        WHERE rider = $1 AND final_at IS NULL AND k <> $2";
    SET_VERSION = "UPDATE shop_order SET version = $2 WHERE k = $1";
    STAFF = "SELECT u.k, u.id, u.name, u.email FROM order_staff s JOIN app_user u ON u.k = s.usr
        WHERE s.shop_order = $1 ORDER BY s.place";
    STAFF_BY_ID = "SELECT u.k, u.id, u.name, u.email FROM order_staff s
        JOIN app_user u ON u.k = s.usr
        WHERE s.shop_order = (SELECT o.k FROM shop_order o WHERE o.id = $1) ORDER BY s.place";
    CLEAR_STAFF = "DELETE FROM order_staff WHERE shop_order = $1";
    ADD_STAFF (shop_order: Int, place: Int, usr: Int) =
        "INSERT INTO order_staff (shop_order, place, usr)
         SELECT i.shop_order, i.place, i.usr FROM {rows}";
    REPORT = "INSERT INTO order_report (shop_order, at, sequence, body, kind, source, event_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    IS_TOLD = "SELECT 1 FROM order_report WHERE source = $1 AND event_id = $2
        UNION ALL SELECT 1 FROM order_event_waiting WHERE source = $1 AND event_id = $2 LIMIT 1";
    REPORTS = "SELECT k, at, sequence, body, kind, source, event_id FROM order_report
        WHERE shop_order = $1 AND k > $2 ORDER BY k LIMIT $3";
    WAIT = "INSERT INTO order_event_waiting (order_id, source, event_id, at, body)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
    TAKE_WAITING = "DELETE FROM order_event_waiting WHERE order_id = $1 RETURNING k, at, body";
    EXPIRE = "DELETE FROM order_event_waiting WHERE k IN
            (SELECT w.k FROM order_event_waiting w WHERE w.at < $1 ORDER BY w.at LIMIT $2)",
        "DELETE FROM order_event_waiting WHERE k = ANY (ARRAY
            (SELECT w.k FROM order_event_waiting w WHERE w.at < $1 ORDER BY w.at LIMIT $2))";
    HAS_EXPIRED = "SELECT 1 FROM order_event_waiting WHERE at < $1 LIMIT 1";
    // Only what is new is looked through, never all that waits: both engines would else go by the index of
    // ids, and PostgreSQL takes a range with one end for a third of all rows.
    ARRIVED = "SELECT page.order_id FROM (SELECT DISTINCT w.order_id || '' AS order_id
            FROM order_event_waiting w WHERE w.at >= $1 AND w.at < $2) page
        WHERE page.order_id > $3
            AND (SELECT o.k FROM shop_order o WHERE o.id = page.order_id) IS NOT NULL
        ORDER BY page.order_id LIMIT $4";
}

pub(crate) fn corrupt(error: &orderchat_domain::Refusal) -> StoreError {
    StoreError::Corrupt(error.to_string())
}

pub(crate) fn person(row: &mut Row) -> Result<Option<Person>> {
    let key: Option<i64> = row.take()?;
    let id: Option<String> = row.take()?;
    let (name, email) = (row.take()?, row.take()?);
    let (Some(key), Some(id)) = (key, id) else {
        return Ok(None);
    };
    let user = UserId::parse("id", &id).map_err(|e| corrupt(&e))?;
    Ok(Some(Person {
        key,
        user,
        name,
        email,
    }))
}

/// The order of the first row with its staff, if there is one.
fn read(found: Vec<Row>, staff: Vec<Row>) -> Result<Option<OrderRecord>> {
    let order = found.into_iter().next().map(|row| read_one(row, staff));
    order.transpose()
}

fn read_one(mut row: Row, staff: Vec<Row>) -> Result<OrderRecord> {
    fn next<T: FromCell>(row: &mut Row) -> Result<T> {
        row.take()
    }
    let row = &mut row;
    let key: i64 = next(row)?;
    let id: String = next(row)?;
    let (number, status, delivery_status) = (next(row)?, next(row)?, next(row)?);
    let pharmacy: String = next(row)?;
    let (pharmacy_name, eta, language, metadata) = (next(row)?, next(row)?, next(row)?, next(row)?);
    let sequences = Sequences {
        newest: next(row)?,
        status: next(row)?,
        delivery_status: next(row)?,
        rider: next(row)?,
        eta: next(row)?,
        number: next(row)?,
        customer: next(row)?,
        pharmacy: next(row)?,
        staff: next(row)?,
        language: next(row)?,
        metadata: next(row)?,
    };
    let (final_at, version, created_at, updated_at) =
        (next(row)?, next(row)?, next(row)?, next(row)?);
    let customer = person(row)?
        .ok_or_else(|| StoreError::Corrupt("an order without its customer".to_owned()))?;
    let rider = person(row)?;
    let staff: Vec<Person> = staff
        .into_iter()
        .map(|mut row| person(&mut row))
        .filter_map(Result::transpose)
        .collect::<Result<_>>()?;
    Ok(OrderRecord {
        key,
        id: OrderId::parse("id", &id).map_err(|e| corrupt(&e))?,
        order: Order {
            number,
            status,
            delivery_status,
            customer: customer.user.clone(),
            pharmacy: PharmacyId::parse("pharmacy", &pharmacy).map_err(|e| corrupt(&e))?,
            pharmacy_name,
            staff: staff.iter().map(|person| person.user.clone()).collect(),
            rider: rider.as_ref().map(|rider| rider.user.clone()),
            eta,
            language,
            metadata,
            sequences,
            final_at,
        },
        customer,
        rider,
        staff,
        version,
        created_at,
        updated_at,
    })
}

/// Makes transactions on the order take turns, when it is known.
///
/// # Errors
/// As any write.
pub fn lock(tx: &mut Tx<'_>, id: &OrderId) -> Result<()> {
    tx.lock(&LOCK, &values![id.as_str()])
}

/// # Errors
/// As any read.
pub fn by_id(tx: &mut Tx<'_>, id: &OrderId) -> Result<Option<OrderRecord>> {
    let id = &values![id.as_str()];
    let [found, staff] = tx.ask([Ask::Once(&BY_ID, id), Ask::Once(&STAFF_BY_ID, id)])?;
    read(found, staff)
}

/// # Errors
/// As any read.
pub fn by_key(tx: &mut Tx<'_>, key: i64) -> Result<Option<OrderRecord>> {
    let key = &values![key];
    let [found, staff] = tx.ask([Ask::Once(&BY_KEY, key), Ask::Once(&STAFF, key)])?;
    read(found, staff)
}

/// What an event finds when it comes.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// Itself: it came before.
    Repeated,
    Order(Box<OrderRecord>),
    /// Nobody has told of its order yet.
    NoOrder,
}

/// What this event of the order finds.
///
/// # Errors
/// As any read.
pub fn for_event(tx: &mut Tx<'_>, id: &OrderId, (source, event): (&str, &str)) -> Result<Found> {
    let id = &values![id.as_str()];
    let [told, found, staff] = tx.ask([
        Ask::Once(&IS_TOLD, &values![source, event]),
        Ask::Once(&BY_ID, id),
        Ask::Once(&STAFF_BY_ID, id),
    ])?;
    if !told.is_empty() {
        return Ok(Found::Repeated);
    }
    let order = read(found, staff)?;
    Ok(order.map_or(Found::NoOrder, |order| Found::Order(Box::new(order))))
}

/// The keys of an order's people, which stand in it by their ids.
#[derive(Clone, Debug)]
pub struct People {
    pub customer: i64,
    pub rider: Option<i64>,
    /// In list order.
    pub staff: Vec<i64>,
}

/// Stores a new order, or one that changed, whose key is `known`, and gives its key. A new one that
/// another transaction stored meanwhile is a [`StoreError::Conflict`]: the command is run again and
/// finds it.
///
/// # Errors
/// As any write.
pub fn save(
    tx: &mut Tx<'_>,
    id: &OrderId,
    order: &Order,
    people: &People,
    known: Option<i64>,
    now: Millis,
) -> Result<i64> {
    let metadata = order
        .metadata
        .clone()
        .map(|metadata| Json::Object(metadata).to_string());
    let columns = &values![
        id.as_str(),
        &order.number,
        &order.status,
        order.delivery_status.as_ref(),
        people.customer,
        order.pharmacy.as_str(),
        &order.pharmacy_name,
        people.rider,
        order.eta,
        order.language.as_ref(),
        metadata.as_ref(),
        order.sequences.newest,
        order.sequences.status,
        order.sequences.delivery_status,
        order.sequences.rider,
        order.sequences.eta,
        order.sequences.number,
        order.sequences.customer,
        order.sequences.pharmacy,
        order.sequences.staff,
        order.sequences.language,
        order.sequences.metadata,
        order.final_at,
        now
    ];
    if let Some(key) = known {
        tx.execute(&UPDATE, columns)?;
        return Ok(key);
    }
    let stored = tx.query_opt(&INSERT, columns)?;
    stored.ok_or(StoreError::Conflict)?.take()
}

/// Replaces the order's list of staff.
///
/// # Errors
/// As any write.
pub fn set_staff(tx: &mut Tx<'_>, order: i64, staff: &[i64]) -> Result<()> {
    tx.execute(&CLEAR_STAFF, &values![order])?;
    let rows: Vec<_> = staff
        .iter()
        .zip(0_i64..)
        .map(|(user, place)| values![order, place, *user])
        .collect();
    tx.execute_rows(&ADD_STAFF, &rows)
}

/// Notes the seq of the order's last own event in its room.
///
/// # Errors
/// As any write.
pub fn set_version(tx: &mut Tx<'_>, order: i64, seq: u64) -> Result<()> {
    tx.execute(&SET_VERSION, &values![order, seq])
}

/// The statuses of the rider's other orders under way.
///
/// # Errors
/// As any read.
pub fn under_way(tx: &mut Tx<'_>, rider: i64, except: i64) -> Result<Vec<String>> {
    let rows = tx.query(&UNDER_WAY, &values![rider, except])?;
    rows.into_iter().map(|mut row| row.take()).collect()
}

/// Something that the shop told of an order, as it came.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// `order.reported` for a report of the order, else the event's type.
    pub kind: &'a str,
    /// Source and id of an event.
    pub event: Option<(&'a str, &'a str)>,
    pub sequence: Option<i64>,
    pub body: &'a str,
}

/// Keeps what the shop told, for the timeline; an event only when [`for_event`] did not find it. One that
/// another transaction kept meanwhile for another order, which only PostgreSQL lets it, is a
/// [`StoreError::Conflict`]: the command is run again and finds it.
///
/// # Errors
/// As any write.
pub fn keep(tx: &mut Tx<'_>, order: i64, told: Told<'_>, now: Millis) -> Result<()> {
    let (source, id) = told.event.unzip();
    tx.execute(
        &REPORT,
        &values![order, now, told.sequence, told.body, told.kind, source, id],
    )
}

/// An entry of what the shop told of an order.
#[derive(Clone, Debug)]
pub struct Kept {
    /// They grow.
    pub key: i64,
    pub at: Millis,
    pub sequence: Option<i64>,
    pub body: String,
    pub kind: String,
    pub source: Option<String>,
    pub event_id: Option<String>,
}

/// What the shop told of the order after this entry, in the order in which it came.
///
/// # Errors
/// As any read.
pub fn told_after(tx: &mut Tx<'_>, order: i64, after: i64, limit: u32) -> Result<Vec<Kept>> {
    let rows = tx.query(&REPORTS, &values![order, after, limit])?;
    let kept = |mut row: Row| {
        Ok(Kept {
            key: row.take()?,
            at: row.take()?,
            sequence: row.take()?,
            body: row.take()?,
            kind: row.take()?,
            source: row.take()?,
            event_id: row.take()?,
        })
    };
    rows.into_iter().map(kept).collect()
}

/// Keeps an event for an order that is not known yet.
///
/// # Errors
/// As any write.
pub fn wait(
    tx: &mut Tx<'_>,
    order: &OrderId,
    (source, id): (&str, &str),
    body: &str,
    now: Millis,
) -> Result<()> {
    tx.execute(&WAIT, &values![order.as_str(), source, id, now, body])
}

/// Takes the events that wait for this order, with when they came.
///
/// # Errors
/// As any write.
pub fn take_waiting(tx: &mut Tx<'_>, order: &OrderId) -> Result<Vec<(Millis, String)>> {
    // In one statement: what comes between two is of neither, or is deleted unread.
    let rows = tx.query(&TAKE_WAITING, &values![order.as_str()])?;
    let event = |mut row: Row| Ok((row.take()?, (row.take()?, row.take()?)));
    let taken: Result<BTreeMap<i64, _>> = rows.into_iter().map(event).collect();
    Ok(taken?.into_values().collect())
}

/// Whether an event has waited since before then.
///
/// # Errors
/// As any read.
pub fn has_waited_since(tx: &mut Tx<'_>, before: Millis) -> Result<bool> {
    Ok(tx.query_opt(&HAS_EXPIRED, &values![before])?.is_some())
}

/// Forgets at most `limit` events that have waited since before then.
///
/// # Errors
/// As any write.
pub fn expire_waiting(tx: &mut Tx<'_>, before: Millis, limit: u32) -> Result<()> {
    tx.execute(&EXPIRE, &values![before, limit])
}

/// At most `limit` orders that are known by now and that events wait for which came since then, by their
/// ids, after this one.
///
/// # Errors
/// As any read.
pub fn arrived(
    tx: &mut Tx<'_>,
    since: Millis,
    after: Option<&OrderId>,
    limit: u32,
) -> Result<Vec<OrderId>> {
    let after = after.map_or("", OrderId::as_str);
    let rows = tx.query(&ARRIVED, &values![since, i64::MAX, after, limit])?;
    rows.into_iter()
        .map(|mut row| {
            let id: String = row.take()?;
            OrderId::parse("id", &id).map_err(|error| corrupt(&error))
        })
        .collect()
}
