use domain::session::RefreshToken;
use proptest::prelude::*;

use super::text;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_refresh_token_has_one_spelling(sent in prop_oneof![text(), "[A-Za-z0-9_-]{42,44}=?"]) {
        if let Ok(token) = RefreshToken::parse(&sent) {
            prop_assert_eq!(token.expose(), sent);
        }
    }

    #[test]
    fn every_256_bits_are_a_refresh_token(bits: [u8; 32], at in 0..43_usize, other: char) {
        let token = RefreshToken::new(bits);
        let sent = token.expose();
        prop_assert_eq!(RefreshToken::parse(&sent), Ok(token.clone()));
        let mut changed: Vec<char> = sent.chars().collect();
        changed[at] = other;
        let changed = String::from_iter(changed);
        if changed != sent {
            prop_assert_ne!(RefreshToken::parse(&changed), Ok(token));
        }
    }
}
