//! What the developer commands are made of: finding database servers, installing them, and running
//! throw-away ones. The end-to-end suites use the same code for servers that they kill and freeze.

pub mod error;
pub mod provision;
pub mod servers;
