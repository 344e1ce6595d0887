//! Seeds: printed by every randomised test, so that a failure can be run again.

use proptest::test_runner::{RngAlgorithm, TestRng};

/// The seed of this run: `ORDERCHAT_TEST_SEED`, or a random one. Printed.
pub(crate) fn seed() -> u64 {
    let seed = match std::env::var("ORDERCHAT_TEST_SEED") {
        Ok(given) => given
            .parse()
            .expect("ORDERCHAT_TEST_SEED must be a number below 2^64"),
        Err(_) => {
            let mut bytes = [0; 8];
            getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
            u64::from_le_bytes(bytes)
        }
    };
    println!("ORDERCHAT_TEST_SEED={seed}");
    seed
}

/// A generator that repeats itself for the same seed.
pub(crate) fn rng(seed: u64) -> TestRng {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    TestRng::from_seed(RngAlgorithm::ChaCha, &bytes)
}

/// How often a randomised test repeats: the number in `variable`, or `default`.
pub(crate) fn rounds(variable: &str, default: usize) -> usize {
    match std::env::var(variable) {
        Ok(given) => given
            .parse()
            .unwrap_or_else(|_| panic!("{variable} must be a number")),
        Err(_) => default,
    }
}
