//! Deliberate mistakes. Each breaks one rule of the protocol, inside the simulated stores or in a
//! decorator around a port; the code under test stays as it is. A simulation that does not notice
//! them would not notice the same mistakes in the real code either.

/// A rule that is broken on purpose.
///
/// Two mistakes are missing here because other rules hide them:
///
/// - taking a duplicate reservation id for a refusal when *committing*. A commit of unknown outcome is
///   never sent again, so the row in the way can only be a fence, and giving the tickets back is right by
///   luck. The same mistake made by the fence is [`Mutation::DuplicateIsRefusal`];
/// - leaving out the barrier when an event's deletion looks for bookings the second time. They are looked
///   for when there are no holds, and a hold stays until its booking is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Mutation {
    /// A fence says that it stands, and there is no row.
    NoFence,
    /// A key is answered with a booking that is not on disk yet.
    NoBarrierForKeys,
    /// What stands under a reservation id is acted upon before it is on disk.
    NoBarrierForReservations,
    /// What stands in the outbox is carried over before it is on disk.
    NoBarrierForOutbox,
    /// A deletion is refused for a booking that is not on disk yet.
    NoBarrierForBookings,
    /// A booking is said to be cancelled already before that is on disk.
    NoBarrierForCancelled,
    /// A cancellation leaves its key to be remembered by somebody else.
    NoKeyWithCancel,
    /// A release gives tickets back although the hold has gone.
    NoReleaseGuard,
    /// A commit of unknown outcome is called rolled back, so that its hold is released at once.
    ReleaseOnUnknown,
    /// Holds leave before their bookings are committed.
    SettleBeforeCommit,
    /// A reservation of unknown outcome is sent again.
    ReserveTwice,
    /// Returns are remembered one by one and forgotten with their outbox rows; there is no counter.
    RememberReturns,
    /// A deletion looks for bookings first and waits for the holds then.
    BookingsBeforeHolds,
    /// A fence that meets a row says that no booking can come, without reading which row it is.
    DuplicateIsRefusal,
    /// A new capacity is read, computed and written.
    ReadThenResize,
    /// The revision of an event is read and compared, and then the edit is written.
    ReadThenEdit,
    /// The revision is asked for when an event is closed, and not when it is deleted.
    DeleteAnyRevision,
    /// A commit of unknown outcome is sent again, and the last answer counts.
    RetryUnknownCommit,
    /// After a lock timeout the transaction is committed with what it has, and called rolled back.
    HalfGroup,
    /// A commit is answered before it is on disk.
    NoDiskWait,
    /// A write of the documents is answered before a majority has it, and reads see it at once.
    NoMajority,
}

impl Mutation {
    /// All of them.
    pub const ALL: [Self; 21] = [
        Self::NoFence,
        Self::NoBarrierForKeys,
        Self::NoBarrierForReservations,
        Self::NoBarrierForOutbox,
        Self::NoBarrierForBookings,
        Self::NoBarrierForCancelled,
        Self::NoKeyWithCancel,
        Self::NoReleaseGuard,
        Self::ReleaseOnUnknown,
        Self::SettleBeforeCommit,
        Self::ReserveTwice,
        Self::RememberReturns,
        Self::BookingsBeforeHolds,
        Self::DuplicateIsRefusal,
        Self::ReadThenResize,
        Self::ReadThenEdit,
        Self::DeleteAnyRevision,
        Self::RetryUnknownCommit,
        Self::HalfGroup,
        Self::NoDiskWait,
        Self::NoMajority,
    ];
}
