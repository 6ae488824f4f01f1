//! Users.

use futures_util::future::join_all;

use super::super::Relational;
use super::super::make::*;
use crate::user::{CreateUserError, Email, NewUser, PasswordHash, PersonName, UserId};

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

pub async fn user_ids_are_positive_and_differ(on: Relational) {
    let (ada, bob) = (on.user("ada").await, on.user("bob").await);
    assert!(ada.id.get() > 0 && bob.id.get() > 0);
    assert_ne!(ada.id, bob.id);
}

pub async fn an_unknown_user_is_not_found(on: Relational) {
    on.user("ada").await;
    assert_eq!(on.users.find(NOBODY).await.unwrap(), None);
    assert_eq!(on.users.find(UserId::new(-1)).await.unwrap(), None);
    let email = Email::parse("bob@example.org").unwrap();
    assert!(on.users.find_by_email(&email).await.unwrap().is_none());
}

pub async fn an_address_is_found_in_any_case_and_comes_back_as_written(on: Relational) {
    for (written, asked) in [
        ("Ada@Example.org", "aDA@eXAMPLE.ORG"),
        ("JÖRG@müller.example", "jörg@MÜLLER.example"),
    ] {
        let user = on.users.insert(&new_user(written)).await.unwrap();
        let asked = Email::parse(asked).unwrap();
        let account = on.users.find_by_email(&asked).await.unwrap().unwrap();
        assert_eq!(account.user.id, user.id);
        assert_eq!(account.user.email.as_str(), written);
    }
}

pub async fn an_address_is_taken_in_any_case(on: Relational) {
    on.users.insert(&new_user("Ada@example.org")).await.unwrap();
    on.users
        .insert(&new_user("jörg@example.org"))
        .await
        .unwrap();
    for taken in ["Ada@example.org", "ADA@EXAMPLE.ORG", "JÖRG@example.org"] {
        let refused = on.users.insert(&new_user(taken)).await;
        assert!(
            matches!(refused, Err(CreateUserError::EmailTaken)),
            "{taken}"
        );
    }
}

pub async fn addresses_with_and_without_accents_are_different(on: Relational) {
    let plain = on
        .users
        .insert(&new_user("jorg@example.org"))
        .await
        .unwrap();
    let accented = on
        .users
        .insert(&new_user("jörg@example.org"))
        .await
        .unwrap();
    assert_ne!(plain.id, accented.id);
    let found = on.users.find_by_email(&plain.email).await.unwrap().unwrap();
    assert_eq!(found.user.id, plain.id);
}

pub async fn of_many_at_once_with_one_address_exactly_one_is_stored(on: Relational) {
    for round in 0..5 {
        let spellings = ["ada", "Ada", "ADA", "aDa", "adA", "AdA", "ADa", "aDA"];
        let wishes = spellings.map(|name| new_user(&format!("{name}{round}@example.org")));
        let answers = join_all(wishes.iter().map(|wish| on.users.insert(wish))).await;
        let taken = |answer: &Result<_, _>| matches!(answer, Err(CreateUserError::EmailTaken));
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
        assert_eq!(answers.iter().filter(|answer| taken(answer)).count(), 7);
    }
}

pub async fn text_comes_back_as_it_went_in(on: Relational) {
    let longest = "🎟".repeat(100);
    let names = [
        "Zoë O'Brien \"the\" \\ backslash",
        "Robert'); DROP TABLE users;--",
        "100% _ ? $1 :name {} `x`",
        "王小明 Ελένη Олег عمر",
        "👩🏽‍💻 e\u{301}",
        &longest,
    ];
    for (index, name) in names.into_iter().enumerate() {
        let new = NewUser {
            name: PersonName::parse(name).unwrap(),
            ..new_user(&format!("o'neil+{{`%_|}}~{index}@example.org"))
        };
        let user = on.users.insert(&new).await.unwrap();
        let found = on.users.find(user.id).await.unwrap().unwrap();
        assert_eq!(found.name.as_str(), name);
        assert_eq!(found.email.as_str(), new.email.as_str());
    }
}

pub async fn the_longest_address_fits(on: Relational) {
    let (local, label) = ("x".repeat(64), "a".repeat(63));
    let plain = format!("{local}@{label}.{label}.{}.examples", "ü".repeat(26));
    // In lower case, the form that is compared, this letter takes a byte more.
    let (local, label) = ("Ⱥ".repeat(32), "Ⱥ".repeat(31));
    let growing = format!("{local}@{label}.{label}.{}.example", "Ⱥ".repeat(27));
    for email in [plain, growing] {
        assert!((253..=254).contains(&email.len()), "{}", email.len());
        let new = new_user(&email);
        let user = on.users.insert(&new).await.unwrap();
        assert_eq!(user.email.as_str(), email);
        let account = on.users.find_by_email(&new.email).await.unwrap().unwrap();
        assert_eq!(account.user, user);
    }
}

pub async fn an_account_is_found_by_id_with_its_hash(on: Relational) {
    let new = new_user("ada@example.org");
    let ada = on.users.insert(&new).await.unwrap();
    let account = on.users.account(ada.id).await.unwrap().unwrap();
    assert_eq!(account.user, ada);
    assert_eq!(account.password_hash, new.password_hash);
    assert!(on.users.account(NOBODY).await.unwrap().is_none());
}

pub async fn a_hash_is_replaced_only_while_it_is_the_old_one(on: Relational) {
    let new = new_user("ada@example.com");
    let id = on.users.insert(&new).await.unwrap().id;
    let hash = |text: &str| PasswordHash::new(text.to_owned());
    let replace = async |old: &PasswordHash, new: &str| {
        let replaced = on.users.replace_hash(id, old, &hash(new)).await;
        replaced.unwrap()
    };
    assert!(replace(&new.password_hash, "second").await);
    assert!(!replace(&new.password_hash, "third").await);
    let account = on.users.account(id).await.unwrap().unwrap();
    assert_eq!(account.password_hash, hash("second"));
    on.users.delete(id, at(FAR), None).await.unwrap();
    for old in ["second", ""] {
        assert!(!replace(&hash(old), "third").await, "{old}");
    }
}
