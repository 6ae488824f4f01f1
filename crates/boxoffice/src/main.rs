//! boxoffice
fn main() {}
