//! Attempts to sign in. Time passes as it does: a case says how often at least and at most, and waits as
//! long as it is told to.

use std::time::Duration;

use futures_util::future::join_all;

use super::super::Relational;
use crate::throttle::{Admission, Attempt, Charge, LONGEST_WAIT};
use crate::user::Email;

const HOME: &str = "192.0.2.1";
const ELSEWHERE: &str = "198.51.100.1";
/// So many failures of an account make it wait for the longest time.
const BESIEGERS: usize = 16;

fn attempt(name: &str, address: &str) -> Attempt {
    let email = Email::parse(&format!("{name}@example.org")).unwrap();
    Attempt::new(&email, Some(address))
}

/// An address of somebody strange.
fn strange(n: usize) -> String {
    format!("203.0.113.{n}")
}

async fn charge(on: &Relational, attempt: &Attempt) -> Charge {
    on.attempts.charge(attempt).await.unwrap()
}

/// Charges an attempt that is admitted at once.
async fn admitted(on: &Relational, attempt: &Attempt) -> Admission {
    match charge(on, attempt).await {
        Charge::Admitted(admission) => admission,
        Charge::Wait(wait) => panic!("told to wait {wait:?}"),
    }
}

/// How long an attempt has to wait, which is not admitted.
async fn slowed(on: &Relational, attempt: &Attempt) -> Duration {
    match charge(on, attempt).await {
        Charge::Wait(wait) => wait,
        Charge::Admitted(_) => panic!("admitted at once"),
    }
}

/// Charges attempts on Ada's account, each from another strange address, until the account makes wait as
/// long as it ever does.
async fn besiege(on: &Relational) {
    for n in 0..BESIEGERS {
        admitted(on, &attempt("ada", &strange(n))).await;
    }
}

/// Charges attempts until one has to wait: how many were admitted, and the wait.
async fn until_slowed(on: &Relational, attempt: impl Fn(usize) -> Attempt) -> (usize, Duration) {
    for n in 0..60 {
        if let Charge::Wait(wait) = charge(on, &attempt(n)).await {
            assert!(!wait.is_zero() && wait <= LONGEST_WAIT, "{wait:?}");
            return (n, wait);
        }
    }
    panic!("nobody has to wait")
}

pub async fn some_failures_of_an_account_are_free_and_then_it_waits(on: Relational) {
    let (count, _) = until_slowed(&on, |_| attempt("ada", HOME)).await;
    assert!(count >= 5, "{count}");
    // Nobody else's account waits for that, and no address.
    admitted(&on, &attempt("bob", HOME)).await;
}

pub async fn many_failures_of_an_address_are_free_and_then_it_waits(on: Relational) {
    let (count, _) = until_slowed(&on, |n| attempt(&format!("user{n}"), HOME)).await;
    assert!(count >= 20, "{count}");
    admitted(&on, &attempt("user1", ELSEWHERE)).await;
}

pub async fn who_waited_as_told_is_admitted_however_often_others_tried(on: Relational) {
    let (home, others) = (attempt("ada", HOME), [0, 1, 2]);
    let others = others.map(|n| attempt("ada", &strange(n)));
    for other in &others {
        admitted(&on, other).await;
    }
    let (_, mut wait) = until_slowed(&on, |_| home.clone()).await;
    for one in others.iter().chain([&home]) {
        if let Charge::Admitted(_) = charge(&on, one).await {
            // The wait was over by then, and the next one is longer.
            wait = LONGEST_WAIT;
        }
    }
    std::thread::sleep(wait);
    admitted(&on, &home).await;
}

pub async fn strangers_without_end_leave_a_new_address_an_attempt_of_its_own(on: Relational) {
    besiege(&on).await;
    // Whatever the others did, the owner at a new address is let in; after a slip a minute later again.
    let owner = attempt("ada", ELSEWHERE);
    let admission = admitted(&on, &owner).await;
    let wait = slowed(&on, &owner).await;
    assert!(wait <= LONGEST_WAIT, "{wait:?}");
    on.attempts.succeeded(&admission).await.unwrap();
    // What the owner mistyped as a stranger does not count at the place that is known now.
    assert!(admitted(&on, &owner).await.is_known);
    let (count, _) = until_slowed(&on, |_| owner.clone()).await;
    assert!(count >= 19, "{count}");
}

pub async fn of_many_attempts_at_once_from_a_new_address_one_is_let_past_the_account(
    on: Relational,
) {
    besiege(&on).await;
    let owner = attempt("ada", ELSEWHERE);
    let calls = (0..20).map(|_| on.attempts.charge(&owner));
    let answers = join_all(calls).await;
    let admitted = answers
        .iter()
        .filter(|answer| matches!(answer, Ok(Charge::Admitted(_))));
    assert_eq!(admitted.count(), 1, "{answers:?}");
}

pub async fn of_many_attempts_at_once_few_are_admitted(on: Relational) {
    let attempts: Vec<Attempt> = (0..40).map(|n| attempt("ada", &strange(n % 2))).collect();
    let calls = attempts.iter().map(|one| on.attempts.charge(one));
    let answers = join_all(calls).await;
    let admitted = answers
        .iter()
        .filter(|answer| matches!(answer, Ok(Charge::Admitted(_))));
    // Five, and one from an address that was not among them. After those each would have had to wait in
    // between, longer and longer.
    assert!((5..10).contains(&admitted.count()), "{answers:?}");
}

pub async fn a_success_clears_the_account_and_makes_the_place_known(on: Relational) {
    let mut admission = admitted(&on, &attempt("ada", HOME)).await;
    assert!(!admission.is_known);
    for _ in 0..3 {
        admission = admitted(&on, &attempt("ada", HOME)).await;
    }
    on.attempts.succeeded(&admission).await.unwrap();
    let (count, _) = until_slowed(&on, |_| attempt("ada", ELSEWHERE)).await;
    assert!(count >= 5, "{count}");
    // Strangers who try without end do not slow who is at home.
    let admission = admitted(&on, &attempt("ada", HOME)).await;
    assert!(admission.is_known);
    on.attempts.succeeded(&admission).await.unwrap();
    // Nor does a success at home clear what strangers did.
    let stranger = charge(&on, &attempt("ada", ELSEWHERE)).await;
    match stranger {
        Charge::Admitted(admission) => assert!(!admission.is_known),
        Charge::Wait(wait) => assert!(wait <= LONGEST_WAIT),
    }
    // The place is known to this account alone.
    assert!(!admitted(&on, &attempt("bob", HOME)).await.is_known);
}

pub async fn who_guesses_at_a_known_place_waits_too(on: Relational) {
    let admission = admitted(&on, &attempt("ada", HOME)).await;
    on.attempts.succeeded(&admission).await.unwrap();
    let (count, _) = until_slowed(&on, |_| attempt("ada", HOME)).await;
    assert!(count >= 20, "{count}");
    admitted(&on, &attempt("ada", ELSEWHERE)).await;
}

pub async fn successes_do_not_count_against_an_address(on: Relational) {
    for n in 0..40 {
        let admission = admitted(&on, &attempt(&format!("user{n}"), HOME)).await;
        on.attempts.succeeded(&admission).await.unwrap();
    }
}

pub async fn an_attempt_that_is_withdrawn_does_not_count(on: Relational) {
    for _ in 0..40 {
        let admission = admitted(&on, &attempt("ada", HOME)).await;
        on.attempts.withdraw(&admission).await.unwrap();
    }
    for n in 0..4 {
        admitted(&on, &attempt("ada", &strange(n))).await;
    }
    let admission = admitted(&on, &attempt("ada", HOME)).await;
    on.attempts.withdraw(&admission).await.unwrap();
    // The four of the others still count.
    let (count, _) = until_slowed(&on, |n| attempt("ada", &strange(n))).await;
    assert!((1..5).contains(&count), "{count}");
}

pub async fn an_attempt_that_is_withdrawn_does_not_count_at_a_known_place(on: Relational) {
    let admission = admitted(&on, &attempt("ada", HOME)).await;
    on.attempts.succeeded(&admission).await.unwrap();
    for _ in 0..40 {
        let admission = admitted(&on, &attempt("ada", HOME)).await;
        on.attempts.withdraw(&admission).await.unwrap();
    }
    // Withdrawing makes no place known, and none unknown.
    assert!(admitted(&on, &attempt("ada", HOME)).await.is_known);
    assert!(!admitted(&on, &attempt("ada", ELSEWHERE)).await.is_known);
}

pub async fn what_is_old_is_forgotten_and_the_rest_counts_on(on: Relational) {
    let admission = admitted(&on, &attempt("ada", HOME)).await;
    on.attempts.succeeded(&admission).await.unwrap();
    for n in 0..4 {
        admitted(&on, &attempt("bob", &strange(n))).await;
    }
    let hour = Duration::from_secs(3_600);
    assert!(!on.attempts.forget(hour, hour, 100).await.unwrap());
    assert!(admitted(&on, &attempt("ada", HOME)).await.is_known);
    until_slowed(&on, |n| attempt("bob", &strange(n % 4))).await;
    // The account, each of the strange addresses, and both together.
    while on
        .attempts
        .forget(Duration::ZERO, Duration::ZERO, 2)
        .await
        .unwrap()
    {}
    assert!(!admitted(&on, &attempt("ada", HOME)).await.is_known);
    let (count, _) = until_slowed(&on, |_| attempt("bob", &strange(0))).await;
    assert!(count >= 5, "{count}");
}
