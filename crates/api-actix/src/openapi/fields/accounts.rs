//! Accounts and sign-ins.

use domain::search::SearchWords;
use domain::user::{Email, Password, PasswordAttempt, PersonName, Role};
use utoipa::openapi::schema::{KnownFormat, Schema, SchemaFormat};

use super::{CONTROL, MAX_ID, WHITE, answered, integer, one_line, one_of, string};

/// The longest life of a token that can be configured, in seconds.
const MAX_TTL: i64 = 31_536_000;

pub(crate) fn name() -> Schema {
    one_line(PersonName::LENGTH, "The person's name.", "John Doe")
}

pub(crate) fn name_answered() -> Schema {
    answered(PersonName::LENGTH, "The person's name.", "John Doe")
}

pub(crate) fn email() -> Schema {
    let description = format!(
        "The e-mail address: at most {} bytes in UTF-8, letters beyond ASCII allowed, a domain of at least \
         two labels. Addresses compare without case.",
        Email::MAX_BYTES
    );
    string(&description, "john@example.com")
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Email)))
        .max_length(Some(Email::MAX_BYTES))
        .into()
}

pub(crate) fn email_answered() -> Schema {
    answered(
        3..=Email::MAX_BYTES,
        "The e-mail address, as its owner wrote it.",
        "john@example.com",
    )
}

pub(crate) fn new_password() -> Schema {
    let (min, max) = (Password::MIN_CHARS, Password::MAX_BYTES);
    let description = format!(
        "At least {min} characters, at most {max} bytes in UTF-8, not all blank, no control characters. \
         Kept as typed: nothing is trimmed."
    );
    string(&description, "SecurePass@123")
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)))
        .min_length(Some(min))
        .max_length(Some(max))
        .pattern(Some(format!(
            "^[^{CONTROL}]*[^{WHITE}{CONTROL}][^{CONTROL}]*$"
        )))
        .into()
}

pub(crate) fn password_attempt() -> Schema {
    string("The password, as it was set.", "SecurePass@123")
        .min_length(Some(1))
        .max_length(Some(PasswordAttempt::MAX_CHARS))
        .into()
}

pub(crate) fn role() -> Schema {
    let names: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
    one_of(&names, "What the user may do.")
}

pub(crate) fn user_id() -> Schema {
    integer(1..=MAX_ID, "The user's id.", 1).into()
}

pub(crate) fn token() -> Schema {
    string(
        "The token, to be sent as `Authorization: Bearer <token>`.",
        "eyJhbGciOi…",
    )
    .min_length(Some(1))
    .into()
}

pub(crate) fn token_type() -> Schema {
    one_of(&["Bearer"], "How the token is sent.")
}

pub(crate) fn expires_in() -> Schema {
    integer(1..=MAX_TTL, "The token's life in seconds.", 900).into()
}

pub(crate) fn refresh_token() -> Schema {
    let description = "What the next token is got with; good for one use.";
    string(description, "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc")
        .pattern(Some("^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$"))
        .into()
}

pub(crate) fn refresh_expires_in() -> Schema {
    integer(
        1..=MAX_TTL,
        "The refresh token's life in seconds.",
        2_592_000,
    )
    .into()
}

pub(crate) fn user_search() -> Schema {
    let what = "Words that all stand in the name or the address, compared without case.";
    one_line(SearchWords::LENGTH, what, "john example")
}
