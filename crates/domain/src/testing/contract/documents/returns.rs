//! What came back.

use futures_util::future::join_all;

use super::super::Documents;
use super::super::make::*;
use crate::event::EventFilter;
use crate::event::EventId;
use crate::stock::StockReturn;

/// An event of 20 tickets, all sold.
async fn sold(on: &Documents) -> EventId {
    let event = on.event(20).await;
    for _ in 0..2 {
        let hold = on.hold(event, 10).await;
        on.stock.settle(&[hold]).await.unwrap();
    }
    event
}

async fn apply(on: &Documents, event: EventId, returned: u64) {
    let returns = [came_back(event, returned)];
    on.stock.apply_returns(&returns).await.unwrap();
}

pub async fn a_growing_counter_moves_the_stock_by_the_difference(on: Documents) {
    let event = sold(&on).await;
    for (returned, available) in [(3, 3), (4, 4), (20, 20)] {
        apply(&on, event, returned).await;
        assert_eq!(on.available(event).await, available);
    }
    assert_eq!(on.stored(event).await.total_tickets, 20);
}

pub async fn late_doubled_and_reordered_counters_change_nothing(on: Documents) {
    let event = sold(&on).await;
    for (returned, available) in [(0, 0), (5, 5), (5, 5), (2, 5), (7, 7), (5, 7), (0, 7)] {
        apply(&on, event, returned).await;
        assert_eq!(on.available(event).await, available);
    }
}

pub async fn tickets_that_came_back_are_sold_again_and_come_back_again(on: Documents) {
    let event = sold(&on).await;
    let mut returned = 0;
    for _ in 0..3 {
        returned += 10;
        apply(&on, event, returned).await;
        assert_eq!(on.available(event).await, 10);
        let hold = on.hold(event, 10).await;
        on.stock.settle(&[hold]).await.unwrap();
    }
    assert_eq!(on.available(event).await, 0);
}

pub async fn several_events_take_their_returns_together(on: Documents) {
    let (one, two) = (sold(&on).await, sold(&on).await);
    let unknown = came_back(event_id(), 7);
    let returns = [came_back(one, 4), unknown, came_back(two, 6)];
    on.stock.apply_returns(&returns).await.unwrap();
    assert_eq!(on.available(one).await, 4);
    assert_eq!(on.available(two).await, 6);
}

pub async fn an_event_that_does_not_exist_is_passed_over(on: Documents) {
    apply(&on, event_id(), 5).await;
    on.stock.apply_returns(&[]).await.unwrap();
    let all = EventFilter::default();
    assert_eq!(on.events.count(&all).await.unwrap(), 0);
}

pub async fn one_event_twice_in_a_call_ends_at_the_higher_counter(on: Documents) {
    for counters in [[3, 8], [8, 3]] {
        let event = sold(&on).await;
        let returns: Vec<StockReturn> = counters.map(|n| came_back(event, n)).into();
        on.stock.apply_returns(&returns).await.unwrap();
        assert_eq!(on.available(event).await, 8);
    }
}

pub async fn counters_applied_by_many_at_once_end_at_the_highest(on: Documents) {
    for _ in 0..5 {
        let event = sold(&on).await;
        let counters = [7, 1, 12, 12, 3, 9, 12, 5];
        join_all(counters.map(|returned| apply(&on, event, returned))).await;
        assert_eq!(on.available(event).await, 12);
    }
}

pub async fn returns_do_not_touch_holds(on: Documents) {
    let event = on.event(20).await;
    let settled = on.hold(event, 5).await;
    let hold = on.hold(event, 5).await;
    on.stock.settle(&[settled]).await.unwrap();
    apply(&on, event, 5).await;
    assert_eq!(on.available(event).await, 15);
    on.stock.release(&[hold]).await.unwrap();
    assert_eq!(on.available(event).await, 20);
}
