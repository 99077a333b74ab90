//! Whose request it is: only this machine's own programs are served, and no web page that is open on it.
//!
//! A page can send requests to loopback, and a host name can be made to lead there. The browser then says where the
//! page is from (`Origin`) or which name it asked for (`Host`); both must be of this machine.

use super::error::S3Error;
use super::request::Head;
use std::net::IpAddr;

/// The name or address in a host, without its port.
pub(crate) fn name_of(host: &str) -> &str {
    let host = host.trim();
    match host.strip_prefix('[').and_then(|h| h.split_once(']')) {
        Some((address, _)) => address,
        None => host.split(':').next().unwrap_or(""),
    }
}

/// Whether a host is this machine, by name or by address.
pub(crate) fn is_loopback(host: &str) -> bool {
    let name = name_of(host);
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|a| a.is_loopback())
}

/// Refuses what a web page from elsewhere sends.
pub(crate) fn check(head: &Head) -> Result<(), S3Error> {
    let values = |wanted: &'static str| {
        head.headers.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(wanted)).map(|(_, v)| v.as_str())
    };
    let refused = |header: &str| {
        let message =
            format!("The sandbox serves programs of this machine: the {header} header names another");
        Err(S3Error::new(403, "AccessDenied", message))
    };
    let own = |host: &str| is_loopback(host) || name_of(host).ends_with(".localhost");
    let from_here = |origin: &str| origin.split_once("://").is_some_and(|(_, host)| is_loopback(host));
    if !values("host").all(own) {
        return refused("Host");
    }
    if !values("origin").all(from_here) {
        return refused("Origin");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_served() {
        for (headers, served) in [
            (vec![], true),
            (vec![("Host", "127.0.0.1:9000")], true),
            (vec![("Host", "[::1]:9000")], true),
            (vec![("host", "LOCALHOST")], true),
            (vec![("Host", "bucket.localhost:9000")], true),
            (vec![("Host", "evil.example:9000")], false),
            (vec![("Host", "127.0.0.1.evil.example")], false),
            (vec![("Host", "localhost"), ("Origin", "http://localhost:3000")], true),
            (vec![("Host", "localhost"), ("Origin", "https://evil.example")], false),
            (vec![("Host", "localhost"), ("Origin", "null")], false),
        ] {
            let list = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
            let head = Head { headers: list, ..Head::default() };
            assert_eq!(check(&head).is_ok(), served, "{headers:?}");
        }
    }
}
