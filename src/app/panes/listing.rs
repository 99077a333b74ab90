//! The keys of one prefix in one arena, so that a million of them stay browsable.
//!
//! A row is 48 bytes plus the key's own text. Rows come page by page; asking for the next page is the
//! caller's business.

use crate::domain::etag::ETag;
use crate::domain::output::ObjectPage;

/// One row as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row<'a> {
    /// A common prefix.
    Prefix(&'a str),
    /// An object.
    Object {
        /// Its key.
        key: &'a str,
        /// Bytes.
        size: u64,
        /// Seconds since 1970.
        last_modified: i64,
        /// ETag.
        etag: ETag,
    },
}

impl<'a> Row<'a> {
    /// The key or prefix.
    pub fn name(&self) -> &'a str {
        match self {
            Self::Prefix(name) => name,
            Self::Object { key, .. } => key,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Record {
    start: u64,
    size: u64,
    modified: u32,
    len: u16,
    // 0: plain hex, 1..=10 000: composite; the two largest values mark rows that are no such thing.
    parts: u16,
    digest: [u8; 16],
}
const PREFIX: u16 = u16::MAX;
const OPAQUE: u16 = u16::MAX - 1;

/// Every row loaded so far.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    keys: String,
    rows: Vec<Record>,
    opaque: Vec<(u32, ETag)>,
    filter: Option<(String, Vec<u32>)>,
}

impl Listing {
    /// Appends a page, keys and common prefixes merged in key order as S3 lists them.
    pub fn push_page(&mut self, page: &ObjectPage) {
        let first_new = self.rows.len();
        let mut prefixes = page.common_prefixes.iter().peekable();
        for object in &page.objects {
            while let Some(prefix) = prefixes.next_if(|p| p.as_bytes() < object.key.as_bytes()) {
                self.push(prefix, 0, 0, PREFIX, [0; 16]);
            }
            let (parts, digest) = match &object.etag {
                ETag::Hex128(d) => (0, *d),
                ETag::Composite { digest, parts } => (*parts, *digest),
                ETag::Opaque(_) => {
                    self.opaque
                        .push((u32::try_from(self.rows.len()).unwrap_or(u32::MAX), object.etag.clone()));
                    (OPAQUE, [0; 16])
                }
            };
            self.push(&object.key, object.size, object.last_modified, parts, digest);
        }
        for prefix in prefixes {
            self.push(prefix, 0, 0, PREFIX, [0; 16]);
        }
        if let Some((text, mut matches)) = self.filter.take() {
            matches.extend(self.matching(&text, first_new));
            self.filter = Some((text, matches));
        }
    }

    fn push(&mut self, name: &str, size: u64, modified: i64, parts: u16, digest: [u8; 16]) {
        let start = u64::try_from(self.keys.len()).unwrap_or(u64::MAX);
        self.keys.push_str(name);
        self.rows.push(Record {
            start,
            size,
            modified: u32::try_from(modified).unwrap_or(0),
            len: u16::try_from(name.len()).unwrap_or(u16::MAX),
            parts,
            digest,
        });
    }

    /// Rows that the filter lets through.
    pub fn len(&self) -> usize {
        self.filter.as_ref().map_or(self.rows.len(), |(_, m)| m.len())
    }

    /// Whether no row is shown.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Rows loaded, filtered or not.
    pub fn loaded(&self) -> usize {
        self.rows.len()
    }

    /// Memory held for the rows, in bytes.
    pub fn bytes(&self) -> usize {
        self.keys.capacity() + self.rows.capacity() * size_of::<Record>()
    }

    /// The row at a position among those shown.
    pub fn get(&self, at: usize) -> Option<Row<'_>> {
        let index = match &self.filter {
            Some((_, matches)) => usize::try_from(*matches.get(at)?).ok()?,
            None => at,
        };
        self.row(index)
    }

    fn row(&self, index: usize) -> Option<Row<'_>> {
        let r = self.rows.get(index)?;
        let start = usize::try_from(r.start).ok()?;
        let name = self.keys.get(start..start + usize::from(r.len))?;
        let etag = match r.parts {
            PREFIX => return Some(Row::Prefix(name)),
            0 => ETag::Hex128(r.digest),
            OPAQUE => {
                let wanted = u32::try_from(index).ok()?;
                self.opaque.iter().find(|(i, _)| *i == wanted).map(|(_, e)| e.clone())?
            }
            parts => ETag::Composite { digest: r.digest, parts },
        };
        Some(Row::Object { key: name, size: r.size, last_modified: i64::from(r.modified), etag })
    }

    /// Shows only rows whose name contains `text`, letter case ignored; an empty text shows all.
    pub fn set_filter(&mut self, text: &str) {
        if text.is_empty() {
            self.filter = None;
            return;
        }
        // A longer text can only match where the shorter one did: typing on looks at ever fewer names.
        let narrowed = match self.filter.take() {
            Some((old, mut matches)) if text.starts_with(&old) => {
                let wanted = Needle::new(text);
                matches.retain(|i| {
                    usize::try_from(*i).ok().and_then(|i| self.row(i)).is_some_and(|r| wanted.is_in(r.name()))
                });
                matches
            }
            _ => self.matching(text, 0),
        };
        self.filter = Some((text.to_owned(), narrowed));
    }

    /// The filter in force.
    pub fn filter(&self) -> Option<&str> {
        self.filter.as_ref().map(|(t, _)| t.as_str())
    }

    fn matching(&self, text: &str, from: usize) -> Vec<u32> {
        let wanted = Needle::new(text);
        (from..self.rows.len())
            .filter(|i| self.row(*i).is_some_and(|r| wanted.is_in(r.name())))
            .filter_map(|i| u32::try_from(i).ok())
            .collect()
    }
}

/// A text to look for, letter case ignored.
struct Needle {
    lower: String,
    ascii: bool,
}

impl Needle {
    fn new(text: &str) -> Self {
        Self { lower: text.to_lowercase(), ascii: text.is_ascii() }
    }

    fn is_in(&self, name: &str) -> bool {
        if !self.ascii || !name.is_ascii() {
            return name.to_lowercase().contains(&self.lower);
        }
        let (hay, needle) = (name.as_bytes(), self.lower.as_bytes());
        needle.is_empty() || hay.windows(needle.len()).any(|w| w.eq_ignore_ascii_case(needle))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::output::ListedObject;

    fn object(key: &str, etag: &str) -> ListedObject {
        ListedObject {
            key: key.into(),
            size: 7,
            etag: ETag::parse(etag),
            last_modified: 1_700_000_000,
            storage_class: None,
        }
    }

    #[test]
    fn pages_merge_keys_and_prefixes_and_keep_every_etag_shape() {
        let mut l = Listing::default();
        l.push_page(&ObjectPage {
            objects: vec![
                object("b", "d41d8cd98f00b204e9800998ecf8427e"),
                object("d", "59adb24ef3cdbe0297f05b395827453f-1"),
                object("e", "weird"),
            ],
            common_prefixes: vec!["a/".into(), "c/".into(), "z/".into()],
            next: None,
        });
        let names: Vec<&str> = (0..l.len()).filter_map(|i| l.get(i)).map(|r| r.name()).collect();
        assert_eq!(names, ["a/", "b", "c/", "d", "e", "z/"]);
        let Some(Row::Object { etag, .. }) = l.get(4) else { panic!() };
        assert_eq!(etag.to_string(), "weird");
        l.set_filter("/");
        assert_eq!(l.len(), 3);
        l.set_filter("/x");
        assert_eq!(l.len(), 0);
        l.set_filter("D");
        assert_eq!((l.len(), l.get(0).unwrap().name()), (1, "d"));
        l.push_page(&ObjectPage { objects: vec![object("zd", "x")], ..ObjectPage::default() });
        assert_eq!(l.len(), 2);
    }

    #[test]
    fn a_key_costs_about_a_hundred_bytes_at_most() {
        let mut l = Listing::default();
        for page in 0..100 {
            let objects = (0..1000)
                .map(|i| {
                    object(
                        &format!("logs/2026/11/22/host-{page:03}/part-{i:05}.gz"),
                        "d41d8cd98f00b204e9800998ecf8427e",
                    )
                })
                .collect();
            l.push_page(&ObjectPage { objects, ..ObjectPage::default() });
        }
        let text = l.get(0).unwrap().name().len();
        assert!(size_of::<Record>() <= 48);
        // Capacity may be up to twice what is used; what is used must stay below the bound.
        assert!(l.rows.len() * size_of::<Record>() + l.keys.len() <= l.len() * (48 + text));
    }
}
