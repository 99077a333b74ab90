//! `serve --data-dir`: what was acknowledged outlives a kill at any moment, and nothing half-written is seen.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_s3::primitives::ByteStream;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use support::server::{ACCESS, SECRET, Served};

const BUCKET: &str = "kept";
/// Clients at work when the server is killed.
const CLIENTS: usize = 6;
/// Acknowledged writes after which it is.
const ENOUGH: usize = 60;

async fn client(served: &Served) -> Client {
    let shared = aws_config::defaults(BehaviorVersion::latest())
        .endpoint_url(&served.url)
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new(ACCESS, SECRET, None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .load()
        .await;
    Client::from_conf(aws_sdk_s3::config::Builder::from(&shared).force_path_style(true).build())
}

/// The content of an object: long enough for several writes, and its own.
fn bytes(round: usize, who: usize, n: usize) -> Vec<u8> {
    format!("{round}/{who}/{n};").into_bytes().repeat(5000 + n * 37)
}

/// What was acknowledged: objects and parts with their content, keys that were deleted.
#[derive(Debug, Clone, Default)]
struct Acknowledged {
    objects: BTreeMap<String, Vec<u8>>,
    deleted: Vec<String>,
    parts: BTreeMap<String, (String, usize)>,
}

fn serve(dir: &Path) -> Served {
    Served::start_with(&["--empty", "--data-dir", dir.to_str().unwrap()])
}

/// Writes and deletes until the server is gone.
async fn work(s3: Client, round: usize, who: usize, done: Arc<AtomicUsize>, kept: Arc<Mutex<Acknowledged>>) {
    let upload_key = format!("upload-{round}-{who}");
    let Ok(created) = s3.create_multipart_upload().bucket(BUCKET).key(&upload_key).send().await else {
        return;
    };
    let id = created.upload_id().unwrap().to_owned();
    for n in 0.. {
        let key = format!("object-{round}-{who}-{n}");
        let body = bytes(round, who, n);
        let put = s3.put_object().bucket(BUCKET).key(&key).body(ByteStream::from(body.clone()));
        if put.send().await.is_err() {
            return;
        }
        kept.lock().unwrap().objects.insert(key.clone(), body.clone());
        done.fetch_add(1, Ordering::Relaxed);
        let part = s3.upload_part().bucket(BUCKET).key(&upload_key).upload_id(&id);
        let number = i32::try_from(n + 1).unwrap();
        if part.part_number(number).body(ByteStream::from(body)).send().await.is_err() {
            return;
        }
        kept.lock().unwrap().parts.insert(upload_key.clone(), (id.clone(), n + 1));
        if n % 3 == 2 {
            let old = format!("object-{round}-{who}-{}", n - 2);
            // From here on it may be there or not.
            kept.lock().unwrap().objects.remove(&old);
            if s3.delete_object().bucket(BUCKET).key(&old).send().await.is_err() {
                return;
            }
            kept.lock().unwrap().deleted.push(old);
        }
    }
}

/// Reads everything and compares.
async fn verify(s3: &Client, kept: &Acknowledged) {
    let mut listed = BTreeMap::new();
    let mut pages = s3.list_objects_v2().bucket(BUCKET).into_paginator().send();
    while let Some(page) = pages.next().await {
        for object in page.unwrap().contents() {
            listed.insert(object.key().unwrap().to_owned(), object.size().unwrap());
        }
    }
    for key in listed.keys() {
        let read = s3.get_object().bucket(BUCKET).key(key).send().await.unwrap();
        let found = read.body.collect().await.unwrap().into_bytes();
        let mut numbers = key.split('-').skip(1).map(|n| n.parse::<usize>().unwrap());
        let mut next = || numbers.next().unwrap();
        let whole = bytes(next(), next(), next());
        assert!(found == whole, "{key} is not what was written");
    }
    for key in kept.objects.keys() {
        assert!(listed.contains_key(key), "{key} was acknowledged and is gone");
    }
    for key in &kept.deleted {
        assert!(!listed.contains_key(key), "{key} was deleted and is back");
    }
    for (key, (id, count)) in &kept.parts {
        let parts = s3.list_parts().bucket(BUCKET).key(key).upload_id(id).send().await.unwrap();
        assert!(parts.parts().len() >= *count, "{key}: {count} parts were acknowledged");
    }
}

#[test]
fn nothing_acknowledged_is_lost_and_nothing_half_written_is_seen() {
    let dir = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let kept = Arc::new(Mutex::new(Acknowledged::default()));
    for round in 0..3 {
        let mut served = serve(dir.path());
        let s3 = runtime.block_on(client(&served));
        runtime.block_on(async {
            if round == 0 {
                s3.create_bucket().bucket(BUCKET).send().await.unwrap();
            }
            let before = kept.lock().unwrap().clone();
            verify(&s3, &before).await;
            let done = Arc::new(AtomicUsize::new(0));
            let tasks: Vec<_> = (0..CLIENTS)
                .map(|who| tokio::spawn(work(s3.clone(), round, who, Arc::clone(&done), Arc::clone(&kept))))
                .collect();
            while done.load(Ordering::Relaxed) < ENOUGH {
                tokio::task::yield_now().await;
            }
            served.kill();
            for task in tasks {
                task.await.unwrap();
            }
        });
    }
    let served = serve(dir.path());
    let kept = kept.lock().unwrap();
    runtime.block_on(async { verify(&client(&served).await, &kept).await });
    assert!(kept.objects.len() > ENOUGH && kept.deleted.len() > CLIENTS);
}
