//! Whether a store is set up as Boxoffice needs it, and how to mend what is not.

use async_trait::async_trait;

use crate::error::StoreError;
use crate::time::Timestamp;

/// How far two clocks may be apart before somebody is told, in milliseconds.
const CLOCK_SLACK: u64 = 2_000;

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at, in a word or two.
    pub subject: &'static str,
    /// What was seen. Nothing secret.
    pub seen: String,
    /// What to think of it.
    pub verdict: Verdict,
}

/// What to think of something, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// It works, and somebody should know.
    Doubtful {
        /// What would make it better.
        mend: String,
    },
    /// Boxoffice does not work with it, or does not keep what it promises.
    Wrong {
        /// What makes it right.
        mend: String,
    },
}

impl Finding {
    /// Something as it should be.
    pub fn ok(subject: &'static str, seen: impl Into<String>) -> Self {
        Self::new(subject, seen, Verdict::Ok)
    }

    /// Something that somebody should know.
    pub fn doubtful(
        subject: &'static str,
        seen: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        let mend = mend.into();
        Self::new(subject, seen, Verdict::Doubtful { mend })
    }

    /// Something that must be mended.
    pub fn wrong(subject: &'static str, seen: impl Into<String>, mend: impl Into<String>) -> Self {
        let mend = mend.into();
        Self::new(subject, seen, Verdict::Wrong { mend })
    }

    fn new(subject: &'static str, seen: impl Into<String>, verdict: Verdict) -> Self {
        let seen = seen.into();
        Self {
            subject,
            seen,
            verdict,
        }
    }

    /// What the difference between two clocks comes to: this machine's `here`, the store's `there`.
    pub fn of_clocks(here: Timestamp, there: Timestamp) -> Self {
        let apart = here.millis().abs_diff(there.millis());
        let seen = format!("{apart} ms apart from this machine's");
        match apart <= CLOCK_SLACK {
            true => Self::ok("clock", seen),
            false => Self::doubtful("clock", seen, "let NTP set the clocks of both machines"),
        }
    }
}

/// What a look at a store's settings brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examination {
    /// The findings; the first tells the version.
    pub findings: Vec<Finding>,
    /// The store's own clock.
    pub clock: Timestamp,
}

/// A store that can be asked how it is set up.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Diagnosis: Send + Sync {
    /// The store's name: `mysql`, `mongodb`, `sqlite`.
    fn store(&self) -> &'static str;

    /// Looks at version and settings. Changes nothing and needs no schema. An error is a store that
    /// cannot be reached, or lets nobody in.
    async fn examine(&self) -> Result<Examination, StoreError>;

    /// Whether rows or documents may be written: statements that change nothing, on what is written in
    /// everyday work. Needs the schema.
    async fn try_writing(&self) -> Result<(), StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_may_be_two_seconds_apart_either_way() {
        let verdict = |here, there| {
            let (here, there) = (Timestamp::from_millis(here), Timestamp::from_millis(there));
            Finding::of_clocks(here, there).verdict
        };
        assert_eq!(verdict(0, 2_000), Verdict::Ok);
        assert_eq!(verdict(2_000, 0), Verdict::Ok);
        assert!(matches!(verdict(0, 2_001), Verdict::Doubtful { .. }));
        assert!(matches!(verdict(2_001, 0), Verdict::Doubtful { .. }));
    }
}
