//! What an open upload holds, compared with what it should hold: which of its parts can stay.
//!
//! Equal size and place are not equal bytes. Bytes are equal where a checksum of the same algorithm or the MD5 says so;
//! an ETag that is not the MD5 says nothing where ETags of parts may be something else, as under SSE-KMS.

mod cut;
mod words;

pub use cut::Cut;

use super::checksum::Checksums;
use super::evidence::Evidence;
use super::hashing::HashedParts;
use super::layout::PartLayout;
use super::output::ListedPart;
use super::units::{PartNumber, grouped};
use serde::Serialize;
use std::collections::BTreeMap;

/// A part as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedPart {
    /// Part number.
    pub number: PartNumber,
    /// Bytes.
    pub size: u64,
    /// MD5 of its bytes, where they are at hand.
    pub md5: Option<[u8; 16]>,
    /// Checksums of its bytes, where the source states them.
    pub checksums: Checksums,
}

/// The parts of a source in this layout. Its part checksums count only when the layout is the source's own.
pub fn wanted_of_source(layout: &PartLayout, evidence: &Evidence) -> Vec<WantedPart> {
    let own = evidence.exact_layout().is_some_and(|exact| exact.parts().eq(layout.parts()));
    let checksums = |number: PartNumber| {
        let stated = evidence.part_checksums.get(&number.0).filter(|_| own);
        stated.cloned().unwrap_or_default()
    };
    let part = |p: super::layout::LaidPart| WantedPart {
        number: p.number,
        size: p.size,
        md5: None,
        checksums: checksums(p.number),
    };
    layout.parts().map(part).collect()
}

/// The parts of bytes that are at hand.
pub fn wanted_of_bytes(hashed: &HashedParts) -> Vec<WantedPart> {
    let part = |(index, p): (usize, super::layout::LaidPart)| WantedPart {
        number: p.number,
        size: p.size,
        md5: hashed.md5s.get(index).copied(),
        checksums: Checksums {
            values: hashed.checksums.get(index).cloned().into_iter().collect(),
            checksum_type: None,
        },
    };
    hashed.layout.parts().enumerate().map(part).collect()
}

/// What says that bytes are equal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// The ETag of the part is the MD5 of the bytes.
    Md5,
    /// A checksum of this algorithm.
    Checksum(String),
}

/// What says that a part is another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Its size.
    Size {
        /// Bytes it has.
        held: u64,
        /// Bytes it should have.
        wanted: u64,
    },
    /// Its ETag, where that is an MD5.
    Md5,
    /// A checksum of this algorithm.
    Checksum(String),
}

/// How a part stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The same bytes.
    Same {
        /// What says so.
        proof: Proof,
    },
    /// The same size and place; the bytes were not compared.
    SizeOnly,
    /// Another part.
    Different {
        /// What says so.
        why: Why,
    },
    /// The upload does not hold it.
    Missing,
    /// The upload holds it, and it should not be there.
    Extra,
}

/// One part, compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// Part number.
    pub part_number: PartNumber,
    /// How it stands.
    pub standing: Standing,
}

/// All parts, compared, by number.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Rescue {
    /// The parts.
    pub parts: Vec<Compared>,
}

impl Rescue {
    /// Compares what an upload holds with what it should. `md5s` says that ETags of parts are known to be MD5s there.
    pub fn compare(wanted: &[WantedPart], held: &[ListedPart], md5s: bool) -> Self {
        let mut held: BTreeMap<PartNumber, &ListedPart> = held.iter().map(|p| (p.part_number, p)).collect();
        let mut parts: Vec<Compared> = wanted
            .iter()
            .map(|want| Compared {
                part_number: want.number,
                standing: held.remove(&want.number).map_or(Standing::Missing, |has| stand(want, has, md5s)),
            })
            .collect();
        parts.extend(held.into_keys().map(|part_number| Compared { part_number, standing: Standing::Extra }));
        parts.sort_by_key(|part| part.part_number);
        Self { parts }
    }

    /// Compares, and concludes from the parts themselves whether their ETags are MD5s: Create fixes the encryption of
    /// the whole upload, so where one ETag is the MD5 of its bytes, each is that of its own.
    pub fn judge(wanted: &[WantedPart], held: &[ListedPart]) -> Self {
        let first = Self::compare(wanted, held, false);
        if first.by_md5() { Self::compare(wanted, held, true) } else { first }
    }

    /// Whether an ETag proved any part, so that the ETags of all parts are MD5s.
    pub fn by_md5(&self) -> bool {
        let proved = |p: &Compared| matches!(p.standing, Standing::Same { proof: Proof::Md5 });
        self.parts.iter().any(proved)
    }

    /// How a part stands; `None` for a number that neither side has.
    pub fn standing(&self, number: PartNumber) -> Option<&Standing> {
        let at = self.parts.binary_search_by_key(&number, |p| p.part_number).ok()?;
        self.parts.get(at).map(|p| &p.standing)
    }

    /// Parts that are held and should not be there.
    pub fn extra(&self) -> impl Iterator<Item = PartNumber> + '_ {
        self.parts.iter().filter(|p| p.standing == Standing::Extra).map(|p| p.part_number)
    }

    /// Parts that are to be sent: missing, or with other bytes.
    pub fn to_send(&self) -> impl Iterator<Item = PartNumber> + '_ {
        let send = |p: &&Compared| matches!(p.standing, Standing::Missing | Standing::Different { .. });
        self.parts.iter().filter(send).map(|p| p.part_number)
    }

    /// Parts that stay although their bytes were not compared.
    pub fn unproved(&self) -> impl Iterator<Item = PartNumber> + '_ {
        self.parts.iter().filter(|p| p.standing == Standing::SizeOnly).map(|p| p.part_number)
    }

    /// Why this is another upload and not an unfinished one of this plan; `None` when it fits.
    pub fn misfit(&self) -> Option<String> {
        let foreign = |part: &Compared| match &part.standing {
            Standing::Different { why: Why::Size { held, wanted } } => Some(format!(
                "part {} holds {} bytes where the plan has {}",
                part.part_number,
                grouped(*held),
                grouped(*wanted)
            )),
            Standing::Extra => Some(format!("it holds part {}, which the plan has not", part.part_number)),
            _ => None,
        };
        let mut all = self.parts.iter().filter_map(foreign);
        let first = all.next()?;
        match all.count() {
            0 => Some(first),
            more => {
                Some(format!("{first}, and {} more do not fit", grouped(u64::try_from(more).unwrap_or(0))))
            }
        }
    }

    /// The counts in one line.
    pub fn words(&self) -> String {
        let count = |of: fn(&Standing) -> bool| {
            let n = self.parts.iter().filter(|p| of(&p.standing)).count();
            grouped(u64::try_from(n).unwrap_or(u64::MAX))
        };
        format!(
            "{} proved the same, {} of the same size and not compared, {} different, {} missing",
            count(|s| matches!(s, Standing::Same { .. })),
            count(|s| *s == Standing::SizeOnly),
            count(|s| matches!(s, Standing::Different { .. } | Standing::Extra)),
            count(|s| *s == Standing::Missing),
        )
    }
}

fn stand(want: &WantedPart, has: &ListedPart, md5s: bool) -> Standing {
    if has.size != want.size {
        return Standing::Different { why: Why::Size { held: has.size, wanted: want.size } };
    }
    let mut proof = None;
    for (algorithm, value) in &want.checksums.values {
        match has.checksums.get(algorithm) {
            Some(held) if held == value => proof = Some(Proof::Checksum(algorithm.clone())),
            Some(_) => return Standing::Different { why: Why::Checksum(algorithm.clone()) },
            None => {}
        }
    }
    match (want.md5, has.etag.digest()) {
        (Some(md5), Some(held)) if md5 == held => proof = Some(Proof::Md5),
        (Some(_), _) if md5s => return Standing::Different { why: Why::Md5 },
        _ => {}
    }
    proof.map_or(Standing::SizeOnly, |proof| Standing::Same { proof })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::etag::ETag;
    use proptest::prelude::*;

    const A: &str = "0cc175b9c0f1b6a831c399e269772661";
    const B: &str = "92eb5ffee6ae2fec3ad71c777531578f";

    fn sums(value: Option<&str>) -> Checksums {
        let values = value.map(|v| ("CRC32".to_owned(), v.to_owned())).into_iter().collect();
        Checksums { values, checksum_type: None }
    }

    fn want(md5: Option<&str>, sum: Option<&str>) -> WantedPart {
        let md5 = md5.and_then(|m| ETag::parse(m).digest());
        WantedPart { number: PartNumber(1), size: 5, md5, checksums: sums(sum) }
    }

    fn has(size: u64, etag: &str, sum: Option<&str>) -> ListedPart {
        ListedPart { part_number: PartNumber(1), size, etag: ETag::parse(etag), checksums: sums(sum) }
    }

    #[test]
    fn bytes_are_the_same_only_where_something_says_so() {
        let crc = || "CRC32".to_owned();
        for (want, has, md5s, standing) in [
            (want(None, None), has(5, A, None), true, Standing::SizeOnly),
            (want(None, Some("x")), has(5, A, None), true, Standing::SizeOnly),
            (
                want(None, None),
                has(4, A, None),
                true,
                Standing::Different { why: Why::Size { held: 4, wanted: 5 } },
            ),
            (
                want(None, Some("x")),
                has(5, A, Some("x")),
                false,
                Standing::Same { proof: Proof::Checksum(crc()) },
            ),
            (
                want(None, Some("x")),
                has(5, A, Some("y")),
                false,
                Standing::Different { why: Why::Checksum(crc()) },
            ),
            (want(Some(A), None), has(5, A, None), false, Standing::Same { proof: Proof::Md5 }),
            (want(Some(A), None), has(5, B, None), true, Standing::Different { why: Why::Md5 }),
            // Under SSE-KMS another ETag is no other content.
            (want(Some(A), None), has(5, B, None), false, Standing::SizeOnly),
            (
                want(Some(A), Some("x")),
                has(5, A, Some("y")),
                false,
                Standing::Different { why: Why::Checksum(crc()) },
            ),
        ] {
            assert_eq!(stand(&want, &has, md5s), standing, "{want:?} {has:?}");
        }
    }

    #[test]
    fn an_upload_of_another_cut_does_not_fit() {
        let layout = PartLayout::uniform(10, 5).unwrap();
        let wanted = wanted_of_source(&layout, &Evidence::default());
        let other = |n| ListedPart { part_number: PartNumber(n), ..has(5, A, None) };
        assert_eq!(Rescue::compare(&wanted, &[other(2)], true).misfit(), None);
        let rescue = Rescue::compare(&wanted, &[has(6, A, None), other(3)], true);
        assert_eq!(
            rescue.misfit().as_deref(),
            Some("part 1 holds 6 bytes where the plan has 5, and 1 more do not fit")
        );
        assert_eq!(
            rescue.words(),
            "0 proved the same, 0 of the same size and not compared, 2 different, 1 missing"
        );
    }

    #[test]
    fn s3_290_one_etag_that_is_an_md5_says_that_all_of_the_upload_are() {
        let two = |md5: &str| WantedPart { number: PartNumber(2), ..want(Some(md5), None) };
        let second = |etag: &str| ListedPart { part_number: PartNumber(2), ..has(5, etag, None) };
        let held = [has(5, A, None), second(A)];
        let rescue = Rescue::judge(&[want(Some(A), None), two(B)], &held);
        assert_eq!(rescue.standing(PartNumber(2)), Some(&Standing::Different { why: Why::Md5 }));
        // Where no ETag is one, they may be anything.
        let rescue = Rescue::judge(&[want(Some(B), None), two(B)], &held);
        assert_eq!(rescue.unproved().count(), 2);
        assert_eq!(rescue.standing(PartNumber(3)), None);
    }

    proptest! {
        /// Every number on either side stands once, in order, and what is sent and what stays are all that is wanted.
        #[test]
        fn every_part_stands_once(held in prop::collection::btree_set(1_i32..30, 0..30), count in 1_u64..20) {
            let layout = PartLayout::uniform(count * 5, 5).unwrap();
            let wanted = wanted_of_source(&layout, &Evidence::default());
            let held: Vec<ListedPart> =
                held.into_iter().map(|n| ListedPart { part_number: PartNumber(n), ..has(5, A, None) }).collect();
            let rescue = Rescue::compare(&wanted, &held, false);
            prop_assert!(rescue.parts.is_sorted_by(|a, b| a.part_number < b.part_number));
            let stays = rescue.unproved().count();
            prop_assert_eq!(rescue.to_send().count() + stays, wanted.len());
            prop_assert_eq!(rescue.misfit().is_some(), held.iter().any(|p| p.part_number.0 > wanted.len() as i32));
        }
    }
}
