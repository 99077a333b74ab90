//! Lists: buckets, keys page by page, uploads in progress.

use super::super::command::Pane;
use super::super::form::request;
use super::super::model::{Level, Link, Model, Purpose};
use super::super::msg::Effect;
use super::super::panes::browse::Load;
use super::super::panes::listing::Row;
use super::super::press::{Key, Press};
use super::command::failed;
use super::inspect;
use crate::domain::deed::Who;
use crate::domain::names::ObjectRef;
use crate::domain::operation::{ListBuckets, ListMultipartUploads, ListObjectsV2, Operation};
use crate::domain::outcome::Outcome;
use crate::domain::output::{Bucket, Output};
use tui_input::Input;

/// Asks for the bucket list from its beginning.
pub(super) fn list_buckets(model: &mut Model) {
    match model.target.link {
        Link::Ready => {}
        Link::Connecting => return model.say(Level::Warning, "still connecting"),
        Link::Failed(_) => {
            model.target.link = Link::Connecting;
            model.effects.push(Effect::Connect);
            return model.say(Level::Plain, "connecting again");
        }
    }
    model.browse.buckets_load = Load::Asking;
    model.tasks.retain(|_, p| *p != Purpose::Buckets);
    model.send(Purpose::Buckets, Operation::ListBuckets(ListBuckets::default()), false);
}

pub(super) fn buckets_came(model: &mut Model, outcome: &Outcome) {
    match outcome {
        Outcome::Answered(Output::Buckets(page)) => {
            let selected = model.browse.buckets.get(model.browse.bucket_at).map(|b| b.name.clone());
            let first_page = model.browse.buckets_load == Load::Asking;
            if first_page {
                model.browse.buckets.clear();
            }
            model.browse.buckets.extend(page.buckets.iter().cloned());
            model.browse.buckets_load = Load::Ready;
            let at = model.browse.buckets.iter().position(|b| Some(&b.name) == selected.as_ref());
            model.browse.bucket_at = at.unwrap_or(0);
            if let Some(token) = &page.next {
                let more = ListBuckets { continuation_token: Some(token.clone()) };
                model.send(Purpose::Buckets, Operation::ListBuckets(more), false);
            }
            let named = |b: &&Bucket| Some(&b.name) == model.first_bucket.as_ref();
            let first = model.browse.buckets.iter().find(named).or(model.browse.buckets.first());
            if model.browse.bucket.is_none()
                && let Some(first) = first.map(|b| b.name.clone())
            {
                enter(model, &first, "");
            }
        }
        other => model.browse.buckets_load = failed(model, "ListBuckets", other),
    }
}

/// Shows a prefix of a bucket and asks for its first page and the bucket's uploads in progress.
pub(super) fn enter(model: &mut Model, bucket: &str, prefix: &str) {
    model.tasks.retain(|_, p| !matches!(p, Purpose::Objects { .. }));
    let other_bucket = model.browse.bucket.as_deref() != Some(bucket);
    model.browse.enter_prefix(bucket, prefix);
    if let Some(at) = model.browse.buckets.iter().position(|b| b.name == bucket) {
        model.browse.bucket_at = at;
    }
    ask_page(model, None);
    if other_bucket {
        list_uploads(model);
    }
}

fn ask_page(model: &mut Model, token: Option<String>) {
    let (Some(bucket), prefix) = (model.browse.bucket.clone(), model.browse.prefix.clone()) else { return };
    model.browse.paging = true;
    let operation = Operation::ListObjectsV2(ListObjectsV2 {
        bucket: bucket.clone(),
        prefix: prefix.clone(),
        delimiter: Some("/".into()),
        continuation_token: token,
        max_keys: None,
    });
    model.send(Purpose::Objects { bucket, prefix }, operation, false);
}

pub(super) fn objects_came(model: &mut Model, bucket: &str, prefix: &str, outcome: &Outcome) {
    if model.browse.bucket.as_deref() != Some(bucket) || model.browse.prefix != prefix {
        return;
    }
    model.browse.paging = false;
    match outcome {
        Outcome::Answered(Output::Objects(page)) => {
            model.browse.objects.push_page(page);
            model.browse.pages += 1;
            model.browse.next.clone_from(&page.next);
            model.browse.objects_load = Load::Ready;
            if let Some(want) = model.browse.want.clone() {
                let at = (0..model.browse.objects.len())
                    .find(|i| model.browse.objects.get(*i).is_some_and(|r| r.name() == want));
                if let Some(at) = at {
                    model.browse.object_at = at;
                    model.browse.want = None;
                }
            }
            page_if_wanted(model);
        }
        other => {
            model.browse.load_all = false;
            model.browse.objects_load = failed(model, "ListObjectsV2", other);
        }
    }
}

/// Asks for the next page when the selection comes near the end; never for two at once.
pub(super) fn page_if_wanted(model: &mut Model) {
    if model.browse.wants_page(model.page) {
        let token = model.browse.next.clone();
        ask_page(model, token);
    } else if model.browse.next.is_none() && model.browse.load_all {
        model.browse.load_all = false;
        let n = model.browse.objects.loaded();
        model.say(Level::Good, format!("all {n} rows are loaded, {} request(s)", model.browse.pages));
    }
}

pub(super) fn load_all(model: &mut Model) {
    model.browse.load_all = true;
    page_if_wanted(model);
}

/// Lists the prefix again from its beginning, keeping the selection where possible.
pub(super) fn relist(model: &mut Model) {
    let Some(bucket) = model.browse.bucket.clone() else { return list_buckets(model) };
    let prefix = model.browse.prefix.clone();
    let selected = model.browse.objects.get(model.browse.object_at).map(|r| r.name().to_owned());
    enter(model, &bucket, &prefix);
    model.browse.want = selected;
}

/// Asks for the uploads in progress of the bucket.
pub(super) fn list_uploads(model: &mut Model) {
    let Some(bucket) = model.browse.bucket.clone() else { return };
    model.tasks.retain(|_, p| !matches!(p, Purpose::Uploads(_)));
    model.browse.uploads_load = Load::Asking;
    let operation = ListMultipartUploads { bucket: bucket.clone(), ..ListMultipartUploads::default() };
    model.send(Purpose::Uploads(bucket), Operation::ListMultipartUploads(operation), false);
}

pub(super) fn uploads_came(model: &mut Model, bucket: &str, outcome: &Outcome) {
    if model.browse.bucket.as_deref() != Some(bucket) {
        return;
    }
    match outcome {
        Outcome::Answered(Output::Uploads(page)) => {
            if model.browse.uploads_load == Load::Asking {
                model.browse.uploads.clear();
            }
            model.browse.uploads.extend(page.uploads.iter().cloned());
            model.browse.uploads_load = Load::Ready;
            model.browse.upload_at = model.browse.upload_at.min(model.browse.uploads.len().saturating_sub(1));
            // Stop when nothing new comes, whatever the server says of more.
            if let Some((key, id)) = page.next.clone().filter(|_| !page.uploads.is_empty()) {
                let operation = ListMultipartUploads {
                    bucket: bucket.to_owned(),
                    key_marker: Some(key),
                    upload_id_marker: Some(id),
                    ..ListMultipartUploads::default()
                };
                model.send(
                    Purpose::Uploads(bucket.to_owned()),
                    Operation::ListMultipartUploads(operation),
                    false,
                );
            }
        }
        other => model.browse.uploads_load = failed(model, "ListMultipartUploads", other),
    }
}

/// After a write that may have changed the lists shown, they are asked for again when one looks at them.
pub(super) fn refresh_if_stale(model: &mut Model) {
    if std::mem::take(&mut model.browse.stale) {
        // Asked for was the screen, and not a list.
        model.deeds.begin(Who::Program);
        relist(model);
        list_uploads(model);
    }
}

pub(super) fn open_bucket(model: &mut Model) {
    let Some(bucket) = model.browse.buckets.get(model.browse.bucket_at).map(|b| b.name.clone()) else {
        return;
    };
    enter(model, &bucket, "");
    model.set_focus(Pane::Objects);
}

pub(super) fn open_row(model: &mut Model) {
    let Some(bucket) = model.browse.bucket.clone() else { return };
    match model.browse.objects.get(model.browse.object_at) {
        Some(Row::Prefix(prefix)) => {
            let prefix = prefix.to_owned();
            enter(model, &bucket, &prefix);
        }
        Some(Row::Object { key, .. }) => {
            let object = ObjectRef::new(bucket, key);
            inspect::open(model, object);
        }
        None => {}
    }
}

pub(super) fn parent(model: &mut Model) {
    match (model.browse.bucket.clone(), model.browse.parent()) {
        (Some(bucket), Some((prefix, child))) => {
            enter(model, &bucket, &prefix);
            model.browse.want = Some(child);
        }
        _ => model.set_focus(Pane::Buckets),
    }
}

pub(super) fn begin_filter(model: &mut Model) {
    let text = model.browse.objects.filter().unwrap_or("").to_owned();
    model.browse.filtering = Some(Input::new(text));
}

pub(super) fn filter_press(model: &mut Model, press: Press) {
    match press.key {
        Key::Enter => model.browse.filtering = None,
        Key::Esc => {
            model.browse.filtering = None;
            set_filter(model, "");
        }
        _ => {
            let Some(wanted) = request(press) else { return };
            let Some(input) = model.browse.filtering.as_mut() else { return };
            input.handle(wanted);
            let text = input.value().to_owned();
            set_filter(model, &text);
        }
    }
}

/// Narrows the list; the selection goes to the first match.
pub(super) fn set_filter(model: &mut Model, text: &str) {
    model.browse.objects.set_filter(text);
    model.browse.object_at = 0;
    page_if_wanted(model);
}
