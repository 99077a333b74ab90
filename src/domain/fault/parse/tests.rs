//! Rules are read, written and refused as they should be.

use super::*;
use proptest::prelude::*;

fn said(rule: &str) -> String {
    rule.parse::<Fault>().expect_err(rule).to_string()
}

#[test]
fn rules_are_read_and_written_back() {
    for (rule, written) in [
        ("UploadPart part=3 times=2 slow-down", ""),
        ("any delay=250ms", ""),
        ("CompleteMultipartUpload error-after-200", ""),
        ("GetObject reset-after=1000", ""),
        ("uploadpartcopy SLOW-DOWN", "?"),
        ("uploadpartcopy slow-down part=2-4 always", "UploadPartCopy part=2-4 always slow-down"),
        ("ANY after=0 times=1 reset", "any reset"),
        ("any part=7-7 lost-answer", "any part=7 lost-answer"),
        ("PutObject key=a%20b%25/ corrupt", ""),
        ("PutObject key=100% expired-token", "PutObject key=100%25 expired-token"),
        ("any delay=2000ms", "any delay=2s"),
        ("any delay=0s", "any delay=0ms"),
        ("any clock-skew=-60m", "any clock-skew=-1h"),
        ("any slow-answer=64KiB", "any slow-answer=65536"),
        ("HeadObject permanent-redirect=eu-west-1", ""),
        (
            "  GetObject   temporary-redirect=eu-west-1 after=2 ",
            "GetObject after=2 temporary-redirect=eu-west-1",
        ),
    ] {
        let read = rule.parse::<Fault>();
        match written {
            "?" => assert!(read.is_err(), "{rule}"),
            "" => assert_eq!(read.unwrap().to_string(), rule),
            written => assert_eq!(read.unwrap().to_string(), written),
        }
    }
}

#[test]
fn what_is_wrong_is_named_with_the_choices() {
    for (rule, wanted) in [
        ("", "begin with an operation: any, CreateMultipartUpload, "),
        ("UploadPrat slow-down", "\"UploadPrat\": no such operation; did you mean UploadPart?"),
        ("Upload slow-down", "\"Upload\": no such operation; did you mean UploadPart or UploadPartCopy?"),
        ("Frobnicate slow-down", "\"Frobnicate\": no such operation; the choices are any, Create"),
        ("slow-down", "\"slow-down\": an operation comes first: any, "),
        ("UploadPart", "an action is missing: slow-down, internal-error, delay=TIME, "),
        (
            "UploadPart slow",
            "\"slow\": no such word; did you mean slow-down or slow-answer=BYTES-PER-SECOND?",
        ),
        ("UploadPart prat=3 reset", "\"prat=3\": no such word; did you mean part=N?"),
        ("UploadPart xyzzy reset", "\"xyzzy\": no such word; the choices are part=N, key=PREFIX, "),
        ("UploadPart delay", "\"delay\": needs a value: delay=TIME"),
        ("UploadPart part reset", "\"part\": needs a value: part=N"),
        ("UploadPart reset=3", "\"reset=3\": takes no value: reset"),
        ("UploadPart part=0 reset", "\"part=0\": one part number or a range"),
        ("UploadPart part=4-2 reset", "\"part=4-2\""),
        ("UploadPart part=1 part=2 reset", "\"part=2\": the part is already said"),
        ("UploadPart times=2 always reset", "\"always\": how often is already said"),
        ("UploadPart reset slow-down", "\"slow-down\": the action is already said"),
        ("UploadPart times=0 reset", "\"times=0\""),
        ("UploadPart after=x reset", "\"after=x\""),
        ("ListParts part=1 reset", "\"part=1\": ListParts names no part"),
        ("ListObjectsV2 key=a reset", "\"key=a\": ListObjectsV2 names no key"),
        ("PutObject key= reset", "\"key=\": the beginning of a key"),
        ("PutObject key=%ff reset", "\"key=%ff\""),
        ("UploadPart error-after-200", "\"error-after-200\": cannot happen to UploadPart, only to Complete"),
        (
            "any error-after-200",
            "cannot happen to any, only to CompleteMultipartUpload, UploadPartCopy, CopyObject",
        ),
        ("GetObject corrupt", "\"corrupt\": cannot happen to GetObject, only to UploadPart, PutObject"),
        ("any delay=5", "\"delay=5\": a time in ms, s, m or h"),
        ("any delay=2h", "an hour at most"),
        ("any clock-skew=5m", "\"clock-skew=5m\": how far the server's clock is ahead"),
        ("any clock-skew=900500ms", "\"clock-skew=900500ms\""),
        ("any reset-after=0", "\"reset-after=0\": a number of bytes from 1"),
        ("any permanent-redirect=EU", "\"permanent-redirect=EU\": the name of a region"),
        ("any permanent-redirect=a/b", "the name of a region"),
    ] {
        let found = said(rule);
        assert!(found.contains(wanted), "{rule:?}: {found}");
    }
}

#[test]
fn every_action_in_the_list_is_read() {
    for form in ACTIONS {
        let word = form
            .replace("TIME", "20m")
            .replace("REGION", "eu-west-1")
            .replace("BYTES-PER-SECOND", "10")
            .replace("BYTES", "10");
        let operation = match word.as_str() {
            "error-after-200" => "CopyObject",
            "corrupt" => "PutObject",
            _ => "any",
        };
        let rule = format!("{operation} {word}");
        assert_eq!(rule.parse::<Fault>().unwrap().to_string(), rule);
    }
}

#[test]
fn a_rule_fits_what_it_names() {
    let fits = |rule: &str, operation: &str, part, key: &str| {
        rule.parse::<Fault>().unwrap().fits(operation, part, key)
    };
    assert!(fits("any reset", "ListBuckets", None, ""));
    assert!(fits("UploadPart part=2-3 reset", "UploadPart", Some(3), "k"));
    assert!(!fits("UploadPart part=2-3 reset", "UploadPart", Some(4), "k"));
    assert!(!fits("any part=2 reset", "UploadPart", None, "k"));
    assert!(!fits("UploadPart reset", "UploadPartCopy", Some(1), "k"));
    assert!(fits("any key=a/ reset", "PutObject", None, "a/b"));
    assert!(!fits("any key=a/ reset", "PutObject", None, "a"));
}

fn action() -> impl Strategy<Value = FaultAction> {
    use FaultAction as A;
    let region = || proptest::string::string_regex("[a-z][a-z0-9-]{0,20}").unwrap();
    prop_oneof![
        Just(A::SlowDown),
        Just(A::InternalError),
        Just(A::Reset),
        Just(A::LostAnswer),
        Just(A::ExpiredToken),
        (0..=MAX_DELAY).prop_map(|ms| A::Delay(Duration::from_millis(ms))),
        (1..u64::MAX).prop_map(A::SlowAnswer),
        (1..u64::MAX).prop_map(A::ResetAfter),
        (901..30_000_000_i64, any::<bool>()).prop_map(|(s, ahead)| A::ClockSkew(if ahead { s } else { -s })),
        region().prop_map(A::PermanentRedirect),
        region().prop_map(A::TemporaryRedirect),
    ]
}

proptest! {
    #[test]
    fn writing_and_reading_give_the_same_rule(
        operation in proptest::option::of(proptest::sample::select(
            OPERATIONS.into_iter().filter(|o| named_by(o) == Some(Names::Part)).collect::<Vec<_>>()
        )),
        parts in proptest::option::of((1..=5000_i32, 0..=5000_i32)),
        key in proptest::option::of(".{1,20}"),
        after: u32,
        times in proptest::option::of(1..u32::MAX),
        action in action(),
    ) {
        let parts = parts.map(|(first, more)| (first, first + more));
        let fault = Fault { operation, parts, key, after, times, action };
        let written = fault.to_string();
        prop_assert_eq!(written.parse::<Fault>(), Ok(fault), "{}", written);
    }

    #[test]
    fn no_text_is_too_strange_to_be_refused(text in ".{0,60}") {
        if let Ok(fault) = text.parse::<Fault>() {
            prop_assert_eq!(fault.to_string().parse::<Fault>(), Ok(fault));
        }
    }
}
