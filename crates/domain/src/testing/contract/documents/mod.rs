//! The cases for events, their stock and the audit log.

pub mod audit;
pub mod closing;
pub mod event_keys;
pub mod event_lists;
pub mod events;
pub mod following_checkpoint;
pub mod holds;
pub mod metadata;
pub mod oversell;
pub mod reserve;
pub mod returns;
pub mod stock_survey;
pub mod trail;
pub mod update;
pub mod version;

/// Tests a backend against the contracts of
/// [`EventRepository`](crate::event::EventRepository),
/// [`StockRepository`](crate::stock::StockRepository), [`AuditLog`](crate::audit::AuditLog) and
/// [`AuditTrail`](crate::audit::AuditTrail), and of a
/// [`StockSurvey`](crate::verify::StockSurvey) with [`StockRepair`](crate::verify::StockRepair) and a
/// [`FollowingCheckpoint`](crate::checkpoint::FollowingCheckpoint).
///
/// Takes the path of an async function without parameters that makes a new, empty
/// [`Documents`](crate::testing::contract::Documents), and expands to one `#[tokio::test]` per case,
/// in a module per area. The crate that calls it needs tokio with `macros` and `rt-multi-thread` among
/// its dev-dependencies.
///
/// ```
/// # fn main() {}
/// mod database {
///     use domain::testing::{MemoryBackend, contract::Documents};
///
///     pub async fn fresh() -> Documents {
///         let store = MemoryBackend::new().documents;
///         Documents {
///             events: store.clone(),
///             stock: store.clone(),
///             audit: store.clone(),
///             trail: store.clone(),
///             survey: store.clone(),
///             repair: store.clone(),
///             checkpoint: store.clone(),
///             guard: Box::new(()), // a store in memory goes by itself
///         }
///     }
/// }
///
/// domain::document_contract_tests!(database::fresh);
/// ```
#[macro_export]
macro_rules! document_contract_tests {
    ($fresh:path) => {
        $crate::contract_cases! { documents, $fresh,
            events {
                an_inserted_event_is_found_with_all_its_tickets,
                an_unknown_event_is_not_found,
                one_and_a_million_tickets_fit,
                text_comes_back_as_it_went_in,
                dates_from_year_1_to_year_9999_keep_their_milliseconds,
                many_are_found_at_once,
                summaries_are_of_those_that_exist,
                summaries_take_none_and_a_hundred,
            }
            event_lists {
                events_come_by_date_then_id_in_both_orders,
                an_empty_list_and_a_part_far_beyond_the_end_are_empty,
                a_list_shows_the_present_stock,
                each_filter_finds_its_events_in_both_orders,
                words_are_found_whatever_the_case_of_their_letters,
                a_change_counts_in_the_next_list,
                a_walk_meets_each_event_once_while_others_come_and_go,
            }
            metadata {
                an_empty_object_comes_back_equal,
                integers_of_64_bits_come_back_equal,
                doubles_come_back_equal,
                text_and_keys_in_metadata_come_back_equal,
                eight_levels_of_metadata_come_back_equal,
                sixteen_kilobytes_of_metadata_come_back_equal,
                new_metadata_replaces_the_whole_object,
            }
            update {
                each_field_changes_alone,
                all_fields_change_together,
                an_unknown_event_cannot_be_changed,
                more_capacity_is_available_at_once,
                less_capacity_goes_down_to_what_is_held_and_sold,
                a_capacity_below_what_is_sold_changes_nothing_at_all,
                what_came_back_can_be_taken_away,
                sales_do_not_count_as_a_change_by_an_admin,
                changes_and_reservations_at_once_lose_nothing,
            }
            event_keys {
                a_new_event_is_remembered_as_it_was_answered,
                an_edit_is_remembered_as_it_was_answered,
                a_deletion_is_remembered,
                what_is_refused_leaves_its_key_free,
                a_used_key_changes_nothing_more,
                a_used_key_is_told_before_any_other_refusal,
                of_many_at_once_under_one_key_exactly_one_is_made,
                keyed_edits_and_sales_at_once_lose_nothing,
            }
            version {
                a_new_event_has_the_first_version,
                each_edit_adds_one_to_the_revision_and_no_sale_does,
                whatever_a_client_sees_of_the_stock_moves_the_version,
                an_edit_tells_what_was_before_and_after,
                an_edit_of_another_revision_changes_nothing,
                an_edit_may_expect_one_of_several_revisions,
                an_unknown_event_is_not_found_whatever_is_expected,
                of_edits_of_one_revision_at_once_exactly_one_is_made,
                edits_that_expect_a_revision_and_sales_at_once_lose_nothing,
                an_event_of_another_revision_is_not_closed,
                an_event_that_was_edited_after_its_closing_is_not_deleted,
                a_deletion_tells_what_it_deleted,
                of_an_edit_and_a_deletion_of_one_revision_exactly_one_is_made,
            }
            reserve {
                a_granted_reservation_takes_tickets_and_leaves_a_hold,
                an_empty_batch_is_nothing,
                a_smaller_wish_behind_one_that_does_not_fit_is_granted,
                of_equal_wishes_the_first_are_granted,
                the_last_tickets_go_and_then_it_is_sold_out,
                a_refused_reservation_leaves_no_hold,
                an_unknown_event_or_type_has_no_tickets,
                an_event_that_has_begun_takes_no_reservations,
                a_batch_over_several_events_is_answered_in_order,
                a_batch_over_sixty_events_is_granted,
                holds_are_settled_in_the_same_batch,
                a_batch_may_only_settle,
                a_sold_out_event_still_settles,
                a_key_in_flight_takes_no_second_reservation,
                a_key_twice_in_one_batch_is_granted_once,
                a_retry_meets_its_own_hold_before_it_meets_sold_out,
                of_one_key_many_times_at_once_exactly_one_is_granted,
                of_twins_in_a_batch_the_first_is_granted,
                batches_of_all_kinds_are_decided_one_wish_after_the_other,
            }
            holds {
                a_settled_hold_leaves_and_its_tickets_stay_sold,
                a_released_hold_gives_its_tickets_back,
                settling_and_releasing_again_change_nothing,
                holds_that_are_not_there_are_none,
                holds_of_several_events_go_together,
                a_thousand_holds_go_together,
                of_holds_that_were_made_together_any_can_go,
                a_hold_released_by_many_at_once_comes_back_once,
                of_settle_and_release_at_once_exactly_one_counts,
                holds_are_stale_by_their_age,
                a_hold_tells_what_it_holds,
                no_more_stale_holds_come_than_asked_for,
                settling_in_a_batch_and_releasing_at_once_count_once,
            }
            returns {
                a_growing_counter_moves_the_stock_by_the_difference,
                late_doubled_and_reordered_counters_change_nothing,
                tickets_that_came_back_are_sold_again_and_come_back_again,
                several_events_take_their_returns_together,
                an_event_that_does_not_exist_is_passed_over,
                one_event_twice_in_a_call_ends_at_the_higher_counter,
                counters_applied_by_many_at_once_end_at_the_highest,
                returns_do_not_touch_holds,
            }
            closing {
                a_closed_event_takes_no_reservations_and_stays_readable,
                an_unknown_event_is_gone,
                only_one_try_closes_an_event,
                of_many_tries_at_once_exactly_one_closes,
                an_open_event_is_closed_by_nobody,
                holds_show_until_they_are_settled_or_released,
                only_its_own_try_opens_an_event_again,
                a_closed_event_without_holds_is_deleted,
                what_is_not_closed_by_this_try_is_not_deleted,
                an_event_with_holds_is_not_deleted,
                of_closing_and_reserving_at_once_no_hold_is_missed,
                closings_are_stale_by_their_age,
            }
            oversell {
                sixty_four_at_once_never_oversell,
                batches_over_two_events_at_once_never_oversell,
                tickets_that_go_and_come_back_at_once_end_where_they_began,
                an_event_has_no_more_than_max_holds,
            }
            following_checkpoint {
                at_first_there_is_no_checkpoint_beside_the_events,
                the_first_checkpoint_may_have_the_number_zero,
                a_checkpoint_goes_up_and_never_down,
                of_checkpoints_raised_at_once_the_highest_stays,
            }
            stock_survey {
                every_event_is_met_once_in_the_order_of_ids,
                a_survey_tells_all_of_the_stock,
                a_survey_tells_who_closed_an_event,
                a_survey_leaves_out_what_does_not_exist,
                what_moves_stock_moves_the_counter,
                a_correction_sets_the_stock_and_moves_the_counter,
                a_correction_needs_its_closing_and_its_counter,
            }
            trail {
                what_was_written_is_read,
                each_filter_finds_its_records_in_both_orders,
                none_comes_twice_while_others_are_written,
                an_empty_log_and_a_limit_of_none_are_empty,
                the_oldest_records_are_forgotten_first,
                records_are_forgotten_once_by_many_at_once,
            }
            audit {
                records_of_every_kind_are_taken,
                records_may_be_written_again,
                no_record_and_five_hundred_are_taken,
                the_same_records_may_be_written_by_many_at_once,
            }
        }
    };
}
