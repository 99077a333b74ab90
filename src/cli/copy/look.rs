//! Looks at the source and decides how it is copied.

use super::carried;
use crate::cli::Failure;
use crate::cli::args::CopyArgs;
use crate::cli::gather::{Gathered, gather, probe_parts};
use crate::cli::report::notes;
use crate::cli::session::Session;
use crate::domain::carry::{self, Planned, take_everything};
use crate::domain::etag::ETag;
use crate::domain::evidence::{Grade, PartSizeEvidence, ProbeKind, ProbePlan};
use crate::domain::layout::PartLayout;
use crate::domain::limits::AWS;
use crate::domain::names::{ObjectRef, Tag};
use crate::domain::operation::{CopyObject, Operation};
use crate::domain::plan::{CopySource, UploadPlan};
use crate::domain::request_plan::{Boundaries, PartByPart, RequestPlan};
use crate::domain::rescue::{WantedPart, wanted_of_source};
use crate::domain::units::{MIB, human_size};

/// Part size for a source that has no parts of its own and is too large for CopyObject.
const DEFAULT_PART: u64 = 64 * MIB;

/// HEADs of parts that are asked for without being told to, so that the boundaries are proved.
const UNASKED: u64 = 100;

/// How the object is copied.
pub(super) enum Way {
    /// One CopyObject, told also what it does not take by itself.
    Whole(Box<Operation>),
    /// Part by part.
    Parts(Box<UploadPlan>),
}

/// What was seen and decided.
pub(super) struct Look {
    /// The source, with its version if it has one that may be named.
    pub(super) source: ObjectRef,
    pub(super) destination: ObjectRef,
    pub(super) size: u64,
    pub(super) etag: ETag,
    pub(super) way: Way,
    pub(super) layout: Option<PartLayout>,
    /// Whose boundaries the parts have, if there are parts.
    pub(super) boundaries: Option<Boundaries>,
    /// Why the boundaries are what they are.
    pub(super) grounds: String,
    pub(super) tags: Vec<Tag>,
    /// The parts as they should be.
    pub(super) wanted: Vec<WantedPart>,
    /// What will be sent.
    pub(super) requests: RequestPlan,
    /// What the copy will have of its source; of an upload that is taken up again nobody knows.
    pub(super) carried: Vec<carry::Row>,
    pub(super) notes: Vec<String>,
}

/// Looks at the source; nothing is changed.
pub(super) async fn look(
    session: &Session,
    args: &CopyArgs,
    named: ObjectRef,
    destination: ObjectRef,
) -> Result<Look, Failure> {
    let mut gathered = gather(session, &named).await?;
    let tags = tags(args, &mut gathered)?;
    let acl = carried::acl(session, args, &gathered.object).await?;
    let one_piece = !gathered.evidence.is_multipart() && !gathered.head.etag.is_multipart();
    let size = gathered.evidence.object_size.unwrap_or(gathered.head.content_length);
    if one_piece && args.part_size.is_none() && size <= AWS.max_single_operation {
        if args.resume.is_some() {
            return Err(Failure::Local(format!(
                "{named} is one piece and is copied by CopyObject; to go on with an upload give its --part-size"
            )));
        }
        return Ok(whole(args, gathered, destination, (tags, acl), size));
    }
    let (layout, grounds, boundaries) = layout(session, args, &named, &mut gathered, size).await?;
    let (source, etag) = (gathered.object.clone(), gathered.head.etag.clone());
    let pinned = CopySource { object: source.clone(), etag: etag.clone(), size };
    let mut plan = UploadPlan::copy(pinned, destination.clone(), &layout, &gathered.head);
    plan.tags.clone_from(&tags);
    if args.everything {
        (plan.properties, plan.tags) = take_everything(&gathered.head, &tags, acl.known());
    }
    plan.keeps_boundaries = boundaries != Boundaries::Chosen;
    plan.if_none_match = args.if_none_match;
    let objections = plan.objections();
    if !objections.is_empty() {
        return Err(Failure::Local(format!("this cannot be copied so: {}", objections.join("; "))));
    }
    let at_once = if args.step { 1 } else { args.concurrency };
    let copy =
        PartByPart { plan: &plan, head: &gathered.head, boundaries, at_once, resumed: args.resume.is_some() };
    let Some(mut requests) = RequestPlan::part_by_part(copy) else {
        return Err(Failure::Local(format!("the plan has no source; {source} cannot be copied")));
    };
    if acl.was_asked() {
        requests = requests.asking_acl();
    }
    let wanted = wanted_of_source(&layout, &gathered.evidence);
    let carried = match args.resume {
        None => carried::rows(args, &gathered, &acl, &Planned::parts(&plan)),
        Some(_) => Vec::new(),
    };
    let (way, layout, boundaries) = (Way::Parts(Box::new(plan)), Some(layout), Some(boundaries));
    let mut notes = notes(&gathered);
    notes.extend(carried::notes(&carried, args));
    Ok(Look {
        source,
        destination,
        size,
        etag,
        way,
        layout,
        boundaries,
        grounds,
        tags,
        wanted,
        requests,
        carried,
        notes,
    })
}

/// The copy of a source that is one piece.
fn whole(
    args: &CopyArgs,
    gathered: Gathered,
    destination: ObjectRef,
    (tags, acl): (Vec<Tag>, carried::Acl),
    size: u64,
) -> Look {
    let (source, etag) = (gathered.object.clone(), gathered.head.etag.clone());
    let copy = CopyObject {
        source: source.clone(),
        destination: destination.clone(),
        copy_source_if_match: Some(etag.clone()),
        drop_tags: args.no_tags,
        storage_class: gathered.head.properties.storage_class.clone(),
        if_none_match: args.if_none_match,
    };
    let mut requests = RequestPlan::whole(&copy, &gathered.head, !tags.is_empty());
    let mut operation = Operation::CopyObject(copy);
    if args.everything {
        let (all, _) = take_everything(&gathered.head, &tags, acl.known());
        operation = operation.amended(carry::besides_copy_object(&all));
        requests = requests.told(&operation);
    }
    if acl.was_asked() {
        requests = requests.asking_acl();
    }
    let carried = carried::rows(args, &gathered, &acl, &Planned::whole(&operation));
    let (way, layout, boundaries) = (Way::Whole(Box::new(operation)), None, None);
    let grounds = "none: the source is not multipart".to_owned();
    let mut notes = notes(&gathered);
    notes.extend(carried::notes(&carried, args));
    let wanted = Vec::new();
    Look {
        source,
        destination,
        size,
        etag,
        way,
        layout,
        boundaries,
        grounds,
        tags,
        wanted,
        requests,
        carried,
        notes,
    }
}

fn tags(args: &CopyArgs, gathered: &mut Gathered) -> Result<Vec<Tag>, Failure> {
    if args.no_tags {
        return Ok(Vec::new());
    }
    match &gathered.tags {
        Ok(tags) => Ok(tags.clone()),
        // A server without tags has none to lose.
        Err(why) if why.starts_with("NotImplemented") || why.starts_with("NoTagging") => {
            gathered.notes.push("the server does not know object tags".into());
            gathered.tags = Ok(Vec::new());
            Ok(Vec::new())
        }
        Err(why) => Err(Failure::Refused(format!(
            "the source's tags cannot be read ({why}); copy without them with --no-tags"
        ))),
    }
}

/// The layout, the grounds for it, and whose boundaries it has.
async fn layout(
    session: &Session,
    args: &CopyArgs,
    named: &ObjectRef,
    gathered: &mut Gathered,
    size: u64,
) -> Result<(PartLayout, String, Boundaries), Failure> {
    let local = |e: crate::domain::layout::LayoutError| Failure::Local(e.to_string());
    if let Some(part_size) = args.part_size {
        let layout = PartLayout::uniform(size, part_size).map_err(local)?;
        return Ok((layout, "chosen with --part-size".into(), Boundaries::Chosen));
    }
    let (source, evidence) = (&gathered.object, &mut gathered.evidence);
    let costly = evidence.plan(ProbeKind::Every).filter(|p| p.requests > UNASKED && !args.source_parts);
    let costly = costly.map(ProbePlan::requests_words);
    if costly.is_none() && evidence.exact_layout().is_none() {
        probe_parts(session, (named, source), evidence, usize::from(args.concurrency)).await?;
    }
    let unasked = costly.map_or_else(String::new, |requests| {
        format!("; proving them takes {requests}, which --source-parts sends")
    });
    match evidence.best_layout() {
        Some((layout, Grade::Exact)) => {
            Ok((layout, "the source's own, every one stated by the service".into(), Boundaries::Stated))
        }
        _ if args.source_parts => Err(Failure::Local(format!(
            "the part boundaries of {source} cannot be proved: the service does not state them; \
             leave --source-parts out to copy with the likeliest, or give --part-size"
        ))),
        Some((layout, _)) => {
            let of = layout.uniform_size().map(human_size).unwrap_or_default();
            let from = match evidence.part_size() {
                PartSizeEvidence::FirstPart { .. } => "the size of part 1",
                _ => "size and count",
            };
            let grounds = format!(
                "inferred from {from} as parts of {of}; the ETag will show whether that is right{unasked}"
            );
            Ok((layout, grounds, Boundaries::Inferred))
        }
        None => {
            let part_size = DEFAULT_PART.max(size.div_ceil(AWS.max_parts).next_multiple_of(MIB));
            let layout = PartLayout::uniform(size, part_size).map_err(local)?;
            let grounds = format!("the program's own choice: the source's are not known{unasked}");
            Ok((layout, grounds, Boundaries::Chosen))
        }
    }
}
