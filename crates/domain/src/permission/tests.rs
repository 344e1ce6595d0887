use super::*;

fn access(standing: Standing) -> Access {
    Access {
        standing,
        theirs: false,
        public: false,
        readable: true,
    }
}

/// Reads like SPEC 3: a row an action, `+` yes, `-` 403, `0` 404, of a private room that the
/// caller is in (first block), stands outside of (second), whose pharmacy is theirs (third).
#[test]
fn the_permission_table_reads_like_the_contract() {
    #[rustfmt::skip]
    let expected = [
        //                             in it     outside   theirs
        (Action::ReadRoom,           "++++++", "000+++", "00++++"),
        (Action::JoinRoom,           "+++++-", "000++-", "00+++-"),
        (Action::UpdateRoom,         "--++++", "000+++", "00++++"),
        (Action::CloseRoom,          "--++++", "000+++", "00++++"),
        (Action::ReopenRoom,         "--++++", "000+++", "00++++"),
        (Action::ArchiveRoom,        "----++", "000-++", "00--++"),
        (Action::DeleteRoom,         "----++", "000-++", "00--++"),
        (Action::AddParticipant,     "--++++", "000+++", "00++++"),
        (Action::RemoveParticipant,  "--++++", "000+++", "00++++"),
        (Action::ChangeParticipant,  "--++++", "000+++", "00++++"),
        (Action::LeaveRoom,          "+++++-", "000++-", "00+++-"),
        (Action::MuteParticipant,    "--++++", "000+++", "00++++"),
        (Action::UnmuteParticipant,  "--++++", "000+++", "00++++"),
        (Action::BlockParticipant,   "----++", "000-++", "00--++"),
        (Action::UnblockParticipant, "----++", "000-++", "00--++"),
        (Action::SendMessage,        "++++++", "000+++", "00++++"),
        (Action::EditMessage,        "+++++-", "000++-", "00+++-"),
        (Action::DeleteMessage,      "+++++-", "000++-", "00+++-"),
        (Action::ReportMessage,      "+++++-", "000++-", "00+++-"),
        (Action::ReadHistory,        "----+-", "000-+-", "00--+-"),
        (Action::ReadStatistics,     "---+++", "000+++", "00++++"),
        (Action::ReadOrder,          "++-+++", "000+++", "00++++"),
        (Action::ReadRights,         "---+++", "000+++", "00++++"),
    ];
    let outside = access(Standing::Outside);
    for (action, inside, outsiders, theirs) in expected {
        let answers = |access: Access| -> String {
            let answer = |role| match permit(role, action, access) {
                Ok(()) => '+',
                Err(Refusal::NotFound) => '0',
                Err(_) => '-',
            };
            TokenRole::ALL.map(answer).into_iter().collect()
        };
        assert_eq!(
            answers(access(Standing::In { guest: false })),
            inside,
            "{action:?} in it"
        );
        assert_eq!(answers(outside), outsiders, "{action:?} outside");
        assert_eq!(
            answers(Access {
                theirs: true,
                ..outside
            }),
            theirs,
            "{action:?} theirs"
        );
    }
}

#[test]
fn outsiders_see_the_card_of_a_public_room_and_may_join_it() {
    let public = Access {
        public: true,
        ..access(Standing::Outside)
    };
    assert_eq!(reach(TokenRole::Customer, public), Reach::Card);
    assert_eq!(permit(TokenRole::Rider, Action::JoinRoom, public), Ok(()));
    assert_eq!(
        permit(TokenRole::Rider, Action::ReadRoom, public),
        Err(Refusal::NotFound)
    );
}

#[test]
fn who_could_not_read_the_room_neither_joins_it_nor_comes_back() {
    for standing in [
        Standing::Outside,
        Standing::In { guest: true },
        Standing::Ended(Ended::Left),
    ] {
        let unreadable = Access {
            public: true,
            readable: false,
            ..access(standing)
        };
        let join = permit(TokenRole::Customer, Action::JoinRoom, unreadable);
        assert_eq!(join, Err(Refusal::NotFound), "{standing:?}");
    }
}

#[test]
fn a_guest_does_not_learn_of_the_order() {
    let guest = Access {
        public: true,
        ..access(Standing::In { guest: true })
    };
    for role in TokenRole::ALL {
        for action in [Action::CreateRoom, Action::ReadOrder, Action::ReadRights] {
            let answer = permit(role, action, guest);
            assert_eq!(answer, Err(Refusal::NotFound), "{role:?} {action:?}");
        }
    }
}

#[test]
fn a_guest_has_no_say_over_the_room_whatever_their_role() {
    let guest = Access {
        public: true,
        ..access(Standing::In { guest: true })
    };
    for (action, cells) in TABLE {
        let answer = permit(TokenRole::Pharmacy, action, guest);
        let is_granted = match cells[2] {
            No => false,
            // Another pharmacy's: the room they are in, and nothing else of it.
            Theirs => action == Action::ReadRoom,
            _ => true,
        };
        assert_eq!(
            answer.is_ok(),
            guests_may(action) && is_granted,
            "{action:?}"
        );
    }
}

#[test]
fn of_those_who_ended_only_who_left_may_come_back_in_a_public_room_too() {
    for (ended, joins) in [
        (Ended::Left, true),
        (Ended::Removed, false),
        (Ended::HandedOver, false),
        (Ended::Blocked, false),
    ] {
        for public in [false, true] {
            let access = Access {
                public,
                ..access(Standing::Ended(ended))
            };
            let join = permit(TokenRole::Customer, Action::JoinRoom, access);
            assert_eq!(join.is_ok(), joins, "{ended:?}");
            let read = permit(TokenRole::Customer, Action::ReadRoom, access);
            assert_eq!(read, Err(Refusal::NotFound), "{ended:?}");
        }
    }
}

#[test]
fn a_block_takes_the_room_from_everyone_but_admins() {
    let blocked = Access {
        theirs: true,
        ..access(Standing::Ended(Ended::Blocked))
    };
    for role in TokenRole::ALL {
        let expected = if role == TokenRole::Admin {
            Reach::Room
        } else {
            Reach::Nothing
        };
        assert_eq!(reach(role, blocked), expected, "{role:?}");
    }
}

#[test]
fn a_room_that_the_policy_lets_one_no_longer_read_does_not_exist() {
    let unreadable = Access {
        readable: false,
        ..access(Standing::In { guest: false })
    };
    assert_eq!(reach(TokenRole::Rider, unreadable), Reach::Nothing);
    assert_eq!(reach(TokenRole::Support, unreadable), Reach::Room);
}

#[test]
fn rank_protects_upwards_only() {
    assert!(permit_rank(TokenRole::Pharmacy, crate::Role::Support).is_err());
    assert!(permit_rank(TokenRole::Pharmacy, crate::Role::Pharmacy).is_ok());
    assert!(permit_rank(TokenRole::Service, crate::Role::Admin).is_ok());
}
