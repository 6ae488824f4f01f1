//! Audit records in answers.

use domain::audit::{Actor, AuditEntry, Details, Target};
use serde::Serialize;
use utoipa::ToSchema;

use crate::openapi::fields;

/// An audit record, as the API shows it and `boxoffice logs export` prints it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LogRecord)]
pub struct LogRecordDto<'a> {
    #[schema(schema_with = fields::log_id)]
    id: String,
    #[schema(schema_with = fields::moment)]
    at: String,
    #[schema(schema_with = fields::log_level)]
    level: &'a str,
    #[schema(schema_with = fields::log_action)]
    action: &'a str,
    actor: ActorDto<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    target: Option<TargetDto<'a>>,
    #[schema(schema_with = fields::log_outcome)]
    outcome: &'a str,
    #[schema(schema_with = fields::log_request)]
    request_id: &'a str,
    #[schema(schema_with = fields::log_details)]
    details: &'a Details,
}

/// Who did it, as far as known.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LogActor)]
struct ActorDto<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = fields::user_id, required = false)]
    user_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = fields::log_role, required = false)]
    role: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = fields::log_address, required = false)]
    address: Option<&'a str>,
}

/// What it was done to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LogTarget)]
struct TargetDto<'a> {
    #[schema(schema_with = fields::log_kind)]
    kind: &'a str,
    #[schema(schema_with = fields::log_target_id)]
    id: &'a str,
}

impl<'a> From<&'a AuditEntry> for LogRecordDto<'a> {
    fn from(entry: &'a AuditEntry) -> Self {
        Self {
            id: entry.id.to_string(),
            at: entry.at.to_string(),
            level: &entry.level,
            action: &entry.action,
            actor: ActorDto::from(&entry.actor),
            target: entry.target.as_ref().map(TargetDto::from),
            outcome: &entry.outcome,
            request_id: &entry.request_id,
            details: &entry.details,
        }
    }
}

impl<'a> From<&'a Actor> for ActorDto<'a> {
    fn from(actor: &'a Actor) -> Self {
        Self {
            user_id: actor.user_id,
            role: actor.role.as_deref(),
            address: actor.address.as_deref(),
        }
    }
}

impl<'a> From<&'a Target> for TargetDto<'a> {
    fn from(target: &'a Target) -> Self {
        Self {
            kind: &target.kind,
            id: &target.id,
        }
    }
}
