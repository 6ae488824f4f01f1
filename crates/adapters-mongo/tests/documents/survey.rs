//! What a survey makes of documents that no step of Boxoffice leaves, past the validator.

use adapters_mongo::MongoStockSurvey;
use domain::verify::{StockSurvey, Surveyed};
use mongodb::bson::{Document, doc};

use crate::make::{Store, by_id, reservation};

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_named_and_the_rest_is_read() {
    let store = Store::new().await;
    let survey = MongoStockSurvey::new(store.database.adapter.clone());
    let damages = [
        doc! { "stock.general.available": "3" },
        doc! { "stock": 5 },
        doc! { "availableTickets": 2_i64 },
        doc! { "sv": "1" },
        doc! { "holds": {} },
        doc! { "holds.0.at": 5 },
        doc! { "holds.0.reservationIds": ["x"] },
        doc! { "holds.0.reservationIds": "x" },
        doc! { "closing": { "token": "x" } },
    ];
    for damage in damages {
        let (event, other) = (store.event(5).await, store.event(5).await);
        store.reserve(vec![reservation(event, 1)]).await;
        let events = store.database.raw.collection::<Document>("events");
        events
            .update_one(by_id(event), doc! { "$set": damage.clone() })
            .bypass_document_validation(true)
            .await
            .unwrap();
        let found = survey.stocks(&[event, other]).await.unwrap();
        assert_eq!(found.len(), 2, "{damage}");
        for surveyed in found {
            let is_unreadable = surveyed == Surveyed::Unreadable(event);
            assert_eq!(is_unreadable, surveyed.event_id() == event, "{damage}");
        }
        assert_eq!(survey.versions(&[event, other]).await.unwrap().len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn impossible_numbers_are_told_as_they_are() {
    let store = Store::new().await;
    let survey = MongoStockSurvey::new(store.database.adapter.clone());
    let event = store.event(5).await;
    let events = store.database.raw.collection::<Document>("events");
    let damage = doc! { "stock.general.available": -3_i64, "availableTickets": -3_i64 };
    events
        .update_one(by_id(event), doc! { "$set": damage })
        .bypass_document_validation(true)
        .await
        .unwrap();
    let found = survey.stocks(&[event]).await.unwrap();
    let [Surveyed::Stock(stock)] = &found[..] else {
        panic!("{found:?}");
    };
    let available: Vec<i64> = stock.types.values().map(|types| types.available).collect();
    assert_eq!(available, [-3]);
}
