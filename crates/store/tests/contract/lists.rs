//! Lists of rooms: each scope, order and direction, walked by cursor, shows every room once.

use orderchat_domain::event::EventKind;
use orderchat_domain::participant::Ended;
use orderchat_domain::room::RoomStatus;
use orderchat_domain::{Millis, Role};
use orderchat_store::log::Actor;
use orderchat_store::rooms::{self, Cursor, Direction, Filter, Ordering, Scope, StoredRoom};
use orderchat_store::{Result, Store, StoreError, Tx, participants};

use crate::database::Database;
use crate::fixture::{Given, NOW, append, event, participant, person, read, room, write};
use crate::harness::tests;

tests! {
    BOTH: every_list_walked_by_cursor_shows_every_room_once_in_order,
        filters_narrow_a_list_and_its_cursor_still_walks_it,
        who_is_blocked_is_shown_the_room_only_as_an_admin,
        who_is_in_more_rooms_than_are_sorted_sees_the_same_lists,
        a_room_that_moves_up_while_one_walks_down_repeats_none_below;
}

const ROOMS: u32 = 300;

/// More than a list sorts, when the user is in all of them.
const MANY_ROOMS: u32 = 1_150;

/// How the user stands to a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Reads,
    MayNotRead,
    Ended(Ended),
    Outside,
}

/// A room as the test made it, to be compared with what lists show.
#[derive(Clone, Copy, Debug)]
struct Made {
    key: i64,
    created_at: Millis,
    last_at: Millis,
    north: bool,
    public: bool,
    archived: bool,
    deleted: bool,
    found: bool,
    standing: Standing,
    role: Role,
}

/// So many rooms; many were made and many last spoke at the same time. In one of `period` rooms each
/// the user stands otherwise than as a reader.
fn make(tx: &mut Tx<'_>, rooms: u32, period: u32) -> Result<(i64, Vec<Made>)> {
    let sam = person(tx, "sam", Role::Admin)?;
    let mut all = Vec::new();
    for n in 0..rooms {
        let made = Made {
            key: 0,
            created_at: NOW.plus(i64::from(n % 7) * 10),
            last_at: NOW.plus(1_000 + i64::from(n * 37 % 11) * 10),
            north: n % 3 == 0,
            public: n % 4 == 0,
            archived: n % 5 == 0,
            deleted: n % 50 == 49,
            found: n % (period / 5) != 1,
            standing: match n % period {
                4 => Standing::MayNotRead,
                5 => Standing::Ended(Ended::Left),
                6 => Standing::Ended(Ended::Blocked),
                7..10 => Standing::Outside,
                _ => Standing::Reads,
            },
            role: if n % 20 < 10 {
                Role::Admin
            } else {
                Role::Pharmacy
            },
        };
        let given = Given {
            // In the title: outsiders do not find a room by its order's number.
            title: Some(if made.found {
                "even-number"
            } else {
                "odd-number"
            }),
            pharmacy: if made.north { "north" } else { "south" },
            is_public: made.public,
            at: made.created_at,
            ..Given::default()
        };
        let mut room = room(tx, n, given)?;
        stand(tx, &room, &sam, made)?;
        let created = event(&room, EventKind::RoomCreated, Actor::SERVER, 0);
        append(tx, &mut room, made.last_at, created)?;
        room.record.status = if made.archived {
            RoomStatus::Archived
        } else {
            RoomStatus::Open
        };
        room.record.deleted_at = made.deleted.then_some(NOW);
        rooms::update(tx, &room)?;
        all.push(Made {
            key: room.record.key,
            ..made
        });
    }
    Ok((sam.key, all))
}

fn stand(
    tx: &mut Tx<'_>,
    room: &StoredRoom,
    sam: &orderchat_domain::project::Person,
    made: Made,
) -> Result<()> {
    if made.standing == Standing::Outside {
        return Ok(());
    }
    let mut own = participant(tx, room, sam, made.role)?;
    if let Standing::Ended(ended) = made.standing {
        own.ended = Some(ended);
    }
    participants::update(tx, &own, made.standing == Standing::Reads)
}

async fn three_hundred(store: &Store) -> (i64, Vec<Made>) {
    write(store, |tx| make(tx, ROOMS, 10)).await
}

fn shows(scope: Scope<'_>, made: &Made) -> bool {
    let blocked = made.standing == Standing::Ended(Ended::Blocked);
    let in_scope = match scope {
        Scope::Mine => made.standing == Standing::Reads,
        Scope::All => !blocked,
        Scope::Pharmacy(pharmacy) => (pharmacy == "north") == made.north && !blocked,
        Scope::Public => made.public && made.standing == Standing::Outside,
    };
    in_scope && !made.deleted
}

fn value(ordering: Ordering, made: &Made) -> Millis {
    match ordering {
        Ordering::LastActivity => made.last_at,
        Ordering::CreatedAt => made.created_at,
    }
}

fn nothing_filtered<'a>(user: i64) -> Filter<'a> {
    Filter {
        user,
        status: None,
        is_public: None,
        role: None,
        search: None,
        blocked_too: false,
    }
}

fn cursor(room: &StoredRoom, ordering: Ordering) -> Cursor {
    let record = &room.record;
    let at = match ordering {
        Ordering::LastActivity => record.last_activity,
        Ordering::CreatedAt => record.created_at,
    };
    Cursor {
        at: at.0,
        key: record.key,
    }
}

/// The keys of all pages of so many rooms.
fn walk(
    tx: &mut Tx<'_>,
    scope: Scope<'_>,
    filter: &Filter<'_>,
    (ordering, direction): (Ordering, Direction),
    limit: u32,
) -> Result<Vec<i64>> {
    let (mut keys, mut after) = (Vec::new(), None);
    loop {
        let page = rooms::list(tx, scope, filter, ordering, direction, after, limit)?;
        assert!(page.len() <= limit as usize);
        assert!(keys.len() <= MANY_ROOMS as usize, "a walk without end");
        let Some(last) = page.last() else {
            return Ok(keys);
        };
        after = Some(cursor(last, ordering));
        keys.extend(page.iter().map(|room| room.record.key));
    }
}

fn expected(
    all: &[Made],
    ordering: Ordering,
    direction: Direction,
    shows: impl Fn(&Made) -> bool,
) -> Vec<i64> {
    let mut list: Vec<&Made> = all.iter().filter(|made| shows(made)).collect();
    list.sort_by_key(|made| (value(ordering, made), made.key));
    if direction == Direction::Descending {
        list.reverse();
    }
    list.into_iter().map(|made| made.key).collect()
}

const SCOPES: [Scope<'_>; 5] = [
    Scope::Mine,
    Scope::All,
    Scope::Pharmacy("north"),
    Scope::Pharmacy("south"),
    Scope::Public,
];
const ORDERINGS: [Ordering; 2] = [Ordering::LastActivity, Ordering::CreatedAt];
const DIRECTIONS: [Direction; 2] = [Direction::Ascending, Direction::Descending];

/// Walks every list, with and without a search, in pages of so many rooms.
fn check_all(tx: &mut Tx<'_>, sam: i64, all: &[Made], limit: u32) -> Result<()> {
    for scope in SCOPES {
        for ordering in ORDERINGS {
            for direction in DIRECTIONS {
                for search in [None, Some("EVEN-n")] {
                    let filter = Filter {
                        search,
                        ..nothing_filtered(sam)
                    };
                    let seen = walk(tx, scope, &filter, (ordering, direction), limit)?;
                    let wanted = expected(all, ordering, direction, |made| {
                        shows(scope, made) && (search.is_none() || made.found)
                    });
                    assert!(wanted.len() > limit as usize, "more than a page");
                    let what = (scope, ordering, direction, search);
                    assert_eq!(seen, wanted, "{what:?}");
                }
            }
        }
    }
    Ok(())
}

async fn every_list_walked_by_cursor_shows_every_room_once_in_order(database: &Database) {
    let store = database.open().await;
    let (sam, all) = three_hundred(&store).await;
    read(&store, move |tx| check_all(tx, sam, &all, 7)).await;
}

/// Few rooms are found first and then sorted, of many the order is walked: it must not show.
async fn who_is_in_more_rooms_than_are_sorted_sees_the_same_lists(database: &Database) {
    let store = database.open().await;
    let (sam, all) = write(&store, |tx| make(tx, MANY_ROOMS, 50)).await;
    let own = all.iter().filter(|made| made.standing == Standing::Reads);
    let found = all.iter().filter(|made| made.found);
    assert!(own.count() > 1_000 && found.count() > 1_000);
    read(&store, move |tx| check_all(tx, sam, &all, 10)).await;
}

async fn filters_narrow_a_list_and_its_cursor_still_walks_it(database: &Database) {
    let store = database.open().await;
    let (sam, all) = three_hundred(&store).await;
    read(&store, move |tx| {
        let (ordering, direction) = (Ordering::LastActivity, Direction::Descending);
        let none = nothing_filtered(sam);
        for scope in SCOPES {
            let mut check = |filter: &Filter<'_>, fits: &dyn Fn(&Made) -> bool| {
                let seen = walk(tx, scope, filter, (ordering, direction), 7)?;
                let wanted = expected(&all, ordering, direction, |m| shows(scope, m) && fits(m));
                assert_eq!(seen, wanted, "{scope:?} {filter:?}");
                Ok::<_, StoreError>(())
            };
            let archived = Filter {
                status: Some(RoomStatus::Archived),
                ..none.clone()
            };
            check(&archived, &|made| made.archived)?;
            let closed = Filter {
                status: Some(RoomStatus::Closed),
                ..none.clone()
            };
            check(&closed, &|_| false)?;
            for public in [false, true] {
                let filter = Filter {
                    is_public: Some(public),
                    ..none.clone()
                };
                check(&filter, &|made| made.public == public)?;
            }
            let as_pharmacy = Filter {
                role: Some(Role::Pharmacy),
                ..none.clone()
            };
            let has_role = |made: &Made| {
                let is_in = matches!(made.standing, Standing::Reads | Standing::MayNotRead);
                made.role == Role::Pharmacy && is_in
            };
            check(&as_pharmacy, &has_role)?;
            let all_of_it = Filter {
                is_public: Some(true),
                search: Some("odd"),
                ..archived.clone()
            };
            check(&all_of_it, &|made| {
                made.archived && made.public && !made.found
            })?;
        }
        Ok(())
    })
    .await;
}

async fn who_is_blocked_is_shown_the_room_only_as_an_admin(database: &Database) {
    let store = database.open().await;
    let (sam, all) = three_hundred(&store).await;
    read(&store, move |tx| {
        let (ordering, direction) = (Ordering::CreatedAt, Direction::Ascending);
        let as_admin = Filter {
            blocked_too: true,
            ..nothing_filtered(sam)
        };
        let seen = walk(tx, Scope::All, &as_admin, (ordering, direction), 7)?;
        let wanted = expected(&all, ordering, direction, |made| !made.deleted);
        assert_eq!(seen, wanted);
        let mine = walk(tx, Scope::Mine, &as_admin, (ordering, direction), 7)?;
        let own = |made: &Made| shows(Scope::Mine, made);
        assert_eq!(mine, expected(&all, ordering, direction, own));
        Ok(())
    })
    .await;
}

async fn a_room_that_moves_up_while_one_walks_down_repeats_none_below(database: &Database) {
    let store = database.open().await;
    let (sam, all) = three_hundred(&store).await;
    let page = |after| {
        read(&store, move |tx| {
            let filter = nothing_filtered(sam);
            let (ordering, direction) = (Ordering::LastActivity, Direction::Descending);
            rooms::list(tx, Scope::All, &filter, ordering, direction, after, 150)
        })
    };
    let first = page(None).await;
    let last = first.last().expect("a room");
    let moved = all
        .iter()
        .rfind(|made| shows(Scope::All, made) && !first.iter().any(|r| r.record.key == made.key))
        .expect("a room below the page")
        .key;
    write(&store, move |tx| {
        let mut room = rooms::by_key(tx, moved)?.expect("the room");
        let news = event(&room, EventKind::OrderUpdated, Actor::SERVER, 0);
        append(tx, &mut room, NOW.plus(9_000), news)
    })
    .await;
    let second = page(Some(cursor(last, Ordering::LastActivity))).await;
    let mut seen: Vec<i64> = first
        .iter()
        .chain(&second)
        .map(|room| room.record.key)
        .collect();
    seen.sort_unstable();
    let wanted = all
        .iter()
        .filter(|made| shows(Scope::All, made) && made.key != moved);
    assert_eq!(seen, wanted.map(|made| made.key).collect::<Vec<_>>());
}
