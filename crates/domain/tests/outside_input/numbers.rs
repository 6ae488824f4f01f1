use domain::booking::Quantity;
use domain::event::Capacity;
use domain::page::PageRequest;
use proptest::prelude::*;

fn number() -> impl Strategy<Value = i64> {
    prop_oneof![any::<i64>(), -2..120_i64, 999_990..1_000_010_i64]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn quantities_and_capacities_are_taken_in_their_range_only(sent in number()) {
        let quantity = Quantity::new(sent).ok().map(|quantity| i64::from(quantity.get()));
        prop_assert_eq!(quantity, (1..=10).contains(&sent).then_some(sent));
        let capacity = Capacity::new(sent).ok().map(|capacity| i64::from(capacity.get()));
        prop_assert_eq!(capacity, (1..=1_000_000).contains(&sent).then_some(sent));
    }

    #[test]
    fn a_pages_offset_fits_a_database(page in number(), limit in number()) {
        let fits = (1..=PageRequest::MAX_PAGE).contains(&page) && (1..=100).contains(&limit);
        let request = PageRequest::new(page, limit).ok();
        prop_assert_eq!(request.is_some(), fits);
        if let Some(request) = request {
            let offset = i128::from(page - 1) * i128::from(limit);
            prop_assert_eq!(i128::from(request.offset()), offset);
            prop_assert!(i64::try_from(request.offset()).is_ok());
        }
    }
}
