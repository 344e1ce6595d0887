//! From the text of a policy file to the policy: what it leaves out is as in the built-in one.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::cells::{Cell, CellPart, Reading, Roles, Row, RowPart, Who, Writing, row_over};
use super::mistake::Mistakes;
use super::names::{NameStyle, Names};
use super::reader::{Reader, Section, listed, parse_time, quoted};
use super::{OrderPolicy, wording};
use crate::role::Role;
use crate::text;

/// Most statuses of a file.
const STATUSES: usize = 64;

const SECTIONS: [&str; 9] = [
    "version",
    "order",
    "room",
    "rider",
    "messages",
    "names",
    "rights",
    "texts",
    "quick_replies",
];

/// The policy that the file describes, over `base`; without a base it must be complete.
pub(super) fn read(text: &str, base: &OrderPolicy) -> Result<OrderPolicy, Mistakes> {
    let mut reader = Reader::new(text);
    let table = match DeTable::parse(text) {
        Ok(table) => table,
        Err(error) => {
            let span = error.span().unwrap_or(0..0);
            let what = error.message().trim().replace('\n', ", ");
            reader.mistake(
                &span,
                format!("this is no TOML: {what}"),
                "see https://toml.io",
            );
            return Err(Mistakes(reader.mistakes));
        }
    };
    let root = Section::of("", table.get_ref(), 0..0);
    let policy = whole(&mut reader, &root, text, base);
    if reader.mistakes.is_empty() {
        Ok(policy)
    } else {
        reader.mistakes.sort_by_key(|one| (one.line, one.column));
        Err(Mistakes(reader.mistakes))
    }
}

fn whole<'a>(
    reader: &mut Reader<'a>,
    root: &Section<'a>,
    text: &str,
    base: &OrderPolicy,
) -> OrderPolicy {
    reader.only(root, &SECTIONS);
    let mut policy = OrderPolicy {
        text: text.into(),
        ..base.clone()
    };
    match root.get("version") {
        Some(_) => policy.version = reader.number(root, "version").unwrap_or(policy.version),
        None => reader.mistake(
            &(0..0),
            "version is missing",
            "give version = 2 and raise it with every change of the file",
        ),
    }
    statuses(reader, root, &mut policy);
    room(reader, root, &mut policy);
    rider(reader, root, &mut policy);
    messages(reader, root, &mut policy);
    names(reader, root, &mut policy.names);
    rights(reader, root, base, &mut policy);
    wording::texts(reader, root, &mut policy);
    wording::quick_replies(reader, root, &mut policy);
    policy
}

fn statuses<'a>(reader: &mut Reader<'a>, root: &Section<'a>, policy: &mut OrderPolicy) {
    let Some(order) = reader.section(root, "order") else {
        return;
    };
    reader.only(&order, &["active", "final"]);
    let mut all: Vec<String> = Vec::new();
    for (key, list) in [
        ("active", &mut policy.active_statuses),
        ("final", &mut policy.final_statuses),
    ] {
        let allowed = r#"["pending", "accepted"]"#;
        if let Some(given) = reader.list(&order, key, allowed) {
            list.clear();
            if given.is_empty() {
                let what = format!("{} is empty", order.key(key));
                let span = order
                    .get(key)
                    .map_or(order.span.clone(), toml::Spanned::span);
                reader.mistake(&span, what, "name at least one status");
            }
            for (status, span) in given {
                let name = order.key(key);
                if let Some((what, allowed)) = not_a_status(&name, status, &all) {
                    reader.mistake(&span, what, allowed);
                } else {
                    all.push(status.to_owned());
                    list.push(status.to_owned());
                }
            }
        } else {
            all.extend(list.iter().cloned());
        }
    }
    let taken = |status: &String| policy.active_statuses.contains(status);
    if let Some(twice) = policy.final_statuses.iter().find(|status| taken(status)) {
        let what = format!("{twice:?} is active and, left out here, final too");
        reader.mistake(&order.span, what, "give order.active and order.final both");
    }
}

/// Why this cannot be a status, if so, and what can.
fn not_a_status(name: &str, status: &str, before: &[String]) -> Option<(String, String)> {
    if before.iter().any(|known| known == status) {
        let what = format!("{status:?} stands twice");
        return Some((
            what,
            "name each status once, as active or as final".to_owned(),
        ));
    }
    if before.len() >= STATUSES {
        let what = format!("{name} has more than {STATUSES} statuses");
        return Some((what, "name fewer; others count as active".to_owned()));
    }
    let fits = text::clean("", status, 64).is_ok_and(|clean| clean == status);
    (!fits).then(|| {
        let what = format!("{status:?} is no status");
        (
            what,
            "give 1 to 64 characters without space around".to_owned(),
        )
    })
}

fn room<'a>(reader: &mut Reader<'a>, root: &Section<'a>, policy: &mut OrderPolicy) {
    let section = reader.section(root, "room");
    if let Some(room) = &section {
        reader.only(room, &["opens_at", "closes_after", "archives_after"]);
        if let Some((status, _)) = reader.text(room, "opens_at") {
            status.clone_into(&mut policy.opens_at);
        }
        let closes = reader.time(room, "closes_after");
        policy.closes_after = closes.unwrap_or(policy.closes_after);
        let archives = reader.time(room, "archives_after");
        policy.archives_after = archives.unwrap_or(policy.archives_after);
    }
    if !policy.active_statuses.contains(&policy.opens_at) {
        let what = format!("room.opens_at is {:?}", policy.opens_at);
        let allowed = format!("give an active status: {}", quoted(&policy.active_statuses));
        let span = place(section.as_ref(), "opens_at", root, "order");
        reader.mistake(&span, what, allowed);
    }
}

/// Where the key stands; if it is left out, where the part stands that makes it wrong.
fn place<'a>(
    section: Option<&Section<'a>>,
    key: &str,
    root: &Section<'a>,
    otherwise: &str,
) -> Range<usize> {
    let given = section.and_then(|section| section.get(key));
    let other = || root.get(otherwise).map(toml::Spanned::span);
    given
        .map(toml::Spanned::span)
        .or_else(other)
        .unwrap_or(0..0)
}

fn rider<'a>(reader: &mut Reader<'a>, root: &Section<'a>, policy: &mut OrderPolicy) {
    let section = reader.section(root, "rider");
    if let Some(rider) = &section {
        let known = ["sees_earlier", "muted_while_next_on_board", "on_board"];
        reader.only(rider, &known);
        let sees = reader.switch(rider, "sees_earlier");
        policy.rider_sees_earlier = sees.unwrap_or(policy.rider_sees_earlier);
        let muted = reader.switch(rider, "muted_while_next_on_board");
        policy.muted_while_next_on_board = muted.unwrap_or(policy.muted_while_next_on_board);
        if let Some(given) = reader.list(rider, "on_board", r#"["picked_up"]"#) {
            policy.on_board = Vec::new();
            for (status, span) in given {
                if policy.active_statuses.iter().any(|known| known == status) {
                    policy.on_board.push(status.to_owned());
                } else {
                    let what = format!("rider.on_board has {status:?}");
                    let known = quoted(&policy.active_statuses);
                    reader.mistake(&span, what, format!("give active statuses: {known}"));
                }
            }
            return;
        }
    }
    let known = |status: &String| policy.active_statuses.contains(status);
    if policy.muted_while_next_on_board && !policy.on_board.iter().any(known) {
        let what = "rider.on_board is left out";
        let allowed = format!("give active statuses: {}", quoted(&policy.active_statuses));
        let span = place(section.as_ref(), "muted_while_next_on_board", root, "order");
        reader.mistake(&span, what, allowed);
    }
}

fn messages<'a>(reader: &mut Reader<'a>, root: &Section<'a>, policy: &mut OrderPolicy) {
    let Some(messages) = reader.section(root, "messages") else {
        return;
    };
    reader.only(&messages, &["edit_for", "delete_for"]);
    let edits = reader.time(&messages, "edit_for");
    policy.edit_window = edits.unwrap_or(policy.edit_window);
    let deletes = reader.time(&messages, "delete_for");
    policy.delete_window = deletes.unwrap_or(policy.delete_window);
}

fn names<'a>(reader: &mut Reader<'a>, root: &Section<'a>, names: &mut Names) {
    let Some(section) = reader.section(root, "names") else {
        return;
    };
    reader.only(&section, &["customer", "rider", "guest"]);
    let known = NameStyle::ALL.map(NameStyle::as_str);
    for (key, style) in [
        ("customer", &mut names.customer),
        ("rider", &mut names.rider),
        ("guest", &mut names.guest),
    ] {
        let given = reader.word(&section, key, &known, NameStyle::parse);
        *style = given.unwrap_or(*style);
    }
}

fn rights<'a>(
    reader: &mut Reader<'a>,
    root: &Section<'a>,
    base: &OrderPolicy,
    policy: &mut OrderPolicy,
) {
    let rights = reader.section(root, "rights");
    let mut active = RowPart::default();
    let mut finally = RowPart::default();
    let mut statuses: Vec<(&str, RowPart)> = Vec::new();
    if let Some(rights) = &rights {
        reader.only(rights, &["active", "final", "status"]);
        if let Some(section) = reader.section(rights, "active") {
            active = row(reader, &section, false);
        }
        if let Some(section) = reader.section(rights, "final") {
            finally = row(reader, &section, true);
        }
        if let Some(section) = reader.section(rights, "status") {
            statuses = of_statuses(reader, &section, policy);
        }
    }
    policy.active_row = row_over(&active, &base.active_row);
    policy.final_row = row_over(&finally, &base.final_row);
    let active_rows = policy
        .active_statuses
        .iter()
        .map(|one| (one, policy.active_row));
    let final_rows = policy
        .final_statuses
        .iter()
        .map(|one| (one, policy.final_row));
    policy.rows = active_rows
        .chain(final_rows)
        .map(|(status, below)| of_status(status, &statuses, below))
        .collect();
}

fn of_status(status: &str, given: &[(&str, RowPart)], below: Row) -> Row {
    let own = given.iter().find(|(name, _)| *name == status);
    own.map_or(below, |(_, part)| row_over(part, &below))
}

fn of_statuses<'a>(
    reader: &mut Reader<'a>,
    section: &Section<'a>,
    policy: &OrderPolicy,
) -> Vec<(&'a str, RowPart)> {
    let known: Vec<&str> = policy.statuses().collect();
    let mut rows = Vec::new();
    for (status, span, _) in &section.entries {
        if !known.contains(status) {
            let what = format!("{} is for no status of this file", section.key(status));
            let known = listed(&known);
            reader.mistake(
                span,
                what,
                format!("give {known}, or name it in order.active"),
            );
            continue;
        }
        if let Some(table) = reader.section(section, status) {
            rows.push((*status, row(reader, &table, policy.is_final(status))));
        }
    }
    rows
}

fn row<'a>(reader: &mut Reader<'a>, section: &Section<'a>, is_final: bool) -> RowPart {
    reader.only(section, &Who::ALL.map(Who::as_str));
    let mut row = RowPart::default();
    for who in Who::ALL {
        if let Some(cell) = reader.section(section, who.as_str()) {
            row[who.place()] = of_one(reader, &cell, who, is_final);
        }
    }
    row
}

fn of_one<'a>(reader: &mut Reader<'a>, cell: &Section<'a>, who: Who, is_final: bool) -> CellPart {
    let mut part = CellPart {
        sees_online: sees_online(reader, cell),
        ..CellPart::default()
    };
    if who.is_staff() {
        for (key, span, _) in &cell.entries {
            if ["read", "write", "attach"].contains(key) {
                let what = format!("{} cannot be set", cell.key(key));
                reader.mistake(span, what, "staff always read, write and attach: remove it");
            } else if *key != "sees_online" {
                let what = format!("there is no {}", cell.key(key));
                reader.mistake(span, what, "give sees_online");
            }
        }
        return part;
    }
    reader.only(cell, &["read", "write", "attach", "sees_online"]);
    let known = Reading::ALL.map(Reading::as_str);
    let parse = |text: &str| Reading::ALL.into_iter().find(|one| one.as_str() == text);
    part.read = reader.word(cell, "read", &known, parse);
    part.write = writing(reader, cell, "write", is_final);
    part.attach = writing(reader, cell, "attach", is_final);
    part
}

fn writing<'a>(
    reader: &mut Reader<'a>,
    cell: &Section<'a>,
    key: &str,
    is_final: bool,
) -> Option<Writing> {
    let allowed = if is_final {
        r#"give true, false, or for how long after the first final status, such as "30m", "2h", "7d""#
    } else {
        "give true or false; only in final statuses a time may stand here"
    };
    reader.switch_or(cell, key, allowed, |value| match value {
        DeValue::Boolean(true) => Some(Writing::Yes),
        DeValue::Boolean(false) => Some(Writing::No),
        DeValue::String(time) if is_final => parse_time(time).map(Writing::For),
        _ => None,
    })
}

fn sees_online<'a>(reader: &mut Reader<'a>, cell: &Section<'a>) -> Option<Roles> {
    let known = quoted(&Role::ALL.map(Role::as_str));
    let given = reader.list(cell, "sees_online", r#"["customer", "pharmacy"]"#)?;
    let mut roles = Roles::default();
    for (text, span) in given {
        match Role::parse(text) {
            Some(role) => roles = roles.with(role),
            None => {
                let what = format!("{} has {text:?}", cell.key("sees_online"));
                reader.mistake(&span, what, format!("give {known}"));
            }
        }
    }
    Some(roles)
}

/// What the built-in file is read over: nothing of it remains.
pub(super) fn nothing() -> OrderPolicy {
    OrderPolicy {
        version: 0,
        text: "".into(),
        active_statuses: Vec::new(),
        final_statuses: Vec::new(),
        opens_at: String::new(),
        closes_after: 0,
        archives_after: 0,
        rider_sees_earlier: false,
        muted_while_next_on_board: false,
        on_board: Vec::new(),
        edit_window: 0,
        delete_window: 0,
        names: Names {
            customer: NameStyle::Role,
            rider: NameStyle::Role,
            guest: NameStyle::Role,
        },
        active_row: [Cell::STAFF; 6],
        final_row: [Cell::STAFF; 6],
        rows: Vec::new(),
        texts: super::Texts {
            default_language: super::words::BUILT_IN.to_owned(),
            languages: std::collections::BTreeMap::new(),
        },
        quick_replies: Vec::new(),
    }
}
