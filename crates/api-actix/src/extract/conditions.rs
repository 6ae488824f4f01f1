//! Conditional requests: `If-Match` and `If-None-Match` (RFC 9110, section 13.1).

use actix_web::http::header::{HeaderMap, HeaderName, IF_MATCH, IF_NONE_MATCH};
use domain::event::{EventVersion, ExpectedRevision};

use crate::problem::FieldError;

/// The most bytes of all lines of one such header, and so the most tags.
const MAX_LENGTH: usize = 4_096;

/// The tags of a header.
#[derive(Debug, PartialEq, Eq)]
enum Tags {
    /// `*`: whatever is there.
    Any,
    Some(Vec<Tag>),
}

/// An entity tag. What is between its quotes need not be of our making.
#[derive(Debug, PartialEq, Eq)]
struct Tag {
    weak: bool,
    opaque: Vec<u8>,
}

/// A header that has not the form of RFC 9110.
#[derive(Debug, PartialEq, Eq)]
struct Malformed;

/// The revisions that `If-Match` names. Of a tag the revision alone counts, so that sales never stand in
/// an editor's way. A weak tag matches nothing here (the strong comparison), nor does one that is not
/// ours. A header that cannot be read is refused: to pass over it might overwrite somebody's work.
pub(super) fn expected_revision(headers: &HeaderMap) -> Result<ExpectedRevision, FieldError> {
    let tags = read(headers, &IF_MATCH).map_err(|Malformed| FieldError {
        field: "If-Match".to_owned(),
        message: format!("must be `*` or a list of entity tags, in at most {MAX_LENGTH} bytes"),
    })?;
    Ok(match tags {
        None | Some(Tags::Any) => ExpectedRevision::Any,
        Some(Tags::Some(tags)) => {
            let strong = tags.iter().filter(|tag| !tag.weak);
            ExpectedRevision::OneOf(
                strong
                    .filter_map(|tag| Some(tag.version()?.revision))
                    .collect(),
            )
        }
    })
}

/// Whether `If-None-Match` says that the client has `version` already; weak tags count like strong ones.
/// A header that cannot be read says nothing: the whole answer is never wrong.
pub(super) fn is_known(headers: &HeaderMap, version: EventVersion) -> bool {
    match read(headers, &IF_NONE_MATCH) {
        Ok(Some(Tags::Any)) => true,
        Ok(Some(Tags::Some(tags))) => tags.iter().any(|tag| tag.version() == Some(version)),
        Ok(None) | Err(Malformed) => false,
    }
}

impl Tag {
    fn version(&self) -> Option<EventVersion> {
        EventVersion::parse(str::from_utf8(&self.opaque).ok()?)
    }
}

/// The tags of all lines of a header, if it is there.
fn read(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Tags>, Malformed> {
    let mut whole: Vec<u8> = Vec::new();
    for line in headers.get_all(name) {
        if !whole.is_empty() {
            whole.push(b',');
        }
        whole.extend_from_slice(line.as_bytes());
        if whole.len() > MAX_LENGTH {
            return Err(Malformed);
        }
    }
    if headers.contains_key(name) {
        parse(&whole).map(Some)
    } else {
        Ok(None)
    }
}

/// Reads `*` or `[W/]"…", …`; empty members of the list are passed over, as RFC 9110 section 5.6.1 has it.
fn parse(whole: &[u8]) -> Result<Tags, Malformed> {
    let mut rest = whole.trim_ascii();
    if rest == b"*" {
        return Ok(Tags::Any);
    }
    let mut tags = Vec::new();
    loop {
        rest = skip_empty(rest);
        if rest.is_empty() {
            break;
        }
        let (tag, behind) = tag(rest)?;
        tags.push(tag);
        rest = behind.trim_ascii_start();
        if !matches!(rest.first(), None | Some(b',')) {
            return Err(Malformed);
        }
    }
    if tags.is_empty() {
        return Err(Malformed);
    }
    Ok(Tags::Some(tags))
}

fn skip_empty(mut text: &[u8]) -> &[u8] {
    while let Some((b' ' | b'\t' | b',', behind)) = text.split_first() {
        text = behind;
    }
    text
}

/// The tag that `text` begins with, and what is behind it.
fn tag(text: &[u8]) -> Result<(Tag, &[u8]), Malformed> {
    let (weak, quoted) = match text.strip_prefix(b"W/") {
        Some(quoted) => (true, quoted),
        None => (false, text),
    };
    let inner = quoted.strip_prefix(b"\"").ok_or(Malformed)?;
    let end = inner.iter().position(|byte| *byte == b'"');
    let (opaque, behind) = inner.split_at(end.ok_or(Malformed)?);
    // etagc: no blanks, no control characters, but any byte beyond ASCII.
    if opaque.iter().any(|byte| matches!(byte, 0..=0x20 | 0x7f)) {
        return Err(Malformed);
    }
    let tag = Tag {
        weak,
        opaque: opaque.to_vec(),
    };
    Ok((tag, behind.get(1..).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use domain::event::Revision;
    use proptest::prelude::*;

    use super::*;

    fn headers(name: &HeaderName, lines: &[&[u8]]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(name.clone(), HeaderValue::from_bytes(line).unwrap());
        }
        headers
    }

    fn expected(lines: &[&[u8]]) -> Option<ExpectedRevision> {
        expected_revision(&headers(&IF_MATCH, lines)).ok()
    }

    fn one_of(revisions: &[u64]) -> Option<ExpectedRevision> {
        let revisions = revisions
            .iter()
            .map(|number| Revision::new(*number).unwrap());
        Some(ExpectedRevision::OneOf(revisions.collect()))
    }

    #[test]
    fn of_a_tag_the_revision_is_expected() {
        assert_eq!(expected(&[]), Some(ExpectedRevision::Any));
        assert_eq!(expected(&[b" * "]), Some(ExpectedRevision::Any));
        assert_eq!(expected(&[br#""3.14""#]), one_of(&[3]));
        assert_eq!(
            expected(&[br#" "3.14" ,, "4.0","5.1",  "#]),
            one_of(&[3, 4, 5])
        );
        assert_eq!(expected(&[br#""3.14""#, br#""4.0""#]), one_of(&[3, 4]));
    }

    #[test]
    fn weak_and_foreign_tags_match_nothing() {
        let foreign: &[u8] = b"\"\", \"abc\", \"3\", \"03.1\", \"0.1\", \"a,b\", \"*\", \"\xff\"";
        assert_eq!(expected(&[foreign]), one_of(&[]));
        assert_eq!(expected(&[br#"W/"3.14""#]), one_of(&[]));
        assert_eq!(expected(&[br#"W/"3.14", "4.1""#]), one_of(&[4]));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        let long = vec![b','; MAX_LENGTH + 1];
        for bad in [
            b"".as_slice(),
            b",",
            b"3.14",
            b"\"3.14",
            b"3.14\"",
            b"'3.14'",
            b"w/\"3.14\"",
            b"W/ \"3.14\"",
            b"\"3.14\" \"4.0\"",
            b"\"3.14\"x",
            b"*, \"3.14\"",
            b"\"3.14\", *",
            b"**",
            b"\"3 14\"",
            b"\"3\t14\"",
            &long,
        ] {
            assert_eq!(expected(&[bad]), None, "{}", bad.escape_ascii());
        }
        assert_eq!(expected(&[b"*", b"*"]), None);
    }

    #[test]
    fn what_a_client_has_is_told_by_the_whole_tag() {
        let version = EventVersion::parse("3.14").unwrap();
        let known = |line: &[u8]| is_known(&headers(&IF_NONE_MATCH, &[line]), version);
        for line in [
            br#""3.14""#.as_slice(),
            br#"W/"3.14""#,
            b"*",
            br#""x", "3.14""#,
        ] {
            assert!(known(line), "{}", line.escape_ascii());
        }
        for line in [
            br#""3.15""#.as_slice(),
            br#""4.14""#,
            b"3.14",
            br#""3.14"#,
            b"",
        ] {
            assert!(!known(line), "{}", line.escape_ascii());
        }
        assert!(!is_known(&HeaderMap::new(), version));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_bytes_are_a_list_of_tags_or_refused(line in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..80),
            "(W/|\"|[0-9.]|\\*|,| ){0,20}".prop_map(String::into_bytes),
        ]) {
            // What cannot stand in a header never comes this far.
            if HeaderValue::from_bytes(&line).is_ok() {
                let is_any = line.trim_ascii() == b"*";
                let read = expected(&[&line]);
                prop_assert_eq!(read == Some(ExpectedRevision::Any), is_any);
            }
        }

        #[test]
        fn tags_are_read_as_they_were_written(
            versions in prop::collection::vec((1..1_000_000_u64, 0..1_000_000_u64), 1..20),
            gap in "[ \t]{0,2},[ \t,]{0,2}",
        ) {
            let tags: Vec<String> = versions.iter().map(|(r, s)| format!("\"{r}.{s}\"")).collect();
            let line = tags.join(&gap);
            let revisions: Vec<u64> = versions.iter().map(|(revision, _)| *revision).collect();
            prop_assert_eq!(expected(&[line.as_bytes()]), one_of(&revisions));
        }
    }
}
