//! `partscope etag`: the ETag that bytes would have, or the part size that gives an ETag.

use super::Failure;
use super::args::{EtagArgs, Place, TargetArgs};
use super::hashing::{Feed, object, open, pipe, stream, with_file};
use super::inspect::named;
use super::out::Out;
use super::report::size;
use super::session::{Pace, Session, interrupt};
use crate::domain::checksum::ChecksumAlgorithm;
use crate::domain::etag::{ETag, to_hex};
use crate::domain::infer::{Interval, Use, clients};
use crate::domain::layout::PartLayout;
use crate::domain::operation::{HeadObject, Operation};
use crate::domain::outcome::Outcome;
use crate::domain::output::Output;
use crate::domain::text::visible;
use crate::domain::units::{ByteRange, MIB, grouped, human_size};
use crate::domain::verify::{Depth, Tried, tiers};
use crate::hash::file::{MappedFile, Opened};
use crate::hash::lanes::{Run, RunError, digests};
use crate::hash::plan::Plan;
use crate::hash::search::find;
use crate::hash::stream::{Cut, Stream};
use crate::hash::sums::{SumStream, Sums, of_layout};
use crate::hash::verify::{LIKELY, STREAMED};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// Runs the command; the exit code says whether an ETag that was sought was found.
pub async fn run(target: &TargetArgs, args: &EtagArgs) -> Result<u8, Failure> {
    if args.parts && args.part_size.len() != 1 {
        return Err(Failure::Local("--parts needs exactly one --part-size".into()));
    }
    let work = match &args.source {
        Place::File(path) => match open(path)? {
            Opened::Mapped(file) => of_file(file, args).await?,
            Opened::Stream(file) => piped(stream(file, path), args).await?,
        },
        Place::Stdin => piped(pipe(std::io::stdin(), "standard input".into()), args).await?,
        Place::Object(address) => {
            let source = named(address, args.version_id.as_deref())?;
            let session = Session::open(target, Pace::Run).await?;
            let head = HeadObject { object: source.clone(), part_number: None };
            let head = match session.call(&Operation::HeadObject(head)).await {
                Outcome::Answered(Output::Head(head)) => head,
                other => return Err(Failure::reading(format_args!("HeadObject {source}"), &other)),
            };
            let Some(bytes) = head.told_size() else {
                let said =
                    format!("HeadObject {source}: the answer has no Content-Length, so its end is not known");
                return Err(Failure::Local(said));
            };
            let feed = object(&session, &source, &head.etag, bytes);
            of_feed(feed, Some(bytes), args, session.token()).await?
        }
    };
    report(args, &work)
}

/// What was computed.
#[derive(Debug, Default)]
struct Work {
    /// Bytes there are, or that were read before it was known that nothing would come of them.
    size: u64,
    cut_short: bool,
    /// The MD5 of everything, if no part size was named.
    md5: Option<[u8; 16]>,
    /// ETag for each part size, in the order named.
    etags: Vec<(u64, ETag)>,
    /// Parts, with the MD5 of each.
    parts: Vec<(Option<ByteRange>, [u8; 16])>,
    sums: Vec<(Sums, Option<u64>)>,
    search: Option<Search>,
    hashed: u64,
}

/// Why bytes are not cut at all.
const IN_ONE_PIECE: &str = "written in one piece";

/// How the search for a part size ended.
#[derive(Debug)]
struct Search {
    hit: Option<Tried>,
    tried: u64,
    /// Whether there is no other way of cutting at all.
    complete: bool,
}

async fn of_file(file: MappedFile, args: &EtagArgs) -> Result<Work, Failure> {
    let bytes = file.size();
    let layouts = layouts(bytes, &args.part_size)?;
    if let Some(tag) = &args.wanted {
        possible(bytes, tag)?;
    }
    let (wanted, algorithms) = (args.wanted.clone(), args.checksum.clone());
    let depth = if args.exhaustive { Depth::Exhaustive } else { Depth::Plausible };
    let (cancel, _over) = interrupt();
    let (mut work, hashed) = with_file(file, &args.hash, cancel, true, move |file, run| {
        let mut work = match wanted {
            Some(tag) => search_file(file, &tag, depth, run)?,
            None => tags_of_file(file, &layouts, run)?,
        };
        for algorithm in algorithms {
            match layouts.as_slice() {
                [] => work.sums.push((whole(file, algorithm, run)?, None)),
                all => {
                    for layout in all {
                        let sums = of_layout(file, layout, algorithm, run)?;
                        work.sums.push((sums, layout.uniform_size()));
                    }
                }
            }
        }
        Ok(work)
    })
    .await?;
    (work.size, work.hashed) = (bytes, hashed);
    Ok(work)
}

fn layouts(bytes: u64, sizes: &[u64]) -> Result<Vec<PartLayout>, Failure> {
    sizes.iter().map(|p| PartLayout::uniform(bytes, *p).map_err(|e| Failure::Local(e.to_string()))).collect()
}

/// One part: no part size is asked about.
fn one_part(bytes: u64) -> Result<PartLayout, RunError> {
    PartLayout::uniform(bytes, bytes.max(1)).map_err(|_| RunError::Thread)
}

fn whole(file: &MappedFile, algorithm: ChecksumAlgorithm, run: &Run<'_>) -> Result<Sums, RunError> {
    of_layout(file, &one_part(file.size())?, algorithm, run)
}

fn tags_of_file(file: &MappedFile, layouts: &[PartLayout], run: &Run<'_>) -> Result<Work, RunError> {
    let mut work = Work::default();
    if layouts.is_empty() {
        let plan = Plan::new(file.size(), [&one_part(file.size())?]);
        work.md5 = digests(file, &plan, run)?.first().copied();
        return Ok(work);
    }
    let plan = Plan::new(file.size(), layouts);
    let digests = digests(file, &plan, run)?;
    for (index, layout) in layouts.iter().enumerate() {
        if let (Some(part_size), Some(tag)) = (layout.uniform_size(), plan.etag(index, &digests)) {
            work.etags.push((part_size, tag));
        }
    }
    if let Some(layout) = layouts.first() {
        let ranges = layout.parts().map(|p| p.range());
        work.parts = ranges.zip(plan.parts(0, &digests).copied()).collect();
    }
    Ok(work)
}

fn search_file(file: &MappedFile, tag: &ETag, depth: Depth, run: &Run<'_>) -> Result<Work, RunError> {
    let search = match tag.part_count() {
        None => {
            let plan = Plan::new(file.size(), [&one_part(file.size())?]);
            let md5 = digests(file, &plan, run)?.first().copied();
            let hit = (md5.map(ETag::Hex128).as_ref() == Some(tag)).then(|| in_one_piece(file.size()));
            Search { hit: hit.flatten(), tried: 1, complete: true }
        }
        Some(count) => {
            let found = find(file, tag, tiers(file.size(), u32::from(count), depth), run)?;
            Search { hit: found.hit, tried: found.tried, complete: count == 1 }
        }
    };
    Ok(Work { search: Some(search), ..Work::default() })
}

fn in_one_piece(bytes: u64) -> Option<Tried> {
    let layout = PartLayout::uniform(bytes, bytes.max(1)).ok()?;
    Some(Tried { layout, why: IN_ONE_PIECE.into() })
}

/// Says so when no equal parts of so many bytes can have this count.
fn possible(bytes: u64, tag: &ETag) -> Result<(), Failure> {
    let Some(count) = tag.part_count() else { return Ok(()) };
    if Interval::of(bytes, u32::from(count)).is_none() && u64::from(count) > bytes.max(1) {
        return Err(Failure::Local(format!(
            "{} cannot be {count} parts: every part has at least one byte; is it the ETag of these bytes?",
            size(bytes)
        )));
    }
    Ok(())
}

/// What is computed of bytes that pass once.
struct Passing {
    stream: Stream,
    tried: Vec<Tried>,
    complete: bool,
    sums: Vec<(SumStream, Option<u64>)>,
    /// Whether reading ended before the bytes did, because nothing could come of them any more.
    cut_short: bool,
}

async fn piped(feed: Feed, args: &EtagArgs) -> Result<Work, Failure> {
    let (cancel, _over) = interrupt();
    of_feed(feed, None, args, cancel).await
}

async fn of_feed(
    feed: Feed,
    known: Option<u64>,
    args: &EtagArgs,
    cancel: CancellationToken,
) -> Result<Work, Failure> {
    if args.parts {
        return Err(Failure::Local("--parts needs a file that can be read where it lies".into()));
    }
    if let (Some(bytes), Some(tag)) = (known, &args.wanted) {
        possible(bytes, tag)?;
    }
    if let Some(bytes) = known {
        layouts(bytes, &args.part_size)?;
    }
    let (tried, complete) = candidates(known, args);
    let cuts: Vec<Cut> = match &args.wanted {
        Some(ETag::Composite { .. }) => tried.iter().map(|t| Cut::from(&t.layout)).collect(),
        _ if args.part_size.is_empty() => vec![Cut::Nowhere],
        _ => args.part_size.iter().copied().map(Cut::Every).collect(),
    };
    let most = args.wanted.as_ref().and_then(ETag::part_count).map_or(10_000, usize::from);
    let mut sums = Vec::new();
    for algorithm in &args.checksum {
        match args.part_size.as_slice() {
            [] => sums.push((SumStream::new(*algorithm, Cut::Nowhere), None)),
            sizes => {
                sums.extend(sizes.iter().map(|p| (SumStream::new(*algorithm, Cut::Every(*p)), Some(*p))))
            }
        }
    }
    let passing = Passing {
        stream: Stream::new(args.hash.kernel(), cuts, most),
        tried,
        complete,
        sums,
        cut_short: false,
    };
    let passing = feed
        .drain(passing, cancel, |p, piece| {
            p.stream.update(piece);
            p.sums.iter_mut().for_each(|(sum, _)| sum.update(piece));
            p.cut_short = p.stream.alive() == 0 && p.sums.is_empty();
            !p.cut_short
        })
        .await?;
    finish(passing, args)
}

/// The ways of cutting to try on bytes that pass once, and whether these are all.
fn candidates(known: Option<u64>, args: &EtagArgs) -> (Vec<Tried>, bool) {
    let Some(count) = args.wanted.as_ref().and_then(ETag::part_count) else { return (Vec::new(), true) };
    let most = if args.exhaustive { STREAMED } else { LIKELY };
    let Some(bytes) = known else { return (unsized_candidates(count, most), count == 1) };
    let depth = if args.exhaustive { Depth::Exhaustive } else { Depth::Plausible };
    let mut all = tiers(bytes, u32::from(count), depth).into_iter().flat_map(|tier| tier.layouts);
    let tried = all.by_ref().take(most).collect();
    (tried, count == 1 && all.next().is_none())
}

/// Ways of cutting bytes whose number is not known yet: whatever has too many parts falls out on the way, whatever has too
/// few has another count at the end.
fn unsized_candidates(count: u16, most: usize) -> Vec<Tried> {
    if count == 1 {
        // Whatever comes is one part.
        let one = PartLayout::uniform(1, u64::MAX).map(|layout| Tried { layout, why: "one part".into() });
        return one.into_iter().collect();
    }
    let mut sizes: Vec<u64> = Vec::new();
    let usual = clients().iter().filter_map(|c| c.part_size_for(1));
    for part_size in usual.chain((5..=5120).map(|n| n * MIB)) {
        if sizes.len() < most && !sizes.contains(&part_size) {
            sizes.push(part_size);
        }
    }
    let tried = sizes.into_iter().filter_map(|p| {
        let layout = PartLayout::uniform(p.checked_mul(u64::from(count))?, p).ok()?;
        Some(Tried { layout, why: "a client's default or a round size".into() })
    });
    tried.collect()
}

fn finish(passing: Passing, args: &EtagArgs) -> Result<Work, Failure> {
    let Passing { stream, tried, complete, sums, cut_short } = passing;
    let mut work = Work { size: stream.seen(), hashed: stream.hashed(), cut_short, ..Work::default() };
    let (alive, count) = (stream.alive(), u64::try_from(tried.len()).unwrap_or(0));
    let results = stream.finish();
    match &args.wanted {
        Some(ETag::Composite { .. }) => {
            let found =
                tried.into_iter().zip(&results).find(|(_, (_, tag))| tag.as_ref() == args.wanted.as_ref());
            // The layout of a stream is known when its length is.
            let hit = found.map(|(tried, _)| {
                let part_size =
                    tried.layout.uniform_size().map(|p| if p == u64::MAX { work.size.max(1) } else { p });
                let layout = part_size.and_then(|p| PartLayout::uniform(work.size, p).ok());
                Tried { layout: layout.unwrap_or(tried.layout), why: tried.why }
            });
            work.search = Some(Search { hit, tried: count, complete });
        }
        Some(tag) => {
            let equal = results.first().and_then(|(_, found)| found.as_ref()) == Some(tag);
            let hit = if equal { in_one_piece(work.size) } else { None };
            work.search = Some(Search { hit, tried: 1, complete: true });
        }
        None if args.part_size.is_empty() => {
            work.md5 = results.first().and_then(|(_, tag)| tag.as_ref()?.digest());
        }
        None => {
            if alive < args.part_size.len() {
                let small = args.part_size.iter().min().copied().unwrap_or(0);
                let more = Failure::Local(format!(
                    "{small} bytes a part make more than 10 000 parts; use a larger part size"
                ));
                return Err(more);
            }
            let tags = results.into_iter().filter_map(|(_, tag)| tag);
            work.etags = args.part_size.iter().copied().zip(tags).collect();
        }
    }
    work.sums = sums.into_iter().map(|(sum, part)| (sum.finish(), part)).collect();
    Ok(work)
}

fn report(args: &EtagArgs, work: &Work) -> Result<u8, Failure> {
    if args.json {
        Out.json(&as_json(args, work))?;
    } else {
        lines(args, work).iter().try_for_each(|line| Out.line(line))?;
    }
    Ok(match &work.search {
        Some(Search { hit: None, complete: true, .. }) => 4,
        Some(Search { hit: None, .. }) => 5,
        _ => 0,
    })
}

fn as_json(args: &EtagArgs, work: &Work) -> Value {
    let etags = work.etags.iter().map(|(part_size, tag)| json!({ "part_size": part_size, "etag": tag }));
    let sums = work.sums.iter().map(|(sums, part_size)| {
        json!({
            "algorithm": sums.algorithm,
            "part_size": part_size,
            "composite": sums.algorithm.allows_composite().then(|| sums.composite()),
            "full_object": sums.full_object(),
        })
    });
    let parts = work.parts.iter().filter(|_| args.parts).enumerate();
    json!({
        "source": args.source.to_string(),
        "size": work.size,
        "md5": work.md5.map(|d| to_hex(&d)),
        "etags": etags.collect::<Vec<_>>(),
        "parts": parts.map(|(i, (range, md5))| json!({
            "part": i + 1, "range": range, "md5": to_hex(md5),
        })).collect::<Vec<_>>(),
        "checksums": sums.collect::<Vec<_>>(),
        "match": work.search.as_ref().map(|s| json!({
            "etag": args.wanted,
            "found": s.hit.is_some(),
            "part_size": s.hit.as_ref().filter(|t| t.layout.count() > 1).and_then(|t| t.layout.uniform_size()),
            "part_count": s.hit.as_ref().map(|t| t.layout.count()),
            "why": s.hit.as_ref().map(|t| &t.why),
            "tried": s.tried,
        })),
        "bytes_hashed": work.hashed,
    })
}

fn lines(args: &EtagArgs, work: &Work) -> Vec<String> {
    let name = visible(&args.source.to_string());
    let mut out = Vec::new();
    out.extend(work.md5.map(|d| format!("{}  {name}", to_hex(&d))));
    for (part_size, tag) in &work.etags {
        match work.etags.len() {
            1 => out.push(format!("{tag}  {name}")),
            _ => out.push(format!("{tag}  {:>13}  {name}", grouped(*part_size))),
        }
    }
    for (index, (range, md5)) in work.parts.iter().filter(|_| args.parts).enumerate() {
        let range = range.map_or_else(|| "empty".into(), |r| r.to_string());
        out.push(format!("{}  part {:>5}  {range}", to_hex(md5), index + 1));
    }
    for (sums, part_size) in &work.sums {
        if sums.algorithm.allows_composite() && part_size.is_some() {
            out.push(format!("{} COMPOSITE {}  {name}", sums.algorithm.name(), sums.composite()));
        }
        if let Some(whole) = sums.full_object() {
            out.push(format!("{} FULL_OBJECT {whole}  {name}", sums.algorithm.name()));
        }
    }
    if let (Some(search), Some(tag)) = (&work.search, &args.wanted) {
        out.extend(found(args, &name, tag, search, work));
    }
    out
}

fn found(args: &EtagArgs, name: &str, tag: &ETag, search: &Search, work: &Work) -> Vec<String> {
    let ways = if search.tried == 1 { "way" } else { "ways" };
    let effort = format!("  tried      {} {ways}, {} hashed", grouped(search.tried), human_size(work.hashed));
    let Some(hit) = &search.hit else {
        let least = if work.cut_short { "at least " } else { "" };
        let mut out = vec![format!("{tag}  not found for {name}, {least}{}", size(work.size)), effort];
        out.extend(left(tag, search, work, args));
        return out;
    };
    let mut out = vec![format!("{tag}  {name}"), format!("  cut        {}", cut(hit))];
    if let Some(part_size) = hit.layout.uniform_size().filter(|_| hit.layout.count() > 1) {
        let last = hit.layout.size_of(hit.layout.count() - 1).unwrap_or(0);
        let count = grouped(u64::try_from(hit.layout.count()).unwrap_or(0));
        out.push(format!("  parts      {count}, the last {}", size(last)));
        let names = clients().iter().filter(|c| {
            let would = c.usage == Use::Upload && c.uses_multipart(work.size) != Some(false);
            would && c.part_size_for(work.size) == Some(part_size)
        });
        let names: Vec<&str> = names.map(|c| c.name.as_str()).collect();
        if !names.is_empty() {
            out.push(format!("  as by      {}", names.join("; ")));
        }
    }
    out.push(effort);
    out
}

/// The cut that was found, and why it was tried.
fn cut(hit: &Tried) -> String {
    if hit.layout.count() > 1 {
        return format!("{}: {}", hit.words(), hit.why);
    }
    match hit.why.as_str() {
        IN_ONE_PIECE => "in one piece: the ETag is the MD5 of the bytes".into(),
        _ => "one part: any part size from the size of the bytes up gives it".into(),
    }
}

/// What it means that nothing was found, or what is left to try.
fn left(tag: &ETag, search: &Search, work: &Work, args: &EtagArgs) -> Option<String> {
    if search.complete {
        let words = "  means      other bytes, unless it is the ETag of SSE-KMS, SSE-C or a directory bucket, which is no MD5";
        return Some(words.into());
    }
    if work.cut_short {
        return Some("  means      other bytes: no size that was tried gives so few parts".into());
    }
    let values =
        Interval::of(work.size, u32::from(tag.part_count()?)).and_then(Interval::values).unwrap_or(0);
    if values <= search.tried {
        return Some("  means      other bytes, or parts that are not equal".into());
    }
    let way = match (&args.source, args.exhaustive) {
        (Place::File(_), false) => "; --exhaustive tries them all",
        (Place::File(_), true) => "",
        (Place::Stdin | Place::Object(_), false) => "; --exhaustive tries more, on a file all of them",
        (Place::Stdin | Place::Object(_), true) => "; on a file --exhaustive tries all of them",
    };
    Some(format!("  left       {} possible part sizes{way}", grouped(values - search.tried)))
}
