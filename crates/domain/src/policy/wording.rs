//! The texts and the quick replies of a policy file.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::OrderPolicy;
use super::cells::Who;
use super::reader::{Reader, Section, listed, quoted};
use super::words::QuickReply;
use crate::order::parse_language;
use crate::text;

/// Longest text of an update, and longest quick reply, in characters.
const LONGEST: usize = 500;
/// Most quick replies of a file.
const QUICK_REPLIES: usize = 200;

/// A group of texts: the names in it, and what may be filled in.
struct Group {
    name: &'static str,
    /// Empty: any status.
    texts: &'static [&'static str],
    places: &'static [&'static str],
}

const GROUPS: [Group; 5] = [
    Group {
        name: "order",
        texts: &[],
        places: &["status", "number"],
    },
    Group {
        name: "delivery",
        texts: &[],
        places: &["status", "number"],
    },
    Group {
        name: "rider",
        texts: &["first", "next", "none"],
        places: &["rider", "number"],
    },
    Group {
        name: "eta",
        texts: &["changed", "open"],
        places: &["number"],
    },
    // Guests read it, who may know nothing of the order.
    Group {
        name: "room",
        texts: &[
            "closed",
            "reopened",
            "archived",
            "closed_by_policy",
            "reopened_by_policy",
            "archived_by_policy",
        ],
        places: &[],
    },
];

pub(super) fn texts<'a>(reader: &mut Reader<'a>, root: &Section<'a>, policy: &mut OrderPolicy) {
    let Some(texts) = reader.section(root, "texts") else {
        return;
    };
    if let Some((tag, span)) = reader.text(&texts, "default_language") {
        check_language(reader, "texts.default_language", tag, &span);
        policy.texts.default_language = tag.to_lowercase();
    }
    for (tag, span, _) in &texts.entries {
        if *tag == "default_language" {
            continue;
        }
        check_language(reader, &texts.key(tag), tag, span);
        if let Some(language) = reader.section(&texts, tag) {
            let given = of_language(reader, &language, policy);
            let known = policy.texts.languages.entry(tag.to_lowercase());
            known.or_default().extend(given);
        }
    }
    let language = &policy.texts.default_language;
    if !policy.texts.languages.contains_key(language) {
        let what = format!("texts.default_language is {language:?}, which has no texts");
        let known: Vec<_> = policy.texts.languages.keys().collect();
        let allowed = format!("add [texts.{language}.order], or give {}", quoted(&known));
        let given = texts.get("default_language");
        reader.mistake(&given.map_or(0..0, toml::Spanned::span), what, allowed);
    }
}

fn check_language(reader: &mut Reader<'_>, name: &str, tag: &str, span: &Range<usize>) {
    if parse_language("", tag).is_err() {
        let what = format!("{name} is no language");
        reader.mistake(span, what, r#"give a tag such as "en" or "de-AT""#);
    }
}

fn of_language<'a>(
    reader: &mut Reader<'a>,
    language: &Section<'a>,
    policy: &OrderPolicy,
) -> BTreeMap<String, String> {
    reader.only(language, &GROUPS.map(|group| group.name));
    let mut texts = BTreeMap::new();
    for group in &GROUPS {
        let Some(section) = reader.section(language, group.name) else {
            continue;
        };
        if !group.texts.is_empty() {
            reader.only(&section, group.texts);
        } else if group.name == "order" {
            only_statuses(reader, &section, policy);
        }
        for (name, ..) in &section.entries {
            let Some((text, span)) = reader.text(&section, name) else {
                continue;
            };
            let key = section.key(name);
            if is_good(reader, &key, text, &span) {
                check_places(reader, &key, text, &span, group.places);
            }
            texts.insert(format!("{}.{name}", group.name), text.to_owned());
        }
    }
    texts
}

fn only_statuses(reader: &mut Reader<'_>, section: &Section<'_>, policy: &OrderPolicy) {
    let mut known: Vec<&str> = policy.statuses().collect();
    known.push("*");
    for (status, span, _) in &section.entries {
        if !known.contains(status) {
            let what = format!("{} is for no status of this file", section.key(status));
            reader.mistake(span, what, format!("give {}", listed(&known)));
        }
    }
}

fn is_good(reader: &mut Reader<'_>, key: &str, text: &str, span: &Range<usize>) -> bool {
    let good = text::clean("", text, LONGEST).is_ok();
    if !good {
        let what = format!("{key} is no text that can be sent");
        let allowed = format!("give 1 to {LONGEST} characters that can be seen");
        reader.mistake(span, what, allowed);
    }
    good
}

fn check_places(
    reader: &mut Reader<'_>,
    key: &str,
    text: &str,
    span: &Range<usize>,
    known: &[&str],
) {
    for after in text.split('{').skip(1) {
        let name = after.split_once('}').map(|(name, _)| name);
        if name.is_some_and(|name| known.contains(&name)) {
            continue;
        }
        let what = format!("{key} has {{{}}}", name.unwrap_or_default());
        let places: Vec<_> = known.iter().map(|name| format!("{{{name}}}")).collect();
        let allowed = if places.is_empty() {
            "nothing is filled in here: write no braces".to_owned()
        } else {
            format!("filled in here is {}", listed(&places))
        };
        reader.mistake(span, what, allowed);
    }
}

pub(super) fn quick_replies<'a>(
    reader: &mut Reader<'a>,
    root: &Section<'a>,
    policy: &mut OrderPolicy,
) {
    let Some(value) = root.get("quick_replies") else {
        return;
    };
    let Some(items) = value.get_ref().as_array() else {
        let what = "quick_replies is no list of tables";
        reader.mistake(&value.span(), what, "write [[quick_replies]] over each");
        return;
    };
    if items.len() > QUICK_REPLIES {
        let what = format!("there are {} quick replies", items.len());
        let allowed = format!("give at most {QUICK_REPLIES}");
        reader.mistake(&value.span(), what, allowed);
    }
    let mut replies = Vec::with_capacity(items.len());
    for item in items.iter() {
        match item.get_ref() {
            DeValue::Table(table) => replies.extend(reply(reader, table, item.span(), policy)),
            _ => reader.mistake(
                &item.span(),
                "a quick reply is no table",
                "write [[quick_replies]] over each",
            ),
        }
    }
    policy.quick_replies = replies;
}

fn reply<'a>(
    reader: &mut Reader<'a>,
    table: &'a DeTable<'a>,
    span: Range<usize>,
    policy: &OrderPolicy,
) -> Option<QuickReply> {
    let section = Section::of("quick_replies", table, span);
    let roles = Who::ALL.map(Who::as_str);
    if section.get("role").is_none() {
        let what = "a quick reply has no role";
        reader.mistake(
            &section.span,
            what,
            format!("give role = {}", quoted(&roles)),
        );
    }
    let who = reader.word(&section, "role", &roles, Who::parse);
    let statuses = reply_statuses(reader, &section, policy);
    let mut texts = BTreeMap::new();
    for (tag, span, _) in &section.entries {
        if ["role", "statuses"].contains(tag) {
            continue;
        }
        if parse_language("", tag).is_err() {
            let what = format!("there is no {}", section.key(tag));
            reader.mistake(span, what, "give role, statuses or a language such as en");
            continue;
        }
        if let Some((text, span)) = reader.text(&section, tag) {
            is_good(reader, &section.key(tag), text, &span);
            texts.insert(tag.to_lowercase(), text.to_owned());
        }
    }
    let language = &policy.texts.default_language;
    if !texts.contains_key(language) {
        let what = format!("a quick reply has no text in {language}, the default language");
        reader.mistake(&section.span, what, format!("give {language} = \"…\""));
    }
    Some(QuickReply {
        who: who?,
        statuses,
        texts,
    })
}

fn reply_statuses<'a>(
    reader: &mut Reader<'a>,
    section: &Section<'a>,
    policy: &OrderPolicy,
) -> Option<Vec<String>> {
    let given = reader.list(section, "statuses", r#"["picked_up"]"#)?;
    let known: Vec<&str> = policy.statuses().collect();
    for (status, span) in &given {
        if !known.contains(status) {
            let what = format!("quick_replies.statuses has {status:?}");
            reader.mistake(span, what, format!("give {}", quoted(&known)));
        }
    }
    Some(
        given
            .into_iter()
            .map(|(status, _)| status.to_owned())
            .collect(),
    )
}
