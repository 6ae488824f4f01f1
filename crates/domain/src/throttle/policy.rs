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
    /// How long the first of them is waited for; each further one twice as long.
    pub first: Duration,
    /// After so long without an attempt the failures are forgotten.
    pub quiet: Duration,
    /// Whether of all such buckets the one that lets in soonest is enough.
    pub is_alternative: bool,
}

/// Strangers' attempts on one account.
pub const ACCOUNT: Policy = Policy {
    free: 5,
    first: Duration::from_secs(1),
    quiet: Duration::from_secs(15 * 60),
    is_alternative: true,
};
/// Strangers' attempts on one account from one place. One a minute is let in whatever others did to the
/// account: an owner who comes from somewhere new may be among those strangers.
pub const NEW_PLACE: Policy = Policy {
    free: 1,
    first: LONGEST_WAIT,
    quiet: Duration::from_secs(15 * 60),
    is_alternative: true,
};
/// Strangers' attempts from one address, which many people may share.
pub const ADDRESS: Policy = Policy {
    free: 20,
    first: Duration::from_secs(1),
    quiet: Duration::from_secs(10 * 60),
    is_alternative: false,
};
/// Attempts on one account from one place that is known to it. More are free: a program that signs in
/// several times at once is not to be taken for one that guesses. The bucket is the same as while the place
/// was new; the sign-in that made it known emptied it.
pub const KNOWN_PLACE: Policy = Policy {
    free: 20,
    first: Duration::from_secs(1),
    quiet: Duration::from_secs(15 * 60),
    is_alternative: false,
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
        let wait = self.first.saturating_mul(1 << doublings.min(6));
        wait.min(LONGEST_WAIT)
    }

    /// The bucket with one more attempt at `now`, and how much longer that would have had to wait.
    fn charge(self, bucket: Option<Bucket>, now: Timestamp) -> (Bucket, Duration) {
        let (failures, left) = match bucket {
            Some(bucket) => self.counted(bucket, now),
            None => (0, Duration::ZERO),
        };
        let charged = Bucket {
            failures: failures.saturating_add(1),
            last: now,
        };
        (charged, left)
    }

    /// The failures that still count, and how much longer they make wait.
    fn counted(self, bucket: Bucket, now: Timestamp) -> (u32, Duration) {
        let elapsed = now.millis() - bucket.last.millis();
        // The last attempt lies in the future by more than a wait: the clock was set back.
        let longest = i64::try_from(LONGEST_WAIT.as_millis()).unwrap_or(i64::MAX);
        if elapsed < -longest {
            return (bucket.failures, Duration::ZERO);
        }
        let elapsed = Duration::from_millis(u64::try_from(elapsed).unwrap_or(0));
        if elapsed >= self.quiet {
            return (0, Duration::ZERO);
        }
        let left = self.wait(bucket.failures).saturating_sub(elapsed);
        (bucket.failures, left)
    }
}

/// The buckets with one more attempt at `now`, in order; or how long that has to wait: until every bucket
/// lets it in, of the alternatives one.
pub fn decide(
    buckets: impl IntoIterator<Item = (Policy, Option<Bucket>)>,
    now: Timestamp,
) -> Result<Vec<Bucket>, Duration> {
    let mut charged = Vec::new();
    let (mut each, mut one) = (Duration::ZERO, None);
    for (policy, bucket) in buckets {
        let (bucket, left) = policy.charge(bucket, now);
        charged.push(bucket);
        if policy.is_alternative {
            one = Some(one.map_or(left, |other| left.min(other)));
        } else {
            each = each.max(left);
        }
    }
    let wait = each.max(one.unwrap_or_default());
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
        let charged = decide([(ACCOUNT, Some(bucket))], at(NOW + millis))?;
        assert_eq!(charged[0].last, at(NOW + millis));
        Ok(charged[0].failures)
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
        let first = decide([(ACCOUNT, None)], at(NOW)).unwrap();
        assert_eq!(first[0].failures, 1);
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

    fn full(failures: u32) -> Option<Bucket> {
        let last = at(NOW);
        Some(Bucket { failures, last })
    }

    #[test]
    fn every_bucket_must_let_in_and_the_longest_wait_counts() {
        let charged = decide([(ACCOUNT, full(1)), (ADDRESS, None)], at(NOW)).unwrap();
        let failures: Vec<u32> = charged.iter().map(|bucket| bucket.failures).collect();
        assert_eq!(failures, [2, 1]);
        let refused = decide([(ACCOUNT, full(6)), (ADDRESS, full(20))], at(NOW));
        assert_eq!(refused, Err(seconds(2)));
        let refused = decide([(ACCOUNT, None), (ADDRESS, full(22))], at(NOW));
        assert_eq!(refused, Err(seconds(4)));
    }

    /// What becomes of a stranger's attempt, so many seconds after the last ones, in any order of the
    /// buckets.
    fn stranger(
        account: Option<Bucket>,
        place: Option<Bucket>,
        address: Option<Bucket>,
        later: i64,
    ) -> Result<u32, Duration> {
        let mut buckets = [(ACCOUNT, account), (NEW_PLACE, place), (ADDRESS, address)];
        let now = at(NOW + later * 1_000);
        let decided = decide(buckets, now);
        let charged = decided.as_ref().map(|buckets| buckets[0].failures);
        buckets.reverse();
        let reversed = decide(buckets, now).map(|buckets| buckets[2].failures);
        assert_eq!(charged.map_err(|wait| *wait), reversed);
        reversed
    }

    #[test]
    fn a_place_has_one_attempt_a_minute_whatever_others_did_to_the_account() {
        // It is charged to the account all the same.
        assert_eq!(stranger(full(50), None, None, 0), Ok(51));
        assert_eq!(stranger(full(50), full(0), None, 0), Ok(51));
        for failures in [1, 2, 50] {
            let place = full(failures);
            assert_eq!(stranger(full(50), place, None, 59), Err(seconds(1)));
            assert_eq!(stranger(full(50), place, None, 60), Ok(51));
            // While the account lets in, its places need not.
            assert_eq!(stranger(full(4), place, None, 0), Ok(5));
        }
    }

    #[test]
    fn the_shorter_wait_of_account_and_place_is_told_but_not_less_than_the_addresses() {
        assert_eq!(stranger(full(7), full(1), None, 0), Err(seconds(4)));
        let long_ago = at(NOW - 50_000);
        let place = Some(Bucket {
            failures: 1,
            last: long_ago,
        });
        assert_eq!(stranger(full(50), place, None, 0), Err(seconds(10)));
        assert_eq!(stranger(full(50), None, full(22), 0), Err(seconds(4)));
        assert_eq!(stranger(full(50), place, full(25), 0), Err(seconds(32)));
    }
}
