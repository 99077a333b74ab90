//! The versions and delete markers of one key, page by page.

use super::browse::Load;
use super::select::{Motion, moved};
use crate::domain::names::ObjectRef;
use crate::domain::output::{ListedVersion, VersionPage};

/// State of the version list.
#[derive(Debug, Clone, Default)]
pub struct Versions {
    /// Whose versions they are; its own version id is left out.
    pub object: Option<ObjectRef>,
    /// Answers to an older list carry an older number and are dropped.
    pub generation: u64,
    /// Entries so far, newest first.
    pub list: Vec<ListedVersion>,
    /// Selected entry.
    pub at: usize,
    /// How the list stands.
    pub load: Load,
    /// Markers of the next page.
    pub next: Option<(String, String)>,
    /// Whether a page is on its way.
    pub paging: bool,
    /// Pages received.
    pub pages: u32,
}

impl Versions {
    /// Begins with another key.
    pub fn open(&mut self, object: ObjectRef) {
        *self = Self {
            object: Some(ObjectRef { version_id: None, ..object }),
            generation: self.generation + 1,
            load: Load::Asking,
            ..Self::default()
        };
    }

    /// Takes a page. A prefix finds longer keys too, which come after all versions of the key itself: with the first
    /// of those the list is whole. It is also when nothing new comes, whatever the server says of more.
    pub fn push(&mut self, page: &VersionPage) {
        let key = self.object.as_ref().map_or("", |o| o.key.as_str());
        let is_new =
            |v: &&ListedVersion| v.key == key && !self.list.iter().any(|l| l.version_id == v.version_id);
        let new: Vec<ListedVersion> = page.versions.iter().filter(is_new).cloned().collect();
        let passed = page.versions.last().is_some_and(|v| v.key != key);
        self.next = page.next.clone().filter(|_| !passed && !new.is_empty());
        self.list.extend(new);
        self.load = Load::Ready;
        self.paging = false;
        self.pages += 1;
    }

    /// The selected entry.
    pub fn selected(&self) -> Option<&ListedVersion> {
        self.list.get(self.at)
    }

    /// The selected entry as what can be inspected or compared; `None` for a delete marker.
    pub fn selected_object(&self) -> Option<ObjectRef> {
        let (object, version) = (self.object.clone()?, self.selected()?);
        let is_marker = version.content == crate::domain::output::VersionContent::DeleteMarker;
        (!is_marker).then(|| ObjectRef { version_id: Some(version.version_id.clone()), ..object })
    }

    /// Moves the selection.
    pub fn go(&mut self, page: usize, motion: Motion) {
        self.at = moved(self.at, self.list.len(), page, motion);
    }

    /// Whether the next page should be asked for: the selection comes near the end of what is listed.
    pub fn wants_page(&self, page: usize) -> bool {
        self.next.is_some() && !self.paging && self.at + page.max(10) >= self.list.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::output::VersionContent;

    #[test]
    fn the_list_ends_behind_the_key_and_when_nothing_new_comes() {
        let version = |key: &str, id: &str| ListedVersion {
            key: key.into(),
            version_id: id.into(),
            is_latest: false,
            last_modified: 0,
            content: VersionContent::DeleteMarker,
        };
        let page = |versions: &[ListedVersion]| VersionPage {
            versions: versions.to_vec(),
            next: Some(("k".into(), "m".into())),
        };
        let mut list = Versions::default();
        list.open(ObjectRef { version_id: Some("v".into()), ..ObjectRef::new("b", "k") });
        list.push(&page(&[version("k", "1"), version("k", "2")]));
        assert_eq!((list.list.len(), list.next.is_some()), (2, true));
        list.push(&page(&[version("k", "2"), version("k", "1")]));
        assert_eq!((list.list.len(), list.next.is_some(), list.pages), (2, false, 2));
        list.open(ObjectRef::new("b", "k"));
        list.push(&page(&[version("k", "1"), version("k/x", "2")]));
        assert_eq!((list.list.len(), list.next.is_some()), (1, false));
        assert_eq!(list.selected_object(), None);
    }
}
