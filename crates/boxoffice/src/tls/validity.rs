//! When a certificate is valid: as much of its DER as that takes (RFC 5280, 4.1; ITU-T X.690).

use chrono::NaiveDateTime;
use domain::time::Timestamp;

const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;

/// The span in which a certificate is valid, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Validity {
    pub(crate) from: Timestamp,
    pub(crate) until: Timestamp,
}

impl Validity {
    /// Reads it out of a certificate; `None` for what is none.
    pub(super) fn of(certificate: &[u8]) -> Option<Self> {
        let (certificate, _) = element(certificate, SEQUENCE)?;
        let (body, _) = element(certificate, SEQUENCE)?;
        // Version 1 does not name itself.
        let body = element(body, VERSION).map_or(body, |(_, rest)| rest);
        let (_serial, body) = element(body, INTEGER)?;
        let (_algorithm, body) = element(body, SEQUENCE)?;
        let (_issuer, body) = element(body, SEQUENCE)?;
        let (validity, _) = element(body, SEQUENCE)?;
        let (from, rest) = time(validity)?;
        let (until, _) = time(rest)?;
        Some(Self { from, until })
    }
}

/// What is in the first element, if it is of the kind `tag`, and what follows it.
fn element(input: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let ([found, length], rest) = input.split_first_chunk()?;
    if *found != tag {
        return None;
    }
    // Nothing that matters here is longer than 64 KiB.
    let (length, rest) = match length {
        0..=0x7f => (usize::from(*length), rest),
        0x81 => {
            let (length, rest) = rest.split_first()?;
            (usize::from(*length), rest)
        }
        0x82 => {
            let (length, rest) = rest.split_first_chunk()?;
            (usize::from(u16::from_be_bytes(*length)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

/// A `Time`; years of two digits are 1950 to 2049.
fn time(input: &[u8]) -> Option<(Timestamp, &[u8])> {
    let (text, rest) = match element(input, UTC_TIME) {
        Some((digits, rest)) => {
            let century = if *digits.first()? < b'5' { "20" } else { "19" };
            (
                format!("{century}{}", std::str::from_utf8(digits).ok()?),
                rest,
            )
        }
        None => {
            let (digits, rest) = element(input, GENERALIZED_TIME)?;
            (std::str::from_utf8(digits).ok()?.to_owned(), rest)
        }
    };
    let time = NaiveDateTime::parse_from_str(&text, "%Y%m%d%H%M%SZ").ok()?;
    let time = Timestamp::from_millis(time.and_utc().timestamp_millis());
    Some((time, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    fn certificate(from: i32, until: i32) -> Vec<u8> {
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.not_before = date_time_ymd(from, 2, 3);
        params.not_after = date_time_ymd(until, 4, 5);
        let key = KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().to_vec()
    }

    #[test]
    fn both_ways_to_write_a_time_are_read() {
        for (from, until) in [(1975, 2049), (2026, 2027), (2049, 2050), (2050, 2999)] {
            let validity = Validity::of(&certificate(from, until)).unwrap();
            assert_eq!(
                validity.from.to_string(),
                format!("{from}-02-03T00:00:00.000Z")
            );
            assert_eq!(
                validity.until.to_string(),
                format!("{until}-04-05T00:00:00.000Z")
            );
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_damaged_certificate_is_read_or_none(at: prop::sample::Index, byte: u8, length: prop::sample::Index) {
            let mut damaged = certificate(2026, 2027);
            let place = at.index(damaged.len());
            damaged[place] = byte;
            let _ = Validity::of(&damaged);
            prop_assert_eq!(Validity::of(&damaged[..length.index(100)]), None);
        }
    }
}
