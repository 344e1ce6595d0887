//! Files beside their bytes: begun, whole, in a message, gone; and what of a user's room they take.

use orderchat_domain::attachment::{FileState, ImageRecord};
use orderchat_domain::{AttachmentId, Millis, Role};
use orderchat_store::attachments::{
    self, Finished, Going, Held, NewFile, SentFile, Shown, StoredFile,
};
use orderchat_store::{Result, Store, Tx};
use uuid::Uuid;

use crate::database::Database;
use crate::fixture::{Given, NOW, person, read, room, say, write};
use crate::harness::tests;

tests! {
    BOTH: a_file_is_known_from_its_first_byte_and_whole_once,
        a_file_that_was_given_up_is_not_finished,
        the_collector_never_takes_what_a_message_or_a_timeline_has,
        what_is_forgotten_gives_its_room_back,
        unsent_files_are_counted_as_far_as_asked,
        the_scanner_judges_a_file_once,
        of_a_rejected_file_that_was_sent_the_bytes_go_and_what_is_told_of_it_stays,
        what_a_backup_copies_is_what_is_whole;
}

const DAY: i64 = 86_400_000;

pub(crate) fn attachment(n: u128) -> AttachmentId {
    AttachmentId(Uuid::from_u128(0xF << 120 | n))
}

/// The `n`th file of Ann in the first room, of a thousand bytes, as it is begun. Gives its key.
pub(crate) fn begin(tx: &mut Tx<'_>, n: u128) -> Result<i64> {
    let owner = person(tx, "ann", Role::Customer)?.key;
    attachments::take_space(tx, owner, 1_000)?;
    let file = NewFile {
        id: attachment(n),
        room: 1,
        owner,
        purpose: None,
        name: "door.jpg",
        size: 1_000,
        at: NOW,
        until: NOW.plus(DAY),
    };
    attachments::begin(tx, &file)
}

pub(crate) fn finished(state: FileState) -> Finished {
    Finished {
        state,
        name: "door.jpg".to_owned(),
        size: 900,
        mime: "image/jpeg",
        source: [1; 32],
        digest: [2; 32],
        image: Some(ImageRecord {
            width: 640,
            height: 480,
            thumbhash: "AAAA".to_owned(),
        }),
        until: Some(NOW.plus(DAY)),
    }
}

/// A file that is whole. Gives its key.
fn whole(tx: &mut Tx<'_>, n: u128, state: FileState) -> Result<i64> {
    let key = begin(tx, n)?;
    assert!(attachments::finish(tx, key, &finished(state))?);
    Ok(key)
}

/// The `n`th file, when all of it goes.
fn going(key: i64, n: u128) -> Going {
    Going {
        key,
        id: attachment(n),
        only_bytes: false,
    }
}

async fn found(store: &Store, n: u128) -> Option<StoredFile> {
    read(store, move |tx| attachments::by_id(tx, attachment(n))).await
}

/// Bytes that Ann's files take.
async fn taken(store: &Store) -> u64 {
    write(store, |tx| {
        let owner = person(tx, "ann", Role::Customer)?.key;
        attachments::take_space(tx, owner, 0)
    })
    .await
}

async fn a_file_is_known_from_its_first_byte_and_whole_once(database: &Database) {
    let store = database.open().await;
    let key = write(&store, |tx| begin(tx, 1)).await;
    let begun = found(&store, 1).await.expect("the file");
    assert_eq!(
        (begun.key, begun.state, begun.size),
        (key, FileState::Receiving, 1_000)
    );
    assert_eq!((begun.facts(), &begun.mime), (None, &None));

    let finish = move |tx: &mut Tx<'_>| attachments::finish(tx, key, &finished(FileState::Ready));
    assert!(write(&store, finish).await);
    assert!(!write(&store, finish).await, "it was whole already");
    let whole = found(&store, 1).await.expect("the file");
    let record = whole.record();
    assert_eq!((whole.state, whole.size), (FileState::Ready, 900));
    assert_eq!(whole.facts().expect("facts").source, [1; 32]);
    assert_eq!(record.sha256, "02".repeat(32));
    assert_eq!(record.image.expect("an image").width, 640);
    assert_eq!(found(&store, 2).await, None);
}

async fn a_file_that_was_given_up_is_not_finished(database: &Database) {
    let store = database.open().await;
    let key = write(&store, |tx| begin(tx, 1)).await;
    assert!(write(&store, move |tx| attachments::let_go(tx, key, NOW)).await);
    let finish = move |tx: &mut Tx<'_>| attachments::finish(tx, key, &finished(FileState::Ready));
    assert!(!write(&store, finish).await);
    let gone = found(&store, 1).await.expect("the file");
    assert_eq!(gone.state, FileState::Leaving);
    let overdue = read(&store, |tx| attachments::overdue(tx, NOW, 10)).await;
    assert_eq!(overdue, [going(key, 1)]);
}

async fn the_collector_never_takes_what_a_message_or_a_timeline_has(database: &Database) {
    let store = database.open().await;
    let (sent, kept, unsent) = write(&store, |tx| {
        let mut room = room(tx, 1, Given::default())?;
        let ann = person(tx, "ann", Role::Customer)?;
        let keys = [1, 2, 3].map(|n| whole(tx, n, FileState::Ready));
        let [sent, kept, unsent] = keys;
        let (sent, kept) = (sent?, kept?);
        let seq = say(tx, &mut room, &ann, Role::Customer, "see")?;
        let file = SentFile {
            file: sent,
            room: room.record.key,
            seq,
            pending: false,
        };
        attachments::sent(tx, &[file])?;
        attachments::keep(tx, kept)?;
        Ok((sent, kept, unsent?))
    })
    .await;
    let much_later = NOW.plus(100 * DAY);
    let overdue = read(&store, move |tx| attachments::overdue(tx, much_later, 10)).await;
    assert_eq!(overdue, [going(unsent, 3)]);
    for key in [sent, kept] {
        let gone = write(&store, move |tx| attachments::let_go(tx, key, much_later)).await;
        assert!(!gone, "{key} is wanted");
    }
    for n in [1, 2, 3] {
        write(&store, move |tx| attachments::forget(tx, attachment(n))).await;
        let left = found(&store, n).await.expect("nobody let it go");
        assert_eq!(left.state, FileState::Ready);
    }
    let sent = found(&store, 1).await.expect("the file");
    assert!(sent.seq.is_some() && sent.name.is_none());
}

async fn what_is_forgotten_gives_its_room_back(database: &Database) {
    let store = database.open().await;
    let key = write(&store, |tx| begin(tx, 1)).await;
    write(&store, |tx| begin(tx, 2)).await;
    assert_eq!(taken(&store).await, 2_000);
    write(&store, move |tx| attachments::let_go(tx, key, NOW)).await;
    for _ in 0..2 {
        write(&store, |tx| attachments::forget(tx, attachment(1))).await;
        assert_eq!(taken(&store).await, 1_000);
    }
    assert_eq!(found(&store, 1).await, None);

    // What could not be deleted is tried again later, and is none of what a user may still send.
    write(&store, |tx| {
        begin(tx, 3)?;
        let key = begin(tx, 4)?;
        attachments::let_go(tx, key, NOW)?;
        attachments::put_off(tx, attachment(4), NOW.plus(DAY))?;
        // Which is not for a file that somebody may want.
        attachments::put_off(tx, attachment(3), NOW)
    })
    .await;
    let overdue = read(&store, |tx| attachments::overdue(tx, NOW, 10)).await;
    assert_eq!(overdue, []);
    let unsent = write(&store, |tx| {
        let owner = person(tx, "ann", Role::Customer)?.key;
        attachments::unsent(tx, owner, NOW, 50)
    });
    assert_eq!(unsent.await, 2);
    let overdue = read(&store, |tx| attachments::overdue(tx, NOW.plus(DAY), 10)).await;
    let overdue: Vec<_> = overdue.into_iter().map(|file| file.id).collect();
    assert!(overdue.contains(&attachment(4)));
    write(&store, |tx| {
        attachments::forget(tx, attachment(4))?;
        let key = attachments::by_id(tx, attachment(3))?
            .expect("the file")
            .key;
        attachments::let_go(tx, key, NOW)?;
        attachments::forget(tx, attachment(3))
    })
    .await;

    // After a restore what was under way is over.
    write(&store, |tx| attachments::end_all(tx, NOW)).await;
    let ended = found(&store, 2).await.expect("the file");
    assert_eq!(ended.state, FileState::Leaving);
    let overdue = read(&store, |tx| attachments::overdue(tx, NOW, 10)).await;
    assert_eq!(overdue, [going(ended.key, 2)]);
}

async fn unsent_files_are_counted_as_far_as_asked(database: &Database) {
    let store = database.open().await;
    write(&store, |tx| {
        for n in 1..=5 {
            begin(tx, n)?;
        }
        whole(tx, 6, FileState::Ready)
    })
    .await;
    let count = async |most: u32, now: Millis| {
        write(&store, move |tx| {
            let owner = person(tx, "ann", Role::Customer)?.key;
            attachments::unsent(tx, owner, now, most)
        })
        .await
    };
    assert_eq!(count(50, NOW).await, 6);
    assert_eq!(count(4, NOW).await, 4);
    // Those whose time is over are as good as gone.
    assert_eq!(count(50, NOW.plus(DAY)).await, 0);
}

async fn the_scanner_judges_a_file_once(database: &Database) {
    let store = database.open().await;
    let key = write(&store, |tx| {
        whole(tx, 1, FileState::Ready)?;
        begin(tx, 2)?;
        whole(tx, 3, FileState::Pending)
    })
    .await;
    let waiting = read(&store, |tx| attachments::pending(tx, 0, 10)).await;
    let waiting: Vec<_> = waiting.iter().map(|file| file.key).collect();
    assert_eq!(waiting, [key]);
    let after = read(&store, move |tx| attachments::pending(tx, key, 10)).await;
    assert!(after.is_empty());
    let judge = |is_clean| {
        write(&store, move |tx| {
            attachments::lock(tx, attachment(3))?;
            attachments::judged(tx, key, is_clean, NOW)
        })
    };
    assert!(judge(false).await);
    assert!(!judge(true).await);
    let judged = found(&store, 3).await.expect("the file");
    assert_eq!(judged.state, FileState::Failed);
}

/// Until it is said that they were deleted, so that no end of a process leaves them there.
async fn of_a_rejected_file_that_was_sent_the_bytes_go_and_what_is_told_of_it_stays(
    database: &Database,
) {
    let store = database.open().await;
    let [sent, proof, unsent, clean] = write(&store, |tx| {
        let mut keys = [0; 4];
        for (n, key) in (1..).zip(&mut keys) {
            *key = whole(tx, n, FileState::Pending)?;
        }
        let (room, mut given) = (1, Vec::new());
        for (file, seq) in [(keys[0], 3), (keys[3], 4)] {
            let pending = true;
            given.push(SentFile {
                file,
                room,
                seq,
                pending,
            });
        }
        attachments::sent(tx, &given)?;
        Ok(keys)
    })
    .await;
    let raw = database.raw().await;
    raw.execute(&format!(
        "UPDATE attachment SET purpose = 'proof', until = NULL WHERE k = {proof}"
    ))
    .await;
    write(&store, move |tx| {
        for key in [sent, proof, unsent] {
            assert!(attachments::judged(tx, key, false, NOW)?);
        }
        attachments::judged(tx, clean, true, NOW)
    })
    .await;
    let overdue = async |at: Millis| read(&store, move |tx| attachments::overdue(tx, at, 10)).await;
    let bytes = |key, n| Going {
        only_bytes: true,
        ..going(key, n)
    };
    assert_eq!(overdue(NOW).await, [bytes(sent, 1), bytes(proof, 2)]);
    assert_eq!(overdue(NOW.plus(DAY)).await.last(), Some(&going(unsent, 3)));

    write(&store, move |tx| {
        assert!(!attachments::let_go(tx, proof, NOW)?);
        attachments::put_off(tx, attachment(1), NOW.plus(1))?;
        attachments::forget(tx, attachment(2))
    })
    .await;
    assert_eq!(overdue(NOW).await, []);
    assert_eq!(overdue(NOW.plus(1)).await, [bytes(sent, 1)]);
    write(&store, |tx| attachments::forget(tx, attachment(1))).await;
    assert_eq!(overdue(NOW.plus(1)).await, []);
    for n in [1, 2] {
        let kept = found(&store, n).await.expect("the file");
        assert_eq!(kept.state, FileState::Failed);
    }
}

async fn what_a_backup_copies_is_what_is_whole(database: &Database) {
    let store = database.open().await;
    write(&store, |tx| {
        begin(tx, 1)?;
        let gone = whole(tx, 2, FileState::Ready)?;
        attachments::let_go(tx, gone, NOW)?;
        whole(tx, 3, FileState::Ready)?;
        let kept = whole(tx, 4, FileState::Ready)?;
        attachments::keep(tx, kept)?;
        let pending = whole(tx, 5, FileState::Pending)?;
        attachments::keep(tx, pending)
    })
    .await;
    let held = read(&store, |tx| attachments::held(tx, 0, 10)).await;
    let shown: Vec<_> = held.iter().map(|file| (file.id, file.shown)).collect();
    let proof = [Shown::Nowhere, Shown::AsProof, Shown::AsProof];
    let expected = [3, 4, 5].map(attachment).into_iter().zip(proof);
    assert_eq!(shown, expected.collect::<Vec<_>>());
    let stays: Vec<_> = held.iter().map(Held::stays).collect();
    assert_eq!(stays, [false, true, false], "the last may be rejected");
    let first = held[0];
    assert_eq!((first.size, first.digest), (900, Some([2; 32])));
    assert!(first.has_thumbnail);
    let rest = read(&store, move |tx| attachments::held(tx, first.key, 1)).await;
    assert_eq!(rest[0].id, attachment(4));
}
