use super::*;
use crate::domain::checksum::Checksums;
use crate::domain::layout::PartLayout;
use crate::domain::names::Tag;
use crate::domain::operation::ObjectProperties;
use crate::domain::plan::CopySource;
use crate::domain::units::{MIB, PartNumber};

const SIZE: u64 = 20_277_918_669;

fn head(etag: &str, encryption: Option<&str>) -> HeadObjectOutput {
    HeadObjectOutput {
        status: 200,
        content_length: SIZE,
        content_range: None,
        etag: ETag::parse(etag),
        parts_count: None,
        last_modified: None,
        properties: ObjectProperties {
            content_type: Some("video/mp4".into()),
            server_side_encryption: encryption.map(str::to_owned),
            ..ObjectProperties::default()
        },
        checksums: Checksums::default(),
        version_id: None,
        tag_count: None,
        headers: encryption.map(|e| ("x-amz-server-side-encryption".into(), e.into())).into_iter().collect(),
    }
}

fn plan(head: &HeadObjectOutput, layout: &PartLayout) -> UploadPlan {
    let object = ObjectRef { version_id: Some("v1".into()), ..ObjectRef::new("a", "k") };
    let source = CopySource { object, etag: head.etag.clone(), size: SIZE };
    UploadPlan::copy(source, ObjectRef::new("b", "k2"), layout, head)
}

fn planned(head: &HeadObjectOutput, plan: &UploadPlan, boundaries: Boundaries) -> RequestPlan {
    RequestPlan::part_by_part(PartByPart { plan, head, boundaries, at_once: 8, resumed: false }).unwrap()
}

const MANY: &str = "43d26ff2d2ff7f0673a258948d03231c-2418";

#[test]
fn every_call_is_counted_in_order() {
    let head = head(MANY, None);
    let mut plan = plan(&head, &PartLayout::uniform(SIZE, 8 * MIB).unwrap());
    let asked = planned(&head, &plan, Boundaries::Stated);
    assert_eq!(
        asked.calls_words(),
        "1 CreateMultipartUpload, 2 418 UploadPartCopy (8 at a time), 1 CompleteMultipartUpload, 0 PutObjectTagging"
    );
    assert_eq!(asked.ranges_words().as_deref(), Some("bytes=0-8388607 to bytes=20275265536-20277918668"));
    assert_eq!(asked.headers, [("content-type".to_owned(), "video/mp4".to_owned())]);
    plan.tags =
        (0..10).map(|i| Tag { key: format!("{i}{}", "k".repeat(127)), value: "v".repeat(256) }).collect();
    assert!(planned(&head, &plan, Boundaries::Stated).calls_words().ends_with("1 PutObjectTagging"));
    let resumed =
        PartByPart { plan: &plan, head: &head, boundaries: Boundaries::Stated, at_once: 1, resumed: true };
    let resumed = RequestPlan::part_by_part(resumed).unwrap();
    assert!(
        resumed.calls_words().starts_with("3 ListParts, 2 418 UploadPartCopy, "),
        "{}",
        resumed.calls_words()
    );
    // Of an open upload nothing is created, nothing aborted, and only what is missing is sent.
    let never = ["s3:ListBucketMultipartUploads", "s3:AbortMultipartUpload"];
    assert!(!resumed.needs.iter().any(|n| never.contains(&n.action)), "{:?}", resumed.needs);
    assert!(resumed.needs.iter().any(|n| n.reason == "to see what the upload holds"));
    let left = resumed.left(&plan, &[PartNumber(2), PartNumber(2418)]);
    assert!(left.calls_words().starts_with("3 ListParts, 2 UploadPartCopy, "), "{}", left.calls_words());
    assert_eq!(left.bytes, 8 * MIB + (SIZE - 2417 * 8 * MIB));
    assert_eq!(
        left.ranges_words().as_deref(),
        Some("bytes=8388608-16777215 to bytes=20275265536-20277918668")
    );
    let none = left.left(&plan, &[]);
    assert_eq!((none.bytes, none.ranges_words()), (0, None));
    assert_eq!(
        RequestPlan::part_by_part(PartByPart {
            plan: &UploadPlan::empty(ObjectRef::new("b", "k")),
            head: &head,
            boundaries: Boundaries::Chosen,
            at_once: 1,
            resumed: false,
        }),
        None
    );
}

#[test]
fn the_etag_is_forecast_only_from_what_is_known() {
    let layout = PartLayout::uniform(SIZE, 8 * MIB).unwrap();
    let kept = Some(ETag::parse(MANY));
    for (encryption, boundaries, want) in [
        (None, Boundaries::Stated, kept.clone()),
        (None, Boundaries::Inferred, kept),
        (None, Boundaries::Chosen, None),
        (Some("aws:kms"), Boundaries::Stated, None),
    ] {
        let head = head(MANY, encryption);
        let plan = plan(&head, &layout);
        let asked = planned(&head, &plan, boundaries);
        assert_eq!(asked.etags.planned, want, "{encryption:?} {boundaries:?}");
        let decrypts = asked.needs.iter().any(|n| n.action == "kms:Decrypt" && n.on == On::SourceKey);
        assert_eq!(decrypts, encryption.is_some());
    }
    // One part that is the whole of a plain object: MD5 of the MD5.
    let head = head("d41d8cd98f00b204e9800998ecf8427e", None);
    let one = planned(&head, &plan(&head, &PartLayout::uniform(SIZE, SIZE).unwrap()), Boundaries::Chosen);
    assert_eq!(one.etags.planned, Some(ETag::parse("59adb24ef3cdbe0297f05b395827453f-1")));
}

#[test]
fn s3_181_a_version_takes_other_actions_and_tags_take_more() {
    let head = head(MANY, None);
    let mut plan = plan(&head, &PartLayout::uniform(SIZE, 8 * MIB).unwrap());
    plan.tags = vec![Tag { key: "a".into(), value: "b".into() }];
    let names: Vec<&str> = planned(&head, &plan, Boundaries::Stated).needs.iter().map(|n| n.action).collect();
    for action in ["s3:GetObjectVersion", "s3:GetObjectVersionTagging", "s3:PutObject", "s3:PutObjectTagging"]
    {
        assert!(names.contains(&action), "{names:?}");
    }
    // Grants and locks have actions of their own.
    plan.properties.grant_read = Some("id=\"p\"".into());
    plan.properties.object_lock_legal_hold = Some("ON".into());
    let more: Vec<&str> = planned(&head, &plan, Boundaries::Stated).needs.iter().map(|n| n.action).collect();
    let wanted =
        ["s3:GetObjectVersionAcl", "s3:PutObjectAcl", "s3:GetObjectLegalHold", "s3:PutObjectLegalHold"];
    assert_eq!(more[names.len()..], wanted);
    let reads =
        |plan: RequestPlan| plan.needs.iter().filter(|n| n.action == "s3:GetObjectVersionAcl").count();
    assert_eq!(reads(planned(&head, &plan, Boundaries::Stated).asking_acl()), 1);
    plan.properties.grant_read = None;
    assert_eq!(reads(planned(&head, &plan, Boundaries::Stated)), 0);
    assert_eq!(reads(planned(&head, &plan, Boundaries::Stated).asking_acl()), 1);
    let copy = CopyObject {
        source: ObjectRef::new("a", "k"),
        destination: ObjectRef::new("b", "k"),
        copy_source_if_match: Some(head.etag.clone()),
        drop_tags: true,
        storage_class: Some("STANDARD_IA".into()),
        if_none_match: true,
    };
    let whole = RequestPlan::whole(&copy, &head, true);
    let names: Vec<&str> = whole.needs.iter().map(|n| n.action).collect();
    assert_eq!(names, ["s3:GetObject", "s3:GetObjectAttributes", "s3:PutObject", "kms:GenerateDataKey"]);
    assert_eq!(whole.etags.planned, None, "an ETag with a count is no MD5");
    for header in
        ["x-amz-copy-source-if-match", "if-none-match", "x-amz-storage-class", "x-amz-tagging-directive"]
    {
        assert!(whole.headers.iter().any(|(name, _)| name == header), "{header}");
    }
}
