//! How many bookings and cancellations came to what.

use metrics::Counter;

use super::{BookError, Booking, CancelError};
use crate::error::Failure;
use crate::idempotency::{Done, KeyError};
use crate::metric::{BOOKINGS, CANCELLATIONS, Metric};

/// Counts requests to book.
pub(super) struct BookMeter {
    confirmed: Counter,
    replayed: Counter,
    event_not_found: Counter,
    event_ended: Counter,
    sold_out: Counter,
    key_in_progress: Counter,
    key_mismatch: Counter,
    user_gone: Counter,
    failures: FailureMeter,
}

/// Counts requests to cancel.
pub(super) struct CancelMeter {
    cancelled: Counter,
    not_found: Counter,
    replayed: Counter,
    already_cancelled: Counter,
    key_in_progress: Counter,
    key_mismatch: Counter,
    failures: FailureMeter,
}

struct FailureMeter {
    unavailable: Counter,
    unexpected: Counter,
}

impl BookMeter {
    pub(super) fn new() -> Self {
        let of = |outcome: &'static str| BOOKINGS.counter([outcome]);
        Self {
            confirmed: of("confirmed"),
            replayed: of("replayed"),
            event_not_found: of("event_not_found"),
            event_ended: of("event_ended"),
            sold_out: of("sold_out"),
            key_in_progress: of("key_in_progress"),
            key_mismatch: of("key_mismatch"),
            user_gone: of("user_gone"),
            failures: FailureMeter::of(&BOOKINGS),
        }
    }

    pub(super) fn note(&self, result: &Result<Done<Booking>, BookError>) {
        let counter = match result {
            Ok(booked) if booked.replayed => &self.replayed,
            Ok(_) => &self.confirmed,
            Err(BookError::EventNotFound) => &self.event_not_found,
            Err(BookError::EventEnded) => &self.event_ended,
            Err(BookError::SoldOut) => &self.sold_out,
            Err(BookError::Key(KeyError::InProgress)) => &self.key_in_progress,
            Err(BookError::Key(KeyError::Mismatch)) => &self.key_mismatch,
            Err(BookError::UserGone) => &self.user_gone,
            Err(BookError::Failed(failure)) => self.failures.counter(failure),
        };
        counter.increment(1);
    }
}

impl CancelMeter {
    pub(super) fn new() -> Self {
        let of = |outcome: &'static str| CANCELLATIONS.counter([outcome]);
        Self {
            cancelled: of("cancelled"),
            not_found: of("not_found"),
            replayed: of("replayed"),
            already_cancelled: of("already_cancelled"),
            key_in_progress: of("key_in_progress"),
            key_mismatch: of("key_mismatch"),
            failures: FailureMeter::of(&CANCELLATIONS),
        }
    }

    pub(super) fn note(&self, result: &Result<Done<Booking>, CancelError>) {
        let counter = match result {
            Ok(cancelled) if cancelled.replayed => &self.replayed,
            Ok(_) => &self.cancelled,
            Err(CancelError::NotFound) => &self.not_found,
            Err(CancelError::AlreadyCancelled) => &self.already_cancelled,
            Err(CancelError::Key(KeyError::InProgress)) => &self.key_in_progress,
            Err(CancelError::Key(KeyError::Mismatch)) => &self.key_mismatch,
            Err(CancelError::Failed(failure)) => self.failures.counter(failure),
        };
        counter.increment(1);
    }
}

impl FailureMeter {
    fn of(metric: &Metric) -> Self {
        Self {
            unavailable: metric.counter(["unavailable"]),
            unexpected: metric.counter(["unexpected"]),
        }
    }

    fn counter(&self, failure: &Failure) -> &Counter {
        match failure {
            Failure::Unavailable(_) => &self.unavailable,
            Failure::Unexpected(_) => &self.unexpected,
        }
    }
}
