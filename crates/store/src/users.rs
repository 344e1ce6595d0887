//! People and services, and who told what about them.

use orderchat_domain::project::Person;
use orderchat_domain::{Millis, Role, UserId};
use serde_json::{Map, Value as Json};

use crate::row::Row;
use crate::sql::statements;
use crate::value::values;
use crate::{Result, StoreError, Tx};

/// Who told something about a user. A lower source never overwrites a higher one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    Order = 1,
    Token = 2,
    /// `PUT /users/{id}/`
    Shop = 3,
}

impl User {
    /// Nothing is known of them but that their tokens are dead: an order names its people, and a token says
    /// more than it.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.role_source == Source::Order as i64 && self.person.name.is_none()
    }
}

/// A user as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct User {
    pub person: Person,
    /// `None` for a service.
    pub role: Option<Role>,
    role_source: i64,
    name_source: i64,
    email_source: i64,
    pub pharmacy: Option<String>,
    pub language: Option<String>,
    pub preferences: Map<String, Json>,
    /// Every token with `iat` at or before this is dead.
    pub revoked_at: Option<Millis>,
    pub last_seen: Option<Millis>,
}

/// What somebody told about a user. `None` leaves as it is.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    pub user: &'a UserId,
    /// `None`: a service.
    pub role: Option<Role>,
    pub name: Option<&'a str>,
    pub email: Option<&'a str>,
    /// As JSON text.
    pub pharmacy: Option<&'a str>,
    pub language: Option<&'a str>,
    pub source: Source,
}

macro_rules! columns {
    () => {
        "u.k, u.id, u.name, u.name_source, u.email, u.email_source, u.role, u.role_source, \
         u.pharmacy, u.language, u.preferences, u.revoked_at, u.last_seen"
    };
}

statements! {
    BY_ID = concat!("SELECT ", columns!(), " FROM app_user u WHERE u.id = $1 AND u.is_service = $2");
    BY_ID_LOCKED = concat!(
        "SELECT ", columns!(), " FROM app_user u WHERE u.id = $1 AND u.is_service = $2 {lock u}");
    BY_KEY = concat!("SELECT ", columns!(), " FROM app_user u WHERE u.k = $1");
    INSERT = "INSERT INTO app_user (id, is_service, name, name_source, email, email_source, role,
            role_source, pharmacy, language, preferences, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '{}', $11, $11)
        ON CONFLICT (id, is_service) DO NOTHING";
    UPDATE = "UPDATE app_user SET name = $2, name_source = $3, email = $4, email_source = $5,
            role = $6, role_source = $7, pharmacy = $8, language = $9, updated_at = $10
        WHERE k = $1";
    SET_PREFERENCES = "UPDATE app_user SET preferences = $2, language = $3, updated_at = $4
        WHERE k = $1";
    REVOKE = "UPDATE app_user SET revoked_at = $2
        WHERE k = $1 AND (revoked_at IS NULL OR revoked_at < $2)";
    SEEN (k: Int, at: Int) = "UPDATE app_user SET last_seen = i.at FROM {rows}
        WHERE app_user.k = i.k AND COALESCE(app_user.last_seen, 0) < i.at";
}

fn read(row: &mut Row) -> Result<User> {
    let key = row.take()?;
    let id: String = row.take()?;
    let user = UserId::parse("id", &id).map_err(|e| StoreError::Corrupt(e.to_string()))?;
    let (name, name_source) = (row.take()?, row.take()?);
    let (email, email_source) = (row.take()?, row.take()?);
    let role: String = row.take()?;
    Ok(User {
        person: Person {
            key,
            user,
            name,
            email,
        },
        role: Role::parse(&role),
        role_source: row.take()?,
        name_source,
        email_source,
        pharmacy: row.take()?,
        language: row.take()?,
        preferences: row.take()?,
        revoked_at: row.take()?,
        last_seen: row.take()?,
    })
}

/// The user by their id in the shop; services have a namespace of their own.
///
/// # Errors
/// As any read.
pub fn by_id(tx: &mut Tx<'_>, user: &UserId, is_service: bool) -> Result<Option<User>> {
    let row = tx.query_opt(&BY_ID, &values![user.as_str(), is_service])?;
    row.map(|mut row| read(&mut row)).transpose()
}

/// [`by_id`], locked until the transaction ends.
///
/// # Errors
/// As any write.
pub fn by_id_locked(tx: &mut Tx<'_>, user: &UserId, is_service: bool) -> Result<Option<User>> {
    let row = tx.query_opt(&BY_ID_LOCKED, &values![user.as_str(), is_service])?;
    row.map(|mut row| read(&mut row)).transpose()
}

/// # Errors
/// As any read.
pub fn by_key(tx: &mut Tx<'_>, key: i64) -> Result<Option<User>> {
    tx.query_opt(&BY_KEY, &values![key])?
        .map(|mut row| read(&mut row))
        .transpose()
}

/// Whether [`learn`] would change what is known.
#[must_use]
pub fn is_news(known: &User, told: Told<'_>) -> bool {
    merge(known, told) != *known
}

/// Takes note of what was told, as far as no higher source has told otherwise. Gives the user, and
/// whether they were unknown.
///
/// # Errors
/// As any write.
pub fn learn(tx: &mut Tx<'_>, told: Told<'_>, now: Millis) -> Result<(User, bool)> {
    let is_service = told.role.is_none();
    let source = told.source as i64;
    let inserted = match by_id(tx, told.user, is_service)? {
        Some(known) if !is_news(&known, told) => return Ok((known, false)),
        Some(_) => 0,
        None => tx.change(
            &INSERT,
            &values![
                told.user.as_str(),
                is_service,
                told.name,
                told.name.map_or(0, |_| source),
                told.email,
                told.email.map_or(0, |_| source),
                told.role.map_or("service", Role::as_str),
                source,
                told.pharmacy,
                told.language,
                now
            ],
        )?,
    };
    let known = by_id_locked(tx, told.user, is_service)?.ok_or(StoreError::Conflict)?;
    let merged = merge(&known, told);
    if merged != known {
        update(tx, &merged, now)?;
    }
    Ok((merged, inserted == 1))
}

fn merge(known: &User, told: Told<'_>) -> User {
    let source = told.source as i64;
    let mut user = known.clone();
    if let Some(name) = told.name
        && source >= known.name_source
    {
        user.person.name = Some(name.to_owned());
        user.name_source = source;
    }
    if let Some(email) = told.email
        && source >= known.email_source
    {
        user.person.email = Some(email.to_owned());
        user.email_source = source;
    }
    let raises = |role: Role| known.role.is_none_or(|known| role.rank() > known.rank());
    match told.role {
        // Orders name people in many roles; of those the highest is their own.
        Some(role) if told.source == Source::Order && known.role_source == source => {
            user.role = user.role.filter(|_| !raises(role)).or(Some(role));
        }
        Some(role) if source >= known.role_source => {
            user.role = Some(role);
            user.role_source = source;
        }
        _ => {}
    }
    if let Some(pharmacy) = told.pharmacy
        && (source >= known.role_source || known.pharmacy.is_none())
    {
        user.pharmacy = Some(pharmacy.to_owned());
    }
    if let Some(language) = told.language
        && (known.language.is_none() || told.source == Source::Shop)
    {
        user.language = Some(language.to_owned());
    }
    user
}

fn update(tx: &mut Tx<'_>, user: &User, now: Millis) -> Result<()> {
    tx.execute(
        &UPDATE,
        &values![
            user.person.key,
            user.person.name.as_ref(),
            user.name_source,
            user.person.email.as_ref(),
            user.email_source,
            user.role.map_or("service", Role::as_str),
            user.role_source,
            user.pharmacy.as_ref(),
            user.language.as_ref(),
            now
        ],
    )?;
    Ok(())
}

/// Sets what a user may set themselves.
///
/// # Errors
/// As any write.
pub fn set_profile(
    tx: &mut Tx<'_>,
    key: i64,
    preferences: &Map<String, Json>,
    language: Option<&str>,
    now: Millis,
) -> Result<()> {
    let preferences = Json::Object(preferences.clone()).to_string();
    tx.execute(&SET_PREFERENCES, &values![key, &preferences, language, now])
}

/// Every token of the user with `iat` at or before `now` is dead.
///
/// # Errors
/// As any write.
pub fn revoke(tx: &mut Tx<'_>, key: i64, now: Millis) -> Result<()> {
    tx.execute(&REVOKE, &values![key, now])
}

/// When users were last seen; an older time than the one stored changes nothing.
///
/// # Errors
/// As any write.
pub fn seen(tx: &mut Tx<'_>, seen: &[(i64, Millis)]) -> Result<()> {
    let rows: Vec<_> = seen.iter().map(|(key, at)| values![*key, *at]).collect();
    tx.execute_rows(&SEEN, &rows)
}
