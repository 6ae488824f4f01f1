//! What goes wrong, and how often. A seed chooses one of the profiles: each rule of the protocol has
//! its own enemies, and a run in which everything happens a little seldom meets one of them.

use crate::dice::Dice;

/// How often, in a thousand, each kind of fault strikes where it can.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Profile {
    pub(crate) name: &'static str,
    /// A call fails and nothing was sent.
    pub(crate) error_before: u64,
    /// A call was carried out and its answer is lost.
    pub(crate) answer_lost: u64,
    /// A request takes effect seconds later, when its sender has given up.
    pub(crate) late: u64,
    /// The same of a `COMMIT`, which keeps its locks on the way.
    pub(crate) late_commit: u64,
    /// A request is on its way for up to a second.
    pub(crate) slow: u64,
    /// The instance stands still before it sends, longer than the grace perhaps.
    pub(crate) stall: u64,
    /// The instance dies at a call: before the request left, or just after.
    pub(crate) crash: u64,
    /// The relational server dies between showing a commit and having it on disk.
    pub(crate) kill: u64,
    /// The primary of the documents dies after a write, before a majority has it.
    pub(crate) fail_over: u64,
    /// A flush to disk takes up to a second and a half.
    pub(crate) slow_disk: u64,
    /// A majority is reached after up to two and a half seconds.
    pub(crate) slow_majority: u64,
    /// A transaction dwells between its locks, up to some seconds.
    pub(crate) dwell: u64,
    /// A transaction is rolled back in favour of another one.
    pub(crate) deadlock: u64,
    /// A client that has vanished is believed in, with all its locks, until the session's time is over.
    pub(crate) vanish: u64,
    /// All come at once, in large groups, and some share an account and its keys.
    pub(crate) crowd: u64,
}

const FAIR: Profile = Profile {
    name: "fair",
    error_before: 10,
    answer_lost: 10,
    late: 3,
    late_commit: 5,
    slow: 30,
    stall: 1,
    crash: 1,
    kill: 2,
    fail_over: 2,
    slow_disk: 20,
    slow_majority: 20,
    dwell: 20,
    deadlock: 5,
    vanish: 500,
    crowd: 200,
};

/// The profiles that a seed chooses from.
const PROFILES: [Profile; 8] = [
    FAIR,
    Profile {
        name: "lost answers",
        error_before: 60,
        answer_lost: 120,
        ..FAIR
    },
    Profile {
        name: "late statements",
        late: 80,
        late_commit: 80,
        slow: 100,
        answer_lost: 30,
        ..FAIR
    },
    Profile {
        name: "kills",
        kill: 40,
        slow_disk: 250,
        answer_lost: 30,
        ..FAIR
    },
    Profile {
        name: "fail-overs",
        fail_over: 40,
        slow_majority: 120,
        slow: 60,
        ..FAIR
    },
    Profile {
        name: "crashes",
        crash: 20,
        slow: 60,
        ..FAIR
    },
    Profile {
        name: "stalls",
        stall: 40,
        slow: 60,
        answer_lost: 30,
        ..FAIR
    },
    Profile {
        name: "locks",
        dwell: 100,
        deadlock: 80,
        vanish: 1_000,
        crowd: 1_000,
        answer_lost: 60,
        late_commit: 150,
        ..FAIR
    },
];

impl Profile {
    /// One of the profiles.
    pub(crate) fn choose(dice: &Dice) -> Self {
        dice.pick(&PROFILES)
    }
}
