//! The cases for users, sessions, bookings and the outbox.

pub mod administration;
pub mod booking_survey;
pub mod cancel;
pub mod commit;
pub mod first_admin;
pub mod keys;
pub mod leading_checkpoint;
pub mod listing;
pub mod logins;
pub mod outbox;
pub mod refresh_tokens;
pub mod reservations;
pub mod sessions;
pub mod users;

/// Tests a backend against the contracts of
/// [`UserRepository`](crate::user::UserRepository),
/// [`SessionRepository`](crate::session::SessionRepository),
/// [`LoginAttempts`](crate::throttle::LoginAttempts),
/// [`BookingRepository`](crate::booking::BookingRepository) and
/// [`OutboxRepository`](crate::booking::OutboxRepository), and of a
/// [`BookingSurvey`](crate::verify::BookingSurvey) and a
/// [`LeadingCheckpoint`](crate::checkpoint::LeadingCheckpoint).
///
/// Takes the path of an async function without parameters that makes a new, empty
/// [`Relational`](crate::testing::contract::Relational), and expands to one `#[tokio::test]` per case,
/// in a module per area. The crate that calls it needs tokio with `macros` and `rt-multi-thread` among
/// its dev-dependencies.
///
/// ```
/// # fn main() {}
/// mod database {
///     use domain::testing::{MemoryBackend, contract::Relational};
///
///     pub async fn fresh() -> Relational {
///         let store = MemoryBackend::new().relational;
///         Relational {
///             users: store.clone(),
///             sessions: store.clone(),
///             attempts: store.clone(),
///             bookings: store.clone(),
///             outbox: store.clone(),
///             survey: store.clone(),
///             checkpoint: store.clone(),
///             guard: Box::new(()), // a store in memory goes by itself
///         }
///     }
/// }
///
/// domain::relational_contract_tests!(database::fresh);
/// ```
#[macro_export]
macro_rules! relational_contract_tests {
    ($fresh:path) => {
        $crate::contract_cases! { relational, $fresh,
            users {
                an_inserted_user_is_found_by_id_and_address,
                user_ids_are_positive_and_differ,
                an_unknown_user_is_not_found,
                an_address_is_found_in_any_case_and_comes_back_as_written,
                an_address_is_taken_in_any_case,
                addresses_with_and_without_accents_are_different,
                of_many_at_once_with_one_address_exactly_one_is_stored,
                text_comes_back_as_it_went_in,
                the_longest_address_fits,
                an_account_is_found_by_id_with_its_hash,
                a_hash_is_replaced_only_while_it_is_the_old_one,
            }
            administration {
                users_are_listed_by_id_in_pages,
                users_are_found_by_words_in_name_or_address,
                users_are_found_by_role,
                a_role_is_changed_and_the_old_one_told,
                a_role_counts_for_sessions_that_are_open,
                who_is_not_there_is_neither_changed_nor_deleted,
                the_last_admin_stays,
                of_admins_who_remove_each_other_at_once_one_stays,
                a_deleted_user_is_gone_and_the_address_is_free,
                the_bookings_of_a_deleted_user_stay_and_their_keys_go_in_time,
                a_booking_at_the_moment_of_the_deletion_comes_before_or_not_at_all,
            }
            sessions {
                an_opened_session_lives_with_its_users_role,
                a_session_lives_until_it_expires,
                no_session_is_opened_with_a_password_that_is_not_the_present_one,
                living_sessions_are_told_among_none_and_a_thousand,
                an_ended_session_stays_ended,
                all_sessions_of_one_user_end_together,
                a_new_password_ends_all_sessions_but_one,
                a_password_that_was_changed_meanwhile_is_not_changed_again,
                of_many_password_changes_at_once_exactly_one_is_made,
                expired_sessions_are_forgotten_and_the_others_stay,
                no_more_sessions_are_forgotten_at_once_than_asked_for,
            }
            logins {
                some_failures_of_an_account_are_free_and_then_it_waits,
                many_failures_of_an_address_are_free_and_then_it_waits,
                who_waited_as_told_is_admitted_however_often_others_tried,
                strangers_without_end_leave_a_new_address_an_attempt_of_its_own,
                of_many_attempts_at_once_from_a_new_address_one_is_let_past_the_account,
                of_many_attempts_at_once_few_are_admitted,
                a_success_clears_the_account_and_makes_the_place_known,
                who_guesses_at_a_known_place_waits_too,
                successes_do_not_count_against_an_address,
                an_attempt_that_is_withdrawn_does_not_count,
                an_attempt_that_is_withdrawn_does_not_count_at_a_known_place,
                what_is_old_is_forgotten_and_the_rest_counts_on,
            }
            refresh_tokens {
                a_refresh_token_is_replaced_by_the_next,
                a_second_use_ends_the_session,
                a_second_use_of_an_older_token_ends_the_session,
                what_is_no_good_refresh_token_is_refused,
                of_many_uses_at_once_exactly_one_succeeds,
                each_rotation_moves_the_end_of_the_session,
                refresh_tokens_of_other_sessions_go_on,
            }
            first_admin {
                the_first_admin_is_stored_when_there_is_none,
                a_second_first_admin_is_refused_and_leaves_nothing,
                an_admin_made_by_an_admin_counts,
                a_taken_address_makes_no_first_admin,
                of_eight_first_admins_at_once_exactly_one_is_stored,
            }
            commit {
                a_booking_comes_back_as_it_was_made,
                times_keep_their_milliseconds,
                a_group_is_stored_under_ascending_ids,
                a_group_of_256_is_stored_whole,
                an_empty_group_is_nothing,
                a_user_who_is_not_there_gets_no_booking,
                a_reservation_is_booked_once,
                a_reservation_twice_in_one_group_is_booked_once,
                what_fails_for_its_own_reason_does_not_stop_the_others,
                a_deleted_user_does_not_stop_the_others,
                many_groups_at_once_are_all_stored,
                one_reservation_in_two_groups_at_once_is_booked_once,
            }
            keys {
                a_booking_is_found_by_its_key_with_what_was_asked,
                an_unused_key_is_not_found,
                many_keys_are_answered_in_order,
                a_key_belongs_to_its_user,
                keys_that_differ_in_case_are_two_keys,
                a_used_key_takes_no_second_booking,
                a_key_twice_in_one_group_is_used_once,
                a_key_in_many_groups_at_once_is_used_once,
                a_key_still_finds_a_cancelled_booking,
                a_forgotten_key_is_free_and_its_booking_stays,
                only_keys_used_before_the_given_time_are_forgotten,
                no_more_keys_are_forgotten_than_asked_for,
                a_booking_is_found_by_its_id,
                a_cancellation_is_remembered_with_its_key,
                a_cancellation_that_is_refused_leaves_its_key_free,
                one_key_cancels_one_booking,
                of_many_cancellations_under_one_key_at_once_exactly_one_is_made,
                a_new_role_is_remembered_with_its_key,
                a_deletion_of_a_user_is_remembered_with_its_key,
                keys_of_all_kinds_are_forgotten_by_their_time,
            }
            reservations {
                every_state_is_told_in_the_order_of_the_ids,
                none_and_a_thousand_can_be_looked_up,
                a_fence_where_nothing_stands_is_void_and_stays,
                a_fence_meets_the_booking_that_was_first,
                fences_answer_in_the_order_of_the_holds,
                none_and_a_thousand_can_be_fenced,
                a_commit_behind_a_fence_finds_the_reservation_taken,
                a_void_row_is_no_booking_to_anybody,
                of_a_fence_and_a_commit_at_once_exactly_one_wins,
            }
            cancel {
                the_owner_cancels,
                an_admin_cancels_for_anybody,
                to_a_stranger_there_is_no_such_booking,
                an_unknown_booking_is_not_found,
                a_void_row_cannot_be_cancelled,
                a_second_cancellation_changes_nothing,
                a_booking_twice_in_one_group_is_cancelled_once,
                of_many_cancellations_at_once_exactly_one_counts,
                a_mixed_group_is_answered_in_order,
                an_empty_group_of_cancellations_is_nothing,
                what_came_back_is_counted_per_event_and_type,
                the_counters_of_a_group_reach_its_sum,
                cancellations_of_different_bookings_at_once_all_count,
            }
            listing {
                bookings_are_listed_newest_first_in_pages,
                a_page_far_beyond_the_end_is_empty,
                only_the_users_own_bookings_are_listed,
                cancelled_bookings_are_listed_too,
                a_booking_is_a_trace_of_its_event_alone,
                a_cancelled_booking_is_a_trace_also_without_outbox_rows,
            }
            outbox {
                an_empty_outbox_has_no_work,
                a_booking_leaves_its_record_with_itself_as_target,
                a_cancellation_leaves_its_record,
                rows_come_oldest_first_and_no_more_than_asked_for,
                counters_come_for_the_events_among_the_rows_alone,
                a_counter_comes_with_rows_that_did_not_move_it,
                counters_come_per_type_of_ticket,
                forgotten_rows_are_gone_and_the_others_stay,
                a_large_group_for_one_event_loses_no_record,
                five_hundred_rows_are_read_and_forgotten_at_once,
            }
            leading_checkpoint {
                at_first_there_is_no_checkpoint_beside_the_bookings,
                a_checkpoint_advances_by_one_and_tells_its_time,
                a_checkpoint_advances_beyond_what_is_given,
                checkpoints_that_advance_at_once_get_a_number_each,
            }
            booking_survey {
                confirmed_tickets_are_counted_per_event_and_type,
                what_came_back_is_told_per_event_and_type,
                a_reservation_is_booked_if_it_has_a_booking,
                a_snapshot_shows_one_moment,
                events_with_bookings_are_told_in_order_in_pages,
            }
        }
    };
}
