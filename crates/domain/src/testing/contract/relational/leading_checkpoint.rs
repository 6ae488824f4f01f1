//! The checkpoint beside the bookings.

use futures_util::future::join_all;

use super::super::Relational;
use super::super::make::*;
use crate::checkpoint::Checkpoint;
use crate::error::StoreError;

/// Advances; tries again when another one was in the way.
async fn advance(on: &Relational, beyond: u64) -> Checkpoint {
    for _ in 0..100 {
        match on.checkpoint.advance(beyond, at(AT)).await {
            Ok(checkpoint) => return checkpoint,
            Err(error @ StoreError::Unexpected { .. }) => panic!("{error:?}"),
            Err(_) => {}
        }
    }
    panic!("it never advanced");
}

pub async fn at_first_there_is_no_checkpoint_beside_the_bookings(on: Relational) {
    assert_eq!(on.checkpoint.read().await.unwrap(), None);
}

pub async fn a_checkpoint_advances_by_one_and_tells_its_time(on: Relational) {
    for n in 1..=3 {
        let at = at(AT + i64::try_from(n).unwrap());
        let reached = Checkpoint { n, at };
        assert_eq!(on.checkpoint.advance(0, at).await.unwrap(), reached);
        assert_eq!(on.checkpoint.read().await.unwrap(), Some(reached));
    }
}

pub async fn a_checkpoint_advances_beyond_what_is_given(on: Relational) {
    let mut reached = Vec::new();
    for beyond in [7, 0, 8, 9, 20, 3] {
        reached.push(advance(&on, beyond).await.n);
    }
    assert_eq!(reached, [8, 9, 10, 11, 21, 22]);
}

pub async fn checkpoints_that_advance_at_once_get_a_number_each(on: Relational) {
    let calls = (0..16).map(|_| advance(&on, 0));
    let mut reached: Vec<u64> = join_all(calls).await.iter().map(|point| point.n).collect();
    reached.sort_unstable();
    reached.dedup();
    assert_eq!(reached.len(), 16);
    let last = on.checkpoint.read().await.unwrap().unwrap();
    assert_eq!(reached.last(), Some(&last.n));
}
