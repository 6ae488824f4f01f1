//! How far it is, for whoever watches.

use std::io::{IsTerminal, Write};

/// A line on standard error that is written again and again; only if somebody can see it.
pub(super) struct Progress {
    visible: bool,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self {
            visible: std::io::stderr().is_terminal(),
        }
    }

    /// Shows how many events were looked at.
    pub(super) fn show(&self, events: u64) {
        self.write(&format!("\r{events} events looked at"));
    }

    /// Makes room for something else.
    pub(super) fn clear(&self) {
        self.write("\r\x1b[K");
    }

    fn write(&self, text: &str) {
        if self.visible {
            let mut terminal = std::io::stderr();
            // Nothing can be done about a closed terminal.
            let _ = write!(terminal, "{text}").and_then(|()| terminal.flush());
        }
    }
}
