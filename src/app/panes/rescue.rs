//! An open upload compared with what it should hold, so that one can go on with it.

use super::compare::Looked;
use crate::domain::etag::ETag;
use crate::domain::evidence::Grade;
use crate::domain::hashing::HashedParts;
use crate::domain::layout::PartLayout;
use crate::domain::limits::AWS;
use crate::domain::names::ObjectRef;
use crate::domain::operation::{OperationId, PartBody};
use crate::domain::output::ListedPart;
use crate::domain::plan::{CopySource, PartSource, PlannedPart};
use crate::domain::rescue::{
    Cut, Rescue as Compared, Standing, WantedPart, wanted_of_bytes, wanted_of_source,
};
use crate::domain::text::visible;
use crate::domain::units::{PartNumber, human_size};
use crate::domain::upload::{MultipartUpload, PartEntry, PartState};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Where the parts should come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Supply {
    /// An object: S3 copies them.
    Object(ObjectRef),
    /// A local file.
    File(PathBuf),
}

impl Supply {
    /// Its name, safe to show.
    pub fn name(&self) -> String {
        match self {
            Self::Object(object) => visible(&object.to_string()),
            Self::File(path) => visible(&path.display().to_string()),
        }
    }
}

/// How a comparison stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// S3 is asked about the object.
    Asking,
    /// The file is hashed.
    Hashing {
        /// Its name: progress and result come under it, and it is stopped by it.
        id: OperationId,
        /// Bytes done.
        done: u64,
        /// Bytes to do, as far as that is known.
        of: Option<u64>,
    },
    /// Compared.
    Ready,
    /// It cannot be compared, and why.
    Failed(String),
}

/// A comparison of an open upload with a source.
#[derive(Debug, Clone)]
pub struct Rescue {
    /// The source.
    pub supply: Supply,
    /// How it stands.
    pub state: State,
    /// What was asked of an object.
    pub looked: Option<Looked>,
    /// The source in parts, once that is known.
    pub layout: Option<PartLayout>,
    /// Why it is cut so.
    pub grounds: String,
    /// How each part stands.
    pub result: Compared,
    /// The ETag that the source gives in these parts, where its bytes were hashed or its own cut is kept.
    pub etag: Option<ETag>,
    size: Option<u64>,
    wanted: Vec<WantedPart>,
    planned: BTreeSet<PartNumber>,
    version: Option<u64>,
}

impl Rescue {
    /// A comparison that begins; `size` is the part size that was typed.
    pub fn new(supply: Supply, state: State, size: Option<u64>, grounds: String) -> Self {
        let looked = match &supply {
            Supply::Object(object) => Some(Looked::new(object.clone())),
            Supply::File(_) => None,
        };
        Self {
            supply,
            state,
            looked,
            layout: None,
            grounds,
            result: Compared::default(),
            etag: None,
            size,
            wanted: Vec::new(),
            planned: BTreeSet::new(),
            version: None,
        }
    }

    /// The hashing that is under way.
    pub fn hashing(&self) -> Option<OperationId> {
        match self.state {
            State::Hashing { id, .. } => Some(id),
            _ => None,
        }
    }

    /// Takes the digests of the file.
    pub fn hashed(&mut self, hashed: HashedParts, machine: &MultipartUpload) {
        self.wanted = wanted_of_bytes(&hashed);
        self.etag = Some(ETag::composite(&hashed.md5s));
        self.layout = Some(hashed.layout);
        self.ready(machine);
    }

    /// Cuts the object that was asked about as the upload is cut, and compares.
    pub fn settle(&mut self, machine: &MultipartUpload) {
        let Some(looked) = self.looked.as_ref().filter(|l| l.waiting == 0) else { return };
        if let Some(why) = &looked.failed {
            self.state = State::Failed(why.clone());
            return;
        }
        let Some(head) = &looked.head else { return };
        let cut = match self.cut(looked, machine) {
            Ok(cut) => cut,
            Err(why) => {
                self.state = State::Failed(why);
                return;
            }
        };
        let (layout, own, grounds) = cut;
        self.wanted = wanted_of_source(&layout, &looked.evidence);
        self.etag = own.then(|| head.etag.clone());
        (self.layout, self.grounds) = (Some(layout), grounds);
        self.ready(machine);
    }

    /// The object in parts: as it was typed, as the object itself is cut if the upload fits that, else as the upload
    /// seems to be cut. Says too whether that is the object's own cut, and why it was chosen.
    fn cut(&self, looked: &Looked, machine: &MultipartUpload) -> Result<(PartLayout, bool, String), String> {
        let head = looked.head.as_ref().ok_or("the object's size is not known")?;
        let size = looked.evidence.object_size.unwrap_or_else(|| head.object_size());
        let own = looked.evidence.best_layout();
        let held = machine.held_parts();
        if self.size.is_none()
            && let Some((own, grade)) = &own
            && Compared::compare(&wanted_of_source(own, &looked.evidence), &held, false).misfit().is_none()
        {
            let grounds = match grade {
                Grade::Exact => "the object's own parts",
                _ => "the object's likeliest parts",
            };
            return Ok((own.clone(), true, grounds.into()));
        }
        let cut = Cut::of(&held);
        let (part_size, grounds) = match (self.size, cut.size()) {
            (Some(size), _) => (size, self.grounds.clone()),
            (None, Some(size)) => (size, cut.words()),
            (None, None) => return Err(format!("{}; n, and type a part size", cut.words())),
        };
        let layout = PartLayout::uniform(size, part_size).map_err(|e| e.to_string())?;
        let is_own = own.is_some_and(|(own, _)| own.parts().eq(layout.parts()));
        Ok((layout, is_own, grounds))
    }

    fn ready(&mut self, machine: &MultipartUpload) {
        self.state = State::Ready;
        self.version = None;
        self.refresh(machine);
    }

    /// Compares again if the ledger changed: what is stored meanwhile counts.
    pub fn refresh(&mut self, machine: &MultipartUpload) {
        let version = machine.ledger_version();
        if self.state == State::Ready && self.version != Some(version) {
            self.result = Compared::judge(&self.wanted, &machine.held_parts());
            self.version = Some(version);
        }
    }

    /// Compares one part again: what became of it counts.
    pub fn part_changed(&mut self, number: PartNumber, machine: &MultipartUpload) {
        if self.state != State::Ready {
            return;
        }
        let Ok(at) = self.result.parts.binary_search_by_key(&number, |p| p.part_number) else { return };
        let Ok(of) = self.wanted.binary_search_by_key(&number, |w| w.number) else { return };
        let held: Vec<ListedPart> = machine.held_part(number).into_iter().collect();
        let md5s = self.result.by_md5();
        if let (Some(part), Some(want)) = (self.result.parts.get_mut(at), self.wanted.get(of)) {
            let now = Compared::compare(std::slice::from_ref(want), &held, md5s);
            part.standing = now.parts.first().map_or(Standing::Missing, |p| p.standing.clone());
        }
        self.version = Some(machine.ledger_version());
    }

    /// The object as the parts to come are copied from it, pinned.
    pub fn source(&self) -> Option<CopySource> {
        let looked = self.looked.as_ref()?;
        let size = self.layout.as_ref()?.object_size();
        Some(CopySource { object: looked.pinned(), etag: looked.head.as_ref()?.etag.clone(), size })
    }

    fn part_of(&self, laid: crate::domain::layout::LaidPart) -> PlannedPart {
        let source = match &self.supply {
            Supply::Object(_) => PartSource::Copy(laid.range().map(|r| r.to_string())),
            Supply::File(path) => {
                PartSource::Body(PartBody::File { path: path.clone(), offset: laid.offset, len: laid.size })
            }
        };
        PlannedPart { number: laid.number, size: Some(laid.size), source }
    }

    /// Every part as it would be sent.
    pub fn parts(&self) -> Vec<PlannedPart> {
        self.layout.iter().flat_map(|l| l.parts()).map(|laid| self.part_of(laid)).collect()
    }

    /// Parts to go on with: missing or different, and neither planned from this source, nor on their
    /// way, nor in doubt.
    pub fn left(&self, machine: &MultipartUpload) -> Vec<PlannedPart> {
        let to_send: BTreeSet<PartNumber> = self.result.to_send().collect();
        let wanted = |part: &PlannedPart| {
            to_send.contains(&part.number)
                && machine.parts().get(&part.number).is_none_or(|entry| {
                    let planned = entry.state == PartState::Planned && entry.planned == *part;
                    !planned && !matches!(entry.state, PartState::InFlight(_) | PartState::Doubtful)
                })
        };
        self.parts().into_iter().filter(wanted).collect()
    }

    /// Remembers that a part is to be sent from this source.
    pub fn plans(&mut self, number: PartNumber) {
        self.planned.insert(number);
    }

    /// Whether a part was sent from this source, so that nothing need prove that it is of it.
    pub fn sent(&self, entry: &PartEntry) -> bool {
        self.planned.contains(&entry.planned.number)
            && matches!(entry.state, PartState::Done(_))
            && entry.planned.source != PartSource::Foreign
    }

    /// Why the upload cannot become this source, whatever is sent; `None` when it can.
    pub fn cannot_fit(&self) -> Option<String> {
        let extra: Vec<String> = self.result.extra().take(4).map(|n| n.to_string()).collect();
        let count = self.layout.as_ref().map_or(0, PartLayout::count);
        (!extra.is_empty()).then(|| {
            format!(
                "this source does not fit: it has {count} parts so cut, and the upload holds part {}",
                extra.join(", ")
            )
        })
    }

    /// Why nothing can be completed that is so cut, with the way out; `None` when it can.
    pub fn too_small(&self) -> Option<String> {
        let layout = self.layout.as_ref()?;
        let but_last = layout.count().saturating_sub(1);
        let small = layout.parts().take(but_last).find(|part| part.size < AWS.min_part_size)?;
        Some(format!(
            "part {} would have {}, and only the last part may have less than 5 MiB; n takes another part size",
            small.number,
            human_size(small.size)
        ))
    }

    /// Why one cannot go on with this source, with the way out; `None` when one can.
    pub fn blocked(&self) -> Option<String> {
        let misfit = self.cannot_fit().map(|why| format!("{why}; n takes another, s starts over, a aborts"));
        self.too_small().or(misfit)
    }

    /// One line for the notes of the upload.
    pub fn note(&self) -> String {
        let name = self.supply.name();
        match &self.state {
            State::Asking => format!("asking S3 about {name}: R shows"),
            State::Hashing { .. } => format!("hashing {name}: R shows"),
            State::Failed(why) => format!("not compared with {name}: {why}"),
            State::Ready => format!("compared with {name}: {}; R shows", self.result.short()),
        }
    }

    /// Whether the parts that are held give the source's ETag together: then their bytes are the source's.
    pub fn is_whole(&self, machine: &MultipartUpload) -> bool {
        self.etag.is_some() && self.etag == machine.predicted_etag()
    }

    /// What Complete would do that one may not mean; empty when there is nothing to say.
    pub fn warnings(&self, machine: &MultipartUpload) -> Vec<String> {
        if self.state != State::Ready {
            return Vec::new();
        }
        let name = self.supply.name();
        let list = |of: &dyn Fn(&Standing) -> bool| {
            let numbers = self.result.parts.iter().filter(|p| of(&p.standing)).map(|p| p.part_number);
            let sent = |n: &PartNumber| machine.parts().get(n).is_some_and(|entry| self.sent(entry));
            some(&numbers.filter(|n| !sent(n)).collect::<Vec<_>>())
        };
        let whole = self.is_whole(machine);
        let mut out = Vec::new();
        out.extend(
            list(&|s| matches!(s, Standing::Different { .. }))
                .map(|n| format!("Known to differ from {name}: {n}.")),
        );
        out.extend(list(&|s| *s == Standing::Extra).map(|n| format!("Not in {name} at all: {n}.")));
        out.extend(list(&|s| *s == Standing::Missing).map(|n| format!("Of {name} but not held: {n}.")));
        out.extend(
            list(&|s| *s == Standing::SizeOnly)
                .filter(|_| !whole)
                .map(|n| format!("The same size as in {name}, bytes not compared: {n}.")),
        );
        out
    }

    /// What is planned to be sent, in words.
    pub fn left_words(parts: &[PlannedPart]) -> String {
        let bytes = parts.iter().filter_map(|p| p.size).sum();
        format!("{} {}, {}", parts.len(), if parts.len() == 1 { "part" } else { "parts" }, human_size(bytes))
    }
}

/// `part 3`, `parts 3, 4 and 5 more`.
fn some(numbers: &[PartNumber]) -> Option<String> {
    const SHOWN: usize = 5;
    let shown: Vec<String> = numbers.iter().take(SHOWN).map(ToString::to_string).collect();
    let more = match numbers.len().saturating_sub(SHOWN) {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    let word = if numbers.len() == 1 { "part" } else { "parts" };
    (!numbers.is_empty()).then(|| format!("{word} {}{more}", shown.join(", ")))
}
