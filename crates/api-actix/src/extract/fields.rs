//! A JSON object's fields, taken one by one, so that all that is wrong is told at once.

use std::fmt;

use domain::text::InvalidValue;
use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::problem::{FieldError, Problem};

/// The most unknown or repeated fields that are named in one answer: it must not grow many times
/// larger than the body.
const MAX_STRAY: usize = 20;
/// The most characters of an unknown field's name that are repeated to the client.
const MAX_NAME: usize = 64;

/// The fields of a body. Take each known field, then call [`Fields::finish`].
///
/// Errors come in the order in which the fields are taken; unknown and repeated ones follow as
/// they stand in the body.
pub(crate) struct Fields<'a> {
    rows: Vec<Row<'a>>,
    errors: Vec<FieldError>,
}

struct Row<'a> {
    name: String,
    value: &'a RawValue,
    taken: bool,
}

impl<'a> Fields<'a> {
    /// Parses `json`. No value is looked into yet: the parser steps over each without recursion,
    /// so that no depth of nesting can hurt it.
    pub(crate) fn parse(json: &'a str) -> Result<Self, Problem> {
        let whole: &RawValue = serde_json::from_str(json)
            .map_err(|_| Problem::malformed("The body is not well-formed JSON."))?;
        if !whole.get().starts_with('{') {
            return Err(refuse_body("must be an object"));
        }
        // It is well-formed: what is still refused is a name with half a surrogate pair.
        let pairs = serde_json::Deserializer::from_str(whole.get())
            .deserialize_map(Pairs)
            .map_err(|_| refuse_body("has a field whose name is no text"))?;
        let rows = pairs.into_iter().map(|(name, value)| Row {
            name,
            value,
            taken: false,
        });
        Ok(Self {
            rows: rows.collect(),
            errors: Vec::new(),
        })
    }

    /// Takes a field that must be there.
    pub(crate) fn required<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&RawValue) -> Result<T, Wrong>,
    ) -> Option<T> {
        if !self.rows.iter().any(|row| row.name == name) {
            self.refuse(name, "is required");
        }
        self.optional(name, parse)
    }

    /// Takes what was read elsewhere; its error is told with those of the fields.
    pub(crate) fn take<T>(&mut self, read: Result<T, FieldError>) -> Option<T> {
        read.map_err(|error| self.errors.push(error)).ok()
    }

    /// Takes a field that may be absent; `null` is not absent.
    pub(crate) fn optional<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&RawValue) -> Result<T, Wrong>,
    ) -> Option<T> {
        let row = self
            .rows
            .iter_mut()
            .find(|row| !row.taken && row.name == name)?;
        row.taken = true;
        match parse(row.value) {
            Ok(value) => Some(value),
            Err(Wrong(message)) => {
                self.refuse(name, message);
                None
            }
        }
    }

    /// Whether the body has no field at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Notes that something is wrong with `field`.
    pub(crate) fn refuse(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.errors.push(FieldError {
            field: field.into(),
            message: message.into(),
        });
    }

    /// The value made of the fields taken, or all that is wrong.
    ///
    /// `value` must be `Some` if every field that it needs was there and right.
    pub(crate) fn finish<T>(mut self, value: Option<T>) -> Result<T, Problem> {
        self.refuse_strays();
        match value {
            Some(value) if self.errors.is_empty() => Ok(value),
            None if self.errors.is_empty() => {
                Err(Problem::internal("a field was lost unnoticed".to_owned()))
            }
            _ => Err(Problem::validation(self.errors)),
        }
    }

    fn refuse_strays(&mut self) {
        let strays: Vec<FieldError> = self
            .rows
            .iter()
            .filter(|row| !row.taken)
            .take(MAX_STRAY)
            .map(|row| FieldError {
                field: shortened(&row.name),
                message: self.why_stray(&row.name).to_owned(),
            })
            .collect();
        self.errors.extend(strays);
    }

    fn why_stray(&self, name: &str) -> &'static str {
        if self.rows.iter().any(|row| row.taken && row.name == name) {
            "must be there only once"
        } else {
            "is not a known field"
        }
    }
}

/// Why a field's value was refused, in words for the client.
pub(crate) struct Wrong(pub(super) String);

impl From<InvalidValue> for Wrong {
    fn from(error: InvalidValue) -> Self {
        Self(error.to_string())
    }
}

/// The first characters of a name from outside.
pub(super) fn shortened(name: &str) -> String {
    name.chars().take(MAX_NAME).collect()
}

fn refuse_body(message: &str) -> Problem {
    Problem::validation(vec![FieldError {
        field: "body".to_owned(),
        message: message.to_owned(),
    }])
}

/// Collects an object's names and unparsed values, repeated names included.
struct Pairs;

impl<'de> Visitor<'de> for Pairs {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(pairs)
    }
}
