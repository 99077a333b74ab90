//! Injected failures, as a client meets them.

use crate::client::{call, empty, try_call};
use crate::copy::{complete, create, part};
use partscope::sandbox::{Fault, FaultAction};
use std::time::Duration;

fn fault(operation: &str, part_number: Option<i32>, action: FaultAction) -> Fault {
    Fault { operation: Some(operation.into()), part_number, times: 1, action }
}

#[tokio::test]
async fn s3_040_a_200_may_still_carry_an_error() {
    let server = empty().await;
    let id = create(&server, "/bucket/k", &[]).await;
    let tag = part(&server, "/bucket/k", &id, 1, b"test").await;
    server.faults().push(fault("CompleteMultipartUpload", None, FaultAction::ErrorAfterOk));
    let parts = [(1, tag)];
    let late = complete(&server, "/bucket/k", &id, &parts).await;
    assert_eq!((late.status, late.header("transfer-encoding")), (200, Some("chunked")));
    let text = late.text();
    let rest = text.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n").unwrap();
    assert!(rest.trim_start().starts_with("<Error><Code>InternalError</Code>"), "{text}");
    assert!(rest.starts_with(char::is_whitespace));
    assert_eq!(complete(&server, "/bucket/k", &id, &parts).await.status, 200);
}

#[tokio::test]
async fn faults_hit_what_they_name_and_then_are_over() {
    let server = empty().await;
    let id = create(&server, "/bucket/k", &[]).await;
    let two = format!("/bucket/k?partNumber=2&uploadId={id}");
    for (action, status, code) in
        [(FaultAction::SlowDown, 503, "SlowDown"), (FaultAction::InternalError, 500, "InternalError")]
    {
        server.faults().push(fault("UploadPart", Some(2), action));
        part(&server, "/bucket/k", &id, 1, b"fine").await;
        let answer = call(&server, "PUT", &two, &[], b"x").await;
        assert_eq!((answer.status, answer.element("Code").as_deref()), (status, Some(code)));
        assert_eq!(call(&server, "PUT", &two, &[], b"x").await.status, 200);
    }
    server.faults().push(fault("UploadPart", None, FaultAction::Delay(Duration::from_millis(1))));
    assert_eq!(call(&server, "PUT", &two, &[], b"x").await.status, 200);
    assert!(server.faults().is_empty());
}

#[tokio::test]
async fn a_reset_loses_the_request_or_only_the_answer() {
    let server = empty().await;
    for (action, stored) in [(FaultAction::ResetBeforeResponse, 404), (FaultAction::ResetAfterEffect, 200)] {
        server.faults().push(fault("PutObject", None, action));
        assert!(try_call(&server, "PUT", "/bucket/r", &[], b"x").await.is_none());
        assert_eq!(call(&server, "HEAD", "/bucket/r", &[], b"").await.status, stored);
    }
}
