//! Whether the files for TLS can be used, and for how long yet.

use domain::diagnosis::Finding;
use domain::time::Timestamp;

use crate::config::TlsFiles;
use crate::tls;

/// Certificates that last 90 days are usually renewed when they have 30 left.
const SOON: i64 = 14;

const SUBJECT: &str = "TLS_CERT_FILE, TLS_KEY_FILE";

pub(super) fn check(files: Option<&TlsFiles>, now: Timestamp) -> Finding {
    let Some(files) = files else {
        return Finding::ok(SUBJECT, "none: the server speaks plain HTTP");
    };
    match tls::read(files, now) {
        Ok(identity) => judge(identity.validity.until, now),
        Err(line) => Finding::wrong(SUBJECT, line, "correct the file that is named"),
    }
}

fn judge(until: Timestamp, now: Timestamp) -> Finding {
    let days = (until.millis() - now.millis()) / 86_400_000;
    let seen = format!("the certificate is valid until {until}, {days} days from now");
    match days < SOON {
        true => Finding::doubtful(SUBJECT, seen, "renew it"),
        false => Finding::ok(SUBJECT, seen),
    }
}

#[cfg(test)]
mod tests {
    use domain::diagnosis::Verdict;

    use super::*;

    #[test]
    fn the_end_of_a_certificate_is_told_before_it_comes() {
        let day = |n: i64| Timestamp::from_millis(n * 86_400_000);
        assert_eq!(judge(day(114), day(100)).verdict, Verdict::Ok);
        let soon = judge(day(113), day(100));
        assert!(matches!(soon.verdict, Verdict::Doubtful { .. }));
        assert!(soon.seen.contains("13 days"), "{}", soon.seen);
    }
}
