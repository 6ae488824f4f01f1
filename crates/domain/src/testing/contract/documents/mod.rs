//! The cases for events, their stock and the audit log.

pub mod events;

/// Tests a backend against the contracts of
/// [`EventRepository`](crate::event::EventRepository),
/// [`StockRepository`](crate::stock::StockRepository) and [`AuditLog`](crate::audit::AuditLog).
///
/// Takes the path of an async function without parameters that makes a new, empty
/// [`Documents`](crate::testing::contract::Documents), and expands to one `#[tokio::test]` per case,
/// in a module per area. The crate that calls it needs tokio with `macros` and `rt-multi-thread` among
/// its dev-dependencies.
///
/// ```ignore
/// mod database; // with `pub async fn fresh() -> domain::testing::contract::Documents`
///
/// domain::document_contract_tests!(database::fresh);
/// ```
#[macro_export]
macro_rules! document_contract_tests {
    ($fresh:path) => {
        $crate::contract_cases! { documents, $fresh,
            events {
                an_inserted_event_is_found_with_all_its_tickets,
            }
        }
    };
}
