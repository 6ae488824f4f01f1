//! The audit record.

use std::fmt;

use serde::de::value::{Error as ValueError, StrDeserializer};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::booking::BookingId;
use crate::digest::{hex_bytes, write_hex};
use crate::event::EventId;
use crate::request::{Identity, Origin};
use crate::text::InvalidValue;
use crate::time::Timestamp;
use crate::user::{Role, UserId};

/// An audit record's id: an ObjectId, made with the record, so that writing it twice leaves one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AuditId([u8; 12]);

impl AuditId {
    /// From the ObjectId's bytes.
    pub fn from_bytes(bytes: [u8; 12]) -> Self {
        Self(bytes)
    }

    /// The ObjectId's bytes.
    pub fn bytes(self) -> [u8; 12] {
        self.0
    }

    /// Parses 24 hexadecimal characters.
    pub fn parse(text: &str) -> Option<Self> {
        hex_bytes(text).map(Self)
    }
}

impl fmt::Display for AuditId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0, f)
    }
}

impl fmt::Debug for AuditId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuditId({self})")
    }
}

/// How much attention a record deserves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Business as usual.
    Info,
    /// Somebody was refused.
    Warn,
}

/// What was done; the serialised names are part of the log's format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// An account was made.
    #[serde(rename = "user.register")]
    Register,
    /// An admin's account was made.
    #[serde(rename = "admin.create")]
    CreateAdmin,
    /// Somebody signed in, or tried to.
    #[serde(rename = "user.login")]
    Login,
    /// Somebody signed out.
    #[serde(rename = "user.logout")]
    LogOut,
    /// Somebody ended all sessions of theirs.
    #[serde(rename = "user.logout_everywhere")]
    LogOutEverywhere,
    /// Somebody changed the password, or tried to.
    #[serde(rename = "user.change_password")]
    ChangePassword,
    /// A user got another role.
    #[serde(rename = "user.set_role")]
    SetRole,
    /// A user was deleted, by an admin or by the user.
    #[serde(rename = "user.delete")]
    DeleteUser,
    /// A refresh token was used a second time: one of the two who used it has stolen it.
    #[serde(rename = "session.theft")]
    SessionTheft,
    /// An event was made.
    #[serde(rename = "event.create")]
    CreateEvent,
    /// An event was changed.
    #[serde(rename = "event.update")]
    UpdateEvent,
    /// An event was deleted.
    #[serde(rename = "event.delete")]
    DeleteEvent,
    /// Tickets were booked.
    #[serde(rename = "booking.create")]
    Book,
    /// A booking was cancelled.
    #[serde(rename = "booking.cancel")]
    Cancel,
}

impl Action {
    /// All of them. Reads and retention go through these: a name that was ever written stays.
    pub const ALL: [Self; 14] = [
        Self::Register,
        Self::CreateAdmin,
        Self::Login,
        Self::LogOut,
        Self::LogOutEverywhere,
        Self::ChangePassword,
        Self::SetRole,
        Self::DeleteUser,
        Self::SessionTheft,
        Self::CreateEvent,
        Self::UpdateEvent,
        Self::DeleteEvent,
        Self::Book,
        Self::Cancel,
    ];

    /// Reads the name under which it is written.
    pub fn parse(name: &str) -> Result<Self, InvalidValue> {
        let name = StrDeserializer::<ValueError>::new(name);
        Self::deserialize(name).map_err(|_| InvalidValue::NotAnAction)
    }

    /// The name under which it is written.
    pub fn name(self) -> String {
        match serde_json::to_value(self) {
            Ok(Value::String(name)) => name,
            // A plain enum is written as its name and nothing else.
            _ => String::new(),
        }
    }
}

/// Who did it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Actor {
    /// The user's number, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<i64>,
    /// The user's role at that time, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The client's address, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

/// What it was done to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// `user`, `event` or `booking`.
    pub kind: String,
    /// Its id as text.
    pub id: String,
}

impl Target {
    fn new(kind: &str, id: String) -> Self {
        Self {
            kind: kind.to_owned(),
            id,
        }
    }

    /// Reads `kind:id`, such as `event:507f1f77bcf86cd799439011` or `booking:2`: 1 to 32 lower-case
    /// letters, and 1 to 64 letters and digits. Those of an event's id may be in either case, as elsewhere.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let (kind, id) = text.split_once(':').ok_or(InvalidValue::NotATarget)?;
        let is_kind =
            (1..=32).contains(&kind.len()) && kind.bytes().all(|b| b.is_ascii_lowercase());
        let is_id = (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric());
        if !is_kind || !is_id {
            return Err(InvalidValue::NotATarget);
        }
        let id = match kind {
            "event" => id.to_ascii_lowercase(),
            _ => id.to_owned(),
        };
        Ok(Self::new(kind, id))
    }
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done.
    Success,
    /// It was refused.
    Failure,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 2] = [Self::Success, Self::Failure];

    /// Reads the name under which it is written.
    pub fn parse(name: &str) -> Result<Self, InvalidValue> {
        let mut all = Self::ALL.into_iter();
        all.find(|outcome| outcome.name() == name)
            .ok_or(InvalidValue::NotAnOutcome)
    }

    /// The name under which it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
        }
    }
}

/// Further facts, by name.
pub type Details = Map<String, Value>;

/// One line of the audit log. Its JSON form is the stored document without the id, with `at` as
/// milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditRecord {
    /// The id.
    #[serde(deserialize_with = "audit_id::deserialize")]
    pub id: AuditId,
    /// When.
    #[serde(deserialize_with = "millis::deserialize")]
    pub at: Timestamp,
    /// How much attention it deserves.
    pub level: Level,
    /// What was done.
    pub action: Action,
    /// Who did it.
    pub actor: Actor,
    /// What it was done to, if anything.
    pub target: Option<Target>,
    /// How it ended.
    pub outcome: Outcome,
    /// The request that it was done with.
    pub request_id: String,
    /// Further facts.
    #[serde(default)]
    pub details: Details,
}

impl AuditRecord {
    /// A record of something that was done, by nobody known, to nothing in particular.
    pub fn new(id: AuditId, at: Timestamp, action: Action, origin: &Origin) -> Self {
        Self {
            id,
            at,
            level: Level::Info,
            action,
            actor: Actor {
                address: origin.address.clone(),
                ..Actor::default()
            },
            target: None,
            outcome: Outcome::Success,
            request_id: origin.request_id.to_string(),
            details: Details::new(),
        }
    }

    /// The same record, done by `who`.
    #[must_use]
    pub fn by(mut self, who: Identity) -> Self {
        self.actor.user_id = Some(who.user_id.get());
        self.actor.role = Some(who.role.as_str().to_owned());
        self
    }

    /// The same record, of something that was refused.
    #[must_use]
    pub fn failed(mut self) -> Self {
        (self.level, self.outcome) = (Level::Warn, Outcome::Failure);
        self
    }

    /// The same record, of something of which nobody knows whether it was done: the store did not say.
    #[must_use]
    pub fn unknown(self) -> Self {
        self.failed().with("unknown", true)
    }

    /// The same record, about a user.
    #[must_use]
    pub fn on_user(self, id: UserId) -> Self {
        self.on("user", id.to_string())
    }

    /// The same record, about an event.
    #[must_use]
    pub fn on_event(self, id: EventId) -> Self {
        self.on("event", id.to_string())
    }

    /// The same record, about a booking.
    #[must_use]
    pub fn on_booking(self, id: BookingId) -> Self {
        self.on("booking", id.to_string())
    }

    /// The same record with one more fact.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }

    /// What [`Self::on_booking`] is written as, without a copy of the record: a booking has its id only when
    /// the record is made, and stored, already.
    pub fn written_on_booking(&self, id: BookingId) -> impl Serialize + use<'_> {
        OnBooking {
            record: self,
            target: Target::new("booking", id.to_string()),
        }
    }

    fn on(mut self, kind: &str, id: String) -> Self {
        self.target = Some(Target::new(kind, id));
        self
    }
}

impl Serialize for AuditRecord {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        Written::of(self, self.target.as_ref()).serialize(to)
    }
}

/// A record with another target than its own.
struct OnBooking<'a> {
    record: &'a AuditRecord,
    target: Target,
}

impl Serialize for OnBooking<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        Written::of(self.record, Some(&self.target)).serialize(to)
    }
}

/// A record's fields as they are written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written<'a> {
    #[serde(serialize_with = "audit_id::serialize")]
    id: AuditId,
    #[serde(serialize_with = "millis::serialize")]
    at: Timestamp,
    level: Level,
    action: Action,
    actor: &'a Actor,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'a Target>,
    outcome: Outcome,
    request_id: &'a str,
    details: &'a Details,
}

impl<'a> Written<'a> {
    fn of(record: &'a AuditRecord, target: Option<&'a Target>) -> Self {
        // By name, so that a new field cannot be forgotten.
        let AuditRecord {
            id,
            at,
            level,
            action,
            actor,
            target: _,
            outcome,
            request_id,
            details,
        } = record;
        Self {
            id: *id,
            at: *at,
            level: *level,
            action: *action,
            actor,
            target,
            outcome: *outcome,
            request_id,
            details,
        }
    }
}

impl From<Role> for Value {
    fn from(role: Role) -> Self {
        Value::from(role.as_str())
    }
}

mod audit_id {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use super::AuditId;

    pub(super) fn serialize<S: Serializer>(id: &AuditId, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(id)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<AuditId, D::Error> {
        let text = String::deserialize(from)?;
        AuditId::parse(&text)
            .ok_or_else(|| D::Error::custom("an audit id has 24 hexadecimal characters"))
    }
}

mod millis {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::time::Timestamp;

    pub(super) fn serialize<S: Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_i64(at.millis())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        i64::deserialize(from).map(Timestamp::from_millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::RequestId;

    #[test]
    fn names_are_read_as_they_are_written() {
        for action in [Action::Register, Action::CreateEvent, Action::Cancel] {
            assert_eq!(Action::parse(&action.name()), Ok(action));
        }
        assert_eq!(Action::Book.name(), "booking.create");
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::parse(outcome.name()), Ok(outcome));
            let written = serde_json::to_value(outcome).unwrap();
            assert_eq!(written, outcome.name());
        }
        for unknown in ["", "Book", "BOOKING.CREATE", "booking.create "] {
            assert_eq!(Action::parse(unknown), Err(InvalidValue::NotAnAction));
            assert_eq!(Outcome::parse(unknown), Err(InvalidValue::NotAnOutcome));
        }
    }

    #[test]
    fn all_actions_are_listed() {
        // A new one does not compile until it has a place here.
        let place = |action: Action| match action {
            Action::Register => 0,
            Action::CreateAdmin => 1,
            Action::Login => 2,
            Action::LogOut => 3,
            Action::LogOutEverywhere => 4,
            Action::ChangePassword => 5,
            Action::SetRole => 6,
            Action::DeleteUser => 7,
            Action::SessionTheft => 8,
            Action::CreateEvent => 9,
            Action::UpdateEvent => 10,
            Action::DeleteEvent => 11,
            Action::Book => 12,
            Action::Cancel => 13,
        };
        let places: Vec<usize> = Action::ALL.into_iter().map(place).collect();
        assert_eq!(places, (0..14).collect::<Vec<_>>());
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let origin = Origin {
            request_id: RequestId::unknown(),
            address: Some("192.0.2.1".to_owned()),
        };
        let (id, at) = (AuditId::from_bytes([7; 12]), Timestamp::from_millis(5));
        let bare = AuditRecord::new(id, at, Action::Book, &origin).with("quantity", 2);
        let whole = bare.clone().on_booking(BookingId::new(9));
        for record in [&bare, &whole] {
            let text = serde_json::to_string(record).unwrap();
            let read: AuditRecord = serde_json::from_str(&text).unwrap();
            assert_eq!(read, *record);
        }
        let written = serde_json::to_string(&bare.written_on_booking(BookingId::new(9))).unwrap();
        assert_eq!(written, serde_json::to_string(&whole).unwrap());
    }

    #[test]
    fn a_target_has_a_kind_and_an_id() {
        let target = Target::parse("event:507f1f77bcf86cd799439011").unwrap();
        assert_eq!(target.kind, "event");
        assert_eq!(target.id, "507f1f77bcf86cd799439011");
        assert_eq!(Target::parse("event:507F1F77BCF86CD799439011"), Ok(target));
        assert_eq!(Target::parse("gate:B3").unwrap().id, "B3");
        let long = format!("a:{}", "1".repeat(65));
        for bad in [
            "",
            ":",
            "event",
            "event:",
            ":1",
            "Event:1",
            "event:1:2",
            "a:$",
            "a b:1",
            &long,
        ] {
            assert_eq!(Target::parse(bad), Err(InvalidValue::NotATarget), "{bad}");
        }
    }
}
