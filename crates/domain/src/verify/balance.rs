//! The equation that always holds, for one event and type.

use std::collections::{BTreeMap, HashSet};

use super::{EventStock, TicketCount, TypeStock};
use crate::stock::{ReservationId, TicketType};

/// Where the tickets of a type are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    /// The type of ticket.
    pub ticket_type: TicketType,
    /// What the event says; all zero if it does not have the type.
    pub stock: TypeStock,
    /// Tickets of confirmed bookings.
    pub confirmed: i64,
    /// Tickets of holds whose reservation has no booking.
    pub held: i64,
    /// How many tickets ever came back, as counted with the bookings.
    pub returned: i64,
}

/// What is wrong with a balance. Two looks at one and the same damage find the same fault, whatever was
/// sold in between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    ticket_type: TicketType,
    missing: i64,
    returned_ahead: i64,
    out_of_bounds: bool,
}

impl Balance {
    /// How many tickets left the stock and are with nobody; negative, how many are with somebody and did
    /// not leave the stock, and so may be sold twice. Zero if nothing is wrong.
    pub fn missing(&self) -> i64 {
        let gone = self.stock.total.saturating_sub(self.stock.available);
        let returning = self.returned.saturating_sub(self.stock.returned);
        let known = self
            .confirmed
            .saturating_add(self.held)
            .saturating_add(returning);
        gone.saturating_sub(known)
    }

    /// How many tickets came back to the event that nobody gave back: sold above the total, if they were
    /// sold. The event counts after the bookings do, so this is never legitimate.
    pub fn returned_ahead(&self) -> i64 {
        self.stock.returned.saturating_sub(self.returned).max(0)
    }

    /// Whether more tickets are available than there are, or fewer than none.
    pub fn is_out_of_bounds(&self) -> bool {
        !(0..=self.stock.total).contains(&self.stock.available)
    }

    /// Whether nothing is wrong.
    pub fn is_whole(&self) -> bool {
        self.missing() == 0 && self.returned_ahead() == 0 && !self.is_out_of_bounds()
    }

    pub(super) fn fault(&self) -> Option<Fault> {
        (!self.is_whole()).then(|| Fault {
            ticket_type: self.ticket_type.clone(),
            missing: self.missing(),
            returned_ahead: self.returned_ahead(),
            out_of_bounds: self.is_out_of_bounds(),
        })
    }
}

/// Tickets of one event by type.
#[derive(Debug, Clone, Default)]
pub(super) struct Counts(BTreeMap<TicketType, i64>);

impl Counts {
    pub(super) fn add(&mut self, count: &TicketCount) {
        *self.0.entry(count.ticket_type.clone()).or_default() += count.tickets;
    }

    pub(super) fn of(&self, ticket_type: &TicketType) -> i64 {
        self.0.get(ticket_type).copied().unwrap_or_default()
    }
}

/// The balance of every type that the event has, or that somebody has tickets of.
pub(super) fn balances(
    stock: &EventStock,
    confirmed: &Counts,
    returned: &Counts,
    booked: &HashSet<ReservationId>,
) -> Vec<Balance> {
    let mut held: BTreeMap<&TicketType, i64> = BTreeMap::new();
    for hold in &stock.holds {
        // A hold whose booking is there counts as that booking, whether or not it is settled yet.
        let tickets = match booked.contains(&hold.reservation_id) {
            true => 0,
            false => hold.quantity,
        };
        *held.entry(&hold.ticket_type).or_default() += tickets;
    }
    let mut types: Vec<&TicketType> = stock.types.keys().collect();
    types.extend(confirmed.0.keys().chain(returned.0.keys()));
    types.extend(held.keys());
    types.sort_unstable();
    types.dedup();
    let balance = |ticket_type: &TicketType| Balance {
        ticket_type: ticket_type.clone(),
        stock: stock.types.get(ticket_type).copied().unwrap_or_default(),
        confirmed: confirmed.of(ticket_type),
        held: held.get(ticket_type).copied().unwrap_or_default(),
        returned: returned.of(ticket_type),
    };
    types.into_iter().map(balance).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn balance(available: i64, returned: i64) -> Balance {
        Balance {
            ticket_type: TicketType::general(),
            stock: TypeStock {
                total: 10,
                available,
                returned,
            },
            confirmed: 4,
            held: 1,
            returned: 3,
        }
    }

    #[test]
    fn what_is_gone_must_be_with_somebody() {
        // 4 are booked, 1 is held, 2 of the 3 that came back are not in the stock yet.
        assert!(balance(3, 1).is_whole());
        assert_eq!(balance(2, 1).missing(), 1);
        assert_eq!(balance(4, 1).missing(), -1);
    }

    #[test]
    fn nothing_comes_back_that_nobody_gave_back() {
        // The sums agree: what was given back twice was sold twice.
        let ahead = balance(7, 5);
        assert_eq!((ahead.missing(), ahead.returned_ahead()), (0, 2));
        assert!(!ahead.is_whole());
    }

    #[test]
    fn available_tickets_have_bounds() {
        let over = Balance {
            confirmed: -1,
            held: 0,
            ..balance(11, 3)
        };
        assert_eq!((over.missing(), over.is_whole()), (0, false));
        let under = Balance {
            confirmed: 11,
            held: 0,
            ..balance(-1, 3)
        };
        assert_eq!((under.missing(), under.is_whole()), (0, false));
    }
}
