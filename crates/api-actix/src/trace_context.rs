//! The trace that a request is part of: W3C Trace Context, the header `traceparent`.

use std::fmt;

use actix_web::http::header::{HeaderMap, HeaderName};
use domain::request::RequestId;

/// The header that names a trace.
pub(crate) const TRACEPARENT: &str = "traceparent";
/// The length of a `traceparent` of version 00, and of what a later version begins with.
const LENGTH: usize = 55;

/// A trace's id: 16 bytes, not all zero, written as 32 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceId(u128);

/// What a request is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace.
    pub trace_id: TraceId,
    /// What the client does in it, not zero; `None` if the trace begins here.
    pub parent_id: Option<u64>,
    /// Whether whoever began the trace records it.
    pub is_sampled: bool,
}

/// The flag of a trace that is recorded.
const SAMPLED: u128 = 1;

impl TraceContext {
    /// The trace that the client's headers name; otherwise a new one, for which `made` is an id that nobody
    /// else has. Two `traceparent` are none.
    pub(crate) fn of(headers: &HeaderMap, made: impl FnOnce() -> RequestId) -> Self {
        let mut values = headers.get_all(HeaderName::from_static(TRACEPARENT));
        let given = match (values.next(), values.next()) {
            (Some(value), None) => parse(value.as_bytes()),
            _ => None,
        };
        given.unwrap_or_else(|| Self {
            trace_id: TraceId::made_of(&made()),
            parent_id: None,
            is_sampled: true,
        })
    }
}

impl TraceId {
    /// The id as a number.
    pub fn get(self) -> u128 {
        self.0
    }

    /// The ids of requests that we make are UUIDs: as good as random, and 16 bytes like a trace's.
    fn made_of(id: &RequestId) -> Self {
        let digits = id.as_str().bytes().filter(|byte| *byte != b'-');
        let digits: Vec<u8> = digits.take(33).collect();
        Self(hexadecimal(&digits).unwrap_or(0).max(1))
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// Reads a `traceparent`: `00-<trace id>-<parent id>-<flags>`. A later version may
/// have more behind that; version ff, ids of zeros and upper-case digits are invalid.
///
/// <https://www.w3.org/TR/trace-context/#traceparent-header>
fn parse(header: &[u8]) -> Option<TraceContext> {
    let (head, rest) = header.split_at_checked(LENGTH)?;
    let dashes = [2, 35, 52].iter().all(|at| head.get(*at) == Some(&b'-'));
    let version = hexadecimal(head.get(..2)?)?;
    let fits = match version {
        0 => rest.is_empty(),
        0xff => false,
        _ => rest.is_empty() || rest.starts_with(b"-"),
    };
    let trace = hexadecimal(head.get(3..35)?)?;
    let parent = hexadecimal(head.get(36..52)?)?;
    let flags = hexadecimal(head.get(53..)?)?;
    let is_right = dashes && fits && trace != 0 && parent != 0;
    is_right.then_some(TraceContext {
        trace_id: TraceId(trace),
        parent_id: u64::try_from(parent).ok(),
        is_sampled: flags & SAMPLED != 0,
    })
}

/// Lower-case digits, up to 32 of them.
fn hexadecimal(digits: &[u8]) -> Option<u128> {
    if digits.len() > 32 {
        return None;
    }
    digits.iter().try_fold(0, |number: u128, digit| {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(number << 4 | u128::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    const GIVEN: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn read(header: &str) -> Option<String> {
        parse(header.as_bytes()).map(|context| context.trace_id.to_string())
    }

    #[test]
    fn a_trace_goes_on() {
        let id = Some("4bf92f3577b34da6a3ce929d0e0e4736".to_owned());
        assert_eq!(read(GIVEN), id);
        assert_eq!(read(&GIVEN.replace("-01", "-00")), id);
        let context = |header: &str| parse(header.as_bytes()).unwrap();
        assert_eq!(context(GIVEN).parent_id, Some(0x00f0_67aa_0ba9_02b7));
        for (flags, is_sampled) in [("00", false), ("01", true), ("02", false), ("ff", true)] {
            let header = GIVEN.replace("-01", &format!("-{flags}"));
            assert_eq!(context(&header).is_sampled, is_sampled, "{flags}");
        }
        // Of a later version what is known is taken.
        assert_eq!(read(&format!("cc{}", &GIVEN[2..])), id);
        assert_eq!(read(&format!("cc{}-more", &GIVEN[2..])), id);
    }

    #[test]
    fn what_is_not_by_the_recommendation_is_none() {
        for header in [
            "",
            "00",
            &format!("{GIVEN}-more"),
            &format!("{GIVEN} "),
            &format!("ff{}", &GIVEN[2..]),
            &format!("cc{}more", &GIVEN[2..]),
            &GIVEN.to_uppercase(),
            &GIVEN.replace('-', "_"),
            &GIVEN.replace("-01", "-0x"),
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "0x-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(read(header), None, "{header}");
        }
    }

    #[test]
    fn without_one_a_trace_begins_and_two_are_none() {
        let made = || RequestId::parse("018f3a9c-0000-7abc-8def-0123456789ab").unwrap();
        let begun = "018f3a9c00007abc8def0123456789ab";
        let mut headers = HeaderMap::new();
        assert_eq!(TraceContext::of(&headers, made).trace_id.to_string(), begun);
        assert_eq!(TraceContext::of(&headers, made).parent_id, None);
        let name = HeaderName::from_static(TRACEPARENT);
        headers.append(name.clone(), HeaderValue::from_static(GIVEN));
        assert_ne!(TraceContext::of(&headers, made).trace_id.to_string(), begun);
        headers.append(name, HeaderValue::from_static(GIVEN));
        assert_eq!(TraceContext::of(&headers, made).trace_id.to_string(), begun);
    }

    #[test]
    fn an_id_that_is_no_uuid_makes_a_valid_trace_too() {
        for id in ["unknown", "x", &"f".repeat(128)] {
            let id = TraceId::made_of(&RequestId::parse(id).unwrap());
            assert_ne!(id.0, 0);
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_is_a_valid_id_or_none(header in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Some(context) = parse(&header) {
                prop_assert_ne!(context.trace_id.get(), 0);
            }
        }

        #[test]
        fn every_trace_of_the_form_is_read(trace in 1..=u128::MAX, parent in 1..=u64::MAX, flags: u8) {
            let header = format!("00-{trace:032x}-{parent:016x}-{flags:02x}");
            prop_assert_eq!(read(&header), Some(format!("{trace:032x}")));
        }

        #[test]
        fn one_wrong_byte_is_noticed_or_harmless(at in 0..LENGTH, byte: u8) {
            let mut header = GIVEN.as_bytes().to_vec();
            header[at] = byte;
            let is_digit = byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            let is_dash = [2, 35, 52].contains(&at);
            if if is_dash { byte != b'-' } else { !is_digit } {
                prop_assert_eq!(parse(&header), None);
            }
        }
    }
}
