use super::*;
use crate::domain::checksum::Checksums;
use crate::domain::etag::ETag;
use crate::domain::operation::ObjectProperties;
use crate::domain::output::AttributesOutput;
use proptest::prelude::*;

const ETAG: &str = "\"d41d8cd98f00b204e9800998ecf8427e\"";

/// A HEAD with these headers besides what every HEAD has.
fn head(headers: &[(&str, &str)]) -> HeadObjectOutput {
    let all = [&[("ETag", ETAG), ("Content-Length", "7")], headers].concat();
    let of =
        |name: &str| all.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| (*v).to_owned());
    HeadObjectOutput {
        status: 200,
        content_length: 7,
        content_range: None,
        etag: ETag::parse(ETAG),
        parts_count: None,
        last_modified: Some(1_795_356_000),
        properties: ObjectProperties {
            storage_class: of("x-amz-storage-class"),
            ..ObjectProperties::default()
        },
        checksums: Checksums::default(),
        version_id: of("x-amz-version-id"),
        tag_count: of("x-amz-tagging-count").and_then(|n| n.parse().ok()),
        headers: all.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
    }
}

fn of(headers: &[(&str, &str)]) -> Vec<Fact> {
    facts("b", &head(headers), TagsTold::Known(&[]), &Evidence::default())
}

/// Value and meaning of a line.
fn line<'a>(facts: &'a [Fact], name: &str) -> (&'a str, &'a str) {
    let fact = facts.iter().find(|f| f.name == name).unwrap_or_else(|| panic!("no {name} in {facts:?}"));
    (&fact.value, &fact.meaning)
}

#[test]
fn s3_141_an_absent_storage_class_means_standard() {
    assert_eq!(line(&of(&[]), "Storage class").0, "STANDARD");
    let glacier = of(&[("x-amz-storage-class", "GLACIER")]);
    assert!(line(&glacier, "Storage class").1.contains("restored before"));
}

#[test]
fn s3_142_restore_and_expiration_are_read_from_their_headers() {
    let under_way = of(&[("x-amz-restore", "ongoing-request=\"true\"")]);
    assert!(line(&under_way, "Restore").1.contains("under way"));
    let told = of(&[
        ("x-amz-restore", "ongoing-request=\"false\", expiry-date=\"Fri, 21 Dec 2012 00:00:00 GMT\""),
        ("x-amz-expiration", "expiry-date=\"Sun, 22 Nov 2026 00:00:00 GMT\", rule-id=\"old%20logs\""),
    ]);
    assert!(line(&told, "Restore").1.contains("until Fri, 21 Dec 2012 00:00:00 GMT"));
    assert!(line(&told, "Expiration").1.contains("\"old logs\" removes it at Sun, 22 Nov 2026"));
    let odd = of(&[("x-amz-restore", "soon")]);
    assert_eq!(line(&odd, "Restore"), ("soon", "not in a form this program reads"));
}

#[test]
fn s3_143_locks_are_told_only_with_permission() {
    assert!(line(&of(&[]), "Object Lock").1.contains("s3:GetObjectRetention"));
    let locked = of(&[
        ("x-amz-object-lock-mode", "COMPLIANCE"),
        ("x-amz-object-lock-retain-until-date", "2027-01-01T00:00:00.000Z"),
        ("x-amz-object-lock-legal-hold", "ON"),
    ]);
    assert!(line(&locked, "Mode").1.contains("root included"));
    assert_eq!(line(&locked, "Retain until").0, "2027-01-01T00:00:00.000Z");
    assert!(line(&locked, "Legal hold").1.contains("no date"));
    assert!(!locked.iter().any(|f| f.name == "Object Lock"));
}

#[test]
fn s3_144_user_metadata_and_tags_are_counted_against_2048_bytes() {
    let told = of(&[("x-amz-meta-owner", "ada"), ("X-Amz-Meta-Team", "r&d"), ("x-amz-missing-meta", "2")]);
    let (value, meaning) = line(&told, "Metadata");
    assert_eq!(value, "2 entries");
    assert!(meaning.starts_with("15 of 2 048 bytes"), "{meaning}");
    assert_eq!(line(&told, "owner"), ("ada", ""));
    assert!(line(&told, "Team").1.contains("with capitals"));
    assert_eq!(line(&told, "Missing metadata").0, "2");
    let tag = |key: &str, value: &str| Tag { key: key.into(), value: value.into() };
    let list = [tag("a b", "c")];
    let one =
        facts("b", &head(&[("x-amz-tagging-count", "1")]), TagsTold::Known(&list), &Evidence::default());
    assert_eq!(line(&one, "Tags"), ("1 by GetObjectTagging", "as x-amz-tagging 7 of 2 048 bytes"));
    let big: Vec<Tag> = (0..10).map(|i| tag(&format!("{i}{}", "k".repeat(127)), &"v".repeat(256))).collect();
    let ten = facts("b", &head(&[]), TagsTold::Known(&big), &Evidence::default());
    let meaning = line(&ten, "Tags").1;
    assert!(meaning.contains("3 859 of 2 048 bytes: too long") && meaning.ends_with("HEAD tells no count"));
}

#[test]
fn an_encoded_word_is_shown_as_it_came_and_decoded() {
    let word = "=?UTF-8?B?w4PChE3Dg8KEWsODwpXDg8KRIFMz?=";
    let told = of(&[("x-amz-meta-name", word)]);
    let (value, meaning) = line(&told, "name");
    assert_eq!(value, word);
    assert!(meaning.contains("\"ÄMÄZÕÑ S3\", which S3 took for Latin-1"), "{meaning}");
    assert!(line(&told, "Metadata").1.contains("as answered"));
}

#[test]
fn encryption_says_what_it_does_to_the_etag() {
    for (headers, name, want) in [
        (&[("x-amz-server-side-encryption", "AES256")][..], "Encryption", "SSE-S3"),
        (&[("x-amz-server-side-encryption", "aws:kms")], "Encryption", "UpdateObjectEncryption"),
        (&[("x-amz-server-side-encryption", "aws:kms:dsse")], "Encryption", "two layers"),
        (&[("x-amz-server-side-encryption", "other")], "Encryption", "not known to this program"),
        (&[("x-amz-server-side-encryption-customer-algorithm", "AES256")], "Customer algorithm", "SSE-C"),
        (&[], "Encryption", "names none"),
    ] {
        let told = of(headers);
        assert!(line(&told, name).1.contains(want), "{headers:?}");
    }
    assert!(
        !of(&[("x-amz-server-side-encryption-customer-algorithm", "AES256")])
            .iter()
            .any(|f| f.value == "absent" && f.name == "Encryption")
    );
}

#[test]
fn checksums_say_what_they_are_computed_over() {
    let mut with = head(&[("x-amz-checksum-sha256", "abc=-3"), ("x-amz-checksum-type", "COMPOSITE")]);
    with.checksums = Checksums {
        values: vec![("SHA256".into(), "abc=-3".into())],
        checksum_type: Some("COMPOSITE".into()),
    };
    let mut evidence = Evidence::default();
    evidence.add_attributes(&AttributesOutput {
        object_size: None,
        etag: None,
        storage_class: None,
        checksums: Checksums::default(),
        parts_count: Some(3),
        parts: Vec::new(),
        next: None,
    });
    let told = facts("b", &with, TagsTold::Asking, &evidence);
    assert_eq!(
        line(&told, "SHA256").1,
        "COMPOSITE: over the 3 raw checksums of the parts, not over the bytes"
    );
    with.checksums.checksum_type = Some("FULL_OBJECT".into());
    assert!(line(&facts("b", &with, TagsTold::Asking, &evidence), "SHA256").1.contains("over the bytes"));
    with.checksums.checksum_type = None;
    assert!(line(&facts("b", &with, TagsTold::Asking, &evidence), "SHA256").1.contains("does not say"));
    assert_eq!(line(&told, "Tags").0, "asking S3…");
    let refused = facts("b", &with, TagsTold::NotHad("AccessDenied (403)"), &evidence);
    assert_eq!(
        line(&refused, "Tags"),
        ("not known", "GetObjectTagging: AccessDenied (403); HEAD tells no count")
    );
}

#[test]
fn in_a_directory_bucket_no_etag_is_called_an_md5() {
    let sse = head(&[("x-amz-server-side-encryption", "AES256")]);
    let class =
        head(&[("x-amz-server-side-encryption", "AES256"), ("x-amz-storage-class", "EXPRESS_ONEZONE")]);
    for (bucket, head) in [("b--use1-az4--x-s3", &sse), ("p--use1-az4--xa-s3", &sse), ("b", &class)] {
        let told = facts(bucket, head, TagsTold::Known(&[]), &Evidence::default());
        assert!(line(&told, "ETag").1.contains("in a directory bucket"), "{told:?}");
        assert_eq!(line(&told, "Encryption").1, "SSE-S3: with keys of S3's own");
    }
    let plain = facts("b", &sse, TagsTold::Known(&[]), &Evidence::default());
    assert!(line(&plain, "Encryption").1.ends_with("part ETags are MD5s"));
}

#[test]
fn a_head_without_an_etag_says_what_is_missing() {
    let mut without = head(&[]);
    without.etag = ETag::parse("");
    let told = facts("b", &without, TagsTold::Asking, &Evidence::default());
    assert_eq!(line(&told, "ETag").0, "absent");
}

#[test]
fn what_a_server_leaves_out_or_writes_otherwise_is_said() {
    let mut odd = head(&[]);
    odd.headers = vec![("etag".into(), "d41d8cd98f00b204e9800998ecf8427e".into())];
    odd.content_length = 0;
    let told = facts("b", &odd, TagsTold::Asking, &Evidence::default());
    assert_eq!(line(&told, "Size"), ("not told", "the answer has no Content-Length"));
    let (value, meaning) = line(&told, "ETag");
    assert_eq!(value, "d41d8cd98f00b204e9800998ecf8427e");
    assert!(meaning.ends_with("leaves the quotes out"), "{meaning}");
}

proptest! {
    #[test]
    fn no_header_is_lost_whatever_it_is_called(
        headers in proptest::collection::btree_map(
            "(x-amz-(meta-)?|X-Amz-Meta-|content-|)[a-z]{1,12}|x-amz-restore|x-amz-expiration|é{1,9}",
            "[ -~]{0,20}", 0..8),
    ) {
        let list: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let told = of(&list);
        for (name, value) in &headers {
            if matches!(name.as_str(), "content-range" | "content-length") {
                continue;
            }
            prop_assert!(told.iter().any(|f| f.header.as_deref() == Some(name) && f.value == *value), "{}", name);
        }
        prop_assert!(told.is_sorted_by_key(|f| f.section));
    }
}
