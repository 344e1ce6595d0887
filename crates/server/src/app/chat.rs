//! `orderchat chat`: gives the terminal client its tokens, and runs it.

use std::process::ExitCode;

use super::token::{Wanted, token};
use crate::client;
use crate::config::Settings;

/// Whom the client speaks as.
#[derive(Debug)]
pub(crate) enum Identity {
    /// Whoever holds this token.
    Given(String),
    /// Tokens are signed with the settings' secret.
    Signed(Box<Settings>, Wanted),
}

/// Talks until the person leaves.
pub(crate) fn chat(
    identity: Identity,
    url: String,
    room: Option<String>,
) -> anyhow::Result<ExitCode> {
    let renews = matches!(identity, Identity::Signed(..));
    let unauthenticated = renews.then_some(
        "--as signs with ORDERCHAT_AUTH_SECRET of this shell, or of --config, which must be the \
         server's",
    );
    let give = move || match &identity {
        Identity::Given(token) => Ok(token.clone()),
        Identity::Signed(settings, wanted) => token(settings, wanted.clone()),
    };
    let options = client::Options {
        url,
        room,
        token: Box::new(give),
        renews,
        unauthenticated,
    };
    super::runtime()?.block_on(client::run(options))
}
