//! Whose request it is: only this machine's own programs are served, and no web page that is open on it.
//!
//! A page can send requests to loopback, and a host name can be made to lead there. The browser then says where the
//! page is from (`Origin`) or which name it asked for (`Host`); both must be of this machine.

use super::error::S3Error;
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

/// The host names that lead here: `localhost` and those that were named, each with buckets in front.
#[derive(Debug, Clone)]
pub(crate) struct Hosts(Vec<String>);

impl Hosts {
    /// `localhost`, and more names.
    pub(crate) fn new(more: &[String]) -> Self {
        let names = more.iter().map(|name| name.to_ascii_lowercase());
        Self(std::iter::once("localhost".to_owned()).chain(names).collect())
    }

    fn own(&self, host: &str) -> bool {
        let name = name_of(host).to_ascii_lowercase();
        let is =
            |own: &String| name.strip_suffix(own.as_str()).is_some_and(|n| n.is_empty() || n.ends_with('.'));
        is_loopback(host) || self.0.iter().any(is)
    }

    /// The bucket in `bucket.localhost` or `bucket.s3.localhost`, and so with every name.
    pub(crate) fn bucket_in<'h>(&self, host: &'h str) -> Option<&'h str> {
        let name = name_of(host);
        let longest = self.0.iter().filter(|own| name.to_ascii_lowercase().ends_with(own.as_str()));
        let own = longest.max_by_key(|own| own.len())?;
        let bucket = name.get(..name.len() - own.len())?.strip_suffix('.')?;
        let bucket = bucket.strip_suffix(".s3").unwrap_or(bucket);
        Some(bucket).filter(|b| !b.is_empty() && *b != "s3")
    }

    /// Refuses what a web page from elsewhere sends.
    pub(crate) fn check(&self, headers: &[(String, String)]) -> Result<(), S3Error> {
        let values = |wanted: &'static str| {
            let of = move |(n, _): &&(String, String)| n.eq_ignore_ascii_case(wanted);
            headers.iter().filter(of).map(|(_, v)| v.as_str())
        };
        let refused = |header: &str| {
            let message = format!(
                "The sandbox serves programs of this machine: the {header} header names another (see the option --host)"
            );
            Err(S3Error::new(403, "AccessDenied", message))
        };
        let from_here = |origin: &str| origin.split_once("://").is_some_and(|(_, host)| is_loopback(host));
        if !values("host").all(|host| self.own(host)) {
            return refused("Host");
        }
        if !values("origin").all(from_here) {
            return refused("Origin");
        }
        Ok(())
    }
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
            (vec![("Host", "bucket.S3.test:9000")], true),
            (vec![("Host", "nots3.test")], false),
            (vec![("Host", "evil.example:9000")], false),
            (vec![("Host", "127.0.0.1.evil.example")], false),
            (vec![("Host", "localhost"), ("Origin", "http://localhost:3000")], true),
            (vec![("Host", "localhost"), ("Origin", "https://evil.example")], false),
            (vec![("Host", "localhost"), ("Origin", "null")], false),
        ] {
            let list: Vec<(String, String)> =
                headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
            assert_eq!(Hosts::new(&["s3.test".into()]).check(&list).is_ok(), served, "{headers:?}");
        }
    }

    #[test]
    fn a_bucket_may_stand_in_front_of_a_name() {
        let hosts = Hosts::new(&["s3.test".into()]);
        for (host, bucket) in [
            ("127.0.0.1:9000", None),
            ("localhost:9000", None),
            ("s3.localhost", None),
            ("b.localhost:9000", Some("b")),
            ("a.b.s3.localhost", Some("a.b")),
            ("s3.test", None),
            ("b.s3.test:1", Some("b")),
            ("b.elsewhere", None),
        ] {
            assert_eq!(hosts.bucket_in(host), bucket, "{host}");
        }
    }
}
