//! Rooms found by the beginning of a word: literally, whatever the word is made of.

use orderchat_domain::Role;
use orderchat_store::rooms::{self, Direction, Filter, Ordering, Scope};
use orderchat_store::{Result, Store, Tx, participants};

use crate::database::Database;
use crate::fixture::{Given, code, participant, person, read, room, write};
use crate::harness::tests;

tests! {
    BOTH: wildcards_and_quotes_are_found_as_they_are,
        words_are_found_by_their_beginning_in_any_case,
        a_new_title_is_found_and_the_old_one_is_not,
        outsiders_and_guests_find_by_what_is_on_the_card;
}

/// The order numbers of the rooms found, in the order they were made.
fn found(tx: &mut Tx<'_>, search: &str) -> Result<Vec<String>> {
    let sam = person(tx, "sam", Role::Admin)?.key;
    found_by(tx, sam, Scope::All, search)
}

fn found_by(tx: &mut Tx<'_>, user: i64, scope: Scope<'_>, search: &str) -> Result<Vec<String>> {
    let filter = Filter {
        user,
        status: None,
        is_public: None,
        role: None,
        search: Some(search),
        blocked_too: true,
    };
    let (ordering, direction) = (Ordering::CreatedAt, Direction::Ascending);
    let list = rooms::list(tx, scope, &filter, ordering, direction, None, 50)?;
    Ok(list
        .into_iter()
        .map(|room| room.record.order.number)
        .collect())
}

async fn rooms_with(store: &Store, numbers: &'static [&'static str], title: Option<&'static str>) {
    write(store, move |tx| {
        person(tx, "sam", Role::Admin)?;
        for (n, number) in (1..).zip(numbers) {
            room(
                tx,
                n,
                Given {
                    number,
                    title,
                    ..Given::default()
                },
            )?;
        }
        Ok(())
    })
    .await;
}

async fn check(store: &Store, cases: &'static [(&'static str, &'static [&'static str])]) {
    read(store, move |tx| {
        for (search, expected) in cases {
            assert_eq!(found(tx, search)?, *expected, "search for {search:?}");
        }
        Ok(())
    })
    .await;
}

async fn wildcards_and_quotes_are_found_as_they_are(database: &Database) {
    let store = database.open().await;
    let numbers = &[
        "50%off",
        "50xoff",
        "a_1",
        "ax1",
        "o'hara",
        "ohara",
        "o\"x",
        "back\\slash",
        "[1]",
        "-7",
        "7",
        "*star",
        "?mark",
        "a b",
    ];
    rooms_with(&store, numbers, None).await;
    check(
        &store,
        &[
            ("50", &["50%off", "50xoff"]),
            ("50%", &["50%off"]),
            ("50x", &["50xoff"]),
            ("%", &[]),
            ("a_", &["a_1"]),
            ("_", &[]),
            ("o'", &["o'hara"]),
            ("o'h", &["o'hara"]),
            ("oh", &["ohara"]),
            ("o\"", &["o\"x"]),
            ("back\\", &["back\\slash"]),
            ("[", &["[1]"]),
            ("-", &["-7"]),
            ("7", &["7"]),
            ("*", &["*star"]),
            ("?", &["?mark"]),
            ("a ", &["a b"]),
            ("' OR 1 = 1 --", &[]),
        ],
    )
    .await;
}

async fn words_are_found_by_their_beginning_in_any_case(database: &Database) {
    let store = database.open().await;
    rooms_with(
        &store,
        &["A-77"],
        Some("Ärger mit (Kühl)Kette, Ænd 薬局です"),
    )
    .await;
    check(
        &store,
        &[
            ("a-7", &["A-77"]),
            ("A-77", &["A-77"]),
            ("A-778", &[]),
            ("77", &[]),
            ("är", &["A-77"]),
            ("ÄRGER", &["A-77"]),
            ("ar", &[]),
            ("kette", &["A-77"]),
            ("ette", &[]),
            ("kühl", &["A-77"]),
            ("æ", &["A-77"]),
            ("薬", &["A-77"]),
            ("局", &[]),
        ],
    )
    .await;
    // The code counts as a word as it stands.
    read(&store, |tx| {
        let code = code(1).as_str().to_lowercase();
        assert_eq!(found(tx, &code)?, ["A-77"]);
        assert_eq!(found(tx, &code[..7])?, ["A-77"]);
        assert_eq!(found(tx, &code[5..])?, [""; 0]);
        Ok(())
    })
    .await;
}

async fn a_new_title_is_found_and_the_old_one_is_not(database: &Database) {
    let store = database.open().await;
    rooms_with(&store, &["1042"], Some("Cold chain")).await;
    write(&store, |tx| {
        rooms::set_words(tx, 1, &code(1), "1042", Some("Warm chain chain"))
    })
    .await;
    check(
        &store,
        &[
            ("cold", &[]),
            ("warm", &["1042"]),
            ("chain", &["1042"]),
            ("1042", &["1042"]),
        ],
    )
    .await;
}

async fn outsiders_and_guests_find_by_what_is_on_the_card(database: &Database) {
    let store = database.open().await;
    let (outsider, guest, member) = write(&store, |tx| {
        let given = Given {
            number: "N-77",
            title: Some("Cold chain"),
            is_public: true,
            ..Given::default()
        };
        let room = room(tx, 1, given)?;
        let outsider = person(tx, "out", Role::Customer)?;
        let guest = person(tx, "guest", Role::Customer)?;
        let member = person(tx, "member", Role::Customer)?;
        participant(tx, &room, &member, Role::Customer)?;
        let mut coming = participant(tx, &room, &guest, Role::Customer)?;
        coming.guest = true;
        participants::update(tx, &coming, true)?;
        Ok((outsider.key, guest.key, member.key))
    })
    .await;
    read(&store, move |tx| {
        for (user, scope, by_number) in [
            (outsider, Scope::Public, false),
            (guest, Scope::Mine, false),
            (member, Scope::Mine, true),
            (member, Scope::Pharmacy("corner"), true),
        ] {
            let all = ["N-77".to_owned()];
            assert_eq!(found_by(tx, user, scope, "cold")?, all, "{scope:?}");
            let found = found_by(tx, user, scope, "n-7")?;
            assert_eq!(!found.is_empty(), by_number, "{scope:?} of {user}");
        }
        Ok(())
    })
    .await;
}
