//! `GET /docs/{file}`.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE};
use utoipa_swagger_ui::Config;

use crate::error_code::ErrorCode;
use crate::extract::Call;
use crate::handlers::Answer;
use crate::openapi::parameters::UiFileInPath;
use crate::problem::Problem;

/// For how long a file may be kept: as long as nobody minds an older one after an upgrade.
const KEPT: &str = "public, max-age=3600";
/// What starts Swagger UI.
const START: &str = include_str!("swagger_ui.js");
/// The page's files and their types.
pub(crate) const FILES: [(&str, &str); 3] = [
    ("swagger-ui.css", "text/css"),
    ("swagger-ui-bundle.js", "text/javascript"),
    ("start.js", "text/javascript"),
];

/// A file of the page.
#[utoipa::path(
    get, path = "/docs/{file}", operation_id = "swaggerUiFile",
    summary = "Show a file of Swagger UI",
    params(UiFileInPath),
    responses((
        status = 200, description = "The file.",
        content((String = "text/css"), (String = "text/javascript")),
        headers(("Cache-Control" = String, description = "For how long it may be kept.")),
    )),
)]
pub(crate) async fn swagger_ui_file(call: Call) -> Answer {
    let name = call.path("file").unwrap_or_default();
    let file = FILES.iter().find(|(known, _)| *known == name);
    let (_, media_type) = file.ok_or_else(no_file)?;
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, *media_type));
    response.insert_header((CACHE_CONTROL, KEPT));
    if name == "start.js" {
        return Ok(response.body(START));
    }
    // Compressed when it was built in; there is no browser that cannot read it.
    response.insert_header((CONTENT_ENCODING, "gzip"));
    Ok(response.body(built_in(name)?))
}

fn built_in(name: &str) -> Result<Vec<u8>, Problem> {
    let file = utoipa_swagger_ui::serve(name, Arc::new(Config::default()));
    let file = file.map_err(|error| Problem::internal(format!("Swagger UI: {error}")))?;
    file.map(|file| file.bytes.into_owned()).ok_or_else(no_file)
}

fn no_file() -> Problem {
    Problem::new(ErrorCode::NotFound, "The page has no such file.")
}
