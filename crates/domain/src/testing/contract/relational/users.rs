//! Users.

use super::super::Relational;
use super::super::make::*;

pub async fn an_inserted_user_is_found_by_id_and_address(on: Relational) {
    let new = new_user("Ada.Lovelace@Example.org");
    let user = on.users.insert(&new).await.unwrap();
    assert!(user.id.get() > 0);
    assert_eq!(
        (&user.name, &user.email, user.role, user.created_at),
        (&new.name, &new.email, new.role, new.created_at)
    );
    assert_eq!(on.users.find(user.id).await.unwrap(), Some(user.clone()));
    let account = on.users.find_by_email(&new.email).await.unwrap().unwrap();
    assert_eq!(account.user, user);
    assert_eq!(account.password_hash, new.password_hash);
}
