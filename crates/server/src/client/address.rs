//! Where the server is, as it was typed.

use anyhow::Context as _;
use reqwest::Url;

/// The address without the slashes at its end.
///
/// # Errors
/// It is none of a server that can be asked: with the one that was probably meant.
pub(super) fn checked(url: &str) -> anyhow::Result<String> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let secure = ["https", "wss"].map(|name| scheme.eq_ignore_ascii_case(name));
    let is_meant = if secure.contains(&true) {
        "https"
    } else {
        "http"
    };
    let meant = format!("{is_meant}://{}", rest.trim_end_matches('/'));
    Url::parse(&meant).with_context(|| {
        format!(
            "--url {url:?} must begin with http:// or https:// and name a server, as in --url \
             http://127.0.0.1:8080"
        )
    })?;
    if scheme != is_meant {
        anyhow::bail!("--url {url:?} must begin with http:// or https://: try --url {meant}");
    }
    Ok(meant)
}

/// What to do when the server of this address did not answer for this reason.
pub(super) fn remedy(url: &str, error: &anyhow::Error) -> Option<String> {
    // The TLS library's name for an answer that is no TLS, which its error gives as text alone.
    let is_no_tls = |cause: &str| cause.contains("InvalidContentType");
    let rest = url.strip_prefix("https://")?;
    let mut causes = error.chain().map(ToString::to_string);
    let is_plain = causes.any(|cause| is_no_tls(&cause));
    is_plain.then(|| format!("does the server speak http? try http://{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_as_it_is_or_refused_with_another_one() {
        assert_eq!(checked("http://[::1]:8080//").unwrap(), "http://[::1]:8080");
        let chat = "https://shop.example/chat";
        assert_eq!(checked(chat).unwrap(), chat);
        for (url, meant) in [
            ("127.0.0.1:8080", "try --url http://127.0.0.1:8080"),
            ("HTTPS://shop.example", "try --url https://shop.example"),
            ("wss://shop.example", "try --url https://shop.example"),
            ("", "name a server"),
        ] {
            let error = checked(url).unwrap_err().to_string();
            assert!(error.contains(meant), "{error}");
        }
    }
}
