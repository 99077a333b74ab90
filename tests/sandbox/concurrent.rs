//! Many clients at once on the same keys and uploads: what may not happen in whatever order they come.

use crate::client::{Answer, call, empty};
use crate::copy::{complete, create, list, part};
use partscope::domain::etag::ETag;
use partscope::sandbox::Server;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::task::JoinSet;

/// Clients at the same time.
const MANY: usize = 12;
const MANY_NUMBERS: i32 = 12;
/// How often a race is run.
const ROUNDS: usize = 12;

/// Content whose size and first bytes tell whose it is.
fn content(who: usize) -> Vec<u8> {
    format!("{who};").into_bytes().repeat(400 + who)
}

fn etag(who: usize) -> String {
    ETag::of_bytes(&content(who)).quoted()
}

/// Whose content has this ETag and size; none if the two do not belong together.
fn owner(etag_text: &str, size: &str) -> Option<usize> {
    (0..MANY * 4).find(|who| etag(*who) == etag_text && content(*who).len().to_string() == size)
}

/// A task for each, begun together; the results in the order of their number.
async fn all<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    tasks: impl IntoIterator<Item = F>,
) -> Vec<T> {
    let mut set = JoinSet::new();
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let mut count = 0;
    for (at, task) in tasks.into_iter().enumerate() {
        let gate = Arc::clone(&gate);
        set.spawn(async move {
            let _open = gate.acquire().await.unwrap();
            (at, task.await)
        });
        count += 1;
    }
    gate.add_permits(count);
    let mut done: Vec<(usize, T)> = set.join_all().await;
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

async fn request(server: Arc<Server>, method: &'static str, target: String, body: Vec<u8>) -> Answer {
    call(&server, method, &target, &[], &body).await
}

/// Number, ETag and size of each part a page lists.
fn parts(answer: &Answer) -> Vec<(i32, String, String)> {
    let numbers = answer.elements("PartNumber");
    let rest = answer.elements("ETag").into_iter().zip(answer.elements("Size"));
    numbers.iter().zip(rest).map(|(n, (etag, size))| (n.parse().unwrap(), etag, size)).collect()
}

async fn shared() -> Arc<Server> {
    Arc::new(empty().await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_part_that_was_acknowledged_is_listed() {
    let server = shared().await;
    let id = create(&server, "/bucket/k", &[]).await;
    let target = |n: usize| format!("/bucket/k?partNumber={}&uploadId={id}", n + 1);
    let puts = (0..MANY * 2).map(|n| request(Arc::clone(&server), "PUT", target(n), content(n)));
    for (n, answer) in all(puts).await.into_iter().enumerate() {
        assert_eq!((answer.status, answer.header("etag")), (200, Some(etag(n).as_str())));
    }
    let listed = call(&server, "GET", &format!("/bucket/k?uploadId={id}"), &[], b"").await;
    let numbers: Vec<i32> = parts(&listed).into_iter().map(|(n, ..)| n).collect();
    assert_eq!(numbers, (1..=MANY_NUMBERS * 2).collect::<Vec<_>>());
    // Each can be used: the last one of the list may be of any size.
    let number = MANY_NUMBERS;
    let done = complete(&server, "/bucket/k", &id, &[(number, etag(MANY - 1))]).await;
    assert_eq!(done.status, 200, "{}", done.text());
    assert_eq!(call(&server, "GET", "/bucket/k", &[], b"").await.body, content(MANY - 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_writers_of_a_part_one_wins_whole() {
    let server = shared().await;
    for _ in 0..ROUNDS {
        let id = create(&server, "/bucket/k", &[]).await;
        let target = format!("/bucket/k?partNumber=1&uploadId={id}");
        let page = format!("/bucket/k?uploadId={id}");
        let tasks = (0..MANY * 2).map(|n| match n % 2 {
            0 => request(Arc::clone(&server), "PUT", target.clone(), content(n)),
            _ => request(Arc::clone(&server), "GET", page.clone(), vec![]),
        });
        for answer in all(tasks).await {
            assert_eq!(answer.status, 200, "{}", answer.text());
            for (number, etag, size) in parts(&answer) {
                assert_eq!(number, 1);
                assert!(owner(&etag, &size).is_some(), "torn: {etag} {size}");
            }
        }
        let listed = parts(&call(&server, "GET", &page, &[], b"").await);
        let [(1, winner, size)] = listed.as_slice() else { panic!("one part, not {listed:?}") };
        let who = owner(winner, size).unwrap();
        let done = complete(&server, "/bucket/k", &id, &[(1, winner.clone())]).await;
        assert_eq!(done.status, 200);
        assert_eq!(call(&server, "GET", "/bucket/k", &[], b"").await.body, content(who));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_upload_is_completed_or_aborted_never_both() {
    let server = shared().await;
    for versioned in [false, true] {
        if versioned {
            let body = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
            assert_eq!(call(&server, "PUT", "/bucket?versioning", &[], body).await.status, 200);
        }
        for round in 0..ROUNDS {
            complete_against_abort(&server, &format!("/bucket/{versioned}{round}")).await;
        }
    }
}

async fn complete_against_abort(server: &Arc<Server>, path: &str) {
    let id = create(server, path, &[]).await;
    let tag = part(server, path, &id, 1, &content(1)).await;
    let target = format!("{path}?uploadId={id}");
    let tasks = (0..MANY).map(|n| match n % 3 {
        0 => request(Arc::clone(server), "DELETE", target.clone(), vec![]),
        _ => request(Arc::clone(server), "POST", target.clone(), list(&[(1, tag.clone())])),
    });
    let answers = all(tasks).await;
    let (aborts, completes): (Vec<_>, Vec<_>) = answers.iter().enumerate().partition(|(n, _)| n % 3 == 0);
    let aborted = aborts.iter().filter(|(_, a)| a.status == 204).count();
    let done: Vec<&Answer> = completes.iter().map(|(_, a)| *a).filter(|a| a.status == 200).collect();
    let object = call(server, "GET", path, &[], b"").await;
    // Every answer is one of two, and all agree.
    for (_, answer) in aborts.iter().chain(&completes).filter(|(_, a)| a.status >= 300) {
        assert_eq!((answer.status, answer.element("Code").as_deref()), (404, Some("NoSuchUpload")));
    }
    let told: BTreeSet<_> =
        done.iter().map(|a| (a.element("ETag"), a.header("x-amz-version-id").map(str::to_owned))).collect();
    if done.is_empty() {
        assert_eq!((aborted, object.status), (1, 404));
    } else {
        assert_eq!((aborted, object.status, done.len(), told.len()), (0, 200, completes.len(), 1));
        assert_eq!(object.body, content(1));
    }
    assert_eq!(call(server, "GET", &target, &[], b"").await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_part_in_flight_meets_a_complete() {
    let server = shared().await;
    for round in 0..ROUNDS {
        let path = format!("/bucket/{round}");
        let id = create(&server, &path, &[]).await;
        let tag = part(&server, &path, &id, 1, &content(1)).await;
        let target = format!("{path}?uploadId={id}");
        let tasks = (0..MANY).map(|n| match n {
            0 => request(Arc::clone(&server), "POST", target.clone(), list(&[(1, tag.clone())])),
            _ => request(Arc::clone(&server), "PUT", format!("{target}&partNumber={n}"), content(n)),
        });
        let answers = all(tasks).await;
        // Part 1 is sent again with the same bytes, so that Complete finds it whichever comes first.
        assert_eq!(answers[0].status, 200, "{}", answers[0].text());
        for late in &answers[1..] {
            assert!(matches!(late.status, 200 | 404), "{}", late.text());
        }
        assert_eq!(call(&server, "GET", &path, &[], b"").await.body, content(1));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_read_gives_one_version_whole() {
    for versioned in [false, true] {
        let server = shared().await;
        if versioned {
            let body = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
            assert_eq!(call(&server, "PUT", "/bucket?versioning", &[], body).await.status, 200);
        }
        call(&server, "PUT", "/bucket/k", &[], &content(0)).await;
        let tasks = (1..MANY * 4).map(|n| match n % 4 {
            0 | 1 => request(Arc::clone(&server), "PUT", "/bucket/k".to_owned(), content(n)),
            2 => request(Arc::clone(&server), "GET", "/bucket/k".to_owned(), vec![]),
            _ => request(Arc::clone(&server), "GET", "/bucket?list-type=2".to_owned(), vec![]),
        });
        let answers = all(tasks).await;
        let mut written = BTreeMap::new();
        for (n, answer) in (1..).zip(&answers) {
            assert_eq!(answer.status, 200, "{}", answer.text());
            match n % 4 {
                0 | 1 => {
                    let version = answer.header("x-amz-version-id").map(str::to_owned);
                    assert_eq!(version.is_some(), versioned);
                    written.insert(version, content(n));
                }
                2 => {
                    let size = answer.body.len().to_string();
                    let who = owner(answer.header("etag").unwrap(), &size).unwrap();
                    assert_eq!(answer.body, content(who));
                }
                _ => {
                    let (etag, size) = (answer.element("ETag").unwrap(), answer.element("Size").unwrap());
                    assert!(owner(&etag, &size).is_some(), "torn: {etag} {size}");
                }
            }
        }
        if versioned {
            assert_eq!(written.len(), MANY * 2 - 1, "every write has a version of its own");
            for (version, bytes) in written {
                let target = format!("/bucket/k?versionId={}", version.unwrap());
                assert_eq!(call(&server, "GET", &target, &[], b"").await.body, bytes);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_conditional_writers_one_succeeds() {
    let server = shared().await;
    for round in 0..ROUNDS {
        let target = format!("/bucket/{round}");
        let write = |n: usize| {
            let (server, target) = (Arc::clone(&server), target.clone());
            async move { call(&server, "PUT", &target, &[("If-None-Match", "*")], &content(n)).await }
        };
        let answers = all((0..MANY).map(write)).await;
        let won: Vec<usize> = (0..MANY).filter(|n| answers[*n].status == 200).collect();
        let [winner] = won.as_slice() else { panic!("one writer, not {won:?}") };
        assert!(answers.iter().all(|a| matches!(a.status, 200 | 409 | 412)));
        assert_eq!(call(&server, "GET", &target, &[], b"").await.body, content(*winner));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn pages_are_sorted_while_uploads_come_and_go() {
    let server = shared().await;
    let tasks = (0..MANY * 3).map(|n| match n % 3 {
        0 => request(Arc::clone(&server), "POST", format!("/bucket/k{:02}?uploads", n % 7), vec![]),
        1 => request(Arc::clone(&server), "PUT", format!("/bucket/o{:02}", MANY * 3 - n), content(n)),
        _ => request(
            Arc::clone(&server),
            "GET",
            format!("/bucket?{}", ["uploads", "list-type=2"][n % 2]),
            vec![],
        ),
    });
    let answers = all(tasks).await;
    for answer in answers.iter().skip(2).step_by(3) {
        let keys = answer.elements("Key");
        assert_eq!(answer.status, 200);
        assert!(keys.is_sorted(), "{keys:?}");
    }
    let begun: BTreeSet<String> = answers.iter().step_by(3).filter_map(|a| a.element("UploadId")).collect();
    let listed = call(&server, "GET", "/bucket?uploads", &[], b"").await;
    assert_eq!(
        (begun.len(), listed.elements("UploadId").into_iter().collect::<BTreeSet<_>>()),
        (MANY, begun)
    );
    let objects = call(&server, "GET", "/bucket?list-type=2", &[], b"").await;
    assert_eq!(objects.elements("Key").len(), MANY);
}
