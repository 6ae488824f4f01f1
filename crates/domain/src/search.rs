//! Words that somebody looks for.

use std::fmt;
use std::ops::RangeInclusive;

use crate::text::{self, InvalidValue, Lines};

/// Words to look for: 1 to 100 characters on one line.
#[derive(Clone, PartialEq, Eq)]
pub struct SearchWords(Vec<SearchWord>);

/// One of them.
#[derive(Clone, PartialEq, Eq)]
pub struct SearchWord {
    typed: String,
    folded: String,
}

impl SearchWord {
    fn new(typed: &str) -> Self {
        Self {
            typed: typed.to_owned(),
            folded: fold(typed),
        }
    }

    /// The word as it was typed.
    pub fn typed(&self) -> &str {
        &self.typed
    }

    /// The word without case, to be looked for in a text without case.
    pub fn folded(&self) -> &str {
        &self.folded
    }

    /// The word in lower case, as a whole: a sigma at its end is a final one.
    pub fn lower_case(&self) -> String {
        self.typed.to_lowercase()
    }
}

impl SearchWords {
    /// The number of characters, counted after trimming.
    pub const LENGTH: RangeInclusive<usize> = 1..=100;

    /// Parses words from outside, which stand between white space.
    pub fn parse(raw: &str) -> Result<Self, InvalidValue> {
        let text = text::parse(raw, Self::LENGTH, Lines::One)?;
        let words = text.split_whitespace().map(SearchWord::new);
        Ok(Self(words.collect()))
    }

    /// The words; at least one.
    pub fn words(&self) -> &[SearchWord] {
        &self.0
    }

    /// All of them without case, with a blank in between.
    pub fn folded(&self) -> String {
        let words: Vec<&str> = self.0.iter().map(SearchWord::folded).collect();
        words.join(" ")
    }

    /// Whether each of the words stands in one of the texts, compared without case.
    pub fn stand_in(&self, texts: &[&str]) -> bool {
        let texts: Vec<String> = texts.iter().map(|text| fold(text)).collect();
        let stands = |word: &SearchWord| texts.iter().any(|text| text.contains(&word.folded));
        self.0.iter().all(stands)
    }
}

/// A text without case: letter by letter, so that no letter depends on where in a word it stands, as a sigma's
/// lower case does.
fn fold(text: &str) -> String {
    let letters = text.chars().flat_map(char::to_lowercase);
    letters.map(|c| if c == 'ς' { 'σ' } else { c }).collect()
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
    fn a_letter_is_the_same_wherever_it_stands() {
        for (word, text) in [
            ("ΟΔΥΣ", "Οδυσσέας"),
            ("οδυς", "ΟΔΥΣΣΕΑΣ"),
            ("λόγοσ", "Λόγος"),
            ("İSTANBUL", "Yeni İstanbul"),
        ] {
            let search = SearchWords::parse(word).unwrap();
            assert!(search.stand_in(&[text]), "{word}");
        }
    }

    #[test]
    fn words_are_taken_apart_and_bounded() {
        let search = SearchWords::parse("  Ada \u{a0} LOVELACE@example.com ").unwrap();
        assert_eq!(search.folded(), "ada lovelace@example.com");
        let typed: Vec<&str> = search.words().iter().map(SearchWord::typed).collect();
        assert_eq!(typed, ["Ada", "LOVELACE@example.com"]);
        for bad in ["", " ", "a\0b", &"x".repeat(101)] {
            assert!(SearchWords::parse(bad).is_err(), "{bad:?}");
        }
    }
}
