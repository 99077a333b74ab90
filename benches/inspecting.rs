//! What looking at an object costs: concluding from size and count, weighing thousands of answers, drawing its screen.
//!
//! `cargo bench --bench inspecting`. First come tables by rounds that take turns, then criterion's figures of the same
//! cases.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod interleaved;

use criterion::Criterion;
use interleaved::{Case, few_samples, measure};
use partscope::app::command::{Pane, Screen};
use partscope::app::model::{Model, Target};
use partscope::app::panes::browse::Load;
use partscope::app::panes::select::Motion;
use partscope::domain::checksum::Checksums;
use partscope::domain::etag::ETag;
use partscope::domain::evidence::{Evidence, Grade};
use partscope::domain::infer::{infer, search_order};
use partscope::domain::names::ObjectRef;
use partscope::domain::operation::ObjectProperties;
use partscope::domain::output::HeadObjectOutput;
use partscope::domain::units::{GIB, MIB, PartNumber, TIB};
use partscope::tui::regions::regions;
use partscope::tui::theme::{Choice, Theme};
use partscope::tui::view::{Look, clamp, render};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::hint::black_box;

/// Sizes and part counts of objects, from wide open to one part only.
const OBJECTS: [(u64, u32); 19] = [
    (20_277_918_669, 2418),
    (100 * MIB, 20),
    (100 * MIB, 13),
    (100 * MIB, 12),
    (100 * MIB, 7),
    (GIB, 128),
    (GIB, 2),
    (5 * GIB, 640),
    (10 * MIB + 1, 2),
    (16 * MIB, 2),
    (16 * MIB + 1, 2),
    (17_325_568, 2),
    (20 * MIB, 2),
    (20 * MIB, 3),
    (25 * MIB, 2),
    (25 * MIB, 3),
    (5 * TIB, 10_000),
    (10, 7),
    (5 * TIB, 1),
];

/// Parts of the object that is looked at, 8 MiB each.
const PARTS: i32 = 10_000;
const SIZE: u64 = 10_000 * 8 * MIB;

fn main() {
    let mut criterion = few_samples();
    inference(&mut criterion);
    evidence(&mut criterion);
    for (cols, rows) in [(80, 24), (120, 36), (200, 50)] {
        frames(&mut criterion, cols, rows);
    }
    criterion.final_summary();
}

fn inference(criterion: &mut Criterion) {
    type Conclude = fn(u64, u32);
    let ways: [(&str, u32, Conclude); 2] = [
        ("infer", 200, |size, count| drop(black_box(infer(black_box(size), count)))),
        ("search_order", 50, |size, count| drop(black_box(search_order(black_box(size), count)))),
    ];
    for (name, times, conclude) in ways {
        let cases = OBJECTS.map(|(size, count)| {
            Case::new(format!("{size} bytes, {count} parts"), times, None, move || conclude(size, count))
        });
        measure(criterion, name, 15, cases.into());
    }
}

fn head(status: u16, content_length: u64, content_range: Option<String>) -> HeadObjectOutput {
    HeadObjectOutput {
        status,
        content_length,
        content_range,
        etag: ETag::parse(&format!("9a10e3fb885fb16525231cb6a440a941-{PARTS}")),
        parts_count: (status == 206).then_some(PARTS.unsigned_abs()),
        last_modified: Some(1_795_356_000),
        properties: ObjectProperties::default(),
        checksums: Checksums::default(),
        version_id: None,
        tag_count: None,
        headers: Vec::new(),
    }
}

/// What HEAD of a part answers: its place among the others.
fn answer(number: PartNumber) -> (PartNumber, HeadObjectOutput) {
    let first = u64::from(number.0.unsigned_abs() - 1) * 8 * MIB;
    let range = format!("bytes {first}-{}/{SIZE}", first + 8 * MIB - 1);
    (number, head(206, 8 * MIB, Some(range)))
}

/// The plain HEAD, and the answers that prove every boundary.
fn answers() -> (Evidence, Vec<(PartNumber, HeadObjectOutput)>) {
    let mut evidence = Evidence::default();
    evidence.add_head(None, &head(200, SIZE, None));
    let asked = evidence.probes();
    assert_eq!(asked.len(), 5000, "one HEAD for two parts");
    (evidence, asked.into_iter().map(answer).collect())
}

fn add(evidence: &mut Evidence, answers: &[(PartNumber, HeadObjectOutput)]) {
    answers.iter().for_each(|(number, head)| drop(evidence.add_head(Some(*number), head)));
}

fn evidence(criterion: &mut Criterion) {
    let (plain, answers) = answers();
    let (plain, answers) = (&plain, &answers[..]);
    let mut all = plain.clone();
    add(&mut all, answers);
    assert!(all.exact_is_known() && all.map().iter().all(|part| part.grade == Grade::Exact));
    let mut asked_again = all.clone();
    let cases = vec![
        Case::new("5 000 answers taken in, map once", 1, None, move || {
            let mut evidence = plain.clone();
            add(&mut evidence, answers);
            assert_eq!(black_box(evidence.map()).len(), 10_000);
        }),
        Case::new("5 000 answers taken in, no map", 1, None, move || {
            let mut evidence = plain.clone();
            add(&mut evidence, answers);
            black_box(&evidence);
        }),
        Case::new("one more answer, and the map", 5, None, move || {
            add(&mut asked_again, &answers[..1]);
            black_box(asked_again.map());
        }),
        Case::new("the map when nothing changed", 100_000, None, move || {
            black_box(all.map());
        }),
    ];
    measure(criterion, "evidence of 10 000 parts", 15, cases);
}

/// The Inspect screen with an object of 10 000 parts, all proved.
fn inspecting(cols: u16, rows: u16) -> Model {
    let (mut evidence, answers) = answers();
    add(&mut evidence, &answers);
    let mut model = Model::new(Target::sandbox(), 0);
    model.size = (cols, rows);
    model.screen = Screen::Inspect;
    model.set_focus(Pane::PartMap);
    model.inspect.open(ObjectRef::new("lessons", "parts-10000.bin"));
    let mut plain = head(200, SIZE, None);
    plain.headers = [
        ("Content-Length", SIZE.to_string()),
        ("Content-Type", "binary/octet-stream".into()),
        ("ETag", format!("\"{}\"", plain.etag)),
        ("Last-Modified", "Sun, 22 Nov 2026 14:40:00 GMT".into()),
        ("Accept-Ranges", "bytes".into()),
        ("x-amz-server-side-encryption", "AES256".into()),
    ]
    .map(|(name, value)| (name.into(), value))
    .into();
    model.inspect.head = Some(plain);
    model.inspect.tags = Some(Vec::new());
    model.inspect.evidence = evidence;
    (model.inspect.head_load, model.inspect.tags_load) = (Load::Ready, Load::Ready);
    model.inspect.attributes_load = Load::Failed("not asked in this measurement".into());
    model
}

/// A terminal's two buffers, and the frame as the shell makes it: scroll positions, cells, and what changed.
struct Screenful {
    model: Model,
    area: Rect,
    shown: Buffer,
    next: Buffer,
}

impl Screenful {
    fn new(cols: u16, rows: u16) -> Self {
        let area = Rect::new(0, 0, cols, rows);
        let mut new = Self {
            model: inspecting(cols, rows),
            area,
            shown: Buffer::empty(area),
            next: Buffer::empty(area),
        };
        assert!(new.frame() > usize::from(cols), "something is shown");
        new
    }

    /// Draws, and answers how many cells changed.
    fn frame(&mut self) -> usize {
        let look = Look { theme: Theme::new(Choice::Terminal), ascii: false };
        let regions = regions(self.area, &self.model);
        clamp(&mut self.model, &regions);
        self.next.reset();
        render(&self.model, look, self.area, &mut self.next);
        let changed = self.shown.diff(&self.next).len();
        std::mem::swap(&mut self.shown, &mut self.next);
        changed
    }
}

fn frames(criterion: &mut Criterion, cols: u16, rows: u16) {
    let [mut blank, mut still, mut moving, mut jumping] = [(); 4].map(|()| Screenful::new(cols, rows));
    let mut at_end = false;
    let cases = vec![
        // What ratatui takes whatever is drawn: a measure of the machine.
        Case::new("no drawing: reset and compare alone", 20, None, move || {
            blank.next.reset();
            black_box(blank.shown.diff(&blank.next));
        }),
        Case::new("nothing changed", 20, None, move || assert_eq!(still.frame(), 0)),
        Case::new("cursor moved by one part", 20, None, move || {
            moving.model.inspect.go_parts(1, Motion::Down);
            black_box(moving.frame());
        }),
        Case::new("cursor jumped to the other end", 20, None, move || {
            at_end = !at_end;
            jumping.model.inspect.go_parts(1, if at_end { Motion::End } else { Motion::Home });
            assert!(jumping.frame() > 0);
        }),
    ];
    measure(criterion, &format!("frame {cols}x{rows} of 10 000 parts"), 15, cases);
}
