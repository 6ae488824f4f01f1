use domain::event::{Description, Location, Title};
use domain::user::{Email, Password, PasswordAttempt, PersonName};
use proptest::prelude::*;

use super::text;

/// What holds of a text that was accepted: it is what was sent but for blanks around it, its length is in
/// range, no control character is in it, and it is accepted again as it is.
macro_rules! kept {
    ($type:ty, $sent:expr, $length:expr, $allowed:expr) => {
        if let Ok(parsed) = <$type>::parse($sent) {
            prop_assert_eq!(parsed.as_str(), $sent.trim());
            prop_assert!($length.contains(&parsed.as_str().chars().count()));
            let control = |c: char| c.is_control() && !$allowed.contains(&c);
            prop_assert!(!parsed.as_str().contains(control));
            prop_assert_eq!(<$type>::parse(parsed.as_str()), Ok(parsed));
        }
    };
}

fn address() -> impl Strategy<Value = String> {
    prop_oneof![
        text(),
        "[a-zA-Zäßİ._%+-]{0,66}@[a-zA-Zäßİ.-]{0,70}",
        "[a-z]{1,64}@([a-z]{1,63}\\.){1,4}[a-z]{2,63}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn names_and_texts_are_kept_within_their_limits(sent in text()) {
        kept!(PersonName, &sent, 1..=100, []);
        kept!(Title, &sent, 1..=200, []);
        kept!(Location, &sent, 1..=300, []);
        kept!(Description, &sent, 0..=10_000, ['\n', '\r', '\t']);
    }

    #[test]
    fn addresses_are_kept_and_have_one_key_in_every_case(sent in address()) {
        let Ok(email) = Email::parse(&sent) else { return Ok(()) };
        prop_assert_eq!(email.as_str(), sent.trim());
        prop_assert!(email.as_str().len() <= 254);
        prop_assert_eq!(email.as_str().matches('@').count(), 1);
        prop_assert!(!email.as_str().contains(|c: char| c.is_control() || c.is_whitespace()));
        // What the key's column holds.
        prop_assert!(email.key().chars().count() <= 254);
        let shouted = Email::parse(&email.as_str().to_ascii_uppercase());
        prop_assert_eq!(shouted.map(|shouted| shouted.key()), Ok(email.key()));
    }

    #[test]
    fn passwords_are_kept_as_typed_and_bcrypt_reads_them_whole(sent in prop_oneof![text(), "\\PC{6,80}"]) {
        let password = Password::parse(&sent);
        if let Ok(password) = &password {
            prop_assert_eq!(password.expose(), sent.as_str());
            prop_assert!(sent.chars().count() >= 8 && sent.len() <= 72 && !sent.contains('\0'));
        }
        if let Ok(attempt) = PasswordAttempt::parse(&sent) {
            prop_assert_eq!(attempt.expose(), sent.as_str());
            prop_assert_eq!(attempt.is_possible(), password.is_ok());
        }
    }
}
