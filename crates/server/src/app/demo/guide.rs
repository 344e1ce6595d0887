//! What is printed for people: a token and lines to try for each role, and an order to watch.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use orderchat_domain::TokenRole;
use secrecy::SecretString;
use serde_json::Value;

use super::people::{ADMIN, SHOP, SUPPORT, caller};
use super::sample::{Sample, samples};
use super::script::{EVERY, MOST, Pace, Script};
use crate::app::token;
use crate::config::Settings;

/// How long the demo's tokens are good.
const TOKEN_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// Signs what is needed, and says how it is used.
pub(super) struct Guide<'a> {
    pub(super) settings: &'a Settings,
    pub(super) secret: &'a SecretString,
    pub(super) folder: &'a Path,
}

/// Somebody who is given a token.
struct Bearer<'a> {
    user: &'a str,
    role: TokenRole,
    name: Option<&'a str>,
    pharmacy: Option<&'a str>,
    note: &'static str,
}

impl Guide<'_> {
    /// The whole text; `{address}` stands for where the server listens.
    pub(super) fn text(&self, script: &Script, pace: Pace) -> anyhow::Result<String> {
        let samples = samples()?;
        let shown = samples.iter().find(|sample| sample.is_under_way());
        let shown = shown.context("no sample order that is under way")?;
        let mut text = format!(
            "\nOrderchat runs with 30 sample orders of three pharmacies. Open http://{{address}}\n\
             API: http://{{address}}/api/docs   data: {} (gone when this ends)\n",
            self.folder.display()
        );
        for bearer in bearers(shown)? {
            text.push_str(&self.part(&bearer)?);
        }
        let order = part_of(shown, "/id")?;
        text.push_str(&format!(
            "\n# and, as the service, what the shop knows of an order:\n\
             curl -H \"Authorization: Bearer $service\" http://{{address}}/api/orders/{order}/\n"
        ));
        if pace.moves() {
            text.push_str(&self.living(script, pace)?);
        }
        Ok(text)
    }

    fn token(&self, bearer: &Bearer<'_>) -> anyhow::Result<String> {
        let caller = caller(bearer.user, bearer.role, bearer.name, bearer.pharmacy)?;
        token::mint(self.settings, self.secret, &caller, TOKEN_LIFE)
    }

    fn part(&self, bearer: &Bearer<'_>) -> anyhow::Result<String> {
        let token = self.token(bearer)?;
        let Bearer { user, note, .. } = bearer;
        let role = bearer.role.as_str();
        let scope = if role == "customer" || role == "rider" {
            ""
        } else {
            "?scope=all"
        };
        Ok(format!(
            "\n# {role} {user}: {note}\n{role}={token}\n\
             curl -H \"Authorization: Bearer ${role}\" 'http://{{address}}/api/chat/rooms/{scope}'\n"
        ))
    }

    /// How to watch an order that moves on by itself.
    fn living(&self, script: &Script, pace: Pace) -> anyhow::Result<String> {
        let person = script.followed()?;
        let token = self.token(&Bearer {
            user: &person.id,
            role: person.role()?,
            name: Some(&person.name),
            pharmacy: None,
            note: "",
        })?;
        let program = std::env::current_exe()?;
        Ok(format!(
            "\n# {MOST} more orders begin one after another, every {:.1} s, and move on by themselves. \
             Watch those\n# of {}:\n{} chat --url http://{{address}} --token {token}\n",
            pace.duration(EVERY).as_secs_f64(),
            person.name,
            program.display()
        ))
    }
}

/// Who has a part in this order, and those who have one in all.
fn bearers(shown: &Sample) -> anyhow::Result<[Bearer<'_>; 6]> {
    let of = |user, role, note| Bearer {
        user,
        role,
        name: None,
        pharmacy: None,
        note,
    };
    let customer = part_of(shown, "/customer/id")?;
    let rider = part_of(shown, "/rider/id")?;
    let staff = part_of(shown, "/pharmacy/staff/0/id")?;
    Ok([
        of(
            customer,
            TokenRole::Customer,
            "sees the rooms of their own orders",
        ),
        of(
            rider,
            TokenRole::Rider,
            "sees what they deliver, from assignment on",
        ),
        Bearer {
            pharmacy: Some(part_of(shown, "/pharmacy/id")?),
            ..of(
                staff,
                TokenRole::Pharmacy,
                "sees every room of their pharmacy",
            )
        },
        Bearer {
            name: Some(SUPPORT.1),
            ..of(SUPPORT.0, TokenRole::Support, "reaches every room")
        },
        Bearer {
            name: Some(ADMIN.1),
            ..of(
                ADMIN.0,
                TokenRole::Admin,
                "reaches every room, and moderates",
            )
        },
        of(
            SHOP,
            TokenRole::Service,
            "the shop's backend: reports orders",
        ),
    ])
}

fn part_of<'a>(shown: &'a Sample, pointer: &str) -> anyhow::Result<&'a str> {
    let part = shown.order.pointer(pointer).and_then(Value::as_str);
    part.with_context(|| format!("a sample order without {pointer}"))
}
