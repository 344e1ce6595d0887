//! Uploads that come in pieces: how far each is, whoever goes on with it.

use orderchat_domain::attachment::FileState;
use orderchat_store::{attachments, uploads};

use crate::attachments::{attachment, begin, finished};
use crate::database::Database;
use crate::fixture::{NOW, read, write};
use crate::harness::tests;

tests! {
    BOTH: pieces_are_noted_in_their_order_from_where_it_is,
        of_two_that_go_on_from_one_place_one_does,
        an_upload_that_was_given_up_goes_no_further,
        what_is_whole_is_known_until_its_time_is_over;
}

fn piece(start: u64, name: &str) -> (u64, String) {
    (start, name.to_owned())
}

fn said() -> uploads::Said {
    uploads::Said {
        declared: Some("image/jpeg".to_owned()),
        metadata: Some("room Uk9PTQ==,filetype aW1hZ2UvanBlZw==".to_owned()),
    }
}

/// An upload of the first file, of a thousand bytes. Gives the file's key.
async fn begun(store: &orderchat_store::Store) -> i64 {
    write(store, |tx| {
        let key = begin(tx, 1)?;
        uploads::begin(tx, key, 1_000, &said())?;
        Ok(key)
    })
    .await
}

async fn pieces_are_noted_in_their_order_from_where_it_is(database: &Database) {
    let store = database.open().await;
    let key = begun(&store).await;
    let fresh = read(&store, |tx| uploads::by_id(tx, attachment(1))).await;
    let fresh = fresh.expect("the upload");
    assert_eq!((fresh.length, fresh.received, fresh.pieces), (1_000, 0, 0));
    assert_eq!(fresh.said, said());

    for (way, pieces) in [
        ((0, 300), vec![piece(0, "a"), piece(200, "b")]),
        ((300, 1_000), vec![piece(300, "c")]),
    ] {
        let advanced = write(&store, move |tx| uploads::advance(tx, key, way, &pieces)).await;
        assert!(advanced, "{way:?}");
    }
    let done = read(&store, |tx| uploads::by_id(tx, attachment(1))).await;
    let done = done.expect("the upload");
    assert_eq!((done.received, done.pieces), (1_000, 3));
    let names = read(&store, move |tx| uploads::pieces(tx, key)).await;
    assert_eq!(names, ["a", "b", "c"]);
    let other = read(&store, |tx| uploads::by_id(tx, attachment(2))).await;
    assert_eq!(other, None);
}

async fn of_two_that_go_on_from_one_place_one_does(database: &Database) {
    let store = database.open().await;
    let key = begun(&store).await;
    let go_on = |name: &'static str| {
        let pieces = [piece(0, name)];
        write(&store, move |tx| {
            uploads::advance(tx, key, (0, 400), &pieces)
        })
    };
    let (one, other) = tokio::join!(go_on("a"), go_on("b"));
    assert!(one != other, "{one} {other}");
    let names = read(&store, move |tx| uploads::pieces(tx, key)).await;
    assert_eq!(names, [if one { "a" } else { "b" }]);
}

async fn an_upload_that_was_given_up_goes_no_further(database: &Database) {
    let store = database.open().await;
    let key = begun(&store).await;
    write(&store, move |tx| attachments::let_go(tx, key, NOW)).await;
    let late = [piece(0, "a")];
    let advanced = write(&store, move |tx| uploads::advance(tx, key, (0, 400), &late)).await;
    assert!(!advanced);
    let names = read(&store, move |tx| uploads::pieces(tx, key)).await;
    assert!(names.is_empty());
    write(&store, |tx| attachments::forget(tx, attachment(1))).await;
    let gone = read(&store, |tx| uploads::by_id(tx, attachment(1))).await;
    assert_eq!(gone, None);
}

async fn what_is_whole_is_known_until_its_time_is_over(database: &Database) {
    let store = database.open().await;
    let key = begun(&store).await;
    let done = || read(&store, |tx| uploads::done(tx, 0, 10));
    let known = || read(&store, |tx| uploads::by_id(tx, attachment(1)));
    let forget_old = async |begun_by| {
        let old = read(&store, move |tx| uploads::old(tx, begun_by, 1)).await;
        write(&store, move |tx| uploads::forget(tx, &old)).await;
    };
    assert!(done().await.is_empty());
    forget_old(NOW).await;
    assert!(known().await.is_some(), "it is under way");
    write(&store, move |tx| {
        let all = [piece(0, "a"), piece(500, "b")];
        uploads::advance(tx, key, (0, 1_000), &all)?;
        // Others, after it.
        for n in [2, 3] {
            let key = begin(tx, n)?;
            uploads::begin(tx, key, 1_000, &uploads::Said::default())?;
        }
        attachments::finish(tx, key, &finished(FileState::Pending))
    })
    .await;
    assert_eq!(done().await, [(key, attachment(1))]);
    assert!(
        read(&store, move |tx| uploads::done(tx, key, 10))
            .await
            .is_empty()
    );
    write(&store, |tx| uploads::forget_pieces(tx, attachment(1))).await;
    assert!(done().await.is_empty());
    let names = read(&store, move |tx| uploads::pieces(tx, key)).await;
    assert!(names.is_empty());
    forget_old(NOW.plus(-1)).await;
    let whole = known().await.expect("its time is not over");
    assert_eq!((whole.length, whole.received), (1_000, 1_000));
    forget_old(NOW).await;
    assert_eq!(known().await, None);
    let other = read(&store, |tx| uploads::by_id(tx, attachment(2))).await;
    assert!(other.is_some(), "it is under way");
    let file = read(&store, |tx| attachments::by_id(tx, attachment(1))).await;
    assert_eq!(file.expect("the file stays").state, FileState::Pending);
}
