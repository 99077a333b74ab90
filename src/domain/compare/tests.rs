use super::*;
use crate::domain::checksum::Checksums;
use crate::domain::etag::ETag;
use crate::domain::operation::ObjectProperties;
use crate::domain::output::{AttributePart, AttributesOutput};
use crate::domain::units::PartNumber;
use proptest::prelude::*;

const A: &str = "d41d8cd98f00b204e9800998ecf8427e";
const B: &str = "900150983cd24fb0d6963f7d28e17f72";

/// One side that owns what a [`Side`] borrows.
#[derive(Debug, Clone)]
struct Owned {
    object: ObjectRef,
    head: HeadObjectOutput,
    evidence: Evidence,
    tags: Result<Vec<Tag>, String>,
}

impl Owned {
    fn new(etag: &str) -> Self {
        let etag = ETag::parse(etag);
        let head = HeadObjectOutput {
            status: 200,
            content_length: 20,
            content_range: None,
            etag: etag.clone(),
            parts_count: None,
            last_modified: Some(1_795_356_000),
            properties: ObjectProperties::default(),
            checksums: Checksums::default(),
            version_id: None,
            tag_count: None,
            headers: Vec::new(),
        };
        let mut evidence = Evidence::default();
        evidence.add_head(None, &head);
        Self { object: ObjectRef::new("b", "k"), head, evidence, tags: Ok(Vec::new()) }
    }

    /// With every part stated.
    fn cut(mut self, sizes: &[u64]) -> Self {
        let parts = (1..).zip(sizes).map(|(number, size)| AttributePart {
            part_number: PartNumber(number),
            size: Some(*size),
            checksums: Checksums::default(),
        });
        self.head.content_length = sizes.iter().sum();
        self.evidence.add_attributes(&AttributesOutput {
            object_size: Some(self.head.content_length),
            etag: Some(self.head.etag.clone()),
            storage_class: None,
            checksums: Checksums::default(),
            parts_count: u32::try_from(sizes.len()).ok(),
            parts: parts.collect(),
            next: None,
        });
        self
    }

    fn header(mut self, name: &str, value: &str) -> Self {
        self.head.headers.push((name.into(), value.into()));
        self
    }

    fn sum(mut self, algorithm: &str, value: &str, kind: Option<&str>) -> Self {
        self.head.checksums.values.push((algorithm.into(), value.into()));
        self.head.checksums.checksum_type = kind.map(str::to_owned);
        self
    }

    fn tag(mut self, key: &str, value: &str) -> Self {
        if let Ok(tags) = &mut self.tags {
            tags.push(Tag { key: key.into(), value: value.into() });
        }
        self
    }

    fn side(&self) -> Side<'_> {
        let tags = self.tags.as_deref().map_err(String::as_str);
        Side { object: &self.object, head: &self.head, evidence: &self.evidence, tags }
    }
}

fn of(left: &Owned, right: &Owned) -> Comparison {
    compare(left.side(), right.side())
}

fn relation(c: &Comparison, name: &str) -> Relation {
    c.rows.iter().find(|r| r.name == name).unwrap_or_else(|| panic!("no {name}")).relation.clone()
}

#[test]
fn s3_145_equal_etags_mean_equal_bytes_only_where_they_are_md5s() {
    let plain = Owned::new(A);
    assert_eq!(of(&plain, &plain).bytes, Says::Equal);
    assert_eq!(of(&plain, &Owned::new(B)).bytes, Says::Different);
    let sse = "x-amz-server-side-encryption";
    let kms = plain.clone().header(sse, "aws:kms");
    let customer = plain.clone().header("x-amz-server-side-encryption-customer-algorithm", "AES256");
    let mut express = plain.clone();
    express.object.bucket = "fast--use1-az4--x-s3".into();
    for (hidden, why) in [(kms, "SSE-KMS"), (customer, "SSE-C"), (express, "directory bucket")] {
        for c in [of(&hidden, &plain), of(&plain, &hidden), of(&hidden, &Owned::new(B))] {
            assert_eq!(c.bytes, Says::Nothing, "{why}");
            assert!(c.sentence.contains(why), "{}", c.sentence);
        }
    }
    let s3 = plain.clone().header(sse, "AES256");
    assert_eq!(of(&s3, &s3).verdict, Verdict::Same);
}

#[test]
fn s3_146_different_multipart_etags_of_different_cuts_say_nothing() {
    let (a, b) = (format!("{A}-2"), format!("{B}-2"));
    let left = Owned::new(&a).cut(&[10, 10]);
    let alike = Owned::new(&b).cut(&[10, 10]);
    let otherwise = Owned::new(&b).cut(&[12, 8]);
    assert_eq!(of(&left, &alike).bytes, Says::Different);
    let c = of(&left, &otherwise);
    assert_eq!((c.bytes, c.verdict), (Says::Nothing, Verdict::Differs));
    assert!(c.sentence.contains("part boundaries, which alone changes an ETag"), "{}", c.sentence);
    let mut unknown = Owned::new(&b);
    assert_eq!(of(&left, &unknown).bytes, Says::Nothing);
    unknown.head.etag = ETag::parse(&a);
    let c = of(&left, &unknown);
    assert_eq!((c.bytes, relation(&c, "Parts")), (Says::Equal, Relation::Same));
    let whole = of(&Owned::new(B), &left);
    assert_eq!(whole.bytes, Says::Nothing);
    assert!(whole.sentence.contains("one piece"), "{}", whole.sentence);
}

#[test]
fn s3_147_full_object_checksums_decide_and_composite_ones_only_with_the_same_cut() {
    let (full, composite) = (Some("FULL_OBJECT"), Some("COMPOSITE"));
    let two = |b: &str, sizes: &[u64]| Owned::new(&format!("{b}-2")).cut(sizes);
    let kms = |o: Owned| o.header("x-amz-server-side-encryption", "aws:kms");
    for (left, right, want) in [
        (
            two(A, &[10, 10]).sum("CRC64NVME", "x", full),
            Owned::new(B).sum("CRC64NVME", "x", full),
            Says::Equal,
        ),
        (
            two(A, &[10, 10]).sum("CRC64NVME", "x", full),
            Owned::new(B).sum("CRC64NVME", "y", full),
            Says::Different,
        ),
        (
            Owned::new(A).sum("SHA256", "x", full),
            two(B, &[10, 10]).sum("SHA256", "x-2", composite),
            Says::Nothing,
        ),
        (Owned::new(A).sum("SHA256", "x", full), two(B, &[10, 10]).sum("CRC32", "x", full), Says::Nothing),
        (
            kms(two(A, &[10, 10])).sum("CRC32", "x-2", composite),
            kms(two(B, &[10, 10])).sum("CRC32", "x-2", composite),
            Says::Equal,
        ),
        (
            kms(two(A, &[10, 10])).sum("CRC32", "x-2", composite),
            kms(two(B, &[10, 10])).sum("CRC32", "y-2", composite),
            Says::Different,
        ),
        (
            two(A, &[10, 10]).sum("CRC32", "x-2", composite),
            two(B, &[12, 8]).sum("CRC32", "x-2", composite),
            Says::Nothing,
        ),
        (
            two(A, &[10, 10]).sum("CRC32", "x-2", composite),
            Owned::new(&format!("{B}-2")).sum("CRC32", "y-2", composite),
            Says::Nothing,
        ),
        // No type told: what was written in one piece can only be over the bytes.
        (kms(Owned::new(A)).sum("SHA1", "x", None), kms(Owned::new(B)).sum("SHA1", "x", None), Says::Equal),
        (two(A, &[10, 10]).sum("SHA1", "x", None), Owned::new(B).sum("SHA1", "x", None), Says::Nothing),
    ] {
        for c in [of(&left, &right), of(&right, &left)] {
            assert_eq!(c.bytes, want, "{}", c.sentence);
        }
    }
    let crc = of(&kms(Owned::new(A)).sum("CRC32", "x", full), &kms(Owned::new(B)).sum("CRC32", "x", full));
    assert!(crc.sentence.contains("as far as 32 bits tell"), "{}", crc.sentence);
}

#[test]
fn an_etag_of_one_piece_with_a_stated_count_concludes_nothing() {
    let mut counted = Owned::new(A);
    counted.head.parts_count = Some(2);
    counted.evidence.add_head(None, &counted.head);
    let one = Owned::new(&ETag::composite([&Owned::new(B).head.etag.digest().unwrap()]).to_string());
    for other in [Owned::new(A), Owned::new(B), one, Owned::new(&format!("{A}-2")).cut(&[10, 10])] {
        for c in [of(&counted, &other), of(&other, &counted)] {
            assert_eq!(c.bytes, Says::Nothing, "{}", c.sentence);
            assert!(matches!(relation(&c, "Parts"), Relation::NotKnown(_)), "{:?}", c.rows);
            assert!(c.sentence.contains("the service counts parts"), "{}", c.sentence);
        }
    }
}

#[test]
fn s3_148_the_etag_of_one_part_follows_from_the_md5_of_the_whole() {
    let whole = Owned::new("8a8cbb7b0e0b8c8a5a9aa33a2ea1bf4d");
    let digest = whole.head.etag.digest().unwrap();
    let one = Owned::new(&ETag::composite([&digest]).to_string());
    assert_eq!(of(&whole, &one).bytes, Says::Equal);
    assert_eq!(of(&one, &whole).bytes, Says::Equal);
    assert_eq!(of(&Owned::new(A), &one).bytes, Says::Different);
}

#[test]
fn answers_that_contradict_each_other_conclude_nothing() {
    let left = Owned::new(A).sum("SHA256", "x", Some("FULL_OBJECT"));
    let right = Owned::new(A).sum("SHA256", "y", Some("FULL_OBJECT"));
    let c = of(&left, &right);
    assert_eq!(c.bytes, Says::Nothing);
    assert!(c.sentence.contains("contradict"), "{}", c.sentence);
}

#[test]
fn a_certain_difference_goes_before_an_equality_by_chance_and_no_other() {
    let full = Some("FULL_OBJECT");
    let kms = |o: Owned| o.header("x-amz-server-side-encryption", "aws:kms");
    let crc = kms(Owned::new(A)).sum("CRC32", "x", full);
    let mut longer = kms(Owned::new(B)).sum("CRC32", "x", full);
    longer.head.content_length = 21;
    let sha = kms(Owned::new(B)).sum("CRC32", "x", full).sum("SHA256", "1", full);
    let other_sha = crc.clone().sum("SHA256", "2", full);
    for (left, right, why) in [
        (&crc, &longer, "their sizes are 20 and 21 bytes"),
        (&other_sha, &sha, "the FULL_OBJECT SHA256 differs"),
    ] {
        let c = of(left, right);
        assert_eq!((c.bytes, c.verdict), (Says::Different, Verdict::Differs), "{}", c.sentence);
        assert!(
            c.sentence.contains(why) && c.sentence.contains("CRC32 is equal, as far as 32"),
            "{}",
            c.sentence
        );
    }
    // An equal MD5 or SHA-1 is not chance, and a different ETag is not certain.
    let mut md5 = Owned::new(A);
    md5.head.content_length = 21;
    assert_eq!(of(&Owned::new(A), &md5).bytes, Says::Nothing);
    let weak = |etag| Owned::new(etag).sum("CRC64NVME", "x", full);
    assert_eq!(of(&weak(A), &weak(B)).bytes, Says::Nothing);
}

#[test]
fn an_etag_that_hides_md5s_is_shown_and_not_counted() {
    let kms = |etag| {
        let side = Owned::new(etag).header("x-amz-server-side-encryption", "aws:kms");
        side.sum("SHA256", "x", Some("FULL_OBJECT"))
    };
    let c = of(&kms(A), &kms(B));
    let row = c.rows.iter().find(|r| r.name == "ETag").unwrap();
    assert_eq!((&row.relation, row.counts), (&Relation::Differs, false));
    assert!(row.note.contains("SSE-KMS"), "{row:?}");
    assert_eq!((c.bytes, c.verdict), (Says::Equal, Verdict::Same), "{}", c.sentence);
    let plain = Owned::new(B).sum("SHA256", "x", Some("FULL_OBJECT"));
    assert!(!of(&kms(A), &plain).rows.iter().any(|r| r.name == "ETag" && r.counts));
}

#[test]
fn s3_143_the_absence_of_a_lock_is_neither_a_difference_nor_an_equality() {
    let plain = Owned::new(A);
    let locked = plain.clone().header("x-amz-object-lock-mode", "COMPLIANCE");
    let hold = |on: &str| plain.clone().header("x-amz-object-lock-legal-hold", on);
    for (left, right, name) in [
        (&locked, &plain, "Object Lock mode"),
        (&hold("ON"), &plain, "Legal hold"),
        (&hold("OFF"), &plain, "Legal hold"),
    ] {
        for c in [of(left, right), of(right, left)] {
            assert!(matches!(relation(&c, name), Relation::NotKnown(why) if why.contains("hidden")));
            assert_eq!(c.verdict, Verdict::NotKnown, "{name}");
        }
    }
    let c = of(&plain, &plain);
    let row = c.rows.iter().find(|r| r.name == "Object Lock").unwrap();
    assert!(matches!(&row.relation, Relation::NotKnown(_)) && !row.counts);
    assert_eq!(c.verdict, Verdict::Same);
    assert_eq!(relation(&of(&hold("ON"), &hold("OFF")), "Legal hold"), Relation::Differs);
    let c = of(&locked, &locked);
    assert_eq!(relation(&c, "Object Lock mode"), Relation::Same);
    assert!(matches!(relation(&c, "Legal hold"), Relation::NotKnown(_)));
}

#[test]
fn sizes_and_versions_decide_by_themselves() {
    let mut long = Owned::new("odd");
    long.head.content_length = 21;
    assert_eq!(of(&Owned::new("odd"), &long).bytes, Says::Different);
    let mut version = Owned::new("odd");
    version.head.version_id = Some("v1".into());
    assert_eq!(of(&version, &version).bytes, Says::Equal);
    version.head.version_id = Some("null".into());
    assert_eq!(of(&version, &version).bytes, Says::Nothing);
    let mut empty = Owned::new("odd");
    empty.head.content_length = 0;
    assert_eq!(of(&empty, &empty).bytes, Says::Equal);
    // No length is no length of zero.
    let unknown = empty.header("x-amz-request-id", "r");
    let c = of(&unknown, &unknown);
    assert_eq!((c.bytes, c.verdict), (Says::Nothing, Verdict::NotKnown));
}

#[test]
fn rows_are_aligned_by_name_and_differences_come_first() {
    let mut left = Owned::new(A).tag("team", "storage").tag("tier", "1");
    left.head.properties.metadata = vec![("owner".into(), "ada".into()), ("x".into(), "1".into())];
    left.head.version_id = Some("v1".into());
    let mut right = Owned::new(A).tag("tier", "1").tag("new", "");
    right.head.properties.metadata = vec![("Owner".into(), "bob".into())];
    right.head.properties.storage_class = Some("STANDARD".into());
    right.head.version_id = Some("v2".into());
    let c = of(&left, &right);
    assert_eq!(relation(&c, "x-amz-meta-owner"), Relation::Differs);
    assert_eq!(relation(&c, "x-amz-meta-x"), Relation::OnlyLeft);
    assert_eq!(relation(&c, "Tag team"), Relation::OnlyLeft);
    assert_eq!(relation(&c, "Tag new"), Relation::OnlyRight);
    assert_eq!(relation(&c, "Tag tier"), Relation::Same);
    assert_eq!(relation(&c, "Storage class"), Relation::Same);
    let names: Vec<&str> = c.rows.iter().take(5).map(|r| r.name.as_str()).collect();
    assert_eq!(names, ["x-amz-meta-owner", "x-amz-meta-x", "Tag new", "Tag team", "Version id"]);
    assert_eq!((c.bytes, c.verdict), (Says::Equal, Verdict::Differs));
    assert!(c.sentence.ends_with("4 rows that count differ."), "{}", c.sentence);
    // Versions alone are no difference.
    left = Owned::new(A);
    right = Owned::new(A);
    (left.head.version_id, right.head.version_id) = (Some("v1".into()), Some("v2".into()));
    assert_eq!(of(&left, &right).verdict, Verdict::Same);
}

#[test]
fn tags_that_cannot_be_read_are_compared_by_their_count() {
    let mut left = Owned::new(A);
    left.tags = Err("AccessDenied (403)".into());
    let c = of(&left, &Owned::new(A));
    assert_eq!(relation(&c, "Tags"), Relation::NotKnown("GetObjectTagging: AccessDenied (403)".into()));
    assert_eq!(c.verdict, Verdict::NotKnown);
    left.head.tag_count = Some(1);
    assert_eq!(relation(&of(&left, &Owned::new(A)), "Tags"), Relation::Differs);
}

#[test]
fn s3_144_a_count_that_head_does_not_tell_is_not_zero() {
    let mut refused = Owned::new(A);
    refused.tags = Err("AccessDenied (403)".into());
    let mut counted = refused.clone();
    counted.head.tag_count = Some(2);
    for other in [&Owned::new(A), &Owned::new(A).tag("team", "x"), &counted, &refused] {
        for c in [of(&refused, other), of(other, &refused)] {
            assert!(matches!(relation(&c, "Tags"), Relation::NotKnown(_)), "{:?}", c.rows);
            assert_eq!(c.verdict, Verdict::NotKnown);
        }
    }
    let c = of(&refused, &Owned::new(A));
    assert_eq!(c.rows.iter().find(|r| r.name == "Tags").unwrap().left, None);
}

fn any_side() -> impl Strategy<Value = Owned> {
    let tag =
        prop_oneof![Just(A), Just(B), Just("d41d8cd98f00b204e9800998ecf8427e-2"), Just("odd"), Just("")];
    let kind = prop_oneof![Just(None), Just(Some("FULL_OBJECT")), Just(Some("COMPOSITE")), Just(Some("?"))];
    let header = proptest::option::of(prop_oneof![
        Just(("x-amz-server-side-encryption", "aws:kms")),
        Just(("x-amz-object-lock-mode", "COMPLIANCE")),
        Just(("x-amz-missing-meta", "1")),
    ]);
    (tag, kind, header, "[ab]", 0_u64..3, any::<bool>()).prop_map(|(tag, kind, header, sum, size, tagged)| {
        let mut side = Owned::new(tag).sum("CRC32", &sum, kind);
        side.head.content_length = size;
        if let Some((name, value)) = header {
            side = side.header(name, value);
        }
        if tagged { side.tag("t", &sum) } else { side }
    })
}

proptest! {
    #[test]
    fn exchanging_the_sides_only_exchanges_left_and_right(left in any_side(), right in any_side()) {
        let (a, b) = (of(&left, &right), of(&right, &left));
        prop_assert_eq!((a.verdict, a.bytes), (b.verdict, b.bytes));
        for row in &a.rows {
            let other = b.rows.iter().find(|r| r.name == row.name).unwrap();
            prop_assert_eq!((&row.left, &row.right), (&other.right, &other.left));
            let mirrored = match &row.relation {
                Relation::OnlyLeft => Relation::OnlyRight,
                Relation::OnlyRight => Relation::OnlyLeft,
                same => same.clone(),
            };
            prop_assert_eq!(&mirrored, &other.relation);
        }
    }
    #[test]
    fn nothing_differs_from_itself(side in any_side()) {
        let c = of(&side, &side);
        prop_assert!(c.verdict != Verdict::Differs && c.bytes != Says::Different, "{}", c.sentence);
    }
}
