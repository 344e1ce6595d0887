//! Who is who: callers are recognised here, users are told about, tokens are revoked.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use orderchat_domain::news::News;
use orderchat_domain::order::{parse_email, parse_language, parse_name};
use orderchat_domain::permission::{Action, permit_everywhere};
use orderchat_domain::project::unread_count;
use orderchat_domain::{Caller, Millis, Refusal, Role, UserId, preferences};
use orderchat_store::users::{Source, Told, User};
use orderchat_store::{Tx, rooms, users};
use parking_lot::Mutex;
use serde_json::{Map, Value, json};

use super::access::{enter, id_of};
use super::{Chat, ChatError, Context, Origin, Result, audit};

/// How long what the database says of a user is believed without asking again, in milliseconds: a
/// revocation on another node takes effect within it.
const BELIEVED: i64 = 2_000;
/// Users remembered at most; beyond it all are forgotten and asked for again.
const REMEMBERED: usize = 50_000;

/// Users this node has seen lately.
#[derive(Debug, Default)]
pub(crate) struct Known {
    users: Mutex<HashMap<UserId, Remembered>>,
    /// Revocations that this node has heard of.
    revocations: AtomicU64,
}

#[derive(Clone, Debug)]
struct Remembered {
    caller: Arc<Caller>,
    user: i64,
    revoked_at: Option<Millis>,
    last_seen: Option<Millis>,
    asked_at: Millis,
}

impl Known {
    fn get(&self, caller: &Caller, now: Millis) -> Option<Remembered> {
        let known = self.users.lock();
        let found = known.get(&caller.user)?;
        let fresh = now < found.asked_at.plus(BELIEVED) && found.asked_at <= now;
        (fresh && says_the_same(&found.caller, caller)).then(|| found.clone())
    }

    fn put(&self, remembered: Remembered) {
        let mut known = self.users.lock();
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(remembered.caller.user.clone(), remembered);
    }

    fn forget(&self, user: &UserId) {
        self.users.lock().remove(user);
    }

    fn revoked(&self, user: i64) {
        self.users.lock().retain(|_, known| known.user != user);
        self.revocations.fetch_add(1, Ordering::SeqCst);
    }
}

/// Whether two tokens of one user say the same of them; which room they are good for is no matter.
fn says_the_same(one: &Caller, other: &Caller) -> bool {
    one.role == other.role
        && one.name == other.name
        && one.email == other.email
        && one.pharmacies == other.pharmacies
        && one.language == other.language
}

/// Why a caller with a good token is not let in.
#[derive(Debug)]
pub(crate) enum IdentifyError {
    /// The token was revoked: who came with it.
    Revoked(Context),
    Failed(ChatError),
}

/// What the shop says of a user.
#[derive(Clone, Debug)]
pub(crate) struct UserReport {
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) email: Option<String>,
    pub(crate) pharmacies: Option<Vec<String>>,
    pub(crate) language: Option<String>,
}

impl UserReport {
    pub(crate) fn parse(
        name: &str,
        role: &str,
        email: Option<&str>,
        pharmacies: Option<Vec<String>>,
        language: Option<&str>,
    ) -> std::result::Result<Self, Refusal> {
        for pharmacy in pharmacies.iter().flatten() {
            orderchat_domain::id::PharmacyId::parse("/pharmacy", pharmacy)?;
        }
        Ok(Self {
            name: parse_name("/name", name)?,
            role: parse_role("/role", role)?,
            email: parse_email("/email", email)?,
            pharmacies,
            language: language
                .map(|tag| parse_language("/language", tag))
                .transpose()?,
        })
    }
}

/// One of the five roles of people.
pub(crate) fn parse_role(pointer: &str, text: &str) -> std::result::Result<Role, Refusal> {
    Role::parse(text).ok_or_else(|| {
        let names: Vec<_> = Role::ALL.iter().map(|role| role.as_str()).collect();
        Refusal::invalid(pointer, format!("is no role; give {}", names.join(", ")))
    })
}

/// What the shop is answered about a user.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    pub(crate) user: User,
    pub(crate) is_new: bool,
}

/// What a user is told of themselves.
#[derive(Clone, Debug)]
pub(crate) struct Me {
    pub(crate) user: User,
    pub(crate) unread_rooms: u64,
    pub(crate) unread_messages: u64,
}

/// What a user changes about themselves; `None` stays.
#[derive(Clone, Debug, Default)]
pub(crate) struct MyChange {
    pub(crate) language: Option<String>,
    pub(crate) preferences: Option<Map<String, Value>>,
}

impl Chat {
    /// Who a verified token's bearer is here: known from now on. `issued_at` is the token's `iat`.
    /// That they were seen is noted by [`Chat::seen`]: live connections look first when they were
    /// seen before.
    pub(crate) async fn identify(
        &self,
        caller: &Arc<Caller>,
        issued_at: Millis,
        origin: Origin,
        now: Millis,
    ) -> std::result::Result<Context, IdentifyError> {
        let remembered = match self.0.users.get(caller, now) {
            Some(remembered) => remembered,
            None => self
                .recognise(caller, now)
                .await
                .map_err(IdentifyError::Failed)?,
        };
        let context = Context {
            caller: Arc::clone(caller),
            user: remembered.user,
            origin: Arc::new(origin),
            now,
        };
        if remembered
            .revoked_at
            .is_some_and(|revoked| issued_at <= revoked)
        {
            return Err(IdentifyError::Revoked(context));
        }
        Ok(context)
    }

    /// When the caller was seen last, as it was written down when they were recognised.
    pub(super) fn known_last_seen(&self, ctx: &Context) -> Option<Millis> {
        self.0.users.get(&ctx.caller, ctx.now)?.last_seen
    }

    async fn recognise(&self, caller: &Arc<Caller>, now: Millis) -> Result<Remembered> {
        let asked = Arc::clone(caller);
        let found = self
            .look(move |tx| {
                let user = users::by_id(tx, &asked.user, asked.is_service())?;
                let pharmacy = pharmacies_json(&asked);
                Ok(user.filter(|user| !users::is_news(user, told_by(&asked, pharmacy.as_deref()))))
            })
            .await?;
        let user = match found {
            Some(user) => user,
            None => {
                let asked = Arc::clone(caller);
                self.write_anyway(None, move |tx| {
                    let pharmacy = pharmacies_json(&asked);
                    Ok(users::learn(tx, told_by(&asked, pharmacy.as_deref()), now)?.0)
                })
                .await?
            }
        };
        let remembered = Remembered {
            caller: Arc::clone(caller),
            user: user.person.key,
            revoked_at: user.revoked_at,
            last_seen: user.last_seen,
            asked_at: now,
        };
        self.0.users.put(remembered.clone());
        Ok(remembered)
    }

    /// `PUT /users/{id}/`: another role than before also revokes the user's tokens.
    pub(crate) async fn put_user(
        &self,
        ctx: &Context,
        user: &str,
        report: UserReport,
    ) -> Result<Profile> {
        permit_everywhere(&ctx.caller, Action::ReportOrders)?;
        let id = UserId::parse("id", user)?;
        let (ctx, asked) = (ctx.clone(), id.clone());
        let profile = self
            .write(None, move |tx| {
                let known = users::by_id_locked(tx, &asked, false)?;
                let known = known.filter(|user| !user.is_unknown());
                let (is_known, before) = (known.is_some(), known.and_then(|user| user.role));
                let pharmacy = report
                    .pharmacies
                    .as_ref()
                    .map(|list| json!(list).to_string());
                let told = Told {
                    user: &asked,
                    role: Some(report.role),
                    name: Some(&report.name),
                    email: report.email.as_deref(),
                    pharmacy: pharmacy.as_deref(),
                    language: report.language.as_deref(),
                    source: Source::Shop,
                };
                let (user, _) = users::learn(tx, told, ctx.now)?;
                if before.is_some_and(|before| before != report.role) {
                    revoke(tx, &ctx, &user, "role changed")?;
                }
                Ok(Profile {
                    user,
                    is_new: !is_known,
                })
            })
            .await?;
        self.0.users.forget(&id);
        Ok(profile)
    }

    /// Every token of the user issued up to now dies, also of one who has not come yet: the shop knows
    /// of tokens that it gave, and not of who has used them.
    pub(crate) async fn revoke_user(&self, ctx: &Context, user: &str) -> Result<Profile> {
        permit_everywhere(&ctx.caller, Action::ReportOrders)?;
        let id = UserId::parse("id", user)?;
        let (ctx, asked) = (ctx.clone(), id.clone());
        let user = self
            .write_anyway(None, move |tx| {
                let user = match users::by_id(tx, &asked, false)? {
                    Some(user) => user,
                    None => users::learn(tx, nothing_of(&asked), ctx.now)?.0,
                };
                revoke(tx, &ctx, &user, "")?;
                Ok(user)
            })
            .await?;
        self.0.users.forget(&id);
        Ok(Profile {
            user,
            is_new: false,
        })
    }

    /// Some of the user's tokens were revoked, here or on another node. To be called before those who
    /// are connected are looked at: see [`Self::revocations`].
    pub(crate) fn note_revocation(&self, user: i64) {
        self.0.users.revoked(user);
    }

    /// How many revocations this node has heard of. Who was recognised before one of them, and connects
    /// after those connected were looked at, is to be looked at again.
    pub(crate) fn revocations(&self) -> u64 {
        self.0.users.revocations.load(Ordering::SeqCst)
    }

    /// The caller's profile and unread totals.
    pub(crate) async fn me(&self, ctx: &Context) -> Result<Me> {
        let (chat, ctx) = (self.clone(), ctx.clone());
        self.read(move |tx| chat.who_am_i(tx, &ctx)).await
    }

    /// Changes the caller's language and default preferences.
    pub(crate) async fn change_me(&self, ctx: &Context, change: MyChange) -> Result<Me> {
        if let Some(tag) = &change.language {
            parse_language("/language", tag)?;
        }
        let (chat, ctx) = (self.clone(), ctx.clone());
        self.write(None, move |tx| {
            let (user, is_service) = (&ctx.caller.user, ctx.caller.is_service());
            let known = users::by_id_locked(tx, user, is_service)?.ok_or(Refusal::NotFound)?;
            let preferences = match &change.preferences {
                Some(change) => preferences::merge(&known.preferences, change)?,
                None => known.preferences,
            };
            let language = change.language.as_deref().or(known.language.as_deref());
            users::set_profile(tx, ctx.user, &preferences, language, ctx.now)?;
            chat.who_am_i(tx, &ctx)
        })
        .await
    }

    fn who_am_i(&self, tx: &mut Tx<'_>, ctx: &Context) -> Result<Me> {
        let user = users::by_key(tx, ctx.user)?.ok_or(Refusal::NotFound)?;
        let (unread_rooms, unread_messages) = match &ctx.caller.room {
            None => rooms::unread_of(tx, ctx.user)?,
            Some(name) => self.unread_in(tx, ctx, name)?,
        };
        Ok(Me {
            user,
            unread_rooms,
            unread_messages,
        })
    }

    /// What a token that is good for one room only tells of: in how many rooms there is something
    /// unread, none or one, and how much.
    fn unread_in(&self, tx: &mut Tx<'_>, ctx: &Context, name: &str) -> Result<(u64, u64)> {
        let Some(room) = id_of(tx, name)? else {
            return Ok((0, 0));
        };
        let scene = match enter(tx, self.policy(), ctx, room, Action::ReadRoom) {
            Ok(scene) => scene,
            Err(ChatError::Refused(_)) => return Ok((0, 0)),
            Err(error) => return Err(error),
        };
        let unread = scene
            .active()
            .map_or(0, |own| unread_count(&scene.room.record, own));
        Ok((u64::from(unread > 0), unread))
    }
}

fn revoke(tx: &mut Tx<'_>, ctx: &Context, user: &User, why: &str) -> Result<()> {
    users::revoke(tx, user.person.key, ctx.now)?;
    tx.announce(News::Revoked(user.person.key));
    audit::record(
        tx,
        ctx,
        orderchat_store::live::REVOKED,
        None,
        Some(user.person.user.as_str()),
        why,
    )
}

fn pharmacies_json(caller: &Caller) -> Option<String> {
    let ids: Vec<&str> = caller.pharmacies.iter().map(|id| id.as_str()).collect();
    (!ids.is_empty()).then(|| json!(ids).to_string())
}

/// Of somebody of whom nothing is known yet: whoever tells more is believed.
const fn nothing_of(user: &UserId) -> Told<'_> {
    Told {
        user,
        role: Some(Role::Customer),
        name: None,
        email: None,
        pharmacy: None,
        language: None,
        source: Source::Order,
    }
}

fn told_by<'a>(caller: &'a Caller, pharmacy: Option<&'a str>) -> Told<'a> {
    Told {
        user: &caller.user,
        role: caller.person(),
        name: caller.name.as_deref(),
        email: caller.email.as_deref(),
        pharmacy,
        language: caller.language.as_deref(),
        source: Source::Token,
    }
}
