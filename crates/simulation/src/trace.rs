//! What happened, in order: readable lines, and a number that stands for all of them.

use std::fmt::{self, Write};
use std::time::Duration;

/// The trace of one run.
pub(crate) struct Trace {
    hash: Hash,
    lines: Option<Vec<String>>,
}

impl Trace {
    /// An empty trace; its lines are kept only if `keep` says so.
    pub(crate) fn new(keep: bool) -> Self {
        Self {
            hash: Hash(0xCBF2_9CE4_8422_2325),
            lines: keep.then(Vec::new),
        }
    }

    /// Notes that at `at` (virtual time) `who` did or met `what`.
    pub(crate) fn note(&mut self, at: Duration, who: &str, what: fmt::Arguments<'_>) {
        let (seconds, millis) = (at.as_secs(), at.subsec_millis());
        // Neither of the two ever fails to take text.
        let _ = writeln!(self.hash, "{seconds}.{millis:03} {who} {what}");
        if let Some(lines) = &mut self.lines {
            lines.push(format!("{seconds:>4}.{millis:03}  {who:<10} {what}"));
        }
    }

    /// The number that stands for the trace, and its lines if they were kept.
    pub(crate) fn finish(&mut self) -> (u64, Vec<String>) {
        (self.hash.0, self.lines.take().unwrap_or_default())
    }
}

/// FNV-1a over all that is written to it.
struct Hash(u64);

impl Write for Hash {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
        }
        Ok(())
    }
}
