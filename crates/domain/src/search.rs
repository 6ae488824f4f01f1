//! Words that somebody looks for.

use std::fmt;
use std::ops::RangeInclusive;

use crate::text::{self, InvalidValue, Lines};

/// Words to look for: 1 to 100 characters on one line, each word in lower case.
#[derive(Clone, PartialEq, Eq)]
pub struct SearchWords(Vec<String>);

impl SearchWords {
    /// The number of characters, counted after trimming.
    pub const LENGTH: RangeInclusive<usize> = 1..=100;

    /// Parses words from outside, which stand between white space.
    pub fn parse(raw: &str) -> Result<Self, InvalidValue> {
        let text = text::parse(raw, Self::LENGTH, Lines::One)?;
        let words = text.split_whitespace().map(str::to_lowercase);
        Ok(Self(words.collect()))
    }

    /// The words; at least one.
    pub fn words(&self) -> &[String] {
        &self.0
    }

    /// Whether each of the words stands in one of the texts, compared without case.
    pub fn stand_in(&self, texts: &[&str]) -> bool {
        let texts: Vec<String> = texts.iter().map(|text| text.to_lowercase()).collect();
        let stands = |word: &String| texts.iter().any(|text| text.contains(word));
        self.0.iter().all(stands)
    }
}

/// Often a piece of somebody's address: `Debug` does not show it.
impl fmt::Debug for SearchWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SearchWords(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_words_stand_somewhere() {
        let search = SearchWords::parse("über jazz").unwrap();
        assert!(search.stand_in(&["ÜBERJAZZ"]));
        assert!(search.stand_in(&["Jazz", "", "drüber"]));
        assert!(!search.stand_in(&["Jazz", "uber"]));
    }

    #[test]
    fn words_are_taken_apart_and_bounded() {
        let search = SearchWords::parse("  Ada \u{a0} LOVELACE@example.com ").unwrap();
        assert_eq!(search.words(), ["ada", "lovelace@example.com"]);
        for bad in ["", " ", "a\0b", &"x".repeat(101)] {
            assert!(SearchWords::parse(bad).is_err(), "{bad:?}");
        }
    }
}
