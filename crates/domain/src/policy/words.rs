//! What the server says in a room, and what it offers people to say, by language.

use std::collections::BTreeMap;

use super::cells::Who;

/// The language of last resort: the built-in texts are complete in it.
pub(super) const BUILT_IN: &str = "en";

/// Texts by language tag, in lower case, and then by name: `order.accepted`, `rider.first`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Texts {
    pub(super) default_language: String,
    pub(super) languages: BTreeMap<String, BTreeMap<String, String>>,
}

impl Texts {
    /// The text of this name in the wanted language, its main language (`de` of `de-AT`), or the
    /// default one; in each of them the one for all others of its group (`order.*`) comes second.
    #[must_use]
    pub fn get(&self, language: Option<&str>, name: &str) -> &str {
        let group = name.split('.').next().unwrap_or_default();
        let others = format!("{group}.*");
        self.languages_for(language)
            .filter_map(|language| self.languages.get(&language))
            .find_map(|texts| texts.get(name).or_else(|| texts.get(&others)))
            .map_or("", String::as_str)
    }

    fn languages_for(&self, wanted: Option<&str>) -> impl Iterator<Item = String> {
        preferred(wanted).chain([self.default_language.clone(), BUILT_IN.to_owned()])
    }
}

/// The tag in lower case, then its main language.
fn preferred(wanted: Option<&str>) -> impl Iterator<Item = String> {
    let tag = wanted.map(str::to_lowercase);
    let main = tag
        .as_deref()
        .and_then(|tag| tag.split_once('-'))
        .map(|(main, _)| main.to_owned());
    tag.into_iter().chain(main)
}

/// Puts values into the places of a text: `{rider}`.
#[must_use]
pub fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let place = after.split_once('}');
        let value = place.and_then(|(name, _)| values.iter().find(|(known, _)| *known == name));
        if let (Some((_, tail)), Some((_, value))) = (place, value) {
            filled.push_str(value);
            rest = tail;
        } else {
            filled.push('{');
            rest = after;
        }
    }
    filled.push_str(rest);
    filled
}

/// A sentence that one click sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuickReply {
    pub(super) who: Who,
    /// `None`: in all.
    pub(super) statuses: Option<Vec<String>>,
    /// By language tag, in lower case.
    pub(super) texts: BTreeMap<String, String>,
}

impl QuickReply {
    pub(super) fn is_for(&self, who: Who, status: &str) -> bool {
        let fits = |statuses: &Vec<String>| statuses.iter().any(|one| one == status);
        self.who == who && self.statuses.as_ref().is_none_or(fits)
    }

    /// In the wanted language, or the default one, which it always has.
    pub(super) fn text(&self, language: Option<&str>, default_language: &str) -> Option<&str> {
        preferred(language)
            .chain([default_language.to_owned()])
            .find_map(|language| self.texts.get(&language))
            .map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts() -> Texts {
        let table = |entries: &[(&str, &str)]| {
            let own = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
            entries.iter().map(own).collect()
        };
        Texts {
            default_language: "fr".to_owned(),
            languages: [
                ("de".to_owned(), table(&[("order.*", "Jetzt {status}.")])),
                ("fr".to_owned(), table(&[("eta.open", "Ouvert.")])),
                (
                    "en".to_owned(),
                    table(&[("eta.open", "Open."), ("eta.changed", "New.")]),
                ),
            ]
            .into(),
        }
    }

    #[test]
    fn a_text_is_looked_for_in_the_wanted_the_main_and_the_default_language() {
        let texts = texts();
        assert_eq!(
            texts.get(Some("de-AT"), "order.accepted"),
            "Jetzt {status}."
        );
        assert_eq!(texts.get(Some("de"), "eta.open"), "Ouvert.");
        assert_eq!(texts.get(Some("it"), "eta.changed"), "New.");
        assert_eq!(texts.get(None, "eta.open"), "Ouvert.");
    }

    #[test]
    fn places_are_filled_once_and_what_is_none_stays() {
        let values = [("rider", "{number}"), ("number", "7")];
        assert_eq!(
            fill("{rider} brings {number}.", &values),
            "{number} brings 7."
        );
        assert_eq!(fill("{a} {", &values), "{a} {");
    }
}
