use std::time::Duration;

use domain::time::Timestamp;
use proptest::prelude::*;

use super::text;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_moment_is_printed_as_it_is_read(millis: i64) {
        let time = Timestamp::from_millis(millis);
        prop_assert_eq!(Timestamp::parse(&time.to_string()), Ok(time));
    }

    #[test]
    fn what_is_read_can_be_printed(
        sent in prop_oneof![
            text(),
            "[0-9]{4}-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{0,12})?(Z|z|[+-][0-2][0-9]:[0-6][0-9])?",
        ]
    ) {
        if let Ok(time) = Timestamp::parse(&sent) {
            prop_assert_eq!(time.to_string().len(), 24);
            prop_assert_eq!(Timestamp::parse(&time.to_string()), Ok(time));
        }
    }

    #[test]
    fn a_zone_changes_the_spelling_and_not_the_moment(
        millis in 0..4_102_444_800_000_i64,
        hours in 0..=23_i64,
        minutes in 0..=59_i64,
        west: bool,
    ) {
        let east = (hours * 60 + minutes) * if west { -1 } else { 1 };
        let local = Timestamp::from_millis(millis + east * 60_000).to_string();
        let sign = if west { '-' } else { '+' };
        let sent = format!("{}{sign}{hours:02}:{minutes:02}", local.trim_end_matches('Z'));
        prop_assert_eq!(Timestamp::parse(&sent), Ok(Timestamp::from_millis(millis)));
    }

    #[test]
    fn no_span_leads_out_of_what_can_be_printed(millis: i64, seconds: u64) {
        let (time, span) = (Timestamp::from_millis(millis), Duration::from_secs(seconds));
        prop_assert!(time.minus(span) <= time && time <= time.plus(span));
        prop_assert_eq!(Timestamp::parse(&time.plus(span).to_string()), Ok(time.plus(span)));
    }
}
