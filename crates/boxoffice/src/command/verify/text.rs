//! Findings for people: a line each.

use domain::stock::Recovered;
use domain::verify::{Balance, Change, Finding, Outcome, Report, Summary};

use super::Printer;
use super::progress::Progress;
use crate::command::say;

/// Prints lines on standard output.
pub(super) struct TextReport {
    progress: Progress,
}

impl TextReport {
    pub(super) fn begin() -> Self {
        Self {
            progress: Progress::new(),
        }
    }
}

impl Report for TextReport {
    fn finding(&self, finding: &Finding) {
        self.progress.clear();
        lines(finding).iter().for_each(|line| say(line));
    }

    fn progress(&self, events: u64) {
        self.progress.show(events);
    }
}

impl Printer for TextReport {
    fn end(&self, result: &Result<Summary, String>) {
        self.progress.clear();
        // Why there is no result is the line that every failed command ends with.
        if let Ok(summary) = result {
            say(&last_line(summary));
        }
    }
}

fn lines(finding: &Finding) -> Vec<String> {
    match finding {
        Finding::Broken { event_id, balances } => balances
            .iter()
            .map(|balance| format!("broken: event {event_id}: {}", balance_line(balance)))
            .collect(),
        Finding::Unreadable { event_id } => {
            vec![format!(
                "broken: event {event_id}: its stock cannot be read"
            )]
        }
        Finding::Undecided { event_id } => vec![format!(
            "not checked: event {event_id}: it never stood still"
        )],
        Finding::UnknownEvent { event_id, tickets } => vec![format!(
            "broken: event {event_id}: it does not exist, and {} of it booked",
            are(*tickets)
        )],
        Finding::OldHolds {
            event_id,
            holds,
            oldest,
        } => vec![format!(
            "note: event {event_id}: {holds} unfinished reservations, the oldest for {} s; recovery, which \
             every server does, looks into them",
            oldest.as_secs()
        )],
        Finding::OldClosing { event_id, age } => vec![format!(
            "note: event {event_id}: closed for reservations for {} s; recovery, which every server does, \
             opens it",
            age.as_secs()
        )],
        Finding::Repaired { event_id, changes } => changes
            .iter()
            .map(|change| format!("repaired: event {event_id}: {}", change_line(change)))
            .collect(),
        Finding::Oversold {
            event_id,
            ticket_type,
            tickets,
        } => vec![format!(
            "oversold: event {event_id}, {}: {} booked above the total; none is sold until so many came back",
            ticket_type.as_str(),
            are(*tickets)
        )],
        Finding::NotRepaired { event_id, why } => {
            vec![format!("not repaired: event {event_id}: {why}")]
        }
    }
}

fn balance_line(balance: &Balance) -> String {
    let missing = balance.missing();
    let mut faults = Vec::new();
    if missing > 0 {
        faults.push(format!(
            "{} gone from the stock and with nobody",
            are(missing)
        ));
    }
    if missing < 0 {
        faults.push(format!(
            "{} with somebody and still in the stock",
            are(missing.saturating_neg())
        ));
    }
    if balance.returned_ahead() > 0 {
        faults.push(format!(
            "{} back that nobody gave back",
            are(balance.returned_ahead())
        ));
    }
    if balance.is_out_of_bounds() {
        faults.push("more are available than there are, or fewer than none".to_owned());
    }
    let stock = balance.stock;
    format!(
        "{}: {} ({} in all, {} available, {} confirmed, {} held, {} of {} returned are back)",
        balance.ticket_type.as_str(),
        faults.join(", "),
        stock.total,
        stock.available,
        balance.confirmed,
        balance.held,
        stock.returned,
        balance.returned,
    )
}

fn change_line(change: &Change) -> String {
    let (available, returned) = (change.available, change.returned);
    format!(
        "{}: available {} -> {}, returned {} -> {}",
        change.ticket_type.as_str(),
        available.0,
        available.1,
        returned.0,
        returned.1
    )
}

fn are(tickets: i64) -> String {
    match tickets {
        1 => "1 ticket is".to_owned(),
        n => format!("{n} tickets are"),
    }
}

fn last_line(summary: &Summary) -> String {
    let result = match summary.outcome() {
        Outcome::Whole => "whole",
        Outcome::Broken => "broken",
        Outcome::Undecided => "not all checked",
    };
    let mut line = format!("{result}: {} events", summary.events);
    let counts = [
        (summary.broken, "broken"),
        (summary.undecided, "not checked"),
        (summary.unknown, "unknown that have bookings"),
        (summary.repaired, "repaired"),
    ];
    for (count, what) in counts.into_iter().filter(|(count, _)| *count > 0) {
        line.push_str(&format!(", {count} {what}"));
    }
    let Recovered {
        settled,
        released,
        reopened,
        ..
    } = summary.recovered;
    if settled + released + reopened > 0 {
        line.push_str(&format!(
            "; {settled} reservations settled, {released} released, {reopened} events opened again"
        ));
    }
    line
}

#[cfg(test)]
mod tests {
    use domain::event::EventId;
    use domain::stock::TicketType;
    use domain::verify::TypeStock;

    use super::*;

    #[test]
    fn a_broken_event_is_named_with_the_amount() {
        let balance = |available| Balance {
            ticket_type: TicketType::general(),
            stock: TypeStock {
                total: 10,
                available,
                returned: 0,
            },
            confirmed: 4,
            held: 0,
            returned: 0,
        };
        let broken = |available| {
            let event_id = EventId::from_bytes([7; 12]);
            let balances = vec![balance(available)];
            lines(&Finding::Broken { event_id, balances }).concat()
        };
        let few = broken(5);
        assert!(few.starts_with("broken: event 070707070707070707070707: general: "));
        assert!(few.contains("1 ticket is gone from the stock"), "{few}");
        assert!(broken(8).contains("2 tickets are with somebody"));
    }

    #[test]
    fn the_last_line_says_what_it_came_to() {
        let mut summary = Summary {
            events: 3,
            ..Summary::default()
        };
        assert_eq!(last_line(&summary), "whole: 3 events");
        summary.undecided = 1;
        assert_eq!(
            last_line(&summary),
            "not all checked: 3 events, 1 not checked"
        );
        summary.broken = 2;
        assert_eq!(
            last_line(&summary),
            "broken: 3 events, 2 broken, 1 not checked"
        );
    }
}
