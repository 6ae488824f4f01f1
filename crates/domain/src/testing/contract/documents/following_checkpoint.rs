//! The checkpoint beside the events.

use futures_util::future::join_all;

use super::super::Documents;
use super::super::make::*;
use crate::checkpoint::Checkpoint;

fn point(n: u64) -> Checkpoint {
    Checkpoint {
        n,
        at: at(AT + i64::try_from(n).unwrap()),
    }
}

pub async fn at_first_there_is_no_checkpoint_beside_the_events(on: Documents) {
    assert_eq!(on.checkpoint.read().await.unwrap(), None);
}

pub async fn the_first_checkpoint_may_have_the_number_zero(on: Documents) {
    on.checkpoint.raise(point(0)).await.unwrap();
    assert_eq!(on.checkpoint.read().await.unwrap(), Some(point(0)));
}

pub async fn a_checkpoint_goes_up_and_never_down(on: Documents) {
    for (raised, reached) in [(3, 3), (1, 3), (4, 4), (4, 4), (900, 900), (899, 900)] {
        on.checkpoint.raise(point(raised)).await.unwrap();
        assert_eq!(on.checkpoint.read().await.unwrap(), Some(point(reached)));
    }
    let late = Checkpoint {
        at: at(FAR),
        ..point(900)
    };
    on.checkpoint.raise(late).await.unwrap();
    assert_eq!(on.checkpoint.read().await.unwrap(), Some(point(900)));
}

pub async fn of_checkpoints_raised_at_once_the_highest_stays(on: Documents) {
    for round in 0..5 {
        let raised = (1..=16).map(|n| on.checkpoint.raise(point(round * 16 + n)));
        for answer in join_all(raised).await {
            answer.unwrap();
        }
        let highest = point(round * 16 + 16);
        assert_eq!(on.checkpoint.read().await.unwrap(), Some(highest));
    }
}
