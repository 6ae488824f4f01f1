//! Commands that update events by pipelines: `update` with a statement for each of several, and
//! `findAndModify` for one.

use std::time::Duration;

use mongodb::ClientSession;
use mongodb::bson::{Bson, Document, RawArrayBuf, RawDocumentBuf, cstr, rawdoc};
use tokio::time::{Instant, sleep, timeout_at};

use crate::connection::{CALL_LIMIT, MongoDatabase, SERVER_LIMIT, bounded};
use crate::error::MongoError;
use crate::schema::EVENTS;

/// A command may be sent anew only this long after its call began: what remains is longer than the wait
/// for a primary, so that a second try also ends with an answer and not with the call's time limit.
const RESEND_WITHIN: Duration = Duration::from_millis(400);
const RESEND_PAUSE: Duration = Duration::from_millis(100);
/// How often a command that may be repeated is sent in all.
const MAX_SENDINGS: u32 = 3;

/// One statement of an `update` command: `filter` names one document, `pipeline` says what becomes
/// of it.
pub(crate) fn statement(filter: RawDocumentBuf, pipeline: Vec<RawDocumentBuf>) -> RawDocumentBuf {
    rawdoc! { "q": filter, "u": RawArrayBuf::from_iter(pipeline), "upsert": false, "multi": false }
}

/// One statement for each of the documents that `filter` names, one after the other, each by itself: if one
/// is refused, those behind it are not updated.
pub(crate) fn statement_for_each(
    filter: RawDocumentBuf,
    pipeline: Vec<RawDocumentBuf>,
) -> RawDocumentBuf {
    rawdoc! { "q": filter, "u": RawArrayBuf::from_iter(pipeline), "upsert": false, "multi": true }
}

/// What became of a command that goes out once.
pub(crate) enum Sending {
    /// Proven: it was not executed and will not be.
    NotExecuted(MongoError),
    /// It may have been executed, or may be later.
    Unknown(MongoError),
}

impl From<Sending> for MongoError {
    fn from(sending: Sending) -> Self {
        match sending {
            Sending::NotExecuted(error) | Sending::Unknown(error) => error,
        }
    }
}

/// Sends the statements once, and again only when the answer proves that they were not executed. Comes
/// back before `deadline` with the codes of the refused statements, after a majority confirmed the rest.
pub(crate) async fn send_once(
    database: &MongoDatabase,
    session: &mut ClientSession,
    statements: Vec<RawDocumentBuf>,
    deadline: Instant,
) -> Result<Vec<i32>, Sending> {
    let command = command(statements);
    let reply = run_once(database, Some(session), &command, deadline).await?;
    check(&reply).map_err(Sending::Unknown)
}

/// Updates the one document that `filter` names, once, and again only when the answer proves that
/// nothing was executed. Comes back before `deadline` with `fields` of the document as it then is, after
/// a majority confirmed it; `None` if there is no such document.
pub(crate) async fn modify_once(
    database: &MongoDatabase,
    filter: RawDocumentBuf,
    pipeline: Vec<RawDocumentBuf>,
    fields: RawDocumentBuf,
    deadline: Instant,
) -> Result<Option<Document>, Sending> {
    let mut command = rawdoc! {
        "findAndModify": EVENTS,
        "query": filter,
        "update": RawArrayBuf::from_iter(pipeline),
        "fields": fields,
        "new": true,
    };
    limit(&mut command);
    let mut reply = run_once(database, None, &command, deadline).await?;
    check(&reply).map_err(Sending::Unknown)?;
    match reply.remove("value") {
        Some(Bson::Document(document)) => Ok(Some(document)),
        Some(Bson::Null) => Ok(None),
        _ => Err(Sending::Unknown(MongoError::Malformed(
            "findAndModify answered without a document",
        ))),
    }
}

async fn run_once(
    database: &MongoDatabase,
    mut session: Option<&mut ClientSession>,
    command: &RawDocumentBuf,
    deadline: Instant,
) -> Result<Document, Sending> {
    let resend_until = deadline - CALL_LIMIT + RESEND_WITHIN;
    loop {
        // `run_command` is never repeated by the driver.
        let mut sending = database.database().run_raw_command(command.clone());
        if let Some(session) = session.as_deref_mut() {
            sending = sending.session(session);
        }
        let error = match timeout_at(deadline, sending).await {
            Err(_) => return Err(Sending::Unknown(MongoError::TimedOut)),
            Ok(Err(error)) => MongoError::from(error),
            Ok(Ok(reply)) => return Ok(reply),
        };
        match error.proves_not_executed() {
            false => return Err(Sending::Unknown(error)),
            true if Instant::now() >= resend_until => return Err(Sending::NotExecuted(error)),
            true => sleep(RESEND_PAUSE).await,
        }
    }
}

/// Sends statements that change nothing when they are executed again: more than once if need be.
pub(crate) async fn send_repeatable(
    database: &MongoDatabase,
    statements: Vec<RawDocumentBuf>,
) -> Result<(), MongoError> {
    if statements.is_empty() {
        return Ok(());
    }
    let command = command(statements);
    bounded(CALL_LIMIT, async {
        let mut sendings = 1;
        loop {
            match send(database, command.clone()).await {
                Err(error) if error.is_passing() && sendings < MAX_SENDINGS => {
                    sendings += 1;
                    sleep(RESEND_PAUSE).await;
                }
                answer => return answer,
            }
        }
    })
    .await
}

async fn send(database: &MongoDatabase, command: RawDocumentBuf) -> Result<(), MongoError> {
    let reply = database.database().run_raw_command(command).await?;
    match check(&reply)?.first() {
        Some(code) => Err(MongoError::Statement { code: *code }),
        None => Ok(()),
    }
}

fn command(statements: Vec<RawDocumentBuf>) -> RawDocumentBuf {
    let mut command = rawdoc! {
        "update": EVENTS,
        "updates": RawArrayBuf::from_iter(statements),
        // One event's refusal must not stop the others.
        "ordered": false,
    };
    limit(&mut command);
    command
}

/// What every command says: it counts when a majority has it on disk, and it does not take forever.
fn limit(command: &mut RawDocumentBuf) {
    let limit = i64::try_from(SERVER_LIMIT.as_millis()).unwrap_or(i64::MAX);
    let majority = rawdoc! { "w": "majority", "j": true, "wtimeout": limit };
    command.append(cstr!("writeConcern"), majority);
    command.append(cstr!("maxTimeMS"), limit);
}

/// The codes of the refused statements. A bare command reports both them and a missing majority inside
/// a reply that counts as a success.
fn check(reply: &Document) -> Result<Vec<i32>, MongoError> {
    if let Some(error) = reply.get("writeConcernError") {
        return Err(MongoError::NotConfirmed {
            code: code_of(error),
        });
    }
    match reply.get("writeErrors") {
        None => Ok(Vec::new()),
        Some(Bson::Array(errors)) => Ok(errors.iter().map(code_of).collect()),
        Some(_) => Err(MongoError::Malformed("writeErrors is no array")),
    }
}

fn code_of(error: &Bson) -> i32 {
    error
        .as_document()
        .and_then(|error| error.get_i32("code").ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use mongodb::bson::doc;

    use super::*;

    #[test]
    fn an_answer_without_a_majority_is_an_error() {
        let reply = doc! { "ok": 1, "n": 1, "writeConcernError": { "code": 64, "errmsg": "" } };
        assert!(matches!(
            check(&reply),
            Err(MongoError::NotConfirmed { code: 64 })
        ));
    }

    #[test]
    fn refused_statements_are_reported() {
        assert!(check(&doc! { "ok": 1, "n": 1 }).unwrap().is_empty());
        let errors = [
            doc! { "index": 0, "code": 121 },
            doc! { "index": 2, "code": 2 },
        ];
        let reply = doc! { "ok": 1, "n": 1, "writeErrors": errors.to_vec() };
        assert_eq!(check(&reply).unwrap(), [121, 2]);
    }
}
