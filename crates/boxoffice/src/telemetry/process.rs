//! The process itself.

use domain::metric::{Gauge, NO_LABELS, Sample};
use domain::time::Timestamp;

use super::table::{BUILD_INFO, RESIDENT_MEMORY, START_TIME};

/// Looks at the memory that the process holds.
pub(super) struct ProcessSample {
    resident: Gauge,
}

impl ProcessSample {
    /// Also says, once, which version this is and when it started.
    pub(super) fn new(now: Timestamp) -> Self {
        BUILD_INFO.gauge([env!("CARGO_PKG_VERSION")]).set(1);
        let seconds = now.millis() / 1000;
        START_TIME
            .gauge(NO_LABELS)
            .set(u32::try_from(seconds).unwrap_or(u32::MAX));
        Self {
            resident: RESIDENT_MEMORY.gauge(NO_LABELS),
        }
    }
}

impl Sample for ProcessSample {
    fn sample(&self) {
        // Elsewhere than on Linux there is no such file.
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        if let Some(kibibytes) = resident_kibibytes(&status) {
            self.resident.set(f64::from(kibibytes) * 1024.0);
        }
    }
}

fn resident_kibibytes(status: &str) -> Option<u32> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::resident_kibibytes;

    #[test]
    fn the_memory_is_read_from_what_linux_says() {
        let status = "Name:\tboxoffice\nVmHWM:\t   90000 kB\nVmRSS:\t   12345 kB\nThreads:\t4\n";
        assert_eq!(resident_kibibytes(status), Some(12_345));
        assert_eq!(resident_kibibytes(""), None);
        assert_eq!(resident_kibibytes("VmRSS: much"), None);
    }
}
