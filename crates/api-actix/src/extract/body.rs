//! Reading a JSON body: its type, its size, its bytes.

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use actix_web::{HttpMessage, HttpRequest};
use futures_util::StreamExt;

use crate::error_code::ErrorCode;
use crate::problem::Problem;

/// The greatest size of a body, in bytes.
pub(crate) const BODY_LIMIT: usize = 64 * 1024;

/// Stands in a request's extensions as long as its body is being read: what the deadline then
/// cuts off is the client's slowness and not ours.
pub(crate) struct ReadingBody;

/// Reads the body of `request` as text.
pub(super) async fn read(request: &HttpRequest, payload: &mut Payload) -> Result<String, Problem> {
    let typed = check_type(request)?;
    check_declared_length(request)?;
    request.extensions_mut().insert(ReadingBody);
    let bytes = read_bytes(payload).await;
    request.extensions_mut().remove::<ReadingBody>();
    let bytes = bytes?;
    if bytes.is_empty() {
        return Err(Problem::malformed("The request needs a JSON body."));
    }
    if !typed {
        return Err(unsupported(
            "The body needs `Content-Type: application/json`.",
        ));
    }
    String::from_utf8(bytes).map_err(|_| Problem::malformed("The body is not UTF-8."))
}

/// Whether the body's type is given at all; an error if it is another one than JSON in UTF-8.
fn check_type(request: &HttpRequest) -> Result<bool, Problem> {
    let encoded = request
        .headers()
        .get_all(CONTENT_ENCODING)
        .any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"));
    if encoded {
        return Err(unsupported("The body must not be compressed."));
    }
    let json = "The body's Content-Type must be application/json.";
    let Some(mime) = request.mime_type().map_err(|_| unsupported(json))? else {
        return Ok(false);
    };
    if mime.essence_str() != "application/json" {
        return Err(unsupported(json));
    }
    match mime.get_param("charset") {
        Some(charset) if charset != "utf-8" => Err(unsupported("The body must be in UTF-8.")),
        _ => Ok(true),
    }
}

fn check_declared_length(request: &HttpRequest) -> Result<(), Problem> {
    let declared = request.headers().get(CONTENT_LENGTH);
    let length = declared.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    match length {
        Some(length) if length > BODY_LIMIT as u64 => Err(too_large()),
        _ => Ok(()),
    }
}

async fn read_bytes(payload: &mut Payload) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Problem::malformed("The body broke off.").closing())?;
        if bytes.len() + chunk.len() > BODY_LIMIT {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn unsupported(detail: &'static str) -> Problem {
    Problem::new(ErrorCode::UnsupportedMediaType, detail)
}

fn too_large() -> Problem {
    let detail = "The body is larger than 64 KiB.";
    Problem::new(ErrorCode::PayloadTooLarge, detail).closing()
}
