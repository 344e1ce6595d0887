//! What a shop owner is told of a mistake: every kind of it, word by word.

use super::OrderPolicy;

/// The mistakes of a file that is right but for these lines after `version = 2`.
fn told(lines: &str) -> Vec<String> {
    match OrderPolicy::parse(&format!("version = 2\n{lines}")) {
        Ok(_) => Vec::new(),
        Err(mistakes) => mistakes.to_string().lines().map(str::to_owned).collect(),
    }
}

#[track_caller]
fn one(lines: &str, mistake: &str) {
    assert_eq!(told(lines), [mistake], "{lines}");
}

#[test]
fn a_file_that_says_nothing_but_its_version_is_the_built_in_policy() {
    let own = OrderPolicy::parse("version = 7").expect("a policy");
    let built_in = OrderPolicy::default();
    assert_eq!(own.version, 7);
    assert_eq!(own.rights_by_status(), built_in.rights_by_status());
    assert_eq!(own.texts, built_in.texts);
}

#[test]
fn the_built_in_file_reads_the_same_over_itself() {
    let built_in = OrderPolicy::default();
    assert_eq!(OrderPolicy::parse(super::BUILT_IN), Ok(built_in));
}

#[test]
fn the_version() {
    let mistakes = OrderPolicy::parse("[room]\n").expect_err("no version");
    assert_eq!(
        mistakes.to_string(),
        "line 1, column 1: version is missing; give version = 2 and raise it with every change of \
         the file"
    );
    for (wrong, shown) in [("0", "0"), ("-4", "-4"), ("1.5", "1.5"), ("\"2\"", "\"2\"")] {
        let mistakes = OrderPolicy::parse(&format!("version = {wrong}")).expect_err("wrong");
        assert_eq!(
            mistakes.to_string(),
            format!(
                "line 1, column 11: version is {shown}; give a whole number from 1 to \
                 9007199254740991"
            )
        );
    }
}

#[test]
fn no_toml() {
    let told = told("[room\nopens_at = \"accepted\"");
    assert!(
        told[0].starts_with("line 2, column 6: this is no TOML: "),
        "{told:?}"
    );
}

#[test]
fn a_name_that_is_unknown() {
    one(
        "[rooms]\nopens_at = \"accepted\"",
        "line 2, column 2: there is no rooms; give version, order, room, rider, messages, names, \
         rights, texts or quick_replies",
    );
    one(
        "[room]\nopen_at = \"accepted\"",
        "line 3, column 1: there is no room.open_at; give opens_at, closes_after or archives_after",
    );
    one(
        "[rights.final]\ndriver = { write = false }",
        "line 3, column 1: there is no rights.final.driver; give customer, rider, guest, pharmacy, \
         support or admin",
    );
    one(
        "[rights.active]\nrider = { writes = false }",
        "line 3, column 11: there is no rights.active.rider.writes; give read, write, attach or \
         sees_online",
    );
}

#[test]
fn something_else_than_a_table() {
    one(
        "room = \"open\"",
        "line 2, column 8: room is \"open\"; make it a table: [room]",
    );
}

#[test]
fn statuses() {
    one(
        "[order]\nactive = [\"pending\", \"accepted\", \"picked_up\", \"accepted\"]",
        "line 3, column 47: \"accepted\" stands twice; name each status once, as active or as final",
    );
    one(
        "[order]\nfinal = [\"delivered\", \" lost \"]",
        "line 3, column 23: \" lost \" is no status; give 1 to 64 characters without space around",
    );
    one(
        "[order]\nfinal = []",
        "line 3, column 9: order.final is empty; name at least one status",
    );
    one(
        "[order]\nfinal = \"delivered\"",
        "line 3, column 9: order.final is \"delivered\"; give a list, such as [\"pending\", \
         \"accepted\"]",
    );
    one(
        "[order]\nactive = [\"accepted\", 5, \"picked_up\"]",
        "line 3, column 23: order.active is 5; give texts in quotes",
    );
    one(
        "[order]\nactive = [\"accepted\", \"picked_up\", \"cancelled\"]",
        "line 2, column 1: \"cancelled\" is active and, left out here, final too; give order.active \
         and order.final both",
    );
}

#[test]
fn the_status_at_which_the_room_opens() {
    one(
        "[room]\nopens_at = \"delivered\"",
        "line 3, column 12: room.opens_at is \"delivered\"; give an active status: \"pending\", \
         \"accepted\", \"preparing\", \"ready_for_pickup\" or \"picked_up\"",
    );
    one(
        "[order]\nactive = [\"new\", \"picked_up\"]",
        "line 2, column 1: room.opens_at is \"accepted\"; give an active status: \"new\" or \
         \"picked_up\"",
    );
}

#[test]
fn times() {
    for wrong in ["30 min", "1.5h", "", "4000d"] {
        one(
            &format!("[room]\ncloses_after = \"{wrong}\""),
            &format!(
                "line 3, column 16: room.closes_after is \"{wrong}\"; give a number and s, m, h or \
                 d, such as \"30m\", \"2h\" or \"30d\", at most \"3650d\""
            ),
        );
    }
    one(
        "[messages]\nedit_for = 15",
        "line 3, column 12: messages.edit_for is 15; give a number and s, m, h or d, such as \
         \"30m\", \"2h\" or \"30d\", at most \"3650d\"",
    );
}

#[test]
fn rights() {
    one(
        "[rights.final]\nrider = { write = \"soon\" }",
        "line 3, column 19: rights.final.rider.write is \"soon\"; give true, false, or for how long \
         after the first final status, such as \"30m\", \"2h\", \"7d\"",
    );
    one(
        "[rights.active]\nrider = { write = \"30m\" }",
        "line 3, column 19: rights.active.rider.write is \"30m\"; give true or false; only in final \
         statuses a time may stand here",
    );
    one(
        "[rights.status.preparing]\nrider = { attach = \"30m\" }",
        "line 3, column 20: rights.status.preparing.rider.attach is \"30m\"; give true or false; \
         only in final statuses a time may stand here",
    );
    one(
        "[rights.active]\nguest = { read = \"sometimes\" }",
        "line 3, column 18: rights.active.guest.read is \"sometimes\"; give \"always\", \
         \"while_open\" or \"never\"",
    );
    one(
        "[rights.active]\nsupport = { write = false }",
        "line 3, column 13: rights.active.support.write cannot be set; staff always read, write and \
         attach: remove it",
    );
    one(
        "[rights.active]\nrider = { sees_online = [\"customer\", \"guest\"] }",
        "line 3, column 38: rights.active.rider.sees_online has \"guest\"; give \"customer\", \
         \"rider\", \"pharmacy\", \"support\" or \"admin\"",
    );
    one(
        "[rights.status.packed]\nrider = { write = false }",
        "line 2, column 16: rights.status.packed is for no status of this file; give pending, \
         accepted, preparing, ready_for_pickup, picked_up, delivered, cancelled or refunded, or \
         name it in order.active",
    );
}

#[test]
fn switches_and_names() {
    one(
        "[rider]\nsees_earlier = \"yes\"",
        "line 3, column 16: rider.sees_earlier is \"yes\"; give true or false",
    );
    one(
        "[rider]\non_board = [\"delivered\"]",
        "line 3, column 13: rider.on_board has \"delivered\"; give active statuses: \"pending\", \
         \"accepted\", \"preparing\", \"ready_for_pickup\" or \"picked_up\"",
    );
    one(
        "[order]\nactive = [\"accepted\"]\n[rider]\nmuted_while_next_on_board = true",
        "line 5, column 29: rider.on_board is left out; give active statuses: \"accepted\"",
    );
    one(
        "[names]\ncustomer = \"initials\"",
        "line 3, column 12: names.customer is \"initials\"; give \"full_name\", \"first_name\", \
         \"first_name_and_role\" or \"role\"",
    );
}

#[test]
fn texts() {
    one(
        "[texts.de.order]\npacked = \"Gepackt.\"",
        "line 3, column 1: texts.de.order.packed is for no status of this file; give pending, \
         accepted, preparing, ready_for_pickup, picked_up, delivered, cancelled, refunded or *",
    );
    one(
        "[texts.de.rider]\nfirst = \"{driver} kommt.\"",
        "line 3, column 9: texts.de.rider.first has {driver}; filled in here is {rider} or {number}",
    );
    one(
        "[texts.de.room]\nclosed = \"{number} ist zu.\"",
        "line 3, column 10: texts.de.room.closed has {number}; nothing is filled in here: write no \
         braces",
    );
    one(
        "[texts.de.eta]\nopen = \"  \"",
        "line 3, column 8: texts.de.eta.open is no text that can be sent; give 1 to 500 characters \
         that can be seen",
    );
    one(
        "[texts.deutsch_land.eta]\nopen = \"Offen.\"",
        "line 2, column 8: texts.deutsch_land is no language; give a tag such as \"en\" or \
         \"de-AT\"",
    );
    one(
        "[texts]\ndefault_language = \"de\"\n[texts.fr.eta]\nopen = \"Ouvert.\"",
        "line 3, column 20: texts.default_language is \"de\", which has no texts; add \
         [texts.de.order], or give \"en\" or \"fr\"",
    );
    one(
        "[texts.de.eta]\nopen = 5",
        "line 3, column 8: texts.de.eta.open is 5; give a text in quotes",
    );
}

#[test]
fn quick_replies() {
    one(
        "[[quick_replies]]\nen = \"Hello\"",
        "line 2, column 1: a quick reply has no role; give role = \"customer\", \"rider\", \
         \"guest\", \"pharmacy\", \"support\" or \"admin\"",
    );
    one(
        "[[quick_replies]]\nrole = \"rider\"\nde = \"Hallo\"",
        "line 2, column 1: a quick reply has no text in en, the default language; give en = \"…\"",
    );
    one(
        "[[quick_replies]]\nrole = \"rider\"\nstatuses = [\"lost\"]\nen = \"Hi\"",
        "line 4, column 13: quick_replies.statuses has \"lost\"; give \"pending\", \"accepted\", \
         \"preparing\", \"ready_for_pickup\", \"picked_up\", \"delivered\", \"cancelled\" or \
         \"refunded\"",
    );
    one(
        "[[quick_replies]]\nrole = \"rider\"\nstatus_list = [\"lost\"]\nen = \"Hi\"",
        "line 4, column 1: there is no quick_replies.status_list; give role, statuses or a language \
         such as en",
    );
    one(
        "quick_replies = \"Hi\"",
        "line 2, column 17: quick_replies is no list of tables; write [[quick_replies]] over each",
    );
}

#[test]
fn a_value_of_the_wrong_kind() {
    one(
        "[room]\nopens_at = 5",
        "line 3, column 12: room.opens_at is 5; give a text in quotes",
    );
    one(
        "[rights.active]\nrider = false",
        "line 3, column 9: rights.active.rider is false; make it a table: [rights.active.rider]",
    );
    one(
        "[rights.active]\nrider = { sees_online = \"customer\" }",
        "line 3, column 25: rights.active.rider.sees_online is \"customer\"; give a list, such as \
         [\"customer\", \"pharmacy\"]",
    );
    one(
        "quick_replies = [\"Hi\"]",
        "line 2, column 18: a quick reply is no table; write [[quick_replies]] over each",
    );
}

#[test]
fn what_staff_and_languages_do_not_have() {
    one(
        "[rights.active]\nsupport = { colour = \"red\" }",
        "line 3, column 13: there is no rights.active.support.colour; give sees_online",
    );
    one(
        "[texts.de.weather]\nrain = \"Regen.\"",
        "line 2, column 11: there is no texts.de.weather; give order, delivery, rider, eta or room",
    );
    one(
        "[texts.de.rider]\nlast = \"Ende.\"",
        "line 3, column 1: there is no texts.de.rider.last; give first, next or none",
    );
    one(
        "[texts.de.rider]\nfirst = \"{rider kommt.\"",
        "line 3, column 9: texts.de.rider.first has {}; filled in here is {rider} or {number}",
    );
    one(
        "[[quick_replies]]\nrole = \"driver\"\nen = \"Hi\"",
        "line 3, column 8: quick_replies.role is \"driver\"; give \"customer\", \"rider\", \
         \"guest\", \"pharmacy\", \"support\" or \"admin\"",
    );
    one(
        "[[quick_replies]]\nrole = \"rider\"\nen = \"\"",
        "line 4, column 6: quick_replies.en is no text that can be sent; give 1 to 500 characters \
         that can be seen",
    );
}

#[test]
fn more_than_there_may_be() {
    let statuses: Vec<String> = (0..65).map(|number| format!("\"s{number}\"")).collect();
    one(
        &format!(
            "[order]\nactive = [\n{}]\n[room]\nopens_at = \"s0\"\n[rider]\non_board = []",
            statuses.join(",\n")
        ),
        "line 68, column 1: order.active has more than 64 statuses; name fewer; others count as active",
    );
    let reply = "[[quick_replies]]\nrole = \"rider\"\nen = \"Hi\"\n";
    one(
        &reply.repeat(201),
        "line 2, column 1: there are 201 quick replies; give at most 200",
    );
}

#[test]
fn all_mistakes_are_told_at_once_in_the_order_of_the_file() {
    let told = told("[room]\nopens_at = \"x\"\ncloses_after = 3\n[names]\nrider = \"y\"");
    let lines: Vec<_> = told.iter().map(|one| &one[..7]).collect();
    assert_eq!(lines, ["line 3,", "line 4,", "line 6,"]);
}
