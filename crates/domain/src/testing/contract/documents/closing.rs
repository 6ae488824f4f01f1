//! Closing an event, and deleting it.

use std::time::Duration;

use futures_util::future::{join, join_all};

use super::super::Documents;
use super::super::make::*;
use crate::event::EventId;
use crate::stock::{ClosingState, ClosingToken, Refusal, ReserveOutcome, StaleClosing};

const DAY: Duration = Duration::from_secs(24 * 3_600);

async fn close(on: &Documents, event: EventId) -> ClosingToken {
    let token = token();
    let state = on.close(event, token).await.unwrap();
    assert!(matches!(state, ClosingState::Clear | ClosingState::Holds));
    token
}

async fn state(on: &Documents, event: EventId, token: ClosingToken) -> ClosingState {
    on.stock.closing_state(event, token).await.unwrap()
}

pub async fn a_closed_event_takes_no_reservations_and_stays_readable(on: Documents) {
    let event = on.event(5).await;
    let before = on.stored(event).await;
    assert_eq!(on.close(event, token()).await.unwrap(), ClosingState::Clear);
    let refused = ReserveOutcome::Refused(Refusal::Closing);
    assert_eq!(on.reserve(vec![reservation(event, 1)]).await, [refused]);
    assert_eq!(on.stored(event).await, before);
}

pub async fn an_unknown_event_is_gone(on: Documents) {
    let (event, token) = (event_id(), token());
    assert_eq!(on.close(event, token).await.unwrap(), ClosingState::Gone);
    assert_eq!(state(&on, event, token).await, ClosingState::Gone);
    on.stock.reopen(event, token).await.unwrap();
    assert!(!on.delete_closed(event, token).await.unwrap());
}

pub async fn only_one_try_closes_an_event(on: Documents) {
    let event = on.event(5).await;
    let mine = close(&on, event).await;
    let other = token();
    assert_eq!(on.close(event, other).await.unwrap(), ClosingState::NotMine);
    assert_eq!(state(&on, event, other).await, ClosingState::NotMine);
    assert_eq!(state(&on, event, mine).await, ClosingState::Clear);
}

pub async fn of_many_tries_at_once_exactly_one_closes(on: Documents) {
    for _ in 0..5 {
        let event = on.event(5).await;
        let tokens: Vec<ClosingToken> = (0..6).map(|_| token()).collect();
        let states = join_all(tokens.iter().map(|token| on.close(event, *token))).await;
        let states: Vec<ClosingState> = states.into_iter().map(Result::unwrap).collect();
        let mine = states.iter().filter(|state| **state == ClosingState::Clear);
        assert_eq!(mine.count(), 1, "{states:?}");
        let others = states
            .iter()
            .filter(|state| **state == ClosingState::NotMine);
        assert_eq!(others.count(), 5, "{states:?}");
    }
}

pub async fn an_open_event_is_closed_by_nobody(on: Documents) {
    let event = on.event(5).await;
    assert_eq!(state(&on, event, token()).await, ClosingState::NotMine);
}

pub async fn holds_show_until_they_are_settled_or_released(on: Documents) {
    let event = on.event(10).await;
    let (settled, released) = (on.hold(event, 1).await, on.hold(event, 2).await);
    let token = token();
    assert_eq!(on.close(event, token).await.unwrap(), ClosingState::Holds);
    on.stock.settle(&[settled]).await.unwrap();
    assert_eq!(state(&on, event, token).await, ClosingState::Holds);
    on.stock.release(&[released]).await.unwrap();
    assert_eq!(state(&on, event, token).await, ClosingState::Clear);
    assert_eq!(on.available(event).await, 9);
}

pub async fn only_its_own_try_opens_an_event_again(on: Documents) {
    let event = on.event(5).await;
    let mine = close(&on, event).await;
    on.stock.reopen(event, token()).await.unwrap();
    assert_eq!(state(&on, event, mine).await, ClosingState::Clear);
    on.stock.reopen(event, mine).await.unwrap();
    assert_eq!(state(&on, event, mine).await, ClosingState::NotMine);
    on.hold(event, 1).await;
    on.stock.reopen(event, mine).await.unwrap();
    close(&on, event).await;
}

pub async fn a_closed_event_without_holds_is_deleted(on: Documents) {
    let (event, other) = (on.event(5).await, on.event(5).await);
    let token = close(&on, event).await;
    assert!(on.delete_closed(event, token).await.unwrap());
    assert_eq!(on.events.find(event).await.unwrap(), None);
    assert_eq!(state(&on, event, token).await, ClosingState::Gone);
    assert!(!on.delete_closed(event, token).await.unwrap());
    let gone = ReserveOutcome::Refused(Refusal::EventNotFound);
    assert_eq!(on.reserve(vec![reservation(event, 1)]).await, [gone]);
    assert_eq!(on.available(other).await, 5);
}

pub async fn what_is_not_closed_by_this_try_is_not_deleted(on: Documents) {
    let event = on.event(5).await;
    let token_of_none = token();
    assert!(!on.delete_closed(event, token_of_none).await.unwrap());
    let mine = close(&on, event).await;
    assert!(!on.delete_closed(event, token()).await.unwrap());
    on.stock.reopen(event, mine).await.unwrap();
    // A delete that arrives after its try was given up.
    assert!(!on.delete_closed(event, mine).await.unwrap());
    close(&on, event).await;
    assert!(!on.delete_closed(event, mine).await.unwrap());
    assert!(on.events.find(event).await.unwrap().is_some());
}

pub async fn an_event_with_holds_is_not_deleted(on: Documents) {
    let event = on.event(5).await;
    let hold = on.hold(event, 1).await;
    let token = close(&on, event).await;
    assert!(!on.delete_closed(event, token).await.unwrap());
    assert_eq!(on.holds().await, [hold]);
    on.stock.settle(&[hold]).await.unwrap();
    assert!(on.delete_closed(event, token).await.unwrap());
}

pub async fn of_closing_and_reserving_at_once_no_hold_is_missed(on: Documents) {
    for _ in 0..20 {
        let event = on.event(5).await;
        let token = token();
        let wish = on.reserve(vec![reservation(event, 1)]);
        let (closed, outcomes) = join(on.close(event, token), wish).await;
        let held = outcomes == [ReserveOutcome::Granted];
        // A reservation that was granted was granted before the closing, which then sees its hold.
        let expected = match held {
            true => ClosingState::Holds,
            false => ClosingState::Clear,
        };
        assert_eq!(closed.unwrap(), expected, "{outcomes:?}");
        assert_eq!(state(&on, event, token).await, expected);
        assert_eq!(on.delete_closed(event, token).await.unwrap(), !held);
    }
}

pub async fn closings_are_stale_by_their_age(on: Documents) {
    let (one, two) = (on.event(5).await, on.event(5).await);
    on.event(5).await;
    assert_eq!(
        on.stock.stale_closings(Duration::ZERO, 10).await.unwrap(),
        []
    );
    let mut expected = Vec::new();
    for event_id in [one, two] {
        let token = close(&on, event_id).await;
        expected.push(StaleClosing { event_id, token });
    }
    let mut stale = on.stock.stale_closings(Duration::ZERO, 10).await.unwrap();
    stale.sort_by_key(|closing| closing.event_id);
    assert_eq!(stale, expected);
    assert_eq!(
        on.stock
            .stale_closings(Duration::ZERO, 1)
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(on.stock.stale_closings(DAY, 10).await.unwrap(), []);
    on.stock.reopen(one, expected[0].token).await.unwrap();
    let stale = on.stock.stale_closings(Duration::ZERO, 10).await.unwrap();
    assert_eq!(stale, expected[1..]);
}
