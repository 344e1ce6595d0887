//! Values on their way into and out of a statement. Three types serve on both engines: 64-bit
//! integers (times are milliseconds, booleans 0 and 1), texts, and bytes.

use bytes::BytesMut;
use serde_json::{Map, Value as Json};
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use uuid::Uuid;

use crate::{Result, StoreError};

/// A parameter, borrowed from the caller.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    Null,
    Int(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
}

/// Turns its arguments into a list of [`Value`]s.
macro_rules! values {
    ($($value:expr),* $(,)?) => { [$($crate::value::Value::from($value)),*] };
}
pub(crate) use values;

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<u64> for Value<'_> {
    /// Counts and sequence numbers stay below 2⁶³; one that did not would be stored as that.
    fn from(value: u64) -> Self {
        Self::Int(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<u32> for Value<'_> {
    fn from(value: u32) -> Self {
        Self::Int(i64::from(value))
    }
}

impl From<bool> for Value<'_> {
    fn from(value: bool) -> Self {
        Self::Int(i64::from(value))
    }
}

impl From<orderchat_domain::Millis> for Value<'_> {
    fn from(value: orderchat_domain::Millis) -> Self {
        Self::Int(value.0)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(value: &'a String) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(value: &'a [u8]) -> Self {
        Self::Bytes(value)
    }
}

impl<'a> From<&'a Vec<u8>> for Value<'a> {
    fn from(value: &'a Vec<u8>) -> Self {
        Self::Bytes(value)
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Value<'a> {
    fn from(value: &'a [u8; N]) -> Self {
        Self::Bytes(value)
    }
}

impl<'a> From<&'a Uuid> for Value<'a> {
    fn from(value: &'a Uuid) -> Self {
        Self::Bytes(value.as_bytes())
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::ValueRef;
        Ok(rusqlite::types::ToSqlOutput::Borrowed(match *self {
            Self::Null => ValueRef::Null,
            Self::Int(value) => ValueRef::Integer(value),
            Self::Text(value) => ValueRef::Text(value.as_bytes()),
            Self::Bytes(value) => ValueRef::Blob(value),
        }))
    }
}

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(value) => value.to_sql(ty, out),
            Self::Text(value) => value.to_sql(ty, out),
            Self::Bytes(value) => value.to_sql(ty, out),
        }
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::INT8 | Type::TEXT | Type::BYTEA | Type::VARCHAR)
    }

    to_sql_checked!();
}

/// One value of a result.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl From<Value<'_>> for Cell {
    fn from(value: Value<'_>) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Int(value) => Self::Int(value),
            Value::Text(value) => Self::Text(value.to_owned()),
            Value::Bytes(value) => Self::Bytes(value.to_vec()),
        }
    }
}

/// One row of a result, read from left to right.
#[derive(Debug)]
pub(crate) struct Row(pub(crate) std::vec::IntoIter<Cell>);

impl Row {
    pub(crate) fn new(cells: Vec<Cell>) -> Self {
        Self(cells.into_iter())
    }

    /// The next column.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when it is of another type, or there is none.
    pub(crate) fn take<T: FromCell>(&mut self) -> Result<T> {
        let cell = self
            .0
            .next()
            .ok_or_else(|| StoreError::Corrupt("a column is missing".to_owned()))?;
        T::from_cell(cell)
    }
}

pub(crate) trait FromCell: Sized {
    fn from_cell(cell: Cell) -> Result<Self>;
}

fn corrupt<T>(wanted: &str, cell: &Cell) -> Result<T> {
    let found = match cell {
        Cell::Null => "null",
        Cell::Int(_) => "an integer",
        Cell::Text(_) => "a text",
        Cell::Bytes(_) => "bytes",
    };
    Err(StoreError::Corrupt(format!(
        "{found} where {wanted} should be"
    )))
}

impl FromCell for i64 {
    fn from_cell(cell: Cell) -> Result<Self> {
        match cell {
            Cell::Int(value) => Ok(value),
            other => corrupt("an integer", &other),
        }
    }
}

impl FromCell for u64 {
    fn from_cell(cell: Cell) -> Result<Self> {
        match cell {
            Cell::Int(value) if value >= 0 => Ok(value.unsigned_abs()),
            other => corrupt("a count", &other),
        }
    }
}

impl FromCell for u32 {
    fn from_cell(cell: Cell) -> Result<Self> {
        u64::from_cell(cell)
            .and_then(|value| Self::try_from(value).map_err(|e| StoreError::Corrupt(e.to_string())))
    }
}

impl FromCell for bool {
    fn from_cell(cell: Cell) -> Result<Self> {
        i64::from_cell(cell).map(|value| value != 0)
    }
}

impl FromCell for orderchat_domain::Millis {
    fn from_cell(cell: Cell) -> Result<Self> {
        i64::from_cell(cell).map(Self)
    }
}

impl FromCell for String {
    fn from_cell(cell: Cell) -> Result<Self> {
        match cell {
            Cell::Text(value) => Ok(value),
            other => corrupt("a text", &other),
        }
    }
}

impl FromCell for Vec<u8> {
    fn from_cell(cell: Cell) -> Result<Self> {
        match cell {
            Cell::Bytes(value) => Ok(value),
            other => corrupt("bytes", &other),
        }
    }
}

impl<const N: usize> FromCell for [u8; N] {
    fn from_cell(cell: Cell) -> Result<Self> {
        let bytes = Vec::<u8>::from_cell(cell)?;
        let length = bytes.len();
        bytes
            .try_into()
            .map_err(|_| StoreError::Corrupt(format!("{length} bytes where {N} should be")))
    }
}

impl FromCell for Uuid {
    fn from_cell(cell: Cell) -> Result<Self> {
        <[u8; 16]>::from_cell(cell).map(Self::from_bytes)
    }
}

impl FromCell for Map<String, Json> {
    fn from_cell(cell: Cell) -> Result<Self> {
        let text = String::from_cell(cell)?;
        serde_json::from_str(&text).map_err(|e| StoreError::Corrupt(e.to_string()))
    }
}

impl<T: FromCell> FromCell for Option<T> {
    fn from_cell(cell: Cell) -> Result<Self> {
        match cell {
            Cell::Null => Ok(None),
            cell => T::from_cell(cell).map(Some),
        }
    }
}
