//! A server with a defect on purpose, of a build that can have one: the rounds must find it, by a rule
//! that is there for it.

use std::process::ExitCode;

use clap::ValueEnum;

use crate::check::{self, Violation};

/// Where the server is told of its defect.
pub(super) const VARIABLE: &str = "ORDERCHAT_SABOTAGE";

/// What is wrong with the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Sabotage {
    /// Followers hear of a send before it is committed
    PublishBeforeCommit,
    /// Every 500th event on its way to a follower is lost
    #[value(name = "drop-every-500th")]
    DropEvery500th,
    /// Of 50 entries of the logs one has the seq of the one before; on SQLite
    ReuseASeq,
    /// Who was blocked is told on
    ForgetBlocks,
}

impl Sabotage {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::PublishBeforeCommit => "publish-before-commit",
            Self::DropEvery500th => "drop-every-500th",
            Self::ReuseASeq => "reuse-a-seq",
            Self::ForgetBlocks => "forget-blocks",
        }
    }

    /// The rules of which one has to notice it. What was heard and never committed is in no log, or
    /// another entry has its seq by now.
    const fn rules(self) -> &'static [&'static str] {
        match self {
            Self::PublishBeforeCommit => &["live-only-what-is-logged", "live-as-logged"],
            Self::DropEvery500th => &["live-without-gap"],
            Self::ReuseASeq => &["seq-without-gap"],
            Self::ForgetBlocks => &["live-nothing-after-end"],
        }
    }

    /// The rule for it that is broken.
    fn found_by(self, violations: &[Violation]) -> Option<&'static str> {
        let broken = violations.iter().map(|violation| violation.rule);
        broken.into_iter().find(|rule| self.rules().contains(rule))
    }

    /// Whether a rule for it is broken.
    pub(super) fn is_found(self, violations: &[Violation]) -> bool {
        self.found_by(violations).is_some()
    }

    /// Says what became of it; exit status 0 when it was found.
    pub(super) fn report(self, violations: &[Violation], seed: u64) -> ExitCode {
        let name = self.name();
        if let Some(rule) = self.found_by(violations) {
            println!("the defect {name} is found by {rule}");
            return ExitCode::SUCCESS;
        }
        check::report(violations);
        let rules = self.rules();
        println!("the defect {name} was not found by any of {rules:?}; seed {seed}");
        ExitCode::FAILURE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_defect_is_found_by_a_rule_for_it_and_by_no_other() {
        for sabotage in Sabotage::value_variants() {
            let broken = |rule| Violation {
                rule,
                room: String::new(),
                detail: String::new(),
            };
            for rule in sabotage.rules() {
                assert!(sabotage.is_found(&[broken("edit-applied"), broken(rule)]));
            }
            assert!(!sabotage.is_found(&[broken("edit-applied")]));
            let asked = sabotage.to_possible_value().expect("a value");
            assert_eq!(asked.get_name(), sabotage.name());
        }
    }
}
