//! The query of the audit log.

use domain::audit::{Action, AuditFilter, Outcome, Target};
use domain::cursor::{self, Moment, Start};
use domain::page::PageSize;
use domain::text::InvalidValue;
use domain::time::Timestamp;
use domain::user::UserId;

use crate::extract::Query;
use crate::problem::Problem;

/// The rows of a page when nobody says otherwise.
pub(crate) const DEFAULT_LIMIT: i64 = 20;

/// What is asked of the audit log.
pub(super) struct LogQuery {
    pub(super) filter: AuditFilter,
    pub(super) after: Option<Moment>,
    pub(super) size: PageSize,
}

/// `actor`, `action`, `target`, `outcome`, `since`, `until`, `limit`, `cursor`.
pub(super) fn log_query(mut query: Query) -> Result<LogQuery, Problem> {
    let filter = AuditFilter {
        actor: query.optional("actor", user_id),
        action: query.optional("action", Action::parse),
        target: query.optional("target", Target::parse),
        outcome: query.optional("outcome", Outcome::parse),
        since: query.optional("since", Timestamp::parse),
        until: query.optional("until", Timestamp::parse),
    };
    let size = query.page_size(DEFAULT_LIMIT);
    let start = query.cursor(|text| cursor::resume(&filter.scope(), text));
    query.finish(size.map(|size| LogQuery {
        filter,
        after: start.and_then(Start::position),
        size,
    }))
}

fn user_id(text: &str) -> Result<UserId, InvalidValue> {
    UserId::parse(text).ok_or(InvalidValue::OutOfRange {
        min: 1,
        max: i64::MAX,
    })
}
