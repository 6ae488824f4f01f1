//! Every path on one page.

use std::collections::BTreeMap;

use actix_governor::Governor;
use actix_web::dev::HttpServiceFactory;
use actix_web::http::Method;
use actix_web::http::header::HeaderValue;
use actix_web::middleware::{Condition, from_fn};
use actix_web::{HttpResponse, Resource, Route, Scope, web};
use domain::user::Role;

use crate::error_code::ErrorCode;
use crate::handlers::{auth, bookings, docs, events, health, logs, users};
use crate::metric::RoutePattern;
use crate::middleware::{RateLimiters, guard};
use crate::problem::Problem;

/// Who gets past a route's extractors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Anybody.
    Anyone,
    /// Anybody as far as the route knows; the use case decides.
    Gated,
    /// Somebody with a valid token, whatever the role.
    SignedIn,
    /// A user or an admin: whoever may have bookings.
    Customer,
    /// An admin.
    Admin,
}

impl Access {
    /// The roles that get past, if one is needed at all.
    pub(crate) fn roles(self) -> Option<Vec<Role>> {
        let may: fn(Role) -> bool = match self {
            Self::Anyone | Self::Gated => return None,
            Self::SignedIn => |_| true,
            Self::Customer => Role::books,
            Self::Admin => Role::manages,
        };
        Some(
            Role::ALL
                .iter()
                .copied()
                .filter(|role| may(*role))
                .collect(),
        )
    }
}

/// How tightly a route is limited per client address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    /// Not at all.
    Free,
    /// By the limit of all routes.
    General,
    /// By the limit of all routes and the one against guessing.
    Auth,
}

/// One operation. The table below is the only way to mount one.
pub(crate) struct Endpoint {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    /// What the handler's extractors ask for; the tests hold each handler to it.
    pub(crate) access: Access,
    pub(crate) limit: Limit,
    /// What the use case, or the lack of what the path names, may be refused with. What every route of
    /// its kind refuses (no token, a bad body, too many requests) goes without saying.
    pub(crate) refusals: &'static [ErrorCode],
    route: fn() -> Route,
}

macro_rules! endpoints {
    ($(
        $method:ident $path:literal $access:ident $limit:ident
        $area:ident::$operation:ident [$($code:ident),*];
    )*) => {
        /// Every operation there is.
        pub(crate) fn endpoints() -> Vec<Endpoint> {
            vec![$(Endpoint {
                method: Method::$method,
                path: $path,
                access: Access::$access,
                limit: Limit::$limit,
                refusals: &[$(ErrorCode::$code),*],
                route: || web::method(Method::$method).to($area::$operation::$operation),
            }),*]
        }

        /// What each handler says of itself.
        #[derive(utoipa::OpenApi)]
        #[openapi(
            paths($($area::$operation::$operation),*),
            components(schemas(crate::openapi::fields::MetadataValue, crate::problem::Body<'_>)),
        )]
        pub(crate) struct Operations;
    };
}

endpoints! {
    POST   "/api/auth/create-admin"                    Gated    Auth    auth::create_admin [Forbidden, EmailTaken];
    POST   "/api/auth/create-user"                     Anyone   Auth    auth::create_user [EmailTaken];
    POST   "/api/auth/login"                           Anyone   Auth    auth::login [InvalidCredentials];
    POST   "/api/auth/refresh-token"                   Anyone   Auth    auth::refresh_token [InvalidToken];
    POST   "/api/auth/logout"                          SignedIn General auth::logout [];
    POST   "/api/auth/logout-everywhere"               SignedIn General auth::logout_everywhere [];
    PUT    "/api/auth/change-password"                 SignedIn Auth    auth::change_password [InvalidCredentials];
    GET    "/api/auth/user-profile"                    SignedIn General auth::user_profile [];
    DELETE "/api/auth/delete-account"                  SignedIn General auth::delete_account [LastAdmin];
    GET    "/api/users/paginate"                       Admin    General users::paginate [];
    PUT    "/api/users/{id}/set-role"                  Admin    General users::set_role [UserNotFound, LastAdmin];
    DELETE "/api/users/{id}/delete-user"               Admin    General users::delete_user [UserNotFound, LastAdmin];
    GET    "/api/events/paginate"                      SignedIn General events::paginate [];
    GET    "/api/events/{id}/fetchById"                SignedIn General events::fetch_by_id [EventNotFound];
    POST   "/api/events/create-event"                  Admin    General events::create_event [];
    PUT    "/api/events/{id}/update-event"             Admin    General events::update_event [EventNotFound, CapacityBelowSold];
    DELETE "/api/events/{id}/delete-event"             Admin    General events::delete_event [EventNotFound, EventHasBookings];
    POST   "/api/bookings/create-booking"              Customer General bookings::create_booking [EventNotFound, EventEnded, SoldOut];
    DELETE "/api/bookings/{bookingId}/cancel-booking"  Customer General bookings::cancel_booking [BookingNotFound, AlreadyCancelled];
    GET    "/api/bookings/my-bookings/paginate"        Customer General bookings::paginate_mine [];
    GET    "/api/logs/paginate"                        Admin    General logs::paginate [];
    GET    "/api/openapi.json"                         Anyone   General docs::openapi_json [];
    GET    "/docs"                                     Anyone   General docs::to_swagger_ui [];
    GET    "/docs/"                                    Anyone   General docs::swagger_ui [];
    GET    "/docs/{file}"                              Anyone   General docs::swagger_ui_file [NotFound];
    GET    "/health/live"                              Anyone   Free    health::live [];
    GET    "/health/ready"                             Anyone   Free    health::ready [];
}

const HEALTH: &str = "/health";

/// Mounts every operation; what is not there, and the methods that are not, are answered too.
pub(crate) fn mount(config: &mut web::ServiceConfig, limiters: &RateLimiters) {
    let (free, limited): (Vec<Endpoint>, Vec<Endpoint>) = endpoints()
        .into_iter()
        .partition(|endpoint| endpoint.limit == Limit::Free);
    config.service(mount_all(web::scope(HEALTH), HEALTH, &free, limiters));
    // Everything else lies in the scope of the general limit, unknown paths included.
    let rest = mount_all(web::scope(""), "", &limited, limiters)
        .default_service(web::to(not_found))
        .wrap(Condition::new(
            limiters.enabled,
            Governor::new(&limiters.general),
        ));
    config.service(rest);
}

/// Mounts every path. A path with a parameter costs a look by a regular expression, so those without come
/// first, and the others are tried only below what they begin with.
fn mount_all(scope: Scope, prefix: &str, endpoints: &[Endpoint], limiters: &RateLimiters) -> Scope {
    let mut paths: Vec<&'static str> = endpoints.iter().map(|endpoint| endpoint.path).collect();
    paths.dedup();
    let mut below: BTreeMap<&str, Vec<&'static str>> = BTreeMap::new();
    let mut scope = scope;
    for path in paths {
        match path.split_once("/{") {
            Some((base, _)) => below.entry(base).or_default().push(path),
            None => scope = scope.service(resource(path, prefix, endpoints, limiters)),
        }
    }
    below.into_iter().fold(scope, |scope, (base, paths)| {
        let parameters = web::scope(base).default_service(web::to(not_found));
        let parameters = paths.into_iter().fold(parameters, |scope, path| {
            scope.service(resource(path, base, endpoints, limiters))
        });
        scope.service(parameters)
    })
}

/// A path with the methods that it has, in a scope of that prefix.
fn resource(
    path: &'static str,
    prefix: &str,
    endpoints: &[Endpoint],
    limiters: &RateLimiters,
) -> impl HttpServiceFactory + use<> {
    let at_path: Vec<&Endpoint> = endpoints.iter().filter(|e| e.path == path).collect();
    let relative = path.strip_prefix(prefix).unwrap_or(path);
    let resource = web::resource(relative).app_data(RoutePattern(path));
    let resource = methods(resource, &at_path);
    let limited = at_path.iter().any(|endpoint| endpoint.limit == Limit::Auth);
    resource.wrap(from_fn(guard)).wrap(Condition::new(
        limiters.enabled && limited,
        Governor::new(&limiters.auth),
    ))
}

fn methods(resource: Resource, endpoints: &[&Endpoint]) -> Resource {
    let names: Vec<&str> = endpoints.iter().map(|e| e.method.as_str()).collect();
    let allow =
        HeaderValue::from_str(&names.join(", ")).unwrap_or_else(|_| HeaderValue::from_static(""));
    endpoints
        .iter()
        .fold(resource, |resource, endpoint| {
            resource.route((endpoint.route)())
        })
        .default_service(web::to(move || {
            let problem = Problem::method_not_allowed(allow.clone());
            async move { Err::<HttpResponse, _>(problem) }
        }))
}

pub(crate) async fn not_found() -> Result<HttpResponse, Problem> {
    Err(Problem::new(
        ErrorCode::NotFound,
        "There is nothing at this path.",
    ))
}
