//! The control interface: `/_partscope/faults` reads, adds and clears the rules by which the sandbox fails.
//!
//! It is for tests, on the same loopback port, under a name no bucket can have. Nothing is signed, so it must not be
//! reachable through a web page: a request from one says where it comes from (`Origin`), or names a host that is
//! not loopback. Its answers are plain HTTP, not S3's.

use super::fault::{Fault, FaultStatus, Faults};
use super::http::{Broken, Conn, Framing};
use super::origin::{self, Hosts};
use super::request::Head;
use serde_json::json;

/// Longest body that is read, in bytes.
const MAX_BODY: u64 = 64 * 1024;

const ROOT: &str = "/_partscope/";
const PAGE: &str = "/_partscope/faults";

/// One answer.
#[derive(Debug, PartialEq, Eq)]
struct Reply {
    status: (u16, &'static str),
    json: bool,
    body: String,
}

/// Whether a request is for the control interface. With a bucket in the host name it is for an object.
pub(crate) fn is_meant(head: &Head, hosts: &Hosts) -> bool {
    let bucket_in_host = head.header("host").is_some_and(|h| hosts.bucket_in(h).is_some());
    head.target.starts_with(ROOT) && !bucket_in_host
}

/// Reads the rest of a request and answers it; whether the connection ends. Nothing is waited for and no fault is met.
pub(crate) async fn exchange(
    conn: &mut Conn,
    faults: &Faults,
    head: &Head,
    framing: Framing,
) -> Result<bool, Broken> {
    let length = match framing {
        Framing::Absent => Some(0),
        Framing::Length(n) if n <= MAX_BODY => usize::try_from(n).ok(),
        Framing::Length(_) | Framing::Chunked => None,
    };
    let (reply, close) = match (refusal(head), length) {
        (Some(refusal), _) => (refusal, true),
        (None, None) => (
            Reply::plain((413, "Content Too Large"), "rules come with a Content-Length, 65536 at most"),
            true,
        ),
        (None, Some(length)) => {
            let body = conn.read_short(length).await?;
            (serve(faults, head, &body), head.wants_close())
        }
    };
    conn.write(&reply.bytes(head.method == "HEAD", close)).await?;
    Ok(close)
}

/// The answer to a request that may not be served, whatever it holds.
fn refusal(head: &Head) -> Option<Reply> {
    let refused = |why: &str| Some(Reply::plain((403, "Forbidden"), why));
    if head.header("origin").is_some() {
        return refused("refused: a web page may not set faults (the request has an Origin header)");
    }
    let mut hosts = head.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case("host")).peekable();
    if hosts.peek().is_none() || !hosts.all(|(_, host)| origin::is_loopback(host)) {
        return refused("refused: the Host header must be localhost or a loopback address");
    }
    None
}

/// Serves a request that [`refusal`] let by.
fn serve(faults: &Faults, head: &Head, body: &[u8]) -> Reply {
    let path = head.target.split('?').next().unwrap_or("");
    if path != PAGE {
        return Reply::plain((404, "Not Found"), &format!("not found: there is {PAGE} only"));
    }
    match head.method.as_str() {
        "GET" => {}
        "DELETE" => faults.clear(),
        "POST" => {
            let added = read(body).and_then(|rules| faults.add_all(rules).map_err(|e| e.to_string()));
            if let Err(why) = added {
                return Reply::plain((400, "Bad Request"), &why);
            }
        }
        _ => return Reply::plain((405, "Method Not Allowed"), "use GET, POST or DELETE"),
    }
    Reply { status: (200, "OK"), json: true, body: list(&faults.list()) }
}

/// One rule a line; empty lines are left out.
fn read(body: &[u8]) -> Result<Vec<Fault>, String> {
    let text = std::str::from_utf8(body).map_err(|_| "the body is not UTF-8".to_owned())?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let rules: Vec<Fault> = lines
        .map(|(at, line)| line.parse().map_err(|e| format!("line {}: {e}", at + 1)))
        .collect::<Result<_, _>>()?;
    if rules.is_empty() { Err("the body holds no rule; write one a line".to_owned()) } else { Ok(rules) }
}

fn list(rules: &[FaultStatus]) -> String {
    let rules: Vec<_> = rules
        .iter()
        .map(|s| {
            let rule = s.fault.to_string();
            json!({ "id": s.id, "rule": rule, "passed": s.passed, "met": s.met, "left": s.left })
        })
        .collect();
    json!({ "faults": rules }).to_string()
}

impl Reply {
    fn plain(status: (u16, &'static str), text: &str) -> Self {
        Self { status, json: false, body: format!("{text}\n") }
    }

    /// The whole answer; `close` announces the end of the connection.
    fn bytes(&self, is_head: bool, close: bool) -> Vec<u8> {
        let (status, reason) = self.status;
        let kind = if self.json { "application/json" } else { "text/plain; charset=utf-8" };
        let close = if close { "Connection: close\r\n" } else { "" };
        let body = if is_head { "" } else { &self.body };
        format!(
            "HTTP/1.1 {status} {reason}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n{close}\r\n{body}",
            self.body.len()
        )
        .into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant(head: Head) -> bool {
        is_meant(&head, &Hosts::new(&[]))
    }

    fn head(target: &str, headers: &[(&str, &str)]) -> Head {
        let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        Head { method: "GET".into(), target: target.into(), headers, http11: true }
    }

    #[test]
    fn only_loopback_without_an_origin_is_served() {
        for (headers, served) in [
            (&[("Host", "127.0.0.1:9000")][..], true),
            (&[("Host", "localhost")], true),
            (&[("host", "[::1]:80")], true),
            (&[("host", "127.9.9.9")], true),
            (&[("Host", "evil.example:9000")], false),
            (&[("Host", "127.0.0.1.evil.example")], false),
            (&[("Host", "localhost"), ("Host", "evil.example")], false),
            (&[("Host", "localhost"), ("Origin", "null")], false),
            (&[("Host", "localhost"), ("origin", "http://localhost")], false),
            (&[("Host", "192.168.0.1")], false),
            (&[("Host", "")], false),
            (&[], false),
        ] {
            assert_eq!(refusal(&head(PAGE, headers)).is_none(), served, "{headers:?}");
        }
    }

    #[test]
    fn a_key_of_that_name_stays_a_key() {
        assert!(meant(head(PAGE, &[("Host", "127.0.0.1:1")])));
        assert!(meant(head("/_partscope/other", &[])));
        assert!(!meant(head(PAGE, &[("Host", "bucket.localhost:1")])));
        assert!(!meant(head("/bucket/_partscope/faults", &[("Host", "localhost")])));
        assert!(!meant(head("/_partscopes", &[("Host", "localhost")])));
    }
}
