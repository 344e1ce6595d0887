//! Who is at the other end: a token in the first frame, perhaps another one later.

use std::sync::Arc;

use orderchat_domain::Millis;

use super::Live;
use crate::auth::{AuthError, Claims};
use crate::chat::users::IdentifyError;
use crate::chat::{Context, Origin};
use crate::clock;
use crate::limits::Quota;
use crate::problem::Problem;

/// Somebody whose token was good.
#[derive(Clone, Debug)]
pub(super) struct SignedIn {
    pub(super) ctx: Context,
    pub(super) claims: Arc<Claims>,
}

impl SignedIn {
    /// The same, asking now.
    pub(super) fn now(&self) -> Context {
        Context {
            now: Millis(clock::now_ms()),
            ..self.ctx.clone()
        }
    }

    pub(super) fn issued_at(&self) -> Millis {
        Millis(self.claims.iat_s.saturating_mul(1_000))
    }

    pub(super) fn expires_at(&self) -> Millis {
        Millis(self.claims.exp_s.saturating_mul(1_000))
    }
}

impl Live {
    /// Who the token's bearer is.
    ///
    /// # Errors
    /// The problem to be told before the connection closes.
    pub(super) async fn sign_in(&self, token: &str, origin: &Origin) -> Result<SignedIn, Problem> {
        // Who has no good token is limited by address, and learns of the limit before anything else.
        let refuse = |problem: Problem| {
            let address = origin.ip;
            match self.limits.check(Quota::Anonymous { address }) {
                Ok(()) => problem,
                Err(too_often) => too_often.into(),
            }
        };
        let now = clock::now_ms();
        let claims = match self.verifier.verify(token, now).await {
            Ok(claims) => claims,
            Err(AuthError::KeysUnavailable) => {
                tracing::error!("tokens cannot be verified: no keys were loaded");
                return Err(Problem::unavailable("tokens cannot be verified just now"));
            }
            Err(error) => return Err(refuse(Problem::token_refused(error.to_string()))),
        };
        let issued_at = Millis(claims.iat_s.saturating_mul(1_000));
        let known = self
            .chat
            .identify(&claims.caller, issued_at, origin.clone(), Millis(now))
            .await;
        match known {
            Ok(ctx) => Ok(SignedIn { ctx, claims }),
            Err(IdentifyError::Failed(error)) => Err(error.into()),
            Err(IdentifyError::Revoked(_)) => {
                Err(refuse(Problem::token_refused("the token was revoked")))
            }
        }
    }
}
