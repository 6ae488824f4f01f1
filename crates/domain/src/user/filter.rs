//! Which users a list shows.

use super::Role;
use crate::search::SearchWords;

/// Which users are wanted; everything that is given must be so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserFilter {
    /// Each of the words stands in the name or the address, compared without case. Of a name, a store may
    /// know the case of ASCII letters only.
    pub search: Option<SearchWords>,
    /// The role.
    pub role: Option<Role>,
}
