//! The cases for users, bookings and the outbox.

pub mod users;

/// Tests a backend against the contracts of
/// [`UserRepository`](crate::user::UserRepository),
/// [`BookingRepository`](crate::booking::BookingRepository) and
/// [`OutboxRepository`](crate::booking::OutboxRepository).
///
/// Takes the path of an async function without parameters that makes a new, empty
/// [`Relational`](crate::testing::contract::Relational), and expands to one `#[tokio::test]` per case,
/// in a module per area. The crate that calls it needs tokio with `macros` and `rt-multi-thread` among
/// its dev-dependencies.
///
/// ```ignore
/// mod database; // with `pub async fn fresh() -> domain::testing::contract::Relational`
///
/// domain::relational_contract_tests!(database::fresh);
/// ```
#[macro_export]
macro_rules! relational_contract_tests {
    ($fresh:path) => {
        $crate::contract_cases! { relational, $fresh,
            users {
                an_inserted_user_is_found_by_id_and_address,
            }
        }
    };
}
