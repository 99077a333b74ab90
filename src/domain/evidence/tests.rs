use super::*;
use crate::domain::checksum::Checksums;
use crate::domain::operation::ObjectProperties;
use crate::domain::output::AttributePart;
use crate::domain::units::MIB;
use proptest::prelude::*;

fn head(status: u16, length: u64, range: Option<&str>, etag: &str, count: Option<u32>) -> HeadObjectOutput {
    HeadObjectOutput {
        status,
        content_length: length,
        content_range: range.map(Into::into),
        etag: ETag::parse(etag),
        parts_count: count,
        last_modified: None,
        properties: ObjectProperties::default(),
        checksums: Checksums::default(),
        version_id: None,
        tag_count: None,
        headers: Vec::new(),
    }
}

/// HEAD of one part as S3 answers it.
fn part(layout: &[u64], number: i32, etag: &str) -> HeadObjectOutput {
    let at = usize::try_from(number - 1).unwrap();
    let first: u64 = layout[..at].iter().sum();
    let range = format!("bytes {first}-{}/{}", first + layout[at] - 1, layout.iter().sum::<u64>());
    head(206, layout[at], Some(&range), etag, u32::try_from(layout.len()).ok())
}

fn page(count: Option<u32>, sizes: &[(i32, u64)], kind: Option<&str>) -> AttributesOutput {
    AttributesOutput {
        object_size: None,
        etag: None,
        storage_class: None,
        checksums: Checksums { values: Vec::new(), checksum_type: kind.map(Into::into) },
        parts_count: count,
        parts: sizes
            .iter()
            .map(|(n, size)| AttributePart {
                part_number: PartNumber(*n),
                size: Some(*size),
                checksums: Checksums::default(),
            })
            .collect(),
        next: None,
    }
}

mod doubts;

const MULTI3: &str = "9a10e3fb885fb16525231cb6a440a941-3";
const SIZES: [u64; 3] = [5_242_880, 6_291_456, 7];

fn numbers(plan: Option<&ProbePlan>) -> Vec<i32> {
    plan.map(|p| p.parts.iter().map(|n| n.0).collect()).unwrap_or_default()
}

#[test]
fn s3_121_part_one_inside_the_interval_does_not_prove_uniform_parts() {
    let mut e = Evidence::default();
    e.add_head(Some(PartNumber(1)), &part(&SIZES, 1, MULTI3));
    assert_eq!(e.part_size(), PartSizeEvidence::FirstPart { part_size: 5_242_880, uniform_possible: true });
    assert_eq!(e.best_layout().map(|(_, g)| g), Some(Grade::Inferred));
    assert_eq!((e.probes(), e.verdict()), (vec![PartNumber(2)], Some(Verdict::UniquePlausible)));
    e.add_head(Some(PartNumber(2)), &part(&SIZES, 2, MULTI3));
    assert_eq!(e.part_size(), PartSizeEvidence::Proved { uniform: None });
    let places: Vec<_> = e.map().iter().map(|p| (p.place, p.ground)).collect();
    assert_eq!(
        places,
        [
            (Some((0, 5_242_880)), Ground::Head),
            (Some((5_242_880, 6_291_456)), Ground::Head),
            (Some((11_534_336, 7)), Ground::Rest)
        ]
    );
    assert!(e.map().iter().all(|p| p.grade == Grade::Exact));
    assert_eq!(e.pattern().map(|p| (p.kind, p.complete)), Some((PatternKind::TwoSizes, true)));
    assert_eq!((e.verdict(), e.cheapest()), (Some(Verdict::Proved), Decider::Decided));
}

#[test]
fn a_part_one_outside_the_interval_disproves_uniform_parts() {
    let mut e = Evidence::default();
    e.add_head(Some(PartNumber(1)), &head(206, 7, Some("bytes 0-6/11534343"), MULTI3, Some(3)));
    assert_eq!(e.part_size(), PartSizeEvidence::FirstPart { part_size: 7, uniform_possible: false });
    assert_eq!(e.best_layout(), None);
    assert_eq!(
        (e.verdict(), e.refutation()),
        (Some(Verdict::Impossible), Some("equal parts of 7 bytes would not be 3"))
    );
}

#[test]
fn s3_122_a_200_to_a_part_number_says_nothing_of_the_part() {
    let mut e = Evidence::default();
    let etag = "43d26ff2d2ff7f0673a258948d03231c-3";
    assert_eq!(e.add_head(Some(PartNumber(1)), &head(200, 20_447_232, None, etag, None)), Heard::Ignored);
    // Its ETag and its length may be the part's own; only the plain answer is about the object.
    assert_eq!((e.etag.clone(), e.object_size), (None, None));
    e.add_head(None, &head(200, 20_447_232, None, etag, None));
    assert_eq!(e.part_number_understood, Some(false));
    assert!(e.stated.is_empty() && e.probes().is_empty());
    assert_eq!(e.object_size, Some(20_447_232));
    assert!(matches!(e.part_size(), PartSizeEvidence::Inferred(_)));
    e.add_attributes(&page(Some(3), &[], Some("FULL_OBJECT")));
    assert_eq!(e.cheapest(), Decider::ReadData { bytes: 20_447_232 });
}

#[test]
fn reading_the_data_is_no_way_where_the_etag_hides_md5s() {
    let mut hidden = head(200, 20_447_232, None, MULTI3, None);
    hidden.headers = vec![("x-amz-server-side-encryption".into(), "aws:kms".into())];
    for (plain, want) in [
        (head(200, 20_447_232, None, MULTI3, None), Decider::ReadData { bytes: 20_447_232 }),
        (hidden, Decider::Nothing),
    ] {
        let mut e = Evidence::default();
        e.add_head(None, &plain);
        e.add_head(Some(PartNumber(1)), &head(200, 20_447_232, None, MULTI3, None));
        e.add_attributes(&page(Some(3), &[], Some("FULL_OBJECT")));
        assert_eq!(e.cheapest(), want);
    }
}

#[test]
fn an_etag_that_does_not_tell_is_not_one_piece() {
    const PLAIN: &str = "5d41402abc4b2a76b9719d911017c592";
    for (etag, count, class, want) in [
        (PLAIN, None, None, Pieces::One),
        (PLAIN, Some(3), None, Pieces::NotKnown),
        (PLAIN, None, Some("EXPRESS_ONEZONE"), Pieces::NotKnown),
        ("opaque", None, None, Pieces::NotKnown),
        ("opaque", Some(3), None, Pieces::Parts(3)),
        (MULTI3, None, None, Pieces::Parts(3)),
        ("", None, None, Pieces::NotKnown),
    ] {
        let mut e = Evidence::default();
        let mut answer = head(200, 40, None, etag, count);
        answer.properties.storage_class = class.map(str::to_owned);
        e.add_head(None, &answer);
        assert_eq!(e.pieces(), want, "{etag} {count:?}");
    }
    assert_eq!(Evidence::default().pieces(), Pieces::NotKnown);
}

#[test]
fn a_directory_bucket_is_told_by_the_storage_class_too() {
    let mut e = Evidence::default();
    let mut express = head(200, 40, None, "an-opaque-etag", Some(4));
    express.properties.storage_class = Some("EXPRESS_ONEZONE".into());
    e.add_head(None, &express);
    e.add_attributes(&page(Some(4), &[(1, 10), (2, 10), (3, 10), (4, 10)], None));
    assert!(e.why("b").conclusion.contains("the bucket is a directory bucket"));
    assert!(e.why("alias--use1-az4--xa-s3").conclusion.contains("directory"));
}

#[test]
fn a_plain_object_has_no_parts_although_part_one_answers() {
    let mut e = Evidence::default();
    e.add_head(
        Some(PartNumber(1)),
        &head(206, 8, Some("bytes 0-7/8"), "5d41402abc4b2a76b9719d911017c592", None),
    );
    assert_eq!(e.part_size(), PartSizeEvidence::NotMultipart);
    assert!(e.map().is_empty() && e.plans().is_empty());
    assert_eq!(e.cheapest(), Decider::Decided);
}

#[test]
fn another_version_with_the_same_etag_is_another_object() {
    let version = |v: &str| HeadObjectOutput {
        version_id: Some(v.into()),
        ..head(200, 11_534_343, None, MULTI3, None)
    };
    let mut e = Evidence::default();
    e.add_head(None, &version("v1"));
    assert_eq!(e.add_head(None, &version("v1")), Heard::Taken);
    assert_eq!(e.add_head(None, &version("v2")), Heard::Replaced);
    assert_eq!((e.version_id.as_deref(), e.replaced), (Some("v2"), 1));
}

#[test]
fn two_parts_are_known_from_the_first() {
    let mut e = Evidence::default();
    e.add_head(Some(PartNumber(1)), &part(&[10, 5], 1, "9a6dbec798b1bfe66cc7659d2bb41720-2"));
    assert_eq!(e.part_size(), PartSizeEvidence::Proved { uniform: Some(10) });
}

#[test]
fn a_206_without_a_usable_range_tells_a_length_and_each_part_but_one_is_asked() {
    let mut e = Evidence::default();
    e.add_head(None, &head(200, 35, None, "9a6dbec798b1bfe66cc7659d2bb41720-4", None));
    e.add_head(Some(PartNumber(1)), &head(206, 10, None, "9a6dbec798b1bfe66cc7659d2bb41720-4", None));
    assert_eq!((e.ranges_usable, numbers(e.plan(ProbeKind::Every))), (Some(false), vec![2, 3]));
    for (n, len) in [(2, 10), (3, 10)] {
        e.add_head(Some(PartNumber(n)), &head(206, len, None, "9a6dbec798b1bfe66cc7659d2bb41720-4", None));
    }
    assert_eq!(e.part_size(), PartSizeEvidence::Proved { uniform: Some(10) });
    let whole = head(206, 35, None, "9a6dbec798b1bfe66cc7659d2bb41720-4", None);
    assert!(matches!(e.add_head(Some(PartNumber(4)), &whole), Heard::Disbelieved(_)));
}

#[test]
fn a_sample_can_refute_equal_parts() {
    let etag = "9a6dbec798b1bfe66cc7659d2bb41720-7";
    let sizes = [10, 10, 10, 11, 9, 10, 4];
    let mut e = Evidence::default();
    e.add_head(Some(PartNumber(1)), &part(&sizes, 1, etag));
    assert_eq!(numbers(e.plan(ProbeKind::Sample)), [4, 7]);
    assert_eq!(e.plan(ProbeKind::Every).map(|p| p.requests), Some(3));
    e.add_head(Some(PartNumber(7)), &part(&sizes, 7, etag));
    assert_eq!(e.refutation(), None, "the deviations cancel: six parts of 10 on the average");
    e.add_head(Some(PartNumber(4)), &part(&sizes, 4, etag));
    assert_eq!(e.refutation(), Some("part 1 has 10 bytes and part 4 has 11"));
    assert_eq!(e.plan(ProbeKind::Sample), None);
}

#[test]
fn s3_123_a_content_range_pins_both_ends_so_that_half_the_parts_tell_every_boundary() {
    for (count, unasked, after_first) in
        [(2, 1, 0), (3, 1, 1), (10, 5, 4), (2418, 1209, 1208), (10_000, 5000, 4999)]
    {
        let etag = format!("9a6dbec798b1bfe66cc7659d2bb41720-{count}");
        let sizes = vec![8_u64; count];
        let mut e = Evidence::default();
        e.add_head(None, &head(200, 8 * u64::try_from(count).unwrap(), None, &etag, None));
        assert_eq!(e.probes().len(), unasked, "{count}");
        e.add_head(Some(PartNumber(1)), &part(&sizes, 1, &etag));
        assert_eq!(e.probes().len(), after_first, "{count}");
        for n in e.probes() {
            e.add_head(Some(n), &part(&sizes, n.0, &etag));
        }
        assert_eq!(e.part_size(), PartSizeEvidence::Proved { uniform: Some(8) }, "{count}");
        assert_eq!(e.runs().iter().map(|r| r.grade).collect::<Vec<_>>().first(), Some(&Grade::Exact));
    }
}

#[test]
fn attributes_list_what_is_left_of_them() {
    let mut e = Evidence::default();
    let etag = "9a6dbec798b1bfe66cc7659d2bb41720-2418";
    e.add_head(None, &head(200, 20_277_918_669, None, etag, None));
    assert_eq!(e.plan(ProbeKind::Attributes).map(|p| p.requests), Some(3));
    assert_eq!(e.cheapest(), Decider::AttributePages { requests: 3 });
    let sizes: Vec<(i32, u64)> = (1..=1000).map(|n| (n, 8 * MIB)).collect();
    let mut first = page(Some(2418), &sizes, Some("COMPOSITE"));
    first.next = Some("1000".into());
    e.add_attributes(&first);
    assert_eq!(e.plan(ProbeKind::Attributes).map(|p| p.requests), Some(2));
    assert_eq!(e.map()[999].ground, Ground::Attributes);
    assert_eq!(e.runs().len(), 3, "listed, assumed, and the last, which is smaller");
    e.add_attributes(&page(Some(2418), &[], Some("FULL_OBJECT")));
    assert_eq!(e.plan(ProbeKind::Attributes), None);
}

#[test]
fn what_follows_is_computed_once_until_something_changes() {
    let mut e = Evidence::default();
    e.add_head(Some(PartNumber(1)), &part(&[10, 10, 10, 5], 1, "9a6dbec798b1bfe66cc7659d2bb41720-4"));
    let before = e.map().as_ptr();
    assert_eq!(e.map().as_ptr(), before);
    let same = e.clone();
    assert_eq!(e, same, "what was computed takes no part in comparisons");
    e.add_head(Some(PartNumber(3)), &part(&[10, 10, 10, 5], 3, "9a6dbec798b1bfe66cc7659d2bb41720-4"));
    assert!(e.map()[2].grade == Grade::Exact && e != same);
}

#[test]
fn unequal_parts_of_a_known_client_are_recognised_and_become_the_guess() {
    let size = (500 * 5 + 6) * MIB;
    let (_, layout) = crate::domain::infer::known_layouts(size, 501).remove(0);
    let sizes: Vec<u64> = layout.parts().map(|p| p.size).collect();
    let etag = "9a6dbec798b1bfe66cc7659d2bb41720-501";
    let mut e = Evidence::default();
    e.add_head(Some(PartNumber(1)), &part(&sizes, 1, etag));
    assert!(
        e.pattern().is_some_and(|p| p.client.as_deref() == Some("goofys") && !p.complete),
        "{:?}",
        e.pattern()
    );
    let mut click = Evidence::default();
    let sizes = [32 * MIB, 16 * MIB, MIB];
    click.add_head(Some(PartNumber(1)), &part(&sizes, 1, MULTI3));
    assert_eq!(click.verdict(), Some(Verdict::Impossible));
    let pattern = click.pattern().unwrap();
    assert!(
        pattern.words().ends_with("so far this agrees with the rule of ClickHouse"),
        "{}",
        pattern.words()
    );
    assert_eq!(click.best_layout().map(|(l, g)| (l.size_of(1), g)), Some((Some(16 * MIB), Grade::Inferred)));
}

#[test]
fn an_even_split_begins_like_equal_parts_and_is_named() {
    let mut e = Evidence::default();
    e.add_head(Some(PartNumber(1)), &part(&[6, 6, 5], 1, MULTI3));
    assert!(
        e.pattern().is_some_and(|p| p.sentence.contains("differ by one byte begin so too")),
        "{:?}",
        e.pattern()
    );
}

#[test]
fn a_refusal_names_what_is_missing_and_the_permission() {
    let mut e = Evidence::default();
    e.add_head(None, &head(200, 30, None, MULTI3, None));
    let refusal =
        |asked, status, versioned| Refusal { asked, status, code: "AccessDenied".into(), versioned };
    e.add_refusal(refusal(Asked::HeadPart, 403, true));
    assert!(e.probes().is_empty());
    assert_eq!(e.plans().len(), 1, "attributes may still tell");
    e.add_refusal(refusal(Asked::Attributes, 403, false));
    assert_eq!(e.cheapest(), Decider::ReadData { bytes: 30 });
    let said: Vec<String> = e.refusals.iter().map(Refusal::sentence).collect();
    assert!(
        said[0].ends_with("without the sizes of parts by HEAD; allowed by s3:GetObjectVersion"),
        "{said:?}"
    );
    assert!(said[1].ends_with("allowed by s3:GetObject and s3:GetObjectAttributes"), "{said:?}");
    assert!(e.why("b").conclusion.contains("s3:GetObject and s3:GetObjectAttributes"));
}

#[test]
fn a_server_that_fails_is_asked_again_and_one_that_refuses_is_not() {
    for (status, stays) in [(500, true), (503, true), (429, true), (403, false), (404, false), (501, true)] {
        let mut e = Evidence::default();
        e.add_head(None, &head(200, 30, None, MULTI3, None));
        let before = e.plan(ProbeKind::Every).cloned();
        e.add_refusal(Refusal { asked: Asked::HeadPart, status, code: "x".into(), versioned: false });
        assert_eq!(e.plan(ProbeKind::Every).cloned(), before.filter(|_| stays), "{status}");
        e.add_head(Some(PartNumber(1)), &part(&[10, 10, 10], 1, MULTI3));
        assert_eq!(e.refusals.is_empty(), stays, "{status}: answered after all");
    }
}

#[test]
fn no_page_is_asked_for_behind_the_last_part() {
    let mut e = Evidence::default();
    e.add_head(None, &head(200, 30, None, MULTI3, None));
    assert!(e.pages_are_left());
    let mut list = page(Some(3), &[(1, 10)], Some("COMPOSITE"));
    list.next = Some("1".into());
    e.add_attributes(&list);
    assert!(e.pages_are_left());
    list.parts[0].part_number = PartNumber(2);
    e.add_attributes(&list);
    list.parts[0].part_number = PartNumber(3);
    e.add_attributes(&list);
    assert!(!e.pages_are_left() && e.plan(ProbeKind::Attributes).is_none());
}

fn taken(path: &WhyPath) -> Vec<String> {
    path.steps.iter().flat_map(|s| s.branches.iter().filter(|b| b.taken)).map(|b| b.words.clone()).collect()
}

#[test]
fn s3_124_part_sizes_are_listed_for_composite_checksums_and_in_directory_buckets() {
    let etag = MULTI3;
    let after = |count, sizes: &[(i32, u64)], kind, bucket: &str| {
        let mut e = Evidence::default();
        e.add_head(None, &head(200, 25, None, etag, None));
        e.add_attributes(&page(count, sizes, kind));
        e.why(bucket)
    };
    let listed: &[(i32, u64)] = &[(1, 10), (2, 10), (3, 5)];
    let composite = after(Some(3), listed, Some("COMPOSITE"), "b");
    assert_eq!(composite.conclusion, "Parts are listed, with their sizes: the checksum is COMPOSITE.");
    assert_eq!(composite.fallback, None);
    let full = after(Some(3), &[], Some("FULL_OBJECT"), "b");
    assert!(taken(&full).last().unwrap().starts_with("FULL_OBJECT"));
    assert_eq!(
        full.conclusion,
        "Only the number of parts is told, not their sizes: the checksum is FULL_OBJECT."
    );
    assert_eq!(full.fallback.as_deref(), Some("HeadObject ?partNumber, 1 request: pins every boundary"));
    let none = after(Some(3), &[], None, "b");
    assert_eq!(taken(&none).last().map(String::as_str), Some("no: only the count"));
    let express = after(Some(3), listed, None, "b--usw2-az1--x-s3");
    assert!(taken(&express).last().unwrap().starts_with("directory bucket"));
    let moto = after(None, &[], None, "b");
    assert!(moto.conclusion.contains("this server does not"), "{}", moto.conclusion);
    for path in [composite, full, none, express, moto] {
        for step in &path.steps {
            assert_eq!(step.branches.iter().filter(|b| b.taken).count(), 1, "{}", step.question);
        }
    }
}

#[test]
fn every_state_of_the_question_takes_exactly_one_branch_of_each_step() {
    let mut e = Evidence::default();
    for (conclusion, change) in [
        ("not here yet", None),
        ("No usable answer came", Some(AttributesHeard::NotHad("the whole object came".into()))),
        (
            "refused ?attributes: NotImplemented",
            Some(AttributesHeard::Refused { status: 501, code: "NotImplemented".into() }),
        ),
        ("It needs", Some(AttributesHeard::Refused { status: 403, code: "AccessDenied".into() })),
    ] {
        if let Some(change) = change {
            e.attributes = change;
        }
        let path = e.why("b");
        assert!(path.conclusion.contains(conclusion), "{}", path.conclusion);
        assert!(path.steps.iter().all(|s| s.branches.iter().filter(|b| b.taken).count() == 1));
    }
}

proptest! {
    /// Whatever the parts are, the planned probes make the map exact and equal to them.
    #[test]
    fn the_planned_probes_prove_any_layout(sizes in prop::collection::vec(1_u64..50, 2..40), known in prop::collection::vec(0_usize..40, 0..6)) {
        let etag = format!("9a6dbec798b1bfe66cc7659d2bb41720-{}", sizes.len());
        let mut e = Evidence::default();
        e.add_head(None, &head(200, sizes.iter().sum(), None, &etag, None));
        for i in known.into_iter().filter(|i| *i < sizes.len()) {
            let n = i32::try_from(i + 1).unwrap();
            e.add_head(Some(PartNumber(n)), &part(&sizes, n, &etag));
        }
        let plan = e.probes();
        prop_assert!(plan.len() <= sizes.len() / 2);
        for n in plan {
            prop_assert_eq!(e.add_head(Some(n), &part(&sizes, n.0, &etag)), Heard::Taken);
        }
        let layout = e.exact_layout().unwrap();
        prop_assert!(layout.parts().map(|p| p.size).eq(sizes.iter().copied()));
        prop_assert_eq!(e.map().len(), sizes.len());
        prop_assert_eq!(e.worst(0..sizes.len()), Grade::Exact);
    }

    /// A guess that something stated contradicts is never shown as possible.
    #[test]
    fn an_inferred_map_agrees_with_what_was_stated(sizes in prop::collection::vec(1_u64..50, 3..30), asked in 0_usize..30) {
        let etag = format!("9a6dbec798b1bfe66cc7659d2bb41720-{}", sizes.len());
        let mut e = Evidence::default();
        let n = i32::try_from(asked % sizes.len() + 1).unwrap();
        e.add_head(Some(PartNumber(n)), &part(&sizes, n, &etag));
        for (i, p) in e.map().iter().enumerate() {
            prop_assert_eq!(e.worst(i..i + 1), p.grade);
        }
        for p in e.map().iter().filter(|p| p.grade == Grade::Exact) {
            let i = usize::try_from(p.number.0 - 1).unwrap();
            prop_assert_eq!(p.place, Some((sizes[..i].iter().sum::<u64>(), sizes[i])));
        }
        if let Some((layout, Grade::Inferred)) = e.best_layout() {
            prop_assert_eq!(layout.size_of(usize::try_from(n - 1).unwrap()), Some(sizes[usize::try_from(n - 1).unwrap()]));
        }
    }
}
