//! What is recomputed from the records: every signature of every operation, and the refusals of a server that got
//! something else than what left.

use super::*;
use partscope::domain::xray::{Checked, Section, Tone, asked, text_lines, xray};
use partscope::sandbox::{SandboxOptions, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

fn checked(client: &Client, exchange: &Exchange) -> Checked {
    client.check_signatures(&asked(&exchange.request).expect("every request is signed"))
}

/// The lines of an exchange, and that no key stands in them.
fn shown(client: &Client, exchange: &Exchange) -> Vec<String> {
    let lines = text_lines(&exchange.request, &exchange.response, &checked(client, exchange));
    let open = xray(&exchange.request, &exchange.response, &checked(client, exchange), true);
    for text in lines.iter().chain(open.iter().map(|l| &l.text)) {
        assert!(!text.contains("AKIAEXAMPLEs") && !text.contains(": secret"), "{text}");
    }
    lines
}

/// Asserts that every signature recomputes; gives how many there are.
pub fn assert_right(client: &Client, exchange: &Exchange) -> usize {
    let Checked::Each(all) = checked(client, exchange) else { panic!("not checked") };
    assert!(all.iter().all(|(_, equal)| *equal), "{} {all:#?}", exchange.kind);
    let lines = xray(&exchange.request, &exchange.response, &Checked::Each(all.clone()), false);
    let bad: Vec<_> = lines.iter().filter(|l| l.tone == Tone::Bad).collect();
    assert!(bad.is_empty(), "{} {bad:#?}", exchange.kind);
    all.len()
}

#[tokio::test]
async fn every_operation_recomputes_to_the_signature_that_was_sent() {
    let mut bench = Bench::new(scripted(|_, request| canned(request)).await).await;
    for operation in every_operation().into_iter().flat_map(|o| [o.clone(), amended(o)]) {
        bench.perform(operation).await;
    }
    let mut in_bodies = 0;
    for exchange in bench.seen.values() {
        in_bodies += assert_right(&bench.client, exchange) - 1;
    }
    // Of the parts of 3 MiB the trailer can be checked, though the middle is not kept; small ones have no chunks.
    assert_eq!(in_bodies, 2, "{} exchanges", bench.seen.len());
}

#[tokio::test]
async fn every_operation_on_the_sandbox_recomputes_there_and_here() {
    let server = Server::start(SandboxOptions::default()).await.unwrap();
    let keys = (server.access_key().to_owned(), server.secret_key().to_owned());
    let spec = TargetSpec { static_credentials: Some(keys), ..spec(server.addr()) };
    let mut bench = Bench::with(&spec, Arc::default()).await;
    for operation in every_operation() {
        bench.perform(operation).await;
    }
    let seen: Vec<&Exchange> = bench.seen.values().collect();
    assert!(seen.len() >= every_operation().len());
    for exchange in seen {
        assert_right(&bench.client, exchange);
        let there = server.check_signatures(&asked(&exchange.request).unwrap());
        assert_eq!(there, checked(&bench.client, exchange));
    }
}

#[tokio::test]
async fn a_large_part_says_where_its_chain_of_signatures_breaks() {
    let mut bench = Bench::new(scripted(|_, request| canned(request)).await).await;
    bench.perform(part(5 * 1024 * 1024)).await;
    let exchange = bench.seen.values().next_back().unwrap();
    assert_right(&bench.client, exchange);
    let lines = shown(&bench.client, exchange);
    for want in [
        "· STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER: the body comes in chunks",
        "· announced trailer: x-amz-checksum-crc32",
        "? chunk 1: cannot be recomputed, not all of its data is kept",
        "? the middle of the body is not kept",
        "✓ trailer: recomputed: equal",
    ] {
        assert!(lines.iter().any(|l| l.starts_with(want)), "{want} in {lines:#?}");
    }
    assert!(lines.iter().any(|l| l.starts_with("· 5 242 880 bytes of content in ")), "{lines:#?}");
}

#[tokio::test]
async fn another_client_s_key_is_another_key() {
    let mut bench = Bench::new(scripted(|_, request| canned(request)).await).await;
    bench.perform(head()).await;
    let exchange = bench.seen.values().next_back().unwrap();
    let mut other = asked(&exchange.request).unwrap();
    other.access_key_id = "AKIAOTHER".into();
    assert_eq!(bench.client.check_signatures(&other), Checked::OtherKey);
    // Nothing was asked of anybody: a client that never signed knows no key.
    let fresh = connect(&spec("127.0.0.1:1".parse().unwrap()), Hub::new()).await.unwrap();
    assert_eq!(fresh.check_signatures(&asked(&exchange.request).unwrap()), Checked::OtherKey);
}

/// Forwards to `upstream`, one text in each head replaced by another.
async fn meddler(upstream: SocketAddr, from: &'static str, to: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut bytes = Vec::new();
                while !bytes.windows(4).any(|w| w == b"\r\n\r\n") {
                    if client.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
                        return;
                    }
                }
                let text = String::from_utf8(bytes).unwrap();
                assert!(text.contains(from), "{text}");
                let mut server = TcpStream::connect(upstream).await.unwrap();
                server.write_all(text.replacen(from, to, 1).as_bytes()).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    address
}

async fn refused(spec: TargetSpec, operation: Operation) -> (Client, Exchange) {
    let mut bench = Bench::with(&TargetSpec { max_attempts: 1, ..spec }, Arc::default()).await;
    bench.perform(operation).await;
    (bench.client.clone(), bench.seen.into_values().next_back().unwrap())
}

fn server_lines(client: &Client, exchange: &Exchange) -> Vec<String> {
    let lines = xray(&exchange.request, &exchange.response, &checked(client, exchange), false);
    lines.iter().filter(|l| l.section == Section::Server).map(|l| l.marked()).collect()
}

#[tokio::test]
async fn what_a_proxy_changed_is_the_first_difference() {
    let server = Server::start(SandboxOptions::default()).await.unwrap();
    let keys = Some((server.access_key().to_owned(), server.secret_key().to_owned()));
    for (from, to, told) in [
        ("host: 127.0.0.1", "host: localhost", "✗ the first difference is header host"),
        ("max-keys=7", "max-keys=8", "✗ the first difference is query parameter max-keys"),
    ] {
        let address = meddler(server.addr(), from, to).await;
        let operation = Operation::ListObjectsV2(ListObjectsV2 {
            bucket: "lessons".into(),
            max_keys: Some(7),
            ..ListObjectsV2::default()
        });
        let spec = TargetSpec { static_credentials: keys.clone(), ..spec(address) };
        let (client, exchange) = refused(spec, operation).await;
        assert_eq!(exchange.status(), Some(403));
        let lines = server_lines(&client, &exchange);
        assert_eq!(lines[2], told, "{lines:#?}");
        assert!(lines[3].starts_with("· usual cause: "), "{lines:#?}");
        // What left was signed rightly; the difference came on the way.
        assert!(shown(&client, &exchange).iter().any(|l| l.starts_with("✓ recomputed")));
    }
}

#[tokio::test]
async fn a_wrong_secret_leaves_the_strings_equal() {
    let server = Server::start(SandboxOptions::default()).await.unwrap();
    let keys = Some((server.access_key().to_owned(), "secret".to_owned()));
    let spec = TargetSpec { static_credentials: keys, ..spec(server.addr()) };
    let (client, exchange) = refused(spec, Operation::ListBuckets(ListBuckets::default())).await;
    let lines = server_lines(&client, &exchange);
    assert_eq!(lines[1], "✓ the signature came to the server as it was sent");
    assert!(lines[2].contains("the server knows another secret key"), "{lines:#?}");
    // Who holds the server's key sees it from the other side.
    let there = server.check_signatures(&asked(&exchange.request).unwrap());
    let lines = text_lines(&exchange.request, &exchange.response, &there);
    assert!(lines.iter().any(|l| l.starts_with("✗ recomputed")), "{lines:#?}");
    assert!(lines.iter().any(|l| l.contains("gives another signature")), "{lines:#?}");
}
