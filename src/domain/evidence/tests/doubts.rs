//! Answers that cannot all be true.

use super::*;

#[test]
fn ranges_that_contradict_are_not_believed() {
    let known = || {
        let mut e = Evidence::default();
        e.add_head(None, &head(200, 40, None, "9a6dbec798b1bfe66cc7659d2bb41720-4", None));
        e.add_head(Some(PartNumber(2)), &part(&[10, 10, 10, 10], 2, "9a6dbec798b1bfe66cc7659d2bb41720-4"));
        e
    };
    for (number, length, range, why) in [
        (3, 10, "bytes 20-40/40", "ends outside the object"),
        (3, 10, "bytes 20-19/40", "ends outside the object"),
        (3, 10, "bytes 20-29/41", "the object has 40 bytes"),
        (3, 9, "bytes 20-29/40", "Content-Length is 9"),
        (3, 11, "bytes 19-29/40", "overlaps part 2"),
        (3, 9, "bytes 21-29/40", "leaves a gap behind part 2"),
        (1, 11, "bytes 0-10/40", "overlaps part 2"),
        (1, 9, "bytes 0-8/40", "leaves a gap before part 2"),
        (1, 9, "bytes 1-9/40", "only part 1 begins at byte 0"),
        (3, 30, "bytes 0-29/40", "only part 1 begins at byte 0"),
        (4, 9, "bytes 30-38/40", "the last part ends where the object ends"),
        (2, 9, "bytes 10-18/40", "an earlier answer said 10 bytes"),
    ] {
        let mut e = known();
        let answer = head(206, length, Some(range), "9a6dbec798b1bfe66cc7659d2bb41720-4", Some(4));
        let Heard::Disbelieved(said) = e.add_head(Some(PartNumber(number)), &answer) else {
            panic!("{range}")
        };
        assert!(said.contains(why), "{said}");
        assert_eq!((e.stated.len(), e.doubts.len()), (1, 1));
    }
}

#[test]
fn boundaries_that_contradict_the_listed_sizes_leave_neither_proved() {
    let list = page(Some(3), &[(1, 5), (2, 5), (3, 2)], Some("COMPOSITE"));
    let second = head(206, 5, Some("bytes 4-8/12"), MULTI3, Some(3));
    let plain = head(200, 12, None, MULTI3, None);
    for head_first in [false, true] {
        let mut e = Evidence::default();
        e.add_head(None, &plain);
        let heard = if head_first {
            e.add_head(Some(PartNumber(2)), &second);
            e.add_attributes(&list)
        } else {
            e.add_attributes(&list);
            assert!(e.exact_is_known());
            e.add_head(Some(PartNumber(2)), &second)
        };
        let Heard::Disbelieved(why) = heard else { panic!("{heard:?}") };
        assert_eq!(why, "part 2 is said to begin at byte 4, and the parts before it end at byte 5");
        // From the one boundary alone everything follows, and it is not what the list says.
        assert_eq!(e.stated.keys().copied().collect::<Vec<_>>(), if head_first { vec![2] } else { vec![] });
        assert!(e.doubts.len() == 1 && !e.doubts.is_empty());
    }
}

#[test]
fn a_listed_part_without_a_size_is_unknown_and_one_listed_twice_differently_a_doubt() {
    let mut e = Evidence::default();
    e.add_head(None, &head(200, 25, None, MULTI3, None));
    let mut list = page(Some(3), &[(1, 10), (2, 0), (3, 5)], Some("COMPOSITE"));
    list.parts[1].size = None;
    assert_eq!(e.add_attributes(&list), Heard::Taken);
    assert_eq!(e.stated.keys().copied().collect::<Vec<_>>(), [1, 3]);
    assert_eq!((e.map()[1].place, e.map()[1].ground), (Some((10, 10)), Ground::Rest));
    let mut e = Evidence::default();
    e.add_head(None, &head(200, 25, None, MULTI3, None));
    let heard = e.add_attributes(&page(Some(3), &[(1, 10), (2, 10), (2, 9), (3, 5)], Some("COMPOSITE")));
    assert!(matches!(heard, Heard::Disbelieved(_)) && e.stated.is_empty(), "{heard:?}");
}

#[test]
fn counts_that_contradict_are_doubts_and_overwrite_nothing() {
    let plain = head(200, 30, None, MULTI3, None);
    let mut e = Evidence::default();
    e.add_head(None, &plain);
    e.add_attributes(&page(Some(4), &[], None));
    assert_eq!((e.part_count, e.count_stated), (Some(3), false));
    assert_eq!(e.doubts, ["the service states 4 parts, and the ETag counts 3"]);
    // The other way round: the count stays, but nothing is exact by it.
    let mut e = Evidence::default();
    let parts = page(Some(4), &[(1, 10), (2, 10), (3, 5), (4, 5)], Some("COMPOSITE"));
    e.add_attributes(&parts);
    e.add_head(None, &plain);
    assert_eq!(e.part_count, Some(4));
    assert_eq!(e.doubts, ["the service states 4 parts, and the ETag counts 3"]);
    assert!(e.exact_layout().is_none() && !matches!(e.part_size(), PartSizeEvidence::Proved { .. }));
    assert!(e.map().iter().all(|p| p.grade != Grade::Exact), "{:?}", e.map());
    // Two statements, and an ETag that says nothing.
    let mut e = Evidence::default();
    e.add_head(None, &head(200, 30, None, "opaque", Some(3)));
    e.add_attributes(&page(Some(4), &[], None));
    e.add_attributes(&page(Some(4), &[], None));
    assert_eq!((e.part_count, e.doubts.len()), (Some(3), 1));
    assert_eq!(e.doubts, ["the service states 4 parts, and before it stated 3"]);
}

#[test]
fn a_part_that_comes_with_its_own_etag_is_no_other_object_and_not_taken() {
    let own = "c4c753e69bb853187f5854c46cf801c6";
    let answer = part(&SIZES, 2, own);
    let mut e = Evidence::default();
    e.add_head(None, &head(200, 11_534_343, None, MULTI3, None));
    assert!(matches!(e.add_head(Some(PartNumber(2)), &answer), Heard::Disbelieved(_)));
    assert_eq!((e.replaced, e.stated.len(), e.etag.clone()), (0, 0, Some(ETag::parse(MULTI3))));
    let mut first = Evidence::default();
    first.add_head(Some(PartNumber(1)), &part(&SIZES, 1, own));
    assert_eq!(first.add_head(None, &head(200, 11_534_343, None, MULTI3, None)), Heard::Taken);
    // A directory bucket's ETags have no -N: the same one is the object's.
    let mut express = Evidence::default();
    express.add_head(None, &head(200, 11_534_343, None, own, None));
    assert_eq!(express.add_head(Some(PartNumber(1)), &part(&SIZES, 1, own)), Heard::Taken);
    assert_eq!(express.part_count, Some(3));
}

#[test]
fn sizes_that_do_not_add_up_are_not_believed() {
    let mut e = Evidence::default();
    e.add_head(None, &head(200, 25, None, MULTI3, None));
    let heard = e.add_attributes(&page(Some(3), &[(1, 10), (2, 10), (3, 6)], Some("COMPOSITE")));
    let Heard::Disbelieved(why) = heard else { panic!("{heard:?}") };
    assert!(why.contains("add up to 26 bytes, and the object has 25"), "{why}");
    assert!(e.stated.is_empty() && !e.exact_is_known());
    for (n, len) in [(1, 10), (2, 10)] {
        e.add_head(Some(PartNumber(n)), &head(206, len, None, MULTI3, None));
    }
    let heard = e.add_head(Some(PartNumber(3)), &head(206, 4, None, MULTI3, None));
    assert!(matches!(heard, Heard::Disbelieved(_)), "{heard:?}");
    assert_eq!(e.exact_layout().and_then(|l| l.size_of(2)), Some(5), "two of three leave the third");
}

#[test]
fn parts_listed_out_of_order_twice_or_with_gaps_are_taken_by_number() {
    let mut e = Evidence::default();
    e.add_head(None, &head(200, 25, None, MULTI3, None));
    e.add_attributes(&page(Some(3), &[(9, 5), (2, 10), (4, 10), (2, 10)], Some("COMPOSITE")));
    assert_eq!(e.part_size(), PartSizeEvidence::Proved { uniform: Some(10) });
    assert_eq!(e.map().iter().map(|p| p.number.0).collect::<Vec<_>>(), [2, 4, 9]);
    assert_eq!(e.doubts, [""; 0]);
    e.add_head(Some(PartNumber(2)), &head(206, 9, None, MULTI3, None));
    assert!(e.doubts[0].contains("before it had 10"), "{:?}", e.doubts);
}

#[test]
fn an_overwrite_between_two_answers_begins_again_and_absurd_counts_are_not_believed() {
    let mut e = Evidence::default();
    e.add_head(Some(PartNumber(1)), &head(206, 5, Some("bytes 0-4/11"), MULTI3, Some(3)));
    let other = head(200, 7, None, "9a6dbec798b1bfe66cc7659d2bb41720-2", None);
    assert_eq!(e.add_head(None, &other), Heard::Replaced);
    assert_eq!((e.part_count, e.stated.len(), e.replaced), (Some(2), 0, 1));
    let mut e = Evidence::default();
    e.add_head(None, &head(200, 7, None, "d41d8cd98f00b204e9800998ecf8427e", Some(2_000_000_000)));
    assert!(e.map().is_empty() && e.probes().is_empty());
}
