//! How long who has to wait.

use std::time::Duration;

use crate::time::Timestamp;

/// The longest that anybody waits.
pub const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// How long a place stays known after the last sign-in from there.
pub const KNOWN_FOR: Duration = Duration::from_secs(90 * 24 * 3600);
/// How long a bucket is kept after its last attempt; longer than its failures count.
pub const REMEMBERED: Duration = Duration::from_secs(3600);

/// How failures in a bucket count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// After so many failures the waiting begins.
    pub free: u32,
    /// After so long without an attempt the failures are forgotten.
    pub quiet: Duration,
}

/// Strangers' attempts on one account.
pub const ACCOUNT: Policy = Policy {
    free: 5,
    quiet: Duration::from_secs(15 * 60),
};
/// Strangers' attempts from one address, which many people may share.
pub const ADDRESS: Policy = Policy {
    free: 20,
    quiet: Duration::from_secs(10 * 60),
};
/// Attempts on one account from one place that is known to it. More are free: a program that signs in
/// several times at once is not to be taken for one that guesses.
pub const KNOWN_PLACE: Policy = Policy {
    free: 20,
    quiet: Duration::from_secs(15 * 60),
};

/// What a bucket holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// Attempts that failed, or whose outcome is not known yet.
    pub failures: u32,
    /// When the last of them was charged.
    pub last: Timestamp,
}

impl Policy {
    /// How long after the last of so many failures the next attempt may come.
    pub fn wait(self, failures: u32) -> Duration {
        if failures < self.free {
            return Duration::ZERO;
        }
        let doublings = failures - self.free;
        // 2^6 seconds are beyond the longest wait.
        Duration::from_secs(1 << doublings.min(6)).min(LONGEST_WAIT)
    }

    /// The bucket with one more attempt at `now`, or how long that has to wait.
    fn charge(self, bucket: Option<Bucket>, now: Timestamp) -> Result<Bucket, Duration> {
        let failures = match bucket {
            Some(bucket) => self.counted(bucket, now)?,
            None => 0,
        };
        Ok(Bucket {
            failures: failures.saturating_add(1),
            last: now,
        })
    }

    /// The failures that still count, or how long they make wait.
    fn counted(self, bucket: Bucket, now: Timestamp) -> Result<u32, Duration> {
        let elapsed = now.millis() - bucket.last.millis();
        // The last attempt lies in the future by more than a wait: the clock was set back.
        let longest = i64::try_from(LONGEST_WAIT.as_millis()).unwrap_or(i64::MAX);
        if elapsed < -longest {
            return Ok(bucket.failures);
        }
        let elapsed = Duration::from_millis(u64::try_from(elapsed).unwrap_or(0));
        if elapsed >= self.quiet {
            return Ok(0);
        }
        match self.wait(bucket.failures).checked_sub(elapsed) {
            None | Some(Duration::ZERO) => Ok(bucket.failures),
            Some(left) => Err(left),
        }
    }
}

/// The buckets with one more attempt at `now`, in order; or, if one of them has to wait, how long.
pub fn decide(
    buckets: impl IntoIterator<Item = (Policy, Option<Bucket>)>,
    now: Timestamp,
) -> Result<Vec<Bucket>, Duration> {
    let mut charged = Vec::new();
    let mut wait = Duration::ZERO;
    for (policy, bucket) in buckets {
        match policy.charge(bucket, now) {
            Ok(bucket) => charged.push(bucket),
            Err(left) => wait = wait.max(left),
        }
    }
    if wait.is_zero() {
        Ok(charged)
    } else {
        Err(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_700_000_000_000;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    /// What becomes of an attempt so many milliseconds after the last of so many failures.
    fn after(failures: u32, millis: i64) -> Result<u32, Duration> {
        let bucket = Bucket {
            failures,
            last: at(NOW),
        };
        let charged = ACCOUNT.charge(Some(bucket), at(NOW + millis))?;
        assert_eq!(charged.last, at(NOW + millis));
        Ok(charged.failures)
    }

    #[test]
    fn the_wait_doubles_up_to_a_minute() {
        let waits: Vec<u64> = (0..14).map(|n| ACCOUNT.wait(n).as_secs()).collect();
        assert_eq!(waits, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(ACCOUNT.wait(u32::MAX), LONGEST_WAIT);
        assert_eq!(ADDRESS.wait(19), Duration::ZERO);
        assert_eq!(ADDRESS.wait(20), seconds(1));
    }

    #[test]
    fn who_waits_long_enough_is_let_in_and_counted() {
        assert_eq!(ACCOUNT.charge(None, at(NOW)).unwrap().failures, 1);
        assert_eq!(after(4, 0), Ok(5));
        assert_eq!(after(5, 0), Err(seconds(1)));
        assert_eq!(after(5, 999), Err(Duration::from_millis(1)));
        assert_eq!(after(5, 1_000), Ok(6));
        assert_eq!(after(50, 59_000), Err(seconds(1)));
        assert_eq!(after(50, 60_000), Ok(51));
    }

    #[test]
    fn failures_are_forgotten_after_a_quiet_time() {
        let quiet = i64::try_from(ACCOUNT.quiet.as_millis()).unwrap();
        assert_eq!(after(50, quiet - 1), Ok(51));
        assert_eq!(after(50, quiet), Ok(1));
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out() {
        assert_eq!(after(50, -1), Err(seconds(60)));
        assert_eq!(after(50, -3_600_000), Ok(51));
    }

    #[test]
    fn every_bucket_must_let_in_and_the_longest_wait_counts() {
        let full = |failures| {
            Some(Bucket {
                failures,
                last: at(NOW),
            })
        };
        let charged = decide([(ACCOUNT, full(1)), (ADDRESS, None)], at(NOW)).unwrap();
        let failures: Vec<u32> = charged.iter().map(|bucket| bucket.failures).collect();
        assert_eq!(failures, [2, 1]);
        let refused = decide([(ACCOUNT, full(6)), (ADDRESS, full(20))], at(NOW));
        assert_eq!(refused, Err(seconds(2)));
        let refused = decide([(ACCOUNT, None), (ADDRESS, full(22))], at(NOW));
        assert_eq!(refused, Err(seconds(4)));
    }
}
