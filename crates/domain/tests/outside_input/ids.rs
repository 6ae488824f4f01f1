use domain::booking::BookingId;
use domain::event::EventId;
use domain::idempotency::IdempotencyKey;
use domain::request::RequestId;
use domain::stock::TicketType;
use proptest::prelude::*;

use super::text;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_event_id_is_its_24_digits(bytes: [u8; 12], upper: bool) {
        let id = EventId::from_bytes(bytes);
        let printed = id.to_string();
        let sent = if upper { printed.to_uppercase() } else { printed };
        prop_assert_eq!(EventId::parse(&sent), Some(id));
    }

    #[test]
    fn nothing_else_is_an_event_id(sent in prop_oneof![text(), "[0-9a-fA-F]{22,26}", "[0-9a-g+]{24}"]) {
        let digits = sent.len() == 24 && sent.bytes().all(|b| b.is_ascii_hexdigit());
        let parsed = EventId::parse(&sent).map(|id| id.to_string());
        prop_assert_eq!(parsed, digits.then(|| sent.to_lowercase()));
    }

    #[test]
    fn a_booking_id_has_one_spelling(sent in prop_oneof![text(), "[+-]?[0-9]{0,22}", "[0-9]{1,19}"]) {
        if let Some(id) = BookingId::parse(&sent) {
            prop_assert!(id.get() > 0);
            prop_assert_eq!(id.to_string(), sent);
        }
    }

    #[test]
    fn every_positive_number_is_a_booking_id(number in 1..=i64::MAX) {
        prop_assert_eq!(BookingId::parse(&number.to_string()), Some(BookingId::new(number)));
    }

    #[test]
    fn keys_and_request_ids_are_visible_ascii_and_kept(sent in prop_oneof![text(), "[!-~]{0,300}"]) {
        let visible = !sent.is_empty() && sent.bytes().all(|b| (b'!'..=b'~').contains(&b));
        let key = IdempotencyKey::parse(&sent).ok();
        let fits = visible && sent.len() <= 255;
        prop_assert_eq!(key.as_ref().map(IdempotencyKey::as_str), fits.then_some(sent.as_str()));
        let id = RequestId::parse(&sent);
        let fits = visible && sent.len() <= 128;
        prop_assert_eq!(id.as_ref().map(RequestId::as_str), fits.then_some(sent.as_str()));
    }

    #[test]
    fn a_ticket_type_is_kept(sent in prop_oneof![text(), "[a-z0-9-]{0,40}"]) {
        if let Ok(key) = TicketType::parse(&sent) {
            prop_assert_eq!(key.as_str(), sent.as_str());
            prop_assert!(sent.len() <= 32 && sent.is_ascii());
        }
    }
}
