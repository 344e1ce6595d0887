//! Who is behind a trusted proxy.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderName};
use ipnet::IpNet;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The client's address: the peer's, or, when the peer is a trusted proxy, the last address in
/// `X-Forwarded-For` that is none.
///
/// Every proxy adds whom it saw at the right end, so the list is believed from the right and only
/// as far as trusted proxies wrote it; whatever stands before is the client's own invention. At
/// something that is no address the hop that passed it on counts.
pub(crate) fn client_address(peer: SocketAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|net| net.contains(address));
    let mut client = peer.ip().to_canonical();
    if !is_trusted(&client) {
        return client;
    }
    for line in headers.get_all(FORWARDED_FOR).iter().rev() {
        let Ok(line) = line.to_str() else {
            return client;
        };
        for hop in line.rsplit(',') {
            let Some(address) = address(hop.trim()) else {
                return client;
            };
            client = address;
            if !is_trusted(&client) {
                return client;
            }
        }
    }
    client
}

/// An address, with or without a port: some proxies add it.
fn address(hop: &str) -> Option<IpAddr> {
    let bare = hop
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(hop);
    bare.parse::<IpAddr>()
        .or_else(|_| hop.parse::<SocketAddr>().map(|socket| socket.ip()))
        .ok()
        .map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn client(peer: &str, lines: &[&str]) -> String {
        let trusted = ["10.0.0.0/8", "2001:db8::/32"].map(|net| net.parse().unwrap());
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, line.parse().unwrap());
        }
        let peer = SocketAddr::new(peer.parse().unwrap(), 40_000);
        client_address(peer, &headers, &trusted).to_string()
    }

    #[test]
    fn the_header_of_somebody_who_is_no_trusted_proxy_is_ignored() {
        assert_eq!(client("192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(client("127.0.0.1", &["198.51.100.7"]), "127.0.0.1");
    }

    #[test]
    fn a_trusted_proxy_says_whom_it_saw() {
        assert_eq!(client("10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(client("::ffff:10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(client("2001:db8::1", &["2001:db9::7"]), "2001:db9::7");
    }

    #[test]
    fn what_a_client_puts_before_the_proxy_s_word_is_ignored() {
        assert_eq!(
            client("10.0.0.1", &["1.1.1.1, 198.51.100.7"]),
            "198.51.100.7"
        );
        assert_eq!(
            client("10.0.0.1", &["1.1.1.1", "198.51.100.7"]),
            "198.51.100.7"
        );
        assert_eq!(
            client("10.0.0.1", &["10.9.9.9, 198.51.100.7"]),
            "198.51.100.7"
        );
    }

    #[test]
    fn a_chain_of_trusted_proxies_is_walked_to_its_beginning() {
        assert_eq!(
            client("10.0.0.1", &["198.51.100.7, 10.0.0.3", "10.0.0.2"]),
            "198.51.100.7"
        );
        assert_eq!(client("10.0.0.1", &["10.0.0.3, 10.0.0.2"]), "10.0.0.3");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
    }

    #[rstest]
    #[case("198.51.100.7:1234", "198.51.100.7")]
    #[case("[2001:db9::7]:1234", "2001:db9::7")]
    #[case("[2001:db9::7]", "2001:db9::7")]
    #[case("::ffff:198.51.100.7", "198.51.100.7")]
    #[case("unknown", "10.0.0.1")]
    #[case("", "10.0.0.1")]
    #[case("198.51.100.7, , ", "10.0.0.1")]
    #[case("198.51.100.7, _hidden, 10.0.0.2", "10.0.0.2")]
    fn odd_hops_are_read_or_end_the_walk(#[case] line: &str, #[case] expected: &str) {
        assert_eq!(client("10.0.0.1", &[line]), expected);
    }
}
