//! Cancelling.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_cancellation_brings_the_stock_back_at_once() {
    let mut mocks = Mocks::new();
    let stock_return = StockReturn {
        event_id: event_id(),
        ticket_type: TicketType::general(),
        returned: 9,
    };
    let cancelled = Cancelled {
        booking: booking(),
        stock_return: stock_return.clone(),
    };
    mocks
        .bookings
        .expect_cancel()
        .times(1)
        .return_once(move |_| Ok(vec![CancelOutcome::Cancelled(cancelled)]));
    mocks
        .stock
        .expect_apply_returns()
        .withf(move |returns| returns == [stock_return.clone()])
        .times(1)
        .returning(|_| Err(away()));
    let (service, _) = mocks.service();
    // The stock's store failed; the cancellation stands all the same, and the relay does the rest.
    assert!(
        service
            .cancel(BookingId::new(5), USER, None, &origin())
            .await
            .is_ok()
    );
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_of_unknown_outcome_is_not_sent_again() {
    let mut mocks = Mocks::new();
    mocks
        .bookings
        .expect_cancel()
        .times(1)
        .returning(|_| Err(CommitError::Unknown(away())));
    let (service, _) = mocks.service();
    let answer = service
        .cancel(BookingId::new(5), USER, None, &origin())
        .await;
    assert!(matches!(answer, Err(CancelError::Failed(_))));
}
