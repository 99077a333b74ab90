use super::*;
use crate::domain::checksum::Checksums;
use crate::domain::etag::ETag;
use crate::domain::layout::PartLayout;
use crate::domain::names::ObjectRef;
use crate::domain::operation::CopyObject;
use crate::domain::output::{AclGrant, AclGrantee};
use crate::domain::plan::CopySource;
use crate::domain::units::MIB;

const MULTIPART: &str = "43d26ff2d2ff7f0673a258948d03231c-3";
const PLAIN: &str = "43d26ff2d2ff7f0673a258948d03231c";

/// A HEAD with these headers besides what every test needs.
fn head(etag: &str, headers: &[(&str, &str)]) -> HeadObjectOutput {
    let value = |name: &str| headers.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
    let metadata =
        headers.iter().filter_map(|(n, v)| Some((n.strip_prefix("x-amz-meta-")?.into(), (*v).into())));
    let checksum = value("x-amz-checksum-sha256").map(|v| ("SHA256".to_owned(), v));
    HeadObjectOutput {
        status: 200,
        content_length: 20 * MIB,
        content_range: None,
        etag: ETag::parse(etag),
        parts_count: None,
        last_modified: Some(0),
        properties: ObjectProperties {
            content_type: value("content-type"),
            cache_control: value("cache-control"),
            website_redirect_location: value("x-amz-website-redirect-location"),
            storage_class: value("x-amz-storage-class"),
            metadata: metadata.collect(),
            ..ObjectProperties::default()
        },
        checksums: Checksums {
            values: checksum.into_iter().collect(),
            checksum_type: value("x-amz-checksum-type"),
        },
        version_id: value("x-amz-version-id"),
        tag_count: None,
        headers: headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
    }
}

fn plan(head: &HeadObjectOutput) -> UploadPlan {
    let source = CopySource { object: ObjectRef::new("a", "k"), etag: head.etag.clone(), size: 20 * MIB };
    let layout = PartLayout::uniform(20 * MIB, 8 * MIB).unwrap();
    let mut plan = UploadPlan::copy(source, ObjectRef::new("b", "k"), &layout, head);
    plan.keeps_boundaries = head.etag.is_multipart();
    plan
}

fn copy_object() -> Operation {
    Operation::CopyObject(CopyObject {
        source: ObjectRef::new("a", "k"),
        destination: ObjectRef::new("b", "k"),
        copy_source_if_match: None,
        drop_tags: false,
        if_none_match: false,
        storage_class: None,
    })
}

fn source<'a>(head: &'a HeadObjectOutput, tags: &'a [Tag]) -> Source<'a> {
    Source { bucket: "a", head, tags: Told::Known(tags), acl: Told::NotAsked }
}

fn tag(key: &str, value: &str) -> Tag {
    Tag { key: key.into(), value: value.into() }
}

#[track_caller]
fn verdict<'r>(rows: &'r [Row], property: &str) -> &'r Verdict {
    let found = rows.iter().find(|r| r.property == property);
    &found.unwrap_or_else(|| panic!("no row {property} in {rows:#?}")).verdict
}

#[track_caller]
fn check(rows: &[Row], wanted: &[(&str, &str)]) {
    for (property, name) in wanted {
        assert_eq!(verdict(rows, property).name(), *name, "{property}: {:?}", verdict(rows, property));
    }
}

const EVERYTHING: &[(&str, &str)] = &[
    ("date", "Fri, 15 Jan 2027 08:00:00 GMT"),
    ("last-modified", "Fri, 15 Jan 2027 07:00:00 GMT"),
    ("content-type", "video/mp4"),
    ("cache-control", "no-cache"),
    ("x-amz-meta-team", "a"),
    ("x-amz-storage-class", "STANDARD_IA"),
    ("x-amz-website-redirect-location", "/there"),
    ("x-amz-server-side-encryption", "aws:kms"),
    ("x-amz-server-side-encryption-aws-kms-key-id", "arn:aws:kms:us-east-1:1:key/k"),
    ("x-amz-server-side-encryption-bucket-key-enabled", "true"),
    ("x-amz-object-lock-mode", "GOVERNANCE"),
    ("x-amz-object-lock-retain-until-date", "2030-01-01T00:00:00Z"),
    ("x-amz-object-lock-legal-hold", "ON"),
    ("x-amz-version-id", "v"),
    ("x-amz-replication-status", "COMPLETED"),
    ("x-amz-expiration", "expiry-date=\"Fri, 21 Dec 2030 00:00:00 GMT\", rule-id=\"r\""),
    ("x-amz-missing-meta", "2"),
];

fn shared() -> AclOutput {
    let grant = |id: &str, permission: &str| AclGrant {
        grantee: AclGrantee::User(id.into()),
        permission: permission.into(),
    };
    AclOutput { owner: Some("o".into()), grants: vec![grant("o", "FULL_CONTROL"), grant("p", "READ")] }
}

#[test]
fn s3_170_what_a_multipart_copy_names_is_kept_and_what_it_does_not_name_is_lost() {
    let head = head(MULTIPART, EVERYTHING);
    let tags = [tag("a", "b")];
    let source = Source { acl: Told::Known(&shared()), ..source(&head, &tags) };
    let rows = rows(&source, &Planned::parts(&plan(&head)));
    check(
        &rows,
        &[
            ("Content-Type", "kept"),
            ("Cache-Control", "kept"),
            ("User metadata", "kept"),
            ("team", "kept"),
            ("Storage class", "kept"),
            ("Website redirect", "kept"),
            ("Encryption", "lost unless named"),
            ("KMS key", "lost unless named"),
            ("Bucket key", "lost unless named"),
            ("KMS context", "cannot be read"),
            ("Object Lock mode", "lost unless named"),
            ("Retain until", "lost unless named"),
            ("Legal hold", "lost unless named"),
            ("Tags", "lost unless named"),
            ("ACL", "lost unless named"),
            ("Checksum", "changes"),
            ("Parts and ETag", "changes"),
            ("Version", "changes"),
            ("Last-Modified", "changes"),
            ("Replication", "changes"),
            ("Expiration", "changes"),
            ("Untold metadata", "cannot be read"),
            ("Annotations", "cannot be read"),
            ("Owner", "changes"),
        ],
    );
    // Nothing is called lost of which nobody knows that it is there.
    assert!(
        !rows.iter().any(|r| r.is_loss() && ["Annotations", "KMS context"].contains(&r.property.as_str()))
    );
    assert!(rows.iter().any(|r| r.is_loss() && r.property == "Tags"));
}

#[test]
fn what_every_copy_has_for_itself_is_told_apart() {
    let head = head(MULTIPART, EVERYTHING);
    let rows = rows(&source(&head, &[]), &Planned::parts(&plan(&head)));
    let own: Vec<&str> = rows.iter().filter(|r| r.is_own()).map(|r| r.property.as_str()).collect();
    assert_eq!(own, ["Owner", "Version", "Last-Modified", "Expiration", "Replication"]);
    assert!(rows.iter().filter(|r| r.is_own()).all(|r| matches!(r.verdict, Verdict::Changes(_))));
}

#[test]
fn s3_171_copyobject_takes_metadata_and_tags_and_leaves_class_redirect_lock_and_grants() {
    let head = head(PLAIN, EVERYTHING);
    let tags = [tag("a", "b")];
    let source = Source { acl: Told::Known(&shared()), ..source(&head, &tags) };
    let rows = rows(&source, &Planned::whole(&copy_object()));
    check(
        &rows,
        &[
            ("Content-Type", "kept"),
            ("User metadata", "kept"),
            ("team", "kept"),
            ("Tags", "kept"),
            ("Annotations", "kept"),
            ("Storage class", "lost unless named"),
            ("Website redirect", "lost unless named"),
            ("Encryption", "lost unless named"),
            ("Object Lock mode", "lost unless named"),
            ("Legal hold", "lost unless named"),
            ("ACL", "lost unless named"),
        ],
    );
}

#[test]
fn a_plan_that_takes_everything_loses_only_what_nobody_can_give() {
    let head = head(MULTIPART, EVERYTHING);
    let tags: Vec<Tag> = (0..10).map(|i| tag(&format!("{i}{}", "k".repeat(127)), &"v".repeat(256))).collect();
    let acl = shared();
    let mut plan = plan(&head);
    (plan.properties, plan.tags) = take_everything(&head, &tags, Some(&acl));
    let source = Source { acl: Told::Known(&acl), ..source(&head, &tags) };
    let planned = rows(&source, &Planned::parts(&plan));
    let lost: Vec<&str> = planned.iter().filter(|r| r.is_loss()).map(|r| r.property.as_str()).collect();
    assert_eq!(lost, ["Untold metadata"]);
    let tags_row = planned.iter().find(|r| r.property == "Tags").unwrap();
    assert_eq!(tags_row.place, "PutObjectTagging after Complete");
    assert_eq!(tags_row.planned.as_deref(), Some("10 tags, 3 859 of 2 048 bytes"));
    // The same in one CopyObject, which must be told what it does not take by itself.
    let whole = copy_object().amended(besides_copy_object(&plan.properties));
    let rows = rows(&source, &Planned::whole(&whole));
    let lost: Vec<&str> = rows.iter().filter(|r| r.is_loss()).map(|r| r.property.as_str()).collect();
    assert_eq!(lost, ["Untold metadata"]);
    check(&rows, &[("Content-Type", "kept"), ("KMS key", "kept"), ("Legal hold", "kept"), ("ACL", "kept")]);
}

#[test]
fn s3_172_a_retention_that_has_ended_is_not_set_again() {
    let ended = [
        ("date", "Fri, 15 Jan 2027 08:00:00 GMT"),
        ("x-amz-object-lock-mode", "COMPLIANCE"),
        ("x-amz-object-lock-retain-until-date", "2027-01-15T08:00:00.000Z"),
        ("x-amz-object-lock-legal-hold", "OFF"),
    ];
    let head = head(MULTIPART, &ended);
    let (properties, _) = take_everything(&head, &[], None);
    assert_eq!(properties.object_lock_mode, None);
    assert_eq!(properties.object_lock_legal_hold, None, "a hold that is off needs no lock in the bucket");
    let mut plan = plan(&head);
    plan.properties = properties;
    let rows = rows(&source(&head, &[]), &Planned::parts(&plan));
    check(&rows, &[("Object Lock mode", "changes"), ("Retain until", "changes")]);
    assert!(rows.iter().all(|r| r.property != "Legal hold"));
}

#[test]
fn a_customer_key_cannot_be_carried_and_sse_s3_is_what_most_buckets_do() {
    let customer = head(MULTIPART, &[("x-amz-server-side-encryption-customer-algorithm", "AES256")]);
    let (properties, _) = take_everything(&customer, &[], None);
    assert_eq!(properties.server_side_encryption, None);
    check(
        &rows(&source(&customer, &[]), &Planned::parts(&plan(&customer))),
        &[("Encryption", "cannot be read")],
    );
    let usual = head(MULTIPART, &[("x-amz-server-side-encryption", "AES256")]);
    let list = rows(&source(&usual, &[]), &Planned::parts(&plan(&usual)));
    check(&list, &[("Encryption", "changes"), ("Parts and ETag", "kept")]);
    let mut named = plan(&usual);
    (named.properties, _) = take_everything(&usual, &[], None);
    check(&rows(&source(&usual, &[]), &Planned::parts(&named)), &[("Encryption", "kept")]);
}

#[test]
fn checksums_follow_from_algorithm_type_and_cut() {
    let composite = [("x-amz-checksum-sha256", "q2F=-3"), ("x-amz-checksum-type", "COMPOSITE")];
    let head = head(MULTIPART, &composite);
    let mut plan = plan(&head);
    check(&rows(&source(&head, &[]), &Planned::parts(&plan)), &[("Checksum", "kept")]);
    plan.keeps_boundaries = false;
    let recut = rows(&source(&head, &[]), &Planned::parts(&plan));
    check(&recut, &[("Checksum", "changes"), ("Parts and ETag", "changes")]);
    plan.properties.checksum_algorithm = None;
    check(&rows(&source(&head, &[]), &Planned::parts(&plan)), &[("Checksum", "lost unless named")]);
    check(&rows(&source(&head, &[]), &Planned::whole(&copy_object())), &[("Checksum", "changes")]);
}

#[test]
fn tags_that_were_refused_are_said_to_be_unknown_and_other_values_to_change() {
    let head = head(MULTIPART, &[("content-type", "video/mp4"), ("x-amz-meta-a", "1")]);
    let mut plan = plan(&head);
    plan.properties.content_type = Some("text/plain".into());
    plan.properties.metadata = vec![("a".into(), "2".into()), ("b".into(), "x".repeat(2100))];
    let source = Source { tags: Told::Refused("AccessDenied (403)"), ..source(&head, &[]) };
    let rows = rows(&source, &Planned::parts(&plan));
    check(
        &rows,
        &[("Tags", "cannot be read"), ("Content-Type", "changes"), ("a", "changes"), ("b", "changes")],
    );
    assert!(verdict(&rows, "User metadata").why().contains("MetadataTooLarge"));
    assert!(verdict(&rows, "Tags").why().contains("AccessDenied"));
}

#[test]
fn without_a_type_of_its_own_an_object_has_the_usual_one() {
    let head = head(MULTIPART, &[("content-type", "binary/octet-stream")]);
    let mut plan = plan(&head);
    plan.properties = ObjectProperties::default();
    check(&rows(&source(&head, &[]), &Planned::parts(&plan)), &[("Content-Type", "kept")]);
}
