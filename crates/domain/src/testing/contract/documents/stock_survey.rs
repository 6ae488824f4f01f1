//! Looking at the stock of all events, and correcting it.

use std::time::Duration;

use super::super::Documents;
use super::super::make::*;
use crate::event::{EventChange, EventId};
use crate::stock::TicketType;
use crate::verify::{CorrectStock, EventStock, Surveyed, TypeStock};

async fn survey(on: &Documents, event: EventId) -> EventStock {
    let mut found = on.survey.stocks(&[event]).await.unwrap();
    assert_eq!(found.len(), 1);
    match found.remove(0) {
        Surveyed::Stock(stock) => stock,
        Surveyed::Unreadable(id) => panic!("{id} cannot be read"),
    }
}

async fn version(on: &Documents, event: EventId) -> u64 {
    let versions = on.survey.versions(&[event]).await.unwrap();
    assert_eq!(versions.len(), 1);
    assert_eq!(versions[0].0, event);
    assert_eq!(survey(on, event).await.version, versions[0].1);
    versions[0].1
}

fn correct(available: i64, returned: i64) -> CorrectStock {
    CorrectStock {
        ticket_type: TicketType::general(),
        available,
        returned,
    }
}

pub async fn every_event_is_met_once_in_the_order_of_ids(on: Documents) {
    assert_eq!(on.survey.ids(None, 10).await.unwrap(), []);
    let mut events = Vec::new();
    for _ in 0..7 {
        events.push(on.event(5).await);
    }
    events.sort_unstable();
    let (mut met, mut after) = (Vec::new(), None);
    loop {
        let page = on.survey.ids(after, 3).await.unwrap();
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 3);
        after = Some(*last);
        met.extend(page);
    }
    assert_eq!(met, events);
}

pub async fn a_survey_tells_all_of_the_stock(on: Documents) {
    let event = on.event(10).await;
    let (first, second) = (on.hold(event, 2).await, on.hold(event, 3).await);
    on.stock.settle(&[first]).await.unwrap();
    on.stock
        .apply_returns(&[came_back(event, 1)])
        .await
        .unwrap();
    let stock = survey(&on, event).await;
    assert_eq!(stock.event_id, event);
    let general = TypeStock {
        total: 10,
        available: 6,
        returned: 1,
    };
    let types: Vec<_> = stock.types.into_iter().collect();
    assert_eq!(types, [(TicketType::general(), general)]);
    assert_eq!(stock.holds.len(), 1);
    let hold = &stock.holds[0];
    assert_eq!(hold.reservation_id, second.reservation_id);
    assert_eq!(
        (&hold.ticket_type, hold.quantity),
        (&TicketType::general(), 3)
    );
    assert!(hold.age < Duration::from_secs(3_600));
    assert_eq!(stock.closing, None);
}

pub async fn a_survey_tells_who_closed_an_event(on: Documents) {
    let event = on.event(10).await;
    let token = token();
    on.close(event, token).await.unwrap();
    let closing = survey(&on, event).await.closing.unwrap();
    assert_eq!(closing.token, token);
    assert!(closing.age < Duration::from_secs(3_600));
    on.stock.reopen(event, token).await.unwrap();
    assert_eq!(survey(&on, event).await.closing, None);
}

pub async fn a_survey_leaves_out_what_does_not_exist(on: Documents) {
    let events = [event_id(), on.event(1).await, event_id(), on.event(2).await];
    let mut found: Vec<EventId> = on
        .survey
        .stocks(&events)
        .await
        .unwrap()
        .iter()
        .map(Surveyed::event_id)
        .collect();
    found.sort_unstable();
    let mut there = vec![events[1], events[3]];
    there.sort_unstable();
    assert_eq!(found, there);
    let versions = on.survey.versions(&events).await.unwrap();
    let mut versions: Vec<EventId> = versions.into_iter().map(|(event, _)| event).collect();
    versions.sort_unstable();
    assert_eq!(versions, there);
    assert_eq!(on.survey.stocks(&[]).await.unwrap(), []);
    assert_eq!(on.survey.versions(&[]).await.unwrap(), []);
}

pub async fn what_moves_stock_moves_the_counter(on: Documents) {
    let event = on.event(10).await;
    let mut last = version(&on, event).await;
    let mut moved = async || {
        let now = version(&on, event).await;
        let moved = now > last;
        last = now;
        moved
    };
    let hold = on.hold(event, 2).await;
    assert!(moved().await, "a reservation");
    on.stock.release(&[hold]).await.unwrap();
    assert!(moved().await, "a release");
    on.stock.release(&[hold]).await.unwrap();
    assert!(!moved().await, "a release of nothing");
    let hold = on.hold(event, 2).await;
    assert!(moved().await);
    on.stock.settle(&[hold]).await.unwrap();
    assert!(!moved().await, "a settled hold");
    on.stock
        .apply_returns(&[came_back(event, 2)])
        .await
        .unwrap();
    assert!(moved().await, "a return");
    on.stock
        .apply_returns(&[came_back(event, 2)])
        .await
        .unwrap();
    assert!(!moved().await, "the same return");
    let change = EventChange {
        capacity: Some(details(12).capacity),
        ..EventChange::default()
    };
    on.edit(event, &change, at(AT)).await.unwrap();
    assert!(moved().await, "a change of capacity");
    assert_eq!(
        on.reserve(vec![reservation(event, 10), reservation(event, 3)])
            .await
            .len(),
        2
    );
    assert!(moved().await);
    assert_eq!(on.reserve(vec![reservation(event, 9)]).await.len(), 1);
    assert!(!moved().await, "a refused reservation");
}

pub async fn a_correction_sets_the_stock_and_moves_the_counter(on: Documents) {
    let event = on.event(10).await;
    let hold = on.hold(event, 4).await;
    let token = token();
    on.close(event, token).await.unwrap();
    let before = version(&on, event).await;
    let wanted = [correct(3, 7)];
    on.repair
        .correct(event, token, before, &wanted)
        .await
        .unwrap();
    assert!(version(&on, event).await > before);
    let stock = survey(&on, event).await;
    let general = TypeStock {
        total: 10,
        available: 3,
        returned: 7,
    };
    assert_eq!(stock.types[&TicketType::general()], general);
    assert_eq!(stock.holds.len(), 1);
    assert_eq!(on.available(event).await, 3);
    // It works on as ever.
    on.stock.reopen(event, token).await.unwrap();
    on.stock.release(&[hold]).await.unwrap();
    on.stock
        .apply_returns(&[came_back(event, 8)])
        .await
        .unwrap();
    assert_eq!(on.available(event).await, 8);
}

pub async fn a_correction_needs_its_closing_and_its_counter(on: Documents) {
    let event = on.event(10).await;
    let (mine, other) = (token(), token());
    let wanted = [correct(3, 0)];
    let at = version(&on, event).await;
    on.repair.correct(event, mine, at, &wanted).await.unwrap();
    on.close(event, mine).await.unwrap();
    on.repair.correct(event, other, at, &wanted).await.unwrap();
    on.repair
        .correct(event, mine, at + 1, &wanted)
        .await
        .unwrap();
    on.repair
        .correct(event_id(), mine, at, &wanted)
        .await
        .unwrap();
    assert_eq!(on.available(event).await, 10);
    on.repair.correct(event, mine, at, &wanted).await.unwrap();
    assert_eq!(on.available(event).await, 3);
    // A second arrival of the same.
    on.repair
        .correct(event, mine, at, &[correct(5, 0)])
        .await
        .unwrap();
    assert_eq!(on.available(event).await, 3);
}
