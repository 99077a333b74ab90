//! Credentials come over a client that is never recorded, and a silent metadata service delays nothing.
//!
//! One test, because it sets environment variables, which belong to the whole process.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[allow(dead_code)]
#[path = "wire/relay.rs"]
mod relay;

use partscope::domain::names::ObjectRef;
use partscope::domain::operation::{HeadObject, Operation, OperationId};
use partscope::domain::outcome::Outcome;
use partscope::s3::{Call, TargetError, TargetSpec, connect};
use partscope::wire::hub::Hub;
use relay::{Answer, relay, scripted};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

fn set(name: &str, value: &str) {
    // SAFETY: called before the runtime and its threads exist.
    unsafe { std::env::set_var(name, value) };
}

#[test]
fn credential_traffic_is_not_recorded_and_a_silent_metadata_service_does_not_delay() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let metadata = format!("http://{}", silent.local_addr().unwrap());
    let container = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let container_port = container.local_addr().unwrap().port();
    drop(container);
    set("AWS_EC2_METADATA_SERVICE_ENDPOINT", &metadata);
    set("AWS_CONFIG_FILE", "/nonexistent/config");
    set("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials");
    set("AWS_CONTAINER_CREDENTIALS_FULL_URI", &format!("http://127.0.0.1:{container_port}/keys"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        no_region_is_an_error_at_once().await;
        static_credentials_are_ready_at_once().await;
        container_credentials_stay_out_of_the_records(container_port).await;
    });
}

async fn no_region_is_an_error_at_once() {
    let begun = Instant::now();
    let error = connect(&TargetSpec::default(), Hub::new()).await.unwrap_err();
    assert_eq!(error, TargetError::NoRegion);
    assert!(begun.elapsed() < Duration::from_millis(900), "the metadata service was asked");
}

async fn static_credentials_are_ready_at_once() {
    let spec = TargetSpec {
        endpoint_url: Some("http://127.0.0.1:1".into()),
        static_credentials: Some(("A".into(), "S".into())),
        ..TargetSpec::default()
    };
    let begun = Instant::now();
    let client = connect(&spec, Hub::new()).await.unwrap();
    assert!(begun.elapsed() < Duration::from_millis(900));
    assert_eq!((client.region(), client.endpoint()), ("us-east-1".into(), "http://127.0.0.1:1".into()));
}

async fn container_credentials_stay_out_of_the_records(port: u16) {
    let keys = scripted(|_, _| {
        let body = r#"{"AccessKeyId":"AKIDCONTAINER","SecretAccessKey":"s","Token":"t","Expiration":"2099-01-01T00:00:00Z"}"#;
        Answer::Send(
            format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len())
                .into_bytes(),
        )
    })
    .await;
    // The port was chosen before there was a runtime; what listens there passes on to the script.
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut server = tokio::net::TcpStream::connect(keys).await.unwrap();
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut client, &mut server).await });
        }
    });
    let upstream =
        scripted(|_, _| Answer::Send(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec())).await;
    let (address, log) = relay(upstream, None).await;
    let spec = TargetSpec {
        endpoint_url: Some(format!("http://{address}")),
        region: Some("eu-west-1".into()),
        path_style: true,
        ..TargetSpec::default()
    };
    let hub = Hub::new();
    let client = connect(&spec, Arc::clone(&hub)).await.unwrap();
    let head = HeadObject { object: ObjectRef::new("b", "k"), part_number: None };
    let call = Call { id: OperationId(1), hold: false, cancel: CancellationToken::new() };
    let outcome = client.perform(&Operation::HeadObject(head), call).await;
    assert!(matches!(outcome, Outcome::Refused(_)), "{outcome:?}");
    let request = String::from_utf8(log.connections().remove(0).request).unwrap();
    assert!(request.contains("AKIDCONTAINER/") && request.contains("/eu-west-1/s3/"), "{request}");
    let recorded = hub.drain();
    assert_eq!(recorded.len(), 1);
    assert!(recorded[0].request.head.starts_with(b"HEAD /b/k "));
}
