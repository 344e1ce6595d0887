//! People: what is told about them, and by whom it counts.

use orderchat_domain::Role;
use orderchat_store::Store;
use orderchat_store::users::{self, Source, Told, User};
use serde_json::json;

use crate::database::Database;
use crate::fixture::{NOW, person, read, user_id, write};
use crate::harness::tests;

tests! {
    BOTH: the_shop_wins_over_the_token_and_the_token_over_the_order,
        a_name_from_an_order_stays_until_somebody_better_tells,
        orders_name_people_in_many_roles_of_which_the_highest_is_their_own,
        what_is_known_already_is_no_news,
        a_service_is_not_the_person_of_the_same_id,
        people_set_their_own_profile,
        a_revocation_is_remembered,
        last_seen_never_goes_back;
}

/// Told of Sam.
fn told(source: Source, name: &'static str, role: Role) -> Told<'static> {
    Told {
        user: Box::leak(Box::new(user_id("sam"))),
        role: Some(role),
        name: Some(name),
        email: Some(name),
        pharmacy: None,
        language: None,
        source,
    }
}

async fn learn(store: &Store, told: Told<'static>) -> (User, bool) {
    write(store, move |tx| users::learn(tx, told, NOW)).await
}

fn shown(user: &User) -> (Option<&str>, Option<&str>, Option<Role>) {
    let person = &user.person;
    (person.name.as_deref(), person.email.as_deref(), user.role)
}

async fn the_shop_wins_over_the_token_and_the_token_over_the_order(database: &Database) {
    use Role::{Pharmacy, Rider, Support};
    let store = database.open().await;
    let order = told(Source::Order, "order", Rider);
    let token = told(Source::Token, "token", Pharmacy);
    let shop = told(Source::Shop, "shop", Support);
    let by_order = (Some("order"), Some("order"), Some(Rider));
    let by_token = (Some("token"), Some("token"), Some(Pharmacy));
    let by_shop = (Some("shop"), Some("shop"), Some(Support));
    for (step, (told, expected)) in [
        (order, by_order),
        (token, by_token),
        (order, by_token),
        (shop, by_shop),
        (token, by_shop),
        (order, by_shop),
        (
            told(Source::Shop, "again", Rider),
            (Some("again"), Some("again"), Some(Rider)),
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let (user, is_new) = learn(&store, told).await;
        assert_eq!(shown(&user), expected, "step {step}");
        assert_eq!(is_new, step == 0);
        let key = user.person.key;
        let stored = read(&store, move |tx| users::by_key(tx, key)).await;
        assert_eq!(stored, Some(user), "step {step}");
    }
}

/// Each part has its own source: a token without a name takes no name away.
async fn a_name_from_an_order_stays_until_somebody_better_tells(database: &Database) {
    let store = database.open().await;
    learn(&store, told(Source::Order, "Sam", Role::Rider)).await;
    let nameless = Told {
        name: None,
        email: None,
        ..told(Source::Token, "", Role::Rider)
    };
    let (user, _) = learn(&store, nameless).await;
    assert_eq!(user.person.name.as_deref(), Some("Sam"));
    let (user, _) = learn(&store, told(Source::Order, "Samuel", Role::Rider)).await;
    assert_eq!(user.person.name.as_deref(), Some("Samuel"));
}

async fn orders_name_people_in_many_roles_of_which_the_highest_is_their_own(database: &Database) {
    let store = database.open().await;
    for (role, own) in [
        (Role::Customer, Role::Customer),
        (Role::Pharmacy, Role::Pharmacy),
        (Role::Rider, Role::Pharmacy),
    ] {
        let (user, _) = learn(&store, told(Source::Order, "Sam", role)).await;
        assert_eq!(user.role, Some(own));
    }
    // A token says what the account is now, also when that is less.
    let (user, _) = learn(&store, told(Source::Token, "Sam", Role::Rider)).await;
    assert_eq!(user.role, Some(Role::Rider));
}

async fn what_is_known_already_is_no_news(database: &Database) {
    let store = database.open().await;
    let (sam, _) = learn(&store, told(Source::Token, "Sam", Role::Rider)).await;
    assert!(!users::is_news(
        &sam,
        told(Source::Token, "Sam", Role::Rider)
    ));
    assert!(!users::is_news(
        &sam,
        told(Source::Order, "Samuel", Role::Admin)
    ));
    assert!(users::is_news(
        &sam,
        told(Source::Token, "Samuel", Role::Rider)
    ));
    // The same words of a higher source: a lower one can no longer change them.
    assert!(users::is_news(&sam, told(Source::Shop, "Sam", Role::Rider)));
}

async fn a_service_is_not_the_person_of_the_same_id(database: &Database) {
    let store = database.open().await;
    let (sam, _) = learn(&store, told(Source::Token, "Sam", Role::Rider)).await;
    let service = Told {
        role: None,
        ..told(Source::Token, "Backend", Role::Rider)
    };
    let (service, is_new) = learn(&store, service).await;
    assert!(is_new);
    assert_eq!(service.role, None);
    assert_ne!(service.person.key, sam.person.key);
    let (person, backend) = read(&store, |tx| {
        let id = user_id("sam");
        Ok((users::by_id(tx, &id, false)?, users::by_id(tx, &id, true)?))
    })
    .await;
    assert_eq!((person, backend), (Some(sam), Some(service)));
}

async fn people_set_their_own_profile(database: &Database) {
    let store = database.open().await;
    let preferences = json!({"sound": false, "theme": "it's \"dark\""});
    let preferences = preferences.as_object().expect("an object").clone();
    let given = preferences.clone();
    let user = write(&store, move |tx| {
        let sam = person(tx, "sam", Role::Rider)?;
        users::set_profile(tx, sam.key, &given, Some("de-AT"), NOW)?;
        users::by_key(tx, sam.key)
    })
    .await
    .expect("a user");
    assert_eq!(user.preferences, preferences);
    assert_eq!(user.language.as_deref(), Some("de-AT"));
    // A token's language does not undo what they chose; the shop's does.
    let in_french = |source| Told {
        language: Some("fr"),
        ..told(source, "Sam", Role::Rider)
    };
    let (user, _) = learn(&store, in_french(Source::Token)).await;
    assert_eq!(user.language.as_deref(), Some("de-AT"));
    let (user, _) = learn(&store, in_french(Source::Shop)).await;
    assert_eq!(user.language.as_deref(), Some("fr"));
}

async fn a_revocation_is_remembered(database: &Database) {
    let store = database.open().await;
    let user = write(&store, |tx| {
        let sam = person(tx, "sam", Role::Rider)?;
        users::revoke(tx, sam.key, NOW.plus(7))?;
        users::by_id(tx, &user_id("sam"), false)
    })
    .await;
    assert_eq!(user.expect("a user").revoked_at, Some(NOW.plus(7)));
}

async fn last_seen_never_goes_back(database: &Database) {
    let store = database.open().await;
    let seen = write(&store, |tx| {
        let [sam, ann] = [
            person(tx, "sam", Role::Rider)?,
            person(tx, "ann", Role::Customer)?,
        ];
        users::seen(tx, &[(sam.key, NOW), (ann.key, NOW.plus(1))])?;
        users::seen(tx, &[(sam.key, NOW.plus(5)), (ann.key, NOW.plus(-60_000))])?;
        users::seen(tx, &[])?;
        let mut seen = Vec::new();
        for key in [sam.key, ann.key] {
            seen.push(users::by_key(tx, key)?.expect("a user").last_seen);
        }
        Ok(seen)
    })
    .await;
    assert_eq!(seen, [Some(NOW.plus(5)), Some(NOW.plus(1))]);
}
