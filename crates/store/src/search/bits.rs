//! The bits of the index: how they lie in rows, and which blocks a query leaves.

use orderchat_domain::search::Gram;

use crate::sql::statements;
use crate::value::values;
use crate::{Result, Tx};

statements! {
    SLICES (n: Int, k: Int, at: Int, len: Int) =
        "SELECT i.n, substr(b.bits, CAST(i.at AS INTEGER), CAST(i.len AS INTEGER))
         FROM {rows} JOIN search_bits b ON b.k = i.k";
}

/// Blocks of a unit: a word has a bit for each.
pub(super) const BLOCKS: usize = 64;
/// Hash values, and with them words of a unit.
pub(super) const HASHES: usize = 8_192;
/// Units of a segment.
pub(super) const UNITS: usize = 32;
/// Bytes of a row: three of them fit into a page of SQLite, none is compressed by PostgreSQL.
pub(super) const ROW: usize = 1_024;
const WORD: usize = BLOCKS / 8;
/// Rows have so many parts at most in their key.
const PARTS: i64 = 4_096;

/// Where the bits of some units stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Unit(i64),
    /// Of [`UNITS`] units: their words for one hash stand side by side.
    Segment(i64),
}

impl Place {
    pub(super) const fn units(self) -> usize {
        match self {
            Self::Unit(_) => 1,
            Self::Segment(_) => UNITS,
        }
    }

    /// Its oldest unit.
    pub(super) const fn first_unit(self) -> i64 {
        match self {
            Self::Unit(unit) => unit,
            Self::Segment(segment) => segment * UNITS as i64,
        }
    }

    pub(super) const fn rows(self) -> usize {
        self.units() * WORD * HASHES / ROW
    }

    /// The key of its first row; the others follow.
    pub(super) const fn first_row(self) -> i64 {
        let (number, level) = match self {
            Self::Unit(unit) => (unit, 0),
            Self::Segment(segment) => (segment, 1),
        };
        (number * 2 + level) * PARTS
    }
}

/// The hash values of a gram.
pub(super) const fn hashes(Gram(gram): Gram) -> [usize; 2] {
    [gram as usize % HASHES, (gram >> 32) as usize % HASHES]
}

/// The bits of a unit in the making.
#[derive(Debug)]
pub(super) struct Words(Vec<u64>);

impl Words {
    pub(super) fn new() -> Self {
        Self(vec![0; HASHES])
    }

    pub(super) fn set(&mut self, block: usize, gram: Gram) {
        for hash in hashes(gram) {
            self.0[hash] |= 1 << block;
        }
    }

    /// As they stand in rows.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|word| word.to_le_bytes()).collect()
    }
}

/// What a block must have to be looked at: all of the grams, and one of `any` if there are some; or
/// one of `besides`.
#[derive(Clone, Debug, Default)]
pub struct Sieve {
    pub all: Vec<Gram>,
    pub any: Vec<Gram>,
    pub besides: Vec<Gram>,
}

impl Sieve {
    fn hashes(&self) -> Vec<usize> {
        let mut list: Vec<usize> = self
            .all
            .iter()
            .chain(&self.any)
            .chain(&self.besides)
            .flat_map(|gram| hashes(*gram))
            .collect();
        list.sort_unstable();
        list.dedup();
        list
    }

    /// For each unit of each place, newest first, the blocks that are left: a word each.
    pub(super) fn blocks(&self, tx: &mut Tx<'_>, places: &[Place]) -> Result<Vec<(i64, u64)>> {
        let wanted = self.hashes();
        let mut rows = Vec::with_capacity(places.len() * wanted.len());
        for (n, place) in places.iter().enumerate() {
            let len = place.units() * WORD;
            for (m, hash) in wanted.iter().enumerate() {
                let at = hash * len;
                let key = place.first_row() + (at / ROW) as i64;
                let n = (n * wanted.len() + m) as u64;
                rows.push(values![n, key, (at % ROW + 1) as u64, len as u64]);
            }
        }
        let mut slices = vec![Vec::new(); rows.len()];
        for mut row in tx.query_rows(&SLICES, &rows)? {
            let n: u64 = row.take()?;
            if let Some(slice) = slices.get_mut(n as usize) {
                *slice = row.take::<Vec<u8>>()?;
            }
        }
        let mut left = Vec::new();
        for (n, place) in places.iter().enumerate() {
            let slices = &slices[n * wanted.len()..(n + 1) * wanted.len()];
            for unit in (0..place.units()).rev() {
                let word = self.evaluate(|hash| {
                    let slice = wanted.binary_search(&hash).ok().map(|n| &slices[n]);
                    slice.map_or(0, |slice| word_of(slice, unit))
                });
                if word != 0 {
                    left.push((place.first_unit() + unit as i64, word));
                }
            }
        }
        Ok(left)
    }

    fn evaluate(&self, word: impl Fn(usize) -> u64) -> u64 {
        let of = |gram: &Gram| {
            hashes(*gram)
                .into_iter()
                .fold(u64::MAX, |left, hash| left & word(hash))
        };
        let one_of = |grams: &[Gram]| grams.iter().fold(0, |left, gram| left | of(gram));
        let all = self.all.iter().fold(u64::MAX, |left, gram| left & of(gram));
        let any = if self.any.is_empty() {
            u64::MAX
        } else {
            one_of(&self.any)
        };
        (all & any) | one_of(&self.besides)
    }
}

fn word_of(slice: &[u8], unit: usize) -> u64 {
    slice
        .get(unit * WORD..(unit + 1) * WORD)
        .and_then(|bytes| bytes.try_into().ok())
        .map_or(0, u64::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_units_and_segments_have_keys_of_their_own() {
        for place in [
            Place::Unit(0),
            Place::Unit(7),
            Place::Segment(0),
            Place::Segment(7),
        ] {
            assert!(place.rows() as i64 <= PARTS);
        }
        assert_eq!(Place::Segment(2).first_unit(), 64);
        assert!(Place::Unit(1).first_row() > Place::Segment(0).first_row());
        assert_eq!(Place::Unit(0).rows(), 64);
        assert_eq!(Place::Segment(0).rows(), 2_048);
    }

    #[test]
    fn a_block_is_left_when_it_has_all_grams_and_one_of_any() {
        let [a, b, c, d] = [1, 2, 3, 4].map(Gram::room);
        let mut words = Words::new();
        words.set(0, a);
        words.set(0, b);
        words.set(5, a);
        words.set(5, c);
        let sieve = |all: &[Gram], any: &[Gram]| Sieve {
            all: all.to_vec(),
            any: any.to_vec(),
            besides: Vec::new(),
        };
        let left = |sieve: &Sieve| sieve.evaluate(|hash| words.0[hash]);
        assert_eq!(left(&sieve(&[a], &[])), 0b10_0001);
        assert_eq!(left(&sieve(&[a, b], &[])), 0b1);
        assert_eq!(left(&sieve(&[a], &[c, d])), 0b10_0000);
        assert_eq!(left(&sieve(&[a, b], &[c])), 0);
        let besides = Sieve {
            besides: vec![c],
            ..sieve(&[a, b], &[d])
        };
        assert_eq!(left(&besides), 0b10_0000);
    }
}
