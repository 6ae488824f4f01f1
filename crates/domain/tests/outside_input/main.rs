//! Properties of everything that is made from a client's text: nothing panics, what is accepted keeps to
//! its limits, and it comes back as it was sent.

mod cursors;
mod ids;
mod metadata;
mod numbers;
mod texts;
mod times;
mod tokens;

use proptest::prelude::*;

/// Any text at all, and text that is closer to what is meant: letters with the signs that matter.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        r"[ \t]?[a-zA-Z0-9@.:+$-]{0,80}[ \n]?",
        prop::collection::vec(any::<char>(), 0..400).prop_map(String::from_iter),
    ]
}
