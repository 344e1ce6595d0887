//! Who is at the other end of a request or a connection: the bearer of a token, and of another one
//! later.

use std::sync::Arc;

use orderchat_domain::Millis;

use crate::auth::{AuthError, Claims, Verifier};
use crate::chat::audit::Attempt;
use crate::chat::users::IdentifyError;
use crate::chat::{Chat, Context, Origin};
use crate::clock;
use crate::limits::{Limits, Quota};
use crate::problem::Problem;

/// Turns tokens into who bears them, for requests and connections alike. One per process.
#[derive(Debug)]
pub(crate) struct SignIn {
    pub(crate) chat: Chat,
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) limits: Arc<Limits>,
}

/// Somebody whose token was good.
#[derive(Clone, Debug)]
pub(crate) struct SignedIn {
    pub(crate) ctx: Context,
    pub(crate) claims: Arc<Claims>,
    /// [`Chat::revocations`] before they were recognised.
    pub(crate) revocations: u64,
}

impl SignedIn {
    /// The same, asking now.
    pub(crate) fn now(&self) -> Context {
        Context {
            now: Millis(clock::now_ms()),
            ..self.ctx.clone()
        }
    }

    /// Whether the token is good for nothing any more. What it was revoked by it does not know.
    pub(crate) fn has_expired(&self) -> bool {
        self.claims.has_expired(clock::now_ms())
    }
}

impl SignIn {
    /// Who bears the token. What is asked for stands in the audit as `target`, when the token was
    /// revoked.
    ///
    /// # Errors
    /// 401 without a good token, 429 after too many of those from one address, 503 while no keys
    /// are there to verify it with.
    pub(crate) async fn bearer(
        &self,
        token: Option<&str>,
        origin: &Origin,
        target: impl FnOnce() -> String,
    ) -> Result<SignedIn, Problem> {
        let Some(token) = token else {
            return Err(self.refuse(origin, Problem::token_missing()));
        };
        let now = Millis(clock::now_ms());
        let claims = match self.verifier.verify(token, now.0).await {
            Ok(claims) => claims,
            Err(AuthError::KeysUnavailable) => {
                tracing::error!("tokens cannot be verified: no keys were loaded");
                return Err(Problem::unavailable("tokens cannot be verified just now"));
            }
            Err(error) => {
                return Err(self.refuse(origin, Problem::token_refused(error.to_string())));
            }
        };
        let revocations = self.chat.revocations();
        let known = self
            .chat
            .identify(&claims.caller, claims.issued_at(), origin.clone(), now)
            .await;
        match known {
            Ok(ctx) => Ok(SignedIn {
                ctx,
                claims,
                revocations,
            }),
            Err(IdentifyError::Failed(error)) => Err(error.into()),
            Err(IdentifyError::Revoked(ctx)) => {
                let problem = self.refuse(origin, Problem::token_refused("the token was revoked"));
                self.chat
                    .note_refused(&ctx, Attempt::Revoked, None, target())
                    .await;
                Err(problem)
            }
        }
    }

    /// Who has no good token is limited by address, and learns of the limit before anything else.
    pub(crate) fn refuse(&self, origin: &Origin, problem: Problem) -> Problem {
        let address = origin.ip;
        match self.limits.check(Quota::Anonymous { address }) {
            Ok(()) => problem,
            Err(too_often) => too_often.into(),
        }
    }
}
