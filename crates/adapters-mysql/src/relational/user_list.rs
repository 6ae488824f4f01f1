//! The list of users.

use domain::error::StoreError;
use domain::page::{Page, PageRequest};
use domain::user::{User, UserFilter};
use sea_orm::sea_query::{Expr, ExprTrait, Func, LikeExpr};
use sea_orm::{ColumnTrait, Condition, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use super::convert::account;
use super::entity::users::{Column, Entity};
use super::store::SqlStore;
use super::user_changes::living;

/// Stands before what would mean something in a pattern. A backslash would mean something before that, in
/// the text of a statement.
const ESCAPE: char = '!';

/// One page, by id.
pub(super) async fn list(
    store: &SqlStore,
    filter: &UserFilter,
    page: PageRequest,
) -> Result<Page<User>, StoreError> {
    let wanted = living().filter(condition(filter));
    let total = store.read(wanted.clone().count(store.reader())).await?;
    if page.offset() >= total {
        return Ok(Page {
            rows: Vec::new(),
            total,
        });
    }
    let rows = wanted
        .order_by_asc(Column::Id)
        .offset(page.offset())
        .limit(page.limit());
    let rows = store.read(rows.all(store.reader())).await?;
    let rows = rows.into_iter().map(|row| Ok(account(store, row)?.user));
    Ok(Page {
        rows: rows.collect::<Result<_, StoreError>>()?,
        total,
    })
}

fn condition(filter: &UserFilter) -> Condition {
    let role = filter.role.map(|role| Column::Role.eq(role.as_str()));
    let words = filter.search.iter().flat_map(|search| search.words());
    words
        .map(|word| contains(&word.lower_case()))
        .fold(Condition::all().add_option(role), Condition::add)
}

/// That the word, in lower case, stands in the name or the address.
fn contains(word: &str) -> Condition {
    let pattern = || LikeExpr::new(pattern(word)).escape(ESCAPE);
    Condition::any()
        .add(Expr::expr(Func::lower(Expr::col((Entity, Column::Name)))).like(pattern()))
        .add(Expr::col((Entity, Column::EmailKey)).like(pattern()))
}

fn pattern(word: &str) -> String {
    let mut pattern = String::from("%");
    for c in word.chars() {
        if matches!(c, '%' | '_' | ESCAPE) {
            pattern.push(ESCAPE);
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_mean_something_is_escaped() {
        assert_eq!(pattern("100%_!\\"), "%100!%!_!!\\%");
    }
}
