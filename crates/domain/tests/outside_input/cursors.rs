use domain::cursor::{ListScope, Moment, Position, read, write};
use domain::time::Timestamp;
use proptest::prelude::*;

use super::text;

fn scope(filter: Option<&str>) -> ListScope {
    ListScope::new("list", [filter])
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_position_comes_back_in_its_own_list(millis: i64, id: [u8; 12], filter: Option<String>, other: Option<String>) {
        let position = Moment { at: Timestamp::from_millis(millis), id };
        let cursor = write(&scope(filter.as_deref()), &position);
        prop_assert_eq!(read(&scope(filter.as_deref()), &cursor), Ok(position));
        let elsewhere = read::<Moment>(&scope(other.as_deref()), &cursor);
        prop_assert_eq!(elsewhere.is_ok(), other == filter);
    }

    #[test]
    fn a_changed_cursor_is_another_place_or_none(millis: i64, id: [u8; 12], at in 0..39_usize, put: char) {
        let position = Moment { at: Timestamp::from_millis(millis), id };
        let cursor = write(&scope(None), &position);
        let mut changed: Vec<char> = cursor.chars().collect();
        changed[at % cursor.len()] = put;
        let changed = String::from_iter(changed);
        if let Ok(place) = read::<Moment>(&scope(None), &changed) {
            prop_assert_eq!(write(&scope(None), &place), changed);
        }
    }

    #[test]
    fn a_moment_that_no_row_can_have_is_no_place(millis: i64, id: [u8; 12]) {
        let is_possible = Timestamp::from_millis(millis).millis() == millis;
        let bytes = [&millis.to_be_bytes()[..], &id].concat();
        prop_assert_eq!(Moment::from_bytes(&bytes).is_some(), is_possible);
    }

    #[test]
    fn nothing_that_we_did_not_write_is_a_cursor(sent in prop_oneof![text(), "[A-Za-z0-9_-]{36,40}"]) {
        if let Ok(place) = read::<Moment>(&scope(None), &sent) {
            prop_assert_eq!(write(&scope(None), &place), sent);
        }
    }
}
