//! A6: the whole role × route × room-state matrix.
//!
//! What is expected of a cell comes from the rules in `orderchat_domain` (whose own test holds the
//! permission table against the contract); what is tested is that every route asks them.

mod cell;
mod expected;
mod routes;

use orderchat_domain::TokenRole;
use orderchat_domain::room::RoomStatus;

use crate::harness::Server;
use crate::openapi;

use cell::Cell;
use expected::{Place, Situation};
use routes::{ROUTES, Route};

const CALLERS: [(TokenRole, Place); 12] = [
    (TokenRole::Customer, Place::In),
    (TokenRole::Customer, Place::Outside),
    (TokenRole::Rider, Place::In),
    (TokenRole::Rider, Place::Outside),
    (TokenRole::Pharmacy, Place::In),
    (TokenRole::Pharmacy, Place::Theirs),
    (TokenRole::Pharmacy, Place::Outside),
    (TokenRole::Support, Place::In),
    (TokenRole::Support, Place::Outside),
    (TokenRole::Admin, Place::In),
    (TokenRole::Admin, Place::Outside),
    (TokenRole::Service, Place::Outside),
];

async fn hold_matrix(status: RoomStatus, public: bool) {
    let server = Server::start().await;
    for user in ["bystander", "muted", "blocked", "extra", "nobody-here"] {
        server.service().make_known(user, "customer").await;
    }
    let mut wrong = Vec::new();
    for (role, place) in CALLERS {
        let cell = Cell {
            server: &server,
            situation: Situation {
                role,
                place,
                status,
                public,
            },
        };
        wrong.extend(cell.hold().await);
    }
    assert!(
        wrong.is_empty(),
        "{} cells are wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[tokio::test]
async fn a6_every_role_meets_its_rights_in_an_open_room() {
    hold_matrix(RoomStatus::Open, false).await;
}

#[tokio::test]
async fn a6_every_role_meets_its_rights_in_a_closed_room() {
    hold_matrix(RoomStatus::Closed, false).await;
}

#[tokio::test]
async fn a6_every_role_meets_its_rights_in_an_archived_room() {
    hold_matrix(RoomStatus::Archived, false).await;
}

#[tokio::test]
async fn a6_every_role_meets_its_rights_in_a_public_room() {
    hold_matrix(RoomStatus::Open, true).await;
}

#[tokio::test]
async fn a6_a_deleted_room_is_404_on_every_route_for_every_role() {
    let server = Server::start().await;
    for user in ["bystander", "muted", "blocked", "extra", "nobody-here"] {
        server.service().make_known(user, "customer").await;
    }
    for (role, place) in CALLERS {
        let cell = Cell {
            server: &server,
            situation: Situation {
                role,
                place,
                status: RoomStatus::Open,
                public: true,
            },
        };
        let (room, client, things) = cell.set_up().await;
        room.admin.delete(&room.at("")).await.ok(204);
        for route in ROUTES.iter().filter(|route| names_the_room(route)) {
            let answer = cell.ask(&client, &things, route).await;
            assert_eq!(
                answer.status, 404,
                "{role:?}: {} {}",
                answer.request, answer.text
            );
        }
    }
}

fn names_the_room(route: &Route) -> bool {
    let of_room = [
        "{room}",
        "{bystander}",
        "{muted}",
        "{blocked}",
        "{own}",
        "{others}",
        "{file}",
    ];
    of_room.iter().any(|name| route.path.contains(name))
}

#[test]
fn the_matrix_covers_every_route() {
    let asked = |method: &str, path: &str| {
        ROUTES.iter().any(|route| {
            let bare = route.path.split('?').next().unwrap_or_default();
            let nameless = openapi::nameless(
                &bare
                    .replace("/extra/", "/{}/")
                    .replace("/nobody-here/", "/{}/"),
            );
            route.method == method && nameless.trim_end_matches('/') == path.trim_end_matches('/')
        })
    };
    for route in openapi::routes() {
        let (method, path) = route.split_once(' ').expect("method and path");
        assert!(
            asked(method, path),
            "{route} of the contract is not in the matrix"
        );
    }
    for (method, path, _) in openapi::operations() {
        if ["/api/audit/", "/api/chat/", "/api/orders/", "/api/users/"]
            .iter()
            .any(|under| path.starts_with(under))
        {
            assert!(
                asked(&method, &path),
                "{method} {path} of openapi.json is not in the matrix"
            );
        }
    }
}
