//! Values on their way out of a statement.

use std::cell::RefCell;
use std::sync::Arc;

use serde_json::{Map, Value as Json};
use uuid::Uuid;

use crate::value::Value;
use crate::{Result, StoreError};

/// One value of a result.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cell<'a> {
    Null,
    Int(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
}

impl<'a> From<Value<'a>> for Cell<'a> {
    fn from(value: Value<'a>) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Int(value) => Self::Int(value),
            Value::Text(value) => Self::Text(value),
            Value::Bytes(value) => Self::Bytes(value),
        }
    }
}

/// A [`Cell`] whose text or bytes, from a place up to another, lie with all others' of the result.
#[derive(Clone, Copy, Debug)]
enum Stored {
    Null,
    Int(i64),
    Text(usize, usize),
    Bytes(usize, usize),
}

/// The rows of a result, cell by cell. What they hold lies in three pieces of memory: a piece for
/// each text would cost more than reading it.
#[derive(Debug)]
pub(crate) struct Rows(Pieces);

#[derive(Debug, Default)]
struct Pieces {
    cells: Vec<Stored>,
    texts: String,
    bytes: Vec<u8>,
}

/// Results that a thread keeps the memory of, for its next ones: growing it anew for each costs a
/// list more than its JSON's braces do.
const SPARE: usize = 4;
/// What is larger than this, in cells and in bytes, is given back.
const SPARE_CELLS: usize = 4_096;
const SPARE_BYTES: usize = 64 << 10;

thread_local! {
    static SPARES: RefCell<Vec<Pieces>> = const { RefCell::new(Vec::new()) };
}

impl Drop for Rows {
    fn drop(&mut self) {
        let Pieces {
            cells,
            texts,
            bytes,
        } = &mut self.0;
        let is_large =
            cells.capacity() > SPARE_CELLS || texts.capacity().max(bytes.capacity()) > SPARE_BYTES;
        if is_large || cells.capacity() == 0 {
            return;
        }
        cells.clear();
        texts.clear();
        bytes.clear();
        let pieces = std::mem::take(&mut self.0);
        // A thread that ends keeps nothing.
        let _ = SPARES.try_with(|spares| {
            let mut spares = spares.borrow_mut();
            if spares.len() < SPARE {
                spares.push(pieces);
            }
        });
    }
}

impl Rows {
    /// No rows yet, in memory that earlier ones had.
    pub(crate) fn new() -> Self {
        let spare = SPARES.try_with(|spares| spares.borrow_mut().pop());
        Self(spare.ok().flatten().unwrap_or_default())
    }

    /// The next cell of the row, or the first of the next row.
    pub(crate) fn push(&mut self, cell: Cell<'_>) {
        let Pieces {
            cells,
            texts,
            bytes: all,
        } = &mut self.0;
        cells.push(match cell {
            Cell::Null => Stored::Null,
            Cell::Int(value) => Stored::Int(value),
            Cell::Text(text) => {
                let from = texts.len();
                texts.push_str(text);
                Stored::Text(from, texts.len())
            }
            Cell::Bytes(bytes) => {
                let from = all.len();
                all.extend_from_slice(bytes);
                Stored::Bytes(from, all.len())
            }
        });
    }

    /// The rows of so many columns that were pushed.
    pub(crate) fn of_width(self, columns: usize) -> Vec<Row> {
        let count = self.0.cells.len().checked_div(columns).unwrap_or(0);
        let rows = Arc::new(self);
        let row = |at: usize| Row {
            rows: Arc::clone(&rows),
            next: at * columns,
            end: (at + 1) * columns,
        };
        (0..count).map(row).collect()
    }

    fn cell(&self, at: usize) -> Cell<'_> {
        let Pieces {
            cells,
            texts,
            bytes,
        } = &self.0;
        match cells[at] {
            Stored::Null => Cell::Null,
            Stored::Int(value) => Cell::Int(value),
            Stored::Text(from, to) => Cell::Text(&texts[from..to]),
            Stored::Bytes(from, to) => Cell::Bytes(&bytes[from..to]),
        }
    }
}

/// One row of a result, read from left to right.
#[derive(Debug)]
pub(crate) struct Row {
    rows: Arc<Rows>,
    next: usize,
    end: usize,
}

impl Row {
    /// The next column.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when it is of another type, or there is none.
    pub(crate) fn take<T: FromCell>(&mut self) -> Result<T> {
        if self.next == self.end {
            return Err(StoreError::Corrupt("a column is missing".to_owned()));
        }
        let cell = self.rows.cell(self.next);
        self.next += 1;
        T::from_cell(cell)
    }
}

/// What each of these rows reads as. Collecting results one by one would not know how many there are,
/// and move what was read every time that there is no room for more.
///
/// # Errors
/// The first row's that cannot be read.
pub(crate) fn read_all<T>(
    rows: Vec<Row>,
    mut read: impl FnMut(Row) -> Result<T>,
) -> Result<Vec<T>> {
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        all.push(read(row)?);
    }
    Ok(all)
}

pub(crate) trait FromCell: Sized {
    fn from_cell(cell: Cell<'_>) -> Result<Self>;
}

fn corrupt<T>(wanted: &str, cell: Cell<'_>) -> Result<T> {
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
    fn from_cell(cell: Cell<'_>) -> Result<Self> {
        match cell {
            Cell::Int(value) => Ok(value),
            other => corrupt("an integer", other),
        }
    }
}

impl FromCell for u64 {
    fn from_cell(cell: Cell<'_>) -> Result<Self> {
        match cell {
            Cell::Int(value) if value >= 0 => Ok(value.unsigned_abs()),
            other => corrupt("a count", other),
        }
    }
}

impl FromCell for u32 {
    fn from_cell(cell: Cell<'_>) -> Result<Self> {
        u64::from_cell(cell)
            .and_then(|value| Self::try_from(value).map_err(|e| StoreError::Corrupt(e.to_string())))
    }
}

impl FromCell for bool {
    fn from_cell(cell: Cell<'_>) -> Result<Self> {
        i64::from_cell(cell).map(|value| value != 0)
    }
}

impl FromCell for orderchat_domain::Millis {
    fn from_cell(cell: Cell<'_>) -> Result<Self> {
        i64::from_cell(cell).map(Self)
    }
}

impl FromCell for String {
    fn from_cell(cell: Cell<'_>) -> Result<Self> {
        match cell {
            Cell::Text(value) => Ok(value.to_owned()),
            other => corrupt("a text", other),
        }
    }
}

impl FromCell for Vec<u8> {
    fn from_cell(cell: Cell<'_>) -> Result<Self> {
        match cell {
            Cell::Bytes(value) => Ok(value.to_vec()),
            other => corrupt("bytes", other),
        }
    }
}

impl<const N: usize> FromCell for [u8; N] {
    fn from_cell(cell: Cell<'_>) -> Result<Self> {
        let Cell::Bytes(bytes) = cell else {
            return corrupt("bytes", cell);
        };
        bytes
            .try_into()
            .map_err(|_| StoreError::Corrupt(format!("{} bytes where {N} should be", bytes.len())))
    }
}

impl FromCell for Uuid {
    fn from_cell(cell: Cell<'_>) -> Result<Self> {
        <[u8; 16]>::from_cell(cell).map(Self::from_bytes)
    }
}

impl FromCell for Map<String, Json> {
    fn from_cell(cell: Cell<'_>) -> Result<Self> {
        match cell {
            Cell::Text(text) => {
                serde_json::from_str(text).map_err(|e| StoreError::Corrupt(e.to_string()))
            }
            other => corrupt("a JSON object", other),
        }
    }
}

impl<T: FromCell> FromCell for Option<T> {
    fn from_cell(cell: Cell<'_>) -> Result<Self> {
        match cell {
            Cell::Null => Ok(None),
            cell => T::from_cell(cell).map(Some),
        }
    }
}
