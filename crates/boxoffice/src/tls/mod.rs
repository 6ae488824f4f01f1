//! TLS by certificate files: read at the start, and again when they are renewed.

mod files;
mod loopback;
mod renewal;
mod validity;

pub(crate) use self::files::read;
pub(crate) use self::loopback::connect as connect_on_loopback;
pub(crate) use self::renewal::Certificates;
