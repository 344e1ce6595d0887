//! A decoder that panics has met a file that is broken, or made to break it. That is said of the file; the
//! thread goes on.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{Kind, Refused};

/// What `decode` comes to; a refusal if it panics. It must own all that it changes.
pub(crate) fn guarded<T>(
    kind: Kind,
    decode: impl FnOnce() -> Result<T, Refused>,
) -> Result<T, Refused> {
    catch_unwind(AssertUnwindSafe(decode))
        .unwrap_or_else(|_| Err(Refused::broken(kind, "its decoder gave up")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decoder_that_panics_makes_the_file_a_broken_one() {
        let refused = guarded::<()>(Kind::Png, || panic!("out of range")).expect_err("a panic");
        assert_eq!(refused.status(), 422);
        assert_eq!(guarded(Kind::Png, || Ok(7)), Ok(7));
    }
}
