//! An ETag taken apart: what can be concluded from it for one object, and what cannot.
//!
//! The shape alone does not say how a value was made; encryption and the kind of bucket do. Sources: API
//! reference (ListObjectsV2 `Object.ETag`, PutObject, CompleteMultipartUpload, UpdateObjectEncryption) and the
//! recordings named in `docs/SEMANTICS.md`.

use super::etag::ETag;
use super::evidence::Evidence;
use super::no_md5::{NoMd5, etag_hides_md5};
use super::output::HeadObjectOutput;
use super::units::grouped;
use serde::Serialize;

/// How sure a sentence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// It follows.
    Follows,
    /// It does not follow, although one might think so.
    DoesNotFollow,
    /// Nobody has verified it.
    Unverified,
}

impl Certainty {
    /// A glyph, so that colour is not needed.
    pub fn glyph(self) -> &'static str {
        match self {
            Self::Follows => "✓",
            Self::DoesNotFollow => "✗",
            Self::Unverified => "!",
        }
    }
}

/// One conclusion, or the lack of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sentence {
    /// How sure it is.
    pub certainty: Certainty,
    /// In words.
    pub text: String,
}

/// What an ETag says for one object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Anatomy {
    /// The value.
    pub etag: ETag,
    /// Why it may be no MD5, if anything told says so.
    pub no_md5: Option<NoMd5>,
    /// How it was computed, where that is known.
    pub formula: Option<String>,
    /// What follows and what does not.
    pub sentences: Vec<Sentence>,
}

/// Takes the ETag of an object apart.
pub fn anatomy(bucket: &str, head: &HeadObjectOutput, evidence: &Evidence) -> Anatomy {
    let etag = evidence.etag.clone().unwrap_or_else(|| head.etag.clone());
    let no_md5 = etag_hides_md5(bucket, head);
    let mut out = Anatomy { etag: etag.clone(), no_md5, formula: None, sentences: Vec::new() };
    if out.no_md5 == Some(NoMd5::DirectoryBucket) {
        out.no("Directory bucket: its ETags are opaque and never an MD5, whatever they look like.");
        return out;
    }
    match (&etag, evidence.part_count) {
        (ETag::Composite { parts, .. }, _) => out.composite(u64::from(*parts), evidence),
        (ETag::Hex128(_), None) => out.one_piece(),
        (ETag::Hex128(_), Some(count)) => out.counted(count),
        (ETag::Opaque(text), _) if text.is_empty() => out.no("The server sent no ETag: nothing follows."),
        (ETag::Opaque(_), _) => {
            out.no("Not shaped as S3 shapes an MD5: opaque. Nothing follows about content or parts.");
        }
    }
    out
}

impl Anatomy {
    fn push(&mut self, certainty: Certainty, text: impl Into<String>) {
        self.sentences.push(Sentence { certainty, text: text.into() });
    }

    fn yes(&mut self, text: impl Into<String>) {
        self.push(Certainty::Follows, text);
    }

    fn no(&mut self, text: impl Into<String>) {
        self.push(Certainty::DoesNotFollow, text);
    }

    fn composite(&mut self, parts: u64, evidence: &Evidence) {
        match parts {
            1 => self.yes("1 part was listed in Complete: it is the whole object."),
            n => self
                .yes(format!("{} parts were listed in Complete; their sizes it does not say.", grouped(n))),
        }
        if let Some(why) = self.no_md5.clone() {
            return self.encrypted_composite(&why);
        }
        self.formula = Some(match parts {
            1 => "hex(MD5(md5(part 1)))-1".into(),
            n => format!("hex(MD5(md5(part 1) ‖ … ‖ md5(part {n})))-{n}"),
        });
        self.yes(format!("{} raw bytes are hashed: 16 a part, not their hex text.", grouped(parts * 16)));
        if parts == 1 {
            self.no("Not the MD5 of the content: one part makes the MD5 of an MD5.");
            self.yes("A multipart copy in one part keeps it, under SSE-S3.");
            return;
        }
        self.no("Not the MD5 of the content; other part sizes give another ETag.");
        self.yes("A copy keeps it only with the same parts in order, under SSE-S3.");
        if evidence.exact_is_known() {
            self.yes("The boundaries are known: who has the bytes can recompute it.");
        } else {
            self.no("Without the boundaries it can only be tried with likely sizes.");
        }
    }

    /// What is not known is not said to be otherwise either.
    fn unknown(&mut self, why: &NoMd5) {
        self.push(Certainty::Unverified, format!("How it is made is not known: {}.", why.words()));
    }

    fn encrypted_composite(&mut self, why: &NoMd5) {
        if let NoMd5::Unknown(_) = why {
            return self.unknown(why);
        }
        let name = why.name();
        self.no(format!("{name}: the part ETags are not MD5s, so it cannot be recomputed from the data."));
        self.push(
            Certainty::Unverified,
            format!(
                "Whether it is the MD5 over those part ETags is not documented for {name}, and unverified."
            ),
        );
        self.no("A copy does not keep it, even with the same parts.");
        self.changed_later();
    }

    fn one_piece(&mut self) {
        self.yes("Written in one piece: PutObject, or CopyObject, which makes one piece of parts too.");
        let Some(why) = self.no_md5.clone() else {
            self.formula = Some("hex(MD5(content))".into());
            self.yes(
                "On AWS it is the MD5 of the content: equal values mean equal bytes, up to MD5 collisions.",
            );
            self.no("The shape does not prove it: SSE-KMS, SSE-C and directory buckets give values that look alike.");
            return;
        };
        if let NoMd5::Unknown(_) = why {
            return self.unknown(&why);
        }
        let name = why.name();
        self.no(format!(
            "{name}: shaped like an MD5, but not the MD5 of the content, and new with every write."
        ));
        self.changed_later();
    }

    /// One piece by its shape, parts by the service's count: one of the two is not as on AWS.
    fn counted(&mut self, count: u32) {
        self.no(format!(
            "Shaped like that of one piece, and the service states {}: on AWS it would end in -{count}.",
            if count == 1 { "1 part".to_owned() } else { format!("{} parts", grouped(u64::from(count))) }
        ));
        self.no("How this server made it is not known: nothing follows about content or parts.");
    }

    /// The way by which an object under KMS can have an MD5 for its ETag after all.
    fn changed_later(&mut self) {
        if matches!(self.no_md5, Some(NoMd5::Kms | NoMd5::Dsse)) {
            self.push(
                Certainty::Unverified,
                "Unless UpdateObjectEncryption changed the encryption later: it keeps the ETag, which then is made of MD5s.",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::checksum::Checksums;
    use crate::domain::operation::ObjectProperties;

    fn head(etag: &str, encryption: Option<&str>, header: Option<&str>) -> HeadObjectOutput {
        HeadObjectOutput {
            status: 200,
            content_length: 20_447_232,
            content_range: None,
            etag: ETag::parse(etag),
            parts_count: None,
            last_modified: None,
            properties: ObjectProperties {
                server_side_encryption: encryption.map(Into::into),
                ..ObjectProperties::default()
            },
            checksums: Checksums::default(),
            version_id: None,
            tag_count: None,
            headers: header.into_iter().map(|name| (name.into(), "AES256".into())).collect(),
        }
    }

    fn of(bucket: &str, etag: &str, encryption: Option<&str>, header: Option<&str>) -> Anatomy {
        let head = head(etag, encryption, header);
        let mut evidence = Evidence::default();
        evidence.add_head(None, &head);
        anatomy(bucket, &head, &evidence)
    }

    fn said(anatomy: &Anatomy, certainty: Certainty, words: &str) -> bool {
        anatomy.sentences.iter().any(|s| s.certainty == certainty && s.text.contains(words))
    }

    const PLAIN: &str = "eee506dd7ada7ded524c77e359a0e7c6";
    const MULTI: &str = "4d45984fc3feb2ac9b22683c49674b56-3";
    use Certainty::{DoesNotFollow, Follows, Unverified};

    #[test]
    fn s3_125_an_etag_is_an_md5_only_in_one_piece_and_without_kms_or_customer_keys() {
        for encryption in [None, Some("AES256")] {
            let plain = of("b", PLAIN, encryption, None);
            assert_eq!(plain.formula.as_deref(), Some("hex(MD5(content))"));
        }
        for (encryption, header, name) in [
            (Some("aws:kms"), None, "SSE-KMS"),
            (Some("aws:kms:dsse"), None, "DSSE-KMS"),
            (None, Some("X-Amz-Server-Side-Encryption-Customer-Algorithm"), "SSE-C"),
        ] {
            for etag in [PLAIN, MULTI] {
                let a = of("b", etag, encryption, header);
                assert_eq!(a.formula, None);
                assert!(said(&a, DoesNotFollow, name), "{a:?}");
            }
        }
        for etag in [PLAIN, MULTI] {
            let fsx = of("b", etag, Some("aws:fsx"), None);
            assert!(fsx.formula.is_none() && said(&fsx, Unverified, "aws:fsx"), "{fsx:?}");
            assert!(!fsx.sentences.iter().any(|s| s.certainty == DoesNotFollow), "{fsx:?}");
        }
        for bucket in ["b--usw2-az1--x-s3", "p--usw2-az1--xa-s3"] {
            let express = of(bucket, PLAIN, None, None);
            assert_eq!((express.formula, express.sentences.len()), (None, 1));
        }
    }

    #[test]
    fn s3_126_encrypting_later_keeps_the_etag() {
        for etag in [PLAIN, MULTI] {
            assert!(said(&of("b", etag, Some("aws:kms"), None), Unverified, "UpdateObjectEncryption"));
        }
        let customer = of("b", PLAIN, None, Some("x-amz-server-side-encryption-customer-algorithm"));
        assert!(!said(&customer, Unverified, "UpdateObjectEncryption"));
    }

    #[test]
    fn an_etag_of_one_piece_with_a_stated_count_says_nothing() {
        let mut head = head(PLAIN, None, None);
        head.parts_count = Some(3);
        let mut evidence = Evidence::default();
        evidence.add_head(None, &head);
        let counted = anatomy("b", &head, &evidence);
        assert!(said(&counted, DoesNotFollow, "would end in -3"), "{counted:?}");
        assert!(counted.formula.is_none() && !counted.sentences.iter().any(|s| s.certainty == Follows));
    }

    #[test]
    fn multipart_etags_say_how_many_parts_and_never_how_large() {
        let three = of("b", MULTI, Some("AES256"), None);
        assert_eq!(three.formula.as_deref(), Some("hex(MD5(md5(part 1) ‖ … ‖ md5(part 3)))-3"));
        assert!(
            said(&three, Follows, "48 raw bytes") && said(&three, DoesNotFollow, "tried with likely sizes")
        );
        let one = of("b", "b972025bc34adf8d76d6d51e93c035cc-1", None, None);
        assert!(said(&one, DoesNotFollow, "MD5 of an MD5") && said(&one, Follows, "1 part was listed"));
        assert!(said(&of("b", MULTI, Some("aws:kms"), None), Unverified, "not documented for SSE-KMS"));
        assert!(said(&of("b", "abc-def", None, None), DoesNotFollow, "opaque"));
        assert!(said(&of("b", "", None, None), DoesNotFollow, "no ETag"));
    }
}
