//! Buckets, the keys of one prefix, and the uploads in progress of one bucket.

use super::listing::Listing;
use super::select::{Motion, moved};
use crate::domain::output::{Bucket, ListedUpload};

/// How a list stands to the server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Load {
    /// Never asked.
    #[default]
    NotAsked,
    /// Waiting for the first answer.
    Asking,
    /// Answered; more pages may follow.
    Ready,
    /// Refused or failed, and this is what was said.
    Failed(String),
}

/// State of the Browse screen.
#[derive(Debug, Clone, Default)]
pub struct Browse {
    /// Buckets so far.
    pub buckets: Vec<Bucket>,
    /// Selected bucket.
    pub bucket_at: usize,
    /// How the bucket list stands.
    pub buckets_load: Load,
    /// Bucket whose keys are shown.
    pub bucket: Option<String>,
    /// Prefix shown.
    pub prefix: String,
    /// Its keys.
    pub objects: Listing,
    /// Selected row.
    pub object_at: usize,
    /// How the key list stands.
    pub objects_load: Load,
    /// Token of the next page.
    pub next: Option<String>,
    /// Whether a page is on its way.
    pub paging: bool,
    /// Whether pages are fetched to the end without being asked for.
    pub load_all: bool,
    /// Pages received for this prefix.
    pub pages: u32,
    /// The text being typed as a filter.
    pub filtering: Option<tui_input::Input>,
    /// Uploads in progress of the bucket.
    pub uploads: Vec<ListedUpload>,
    /// Selected upload.
    pub upload_at: usize,
    /// How the upload list stands.
    pub uploads_load: Load,
    /// Whether something was done that may have changed these lists.
    pub stale: bool,
    /// Where to put the selection once it is listed: the row one came from.
    pub want: Option<String>,
}

impl Browse {
    /// Forgets the keys and begins with another prefix.
    pub fn enter_prefix(&mut self, bucket: &str, prefix: &str) {
        if self.bucket.as_deref() != Some(bucket) {
            self.uploads.clear();
            self.upload_at = 0;
            self.uploads_load = Load::NotAsked;
        }
        self.bucket = Some(bucket.to_owned());
        prefix.clone_into(&mut self.prefix);
        self.objects = Listing::default();
        self.object_at = 0;
        self.objects_load = Load::Asking;
        self.next = None;
        self.paging = false;
        self.load_all = false;
        self.pages = 0;
        self.filtering = None;
        self.want = None;
    }

    /// The prefix one level up, and the row to select there; `None` at the top.
    pub fn parent(&self) -> Option<(String, String)> {
        let inner = self.prefix.strip_suffix('/').unwrap_or(&self.prefix);
        if self.prefix.is_empty() {
            return None;
        }
        let cut = inner.rfind('/').map_or(0, |i| i + 1);
        Some((inner.get(..cut).unwrap_or("").to_owned(), self.prefix.clone()))
    }

    /// Moves the selection in one of the three lists.
    pub fn go_buckets(&mut self, page: usize, motion: Motion) {
        self.bucket_at = moved(self.bucket_at, self.buckets.len(), page, motion);
    }

    /// Moves among the keys.
    pub fn go_objects(&mut self, page: usize, motion: Motion) {
        self.object_at = moved(self.object_at, self.objects.len(), page, motion);
        self.want = None;
    }

    /// Moves among the uploads.
    pub fn go_uploads(&mut self, page: usize, motion: Motion) {
        self.upload_at = moved(self.upload_at, self.uploads.len(), page, motion);
    }

    /// Whether the next page should be asked for: the selection comes within two screens of the end.
    pub fn wants_page(&self, page: usize) -> bool {
        self.next.is_some()
            && !self.paging
            && (self.load_all || self.object_at + 2 * page.max(10) >= self.objects.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents() {
        let at = |prefix: &str| Browse { prefix: prefix.into(), ..Browse::default() }.parent();
        assert_eq!(at(""), None);
        assert_eq!(at("a/"), Some((String::new(), "a/".into())));
        assert_eq!(at("a/b/"), Some(("a/".into(), "a/b/".into())));
        assert_eq!(at("a/b"), Some(("a/".into(), "a/b".into())));
        assert_eq!(at("//"), Some(("/".into(), "//".into())));
    }
}
