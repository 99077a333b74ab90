//! A server that answers a sub-resource with the whole object, 5 GiB of it: next to nothing of that is read.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use partscope::domain::exchange::{End, Exchange};
use partscope::domain::names::ObjectRef;
use partscope::domain::operation::{GetObjectAttributes, ListParts, Operation, OperationId, UploadRef};
use partscope::domain::outcome::Outcome;
use partscope::s3::{Call, TargetSpec, connect};
use partscope::wire::hub::Hub;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const GIB5: u64 = 5 << 30;

/// Sends `head` and then `begin` and zeros until 5 GiB are out or the other side has gone, on one connection.
fn server(head: String, begin: &'static [u8]) -> (SocketAddr, std::thread::JoinHandle<u64>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let (mut request, mut byte) = (Vec::new(), [0]);
        while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
            request.push(byte[0]);
        }
        let _ = stream.write_all(head.as_bytes());
        let _ = stream.write_all(begin);
        let (zeros, mut sent) = (vec![0; 64 * 1024], 0_u64);
        while sent < GIB5 {
            match stream.write(&zeros) {
                Ok(n) if n > 0 => sent += u64::try_from(n).unwrap(),
                _ => break,
            }
        }
        sent
    });
    (address, thread)
}

async fn ask(address: SocketAddr, operation: &Operation) -> (Outcome, Vec<Exchange>) {
    let hub = Hub::new();
    let spec = TargetSpec {
        endpoint_url: Some(format!("http://{address}")),
        path_style: true,
        region: Some("us-east-1".into()),
        max_attempts: 1,
        static_credentials: Some(("AKIAEXAMPLE".into(), "secret".into())),
        ..TargetSpec::default()
    };
    let client = connect(&spec, Arc::clone(&hub)).await.unwrap();
    let call = Call { id: OperationId(1), hold: false, cancel: CancellationToken::new() };
    let outcome = tokio::time::timeout(Duration::from_secs(30), client.perform(operation, call)).await;
    (outcome.expect("the answer was read on"), hub.drain().into_iter().map(Arc::unwrap_or_clone).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_whole_object_next_to_nothing_is_read() {
    let object = ObjectRef::new("b", "k");
    let upload = UploadRef { bucket: "b".into(), key: "k".into(), upload_id: "u".into() };
    let operations = [
        Operation::GetObjectAttributes(GetObjectAttributes {
            object: object.clone(),
            part_number_marker: None,
            max_parts: None,
        }),
        Operation::GetObjectTagging(object),
        Operation::ListParts(ListParts { upload, part_number_marker: None, max_parts: None }),
    ];
    let announced = format!("HTTP/1.1 200 OK\r\nETag: \"x\"\r\nContent-Length: {GIB5}\r\n\r\n");
    let endless = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_owned();
    for operation in &operations {
        for (head, begin) in [
            (&announced, &b"\x89PNG"[..]),
            (&announced, b"<GetObjectAttributesResponse><Tagging><ListPartsResult>"),
            (&endless, b"\0"),
            (&endless, b"<?xml version=\"1.0\"?><!-- an object --><svg>"),
        ] {
            let (address, thread) = server(head.clone(), begin);
            let (outcome, exchanges) = ask(address, operation).await;
            let Outcome::Refused(error) = outcome else { panic!("{outcome:?}") };
            assert!(error.message.contains("began to send the object itself"), "{error}");
            assert!(error.message.contains("the connection was closed after"), "{error}");
            let [exchange] = exchanges.as_slice() else { panic!("{} exchanges", exchanges.len()) };
            assert!(exchange.response.total < 1 << 20, "{} bytes were read", exchange.response.total);
            assert!(matches!(&exchange.end, Some(End::Failed(why)) if why.contains("not read on")));
            // The server finds the connection closed long before its end.
            assert!(thread.join().unwrap() < GIB5 / 16);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_begins_as_the_document_and_never_ends_is_given_up() {
    let endless = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_owned();
    let (address, thread) = server(endless, b"<Tagging><TagSet>");
    let (outcome, exchanges) = ask(address, &Operation::GetObjectTagging(ObjectRef::new("b", "k"))).await;
    assert!(matches!(&outcome, Outcome::Lost(e) if e.message.contains("longer than 8 MiB")), "{outcome:?}");
    assert!(exchanges.iter().all(|e| e.response.total < 10 << 20));
    assert!(thread.join().unwrap() < GIB5 / 16);
}
