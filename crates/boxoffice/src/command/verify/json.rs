//! Findings for programs: one JSON document, written while it comes to be.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::verify::{Balance, Change, Finding, Outcome, Report, Summary};
use serde_json::{Value, json};

use super::Printer;
use super::progress::Progress;

/// Prints `{"findings": […], "result": …, …}` on standard output.
pub(super) struct JsonReport {
    progress: Progress,
    /// Whether a finding was printed, so that the next one needs a comma.
    any: AtomicBool,
}

impl JsonReport {
    pub(super) fn begin() -> Self {
        print("{\"findings\":[");
        Self {
            progress: Progress::new(),
            any: AtomicBool::new(false),
        }
    }
}

impl Report for JsonReport {
    fn finding(&self, finding: &Finding) {
        let comma = match self.any.swap(true, Ordering::Relaxed) {
            true => ",",
            false => "",
        };
        print(&format!("{comma}\n{}", finding_value(finding)));
    }

    fn progress(&self, events: u64) {
        self.progress.show(events);
    }
}

impl Printer for JsonReport {
    fn end(&self, result: &Result<Summary, String>) {
        self.progress.clear();
        let end = match result {
            Ok(summary) => summary_value(summary),
            Err(why) => json!({ "result": "not_checked", "error": why }),
        };
        // The object that was begun goes on with these members.
        let end = end.to_string();
        print(&format!("\n],{}\n", end.trim_start_matches('{')));
    }
}

fn print(text: &str) {
    let mut out = std::io::stdout();
    // A closed pipe is no reason to fail.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

fn finding_value(finding: &Finding) -> Value {
    match finding {
        Finding::Broken { event_id, balances } => json!({
            "kind": "broken", "eventId": event_id.to_string(),
            "types": balances.iter().map(balance_value).collect::<Vec<_>>(),
        }),
        Finding::Unreadable { event_id } => {
            json!({ "kind": "unreadable", "eventId": event_id.to_string() })
        }
        Finding::Undecided { event_id } => {
            json!({ "kind": "undecided", "eventId": event_id.to_string() })
        }
        Finding::UnknownEvent { event_id, tickets } => json!({
            "kind": "unknown_event", "eventId": event_id.to_string(), "confirmed": tickets,
        }),
        Finding::OldHolds {
            event_id,
            holds,
            oldest,
        } => json!({
            "kind": "old_holds", "eventId": event_id.to_string(), "holds": holds,
            "oldestSeconds": oldest.as_secs(),
        }),
        Finding::OldClosing { event_id, age } => json!({
            "kind": "old_closing", "eventId": event_id.to_string(), "ageSeconds": age.as_secs(),
        }),
        Finding::Repaired { event_id, changes } => json!({
            "kind": "repaired", "eventId": event_id.to_string(),
            "types": changes.iter().map(change_value).collect::<Vec<_>>(),
        }),
        Finding::Oversold {
            event_id,
            ticket_type,
            tickets,
        } => json!({
            "kind": "oversold", "eventId": event_id.to_string(),
            "ticketType": ticket_type.as_str(), "tickets": tickets,
        }),
        Finding::NotRepaired { event_id, why } => json!({
            "kind": "not_repaired", "eventId": event_id.to_string(), "why": why,
        }),
    }
}

fn balance_value(balance: &Balance) -> Value {
    json!({
        "ticketType": balance.ticket_type.as_str(),
        "missing": balance.missing(),
        "returnedAhead": balance.returned_ahead(),
        "total": balance.stock.total,
        "available": balance.stock.available,
        "confirmed": balance.confirmed,
        "held": balance.held,
        "returned": balance.returned,
        "returnedToEvent": balance.stock.returned,
    })
}

fn change_value(change: &Change) -> Value {
    let pair = |(before, after): (i64, i64)| json!({ "before": before, "after": after });
    json!({
        "ticketType": change.ticket_type.as_str(),
        "available": pair(change.available),
        "returned": pair(change.returned),
    })
}

fn summary_value(summary: &Summary) -> Value {
    let result = match summary.outcome() {
        Outcome::Whole => "whole",
        Outcome::Broken => "broken",
        Outcome::Undecided => "undecided",
    };
    json!({
        "result": result,
        "events": summary.events,
        "broken": summary.broken,
        "undecided": summary.undecided,
        "unknownEvents": summary.unknown,
        "repaired": summary.repaired,
        "oldHolds": summary.old_holds,
        "oldClosings": summary.old_closings,
        "recovered": {
            "settled": summary.recovered.settled,
            "released": summary.recovered.released,
            "open": summary.recovered.open,
            "reopened": summary.recovered.reopened,
        },
    })
}
