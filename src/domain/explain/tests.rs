use super::*;
use crate::domain::operation::OperationKind;

/// Longest text, in characters: two or three lines of a pane.
const LONGEST: usize = 300;

#[track_caller]
fn check_text(of: &str, text: &str) {
    let length = text.chars().count();
    assert!((8..=LONGEST).contains(&length), "{of}: {length} characters: {text}");
    assert!(text.is_ascii(), "{of}: a terminal without UTF-8 must show it too: {text}");
    assert_eq!(text.trim(), text, "{of}");
    assert!(!text.contains(['\n', '\t']) && !text.contains("  "), "{of}: {text}");
}

#[track_caller]
fn check_sentence(of: &str, text: &str) {
    check_text(of, text);
    assert!(text.ends_with('.'), "{of}: {text}");
}

#[track_caller]
fn check_source(of: &str, see: &str) {
    check_text(of, see);
    let known = [
        "API Reference",
        "User Guide",
        "recorded AWS answers",
        "RFC ",
        "source of the AWS SDK",
        "the sandbox itself",
        "behaviour of an AWS-like gateway",
    ];
    assert!(known.iter().any(|start| see.starts_with(start)), "{of}: {see}");
}

#[track_caller]
fn check_unique<'a>(names: impl Iterator<Item = &'a str>) {
    let mut seen = std::collections::BTreeSet::new();
    names.for_each(|name| assert!(seen.insert(name), "{name} is there twice"));
}

#[test]
fn every_error_says_what_why_and_how_to_mend_it() {
    let file: ErrorFile = toml::from_str(ERRORS).unwrap();
    check_unique(file.error.iter().map(|e| e.code.as_str()));
    assert!(file.error.is_sorted_by(|a, b| a.code < b.code), "by code, so that one is found in the file");
    for entry in file.error {
        check_unique(entry.case.iter().map(|c| c.message_has.as_str()));
        for text in entry.spread() {
            let of = format!("{} {}", text.code, text.message_has.as_deref().unwrap_or(""));
            [&text.means, &text.state, &text.mend].iter().for_each(|t| check_sentence(&of, t));
            check_source(&of, &text.see);
            assert!(!text.status.is_empty(), "{of}");
            assert!(text.status.iter().all(|s| (300..600).contains(s) || *s == 200), "{of}");
            text.fields.values().for_each(|t| check_sentence(&of, t));
            let unproved = text.see.starts_with("behaviour of");
            assert!(text.unverified || !unproved, "{of}: what only a gateway does is unverified");
        }
    }
}

#[test]
fn what_an_error_states_besides_is_explained_as_an_element_too() {
    for text in errors() {
        for field in text.fields.keys() {
            let found = element(&["Error", field]).unwrap_or_else(|| panic!("{}: {field}", text.code));
            assert_eq!(found.name, format!("Error/{field}"), "{}", text.code);
        }
    }
}

#[test]
fn every_header_is_there_once_for_each_direction() {
    let file: HeaderFile = toml::from_str(HEADERS).unwrap();
    for direction in [Direction::Request, Direction::Response] {
        check_unique(file.header.iter().filter(|h| h.is_for(direction)).map(|h| h.name.as_str()));
    }
    for text in &file.header {
        check_sentence(&text.name, &text.means);
        check_source(&text.name, &text.see);
        assert_eq!(text.name, text.name.to_ascii_lowercase());
        let answers_only = text.direction == Travels::Response;
        assert_eq!(text.set_by == SetBy::Server, answers_only, "{}", text.name);
        if let Some(wrong) = &text.wrong {
            assert!(text.is_for(Direction::Request), "{}", text.name);
            let names = wrong.split([' ', ',']).filter(|w| w.starts_with(|c: char| c.is_ascii_uppercase()));
            for code in names.filter(|w| *w != "Complete") {
                assert!(error(code, "").is_some(), "{}: {code} is no error of ours", text.name);
            }
        }
    }
}

#[test]
fn every_element_and_parameter_is_there_once() {
    let elements: ElementFile = toml::from_str(ELEMENTS).unwrap();
    let parameters: ParameterFile = toml::from_str(PARAMETERS).unwrap();
    check_unique(elements.element.iter().map(|e| e.name.as_str()));
    check_unique(parameters.parameter.iter().map(|p| p.name.as_str()));
    for text in &elements.element {
        check_sentence(&text.name, &text.means);
        check_source(&text.name, &text.see);
        let path: Vec<&str> = text.name.split('/').collect();
        assert_eq!(element(&path), Some(text), "found under its own name");
    }
    for text in &parameters.parameter {
        check_sentence(&text.name, &text.means);
        check_source(&text.name, &text.see);
        assert!(!text.operations.is_empty(), "{}", text.name);
        for name in &text.operations {
            let ours = OperationKind::ALL.iter().any(|kind| kind.name() == name);
            let sandbox = crate::domain::fault::OPERATIONS.contains(&name.as_str());
            let newer = name.ends_with("Annotation") || name.ends_with("Annotations");
            let other = ["any", "RenameObject", "UpdateObjectEncryption"].contains(&name.as_str());
            assert!(ours || sandbox || newer || other, "{}: {name} is no operation of S3", text.name);
        }
    }
}

#[test]
fn a_code_of_many_meanings_is_told_apart_by_its_message() {
    let mend = |code, message| error(code, message).map(|e| e.mend.as_str());
    assert_eq!(
        mend("InvalidRequest", "You must specify at least one part").unwrap(),
        "Send the list of parts as the body."
    );
    assert_ne!(
        mend("InvalidRequest", "something new"),
        mend("InvalidRequest", "You must specify at least one part")
    );
    assert_eq!(error("InvalidRequest", "").unwrap().message_has, None);
    assert_eq!(error("NoSuchUpload", "whatever it says").unwrap().status, [404]);
    assert_eq!(error("NoSuchThing", ""), None);
    // What a case does not say for itself it has from its error.
    let part =
        error("InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive").unwrap();
    assert!(part.fields.contains_key("ArgumentValue") && part.state.contains("upload stays open"));
}

#[test]
fn a_header_may_mean_another_thing_on_the_way_back() {
    let (out, back) = (Direction::Request, Direction::Response);
    assert_ne!(header("Content-Length", out), header("content-length", back));
    assert_eq!(header("Content-Length", out).unwrap().set_by(out), SetBy::Http);
    assert_eq!(header("Cache-Control", back).unwrap().set_by(back), SetBy::Server);
    assert_eq!(header("X-Amz-Meta-Team", out).unwrap().name, "x-amz-meta-");
    assert_eq!(header("authorization", back), None);
    assert_eq!(header("x-unheard-of", out), None);
}

#[test]
fn an_element_is_known_by_its_parents() {
    let name = |path: &[&str]| element(path).map(|e| e.name.as_str());
    assert_eq!(name(&["Error", "ETag"]), Some("Error/ETag"));
    assert_eq!(name(&["DeleteResult", "Error", "Code"]), Some("Error/Code"));
    assert_eq!(name(&["CompleteMultipartUpload", "Part", "ETag"]), Some("CompleteMultipartUpload/Part/ETag"));
    assert_eq!(name(&["ListBucketResult", "Contents", "ETag"]), Some("ETag"));
    assert_eq!(name(&["Grantee", "@xsi:type"]), Some("@xsi:type"));
    assert_eq!(name(&["NoSuchElement"]), None);
    assert_eq!(name(&[]), None);
}

#[test]
fn a_parameter_is_known_by_its_name_or_by_what_it_begins_with() {
    let name = |name| parameter(name).map(|p| p.name.as_str());
    assert_eq!(name("partNumber"), Some("partNumber"));
    assert_eq!(name("partnumber"), None);
    assert_eq!(name("X-Amz-Expires"), Some("X-Amz-Expires"));
    assert_eq!(name("x-amz-meta-team"), Some("x-amz-"));
    assert_eq!(name("response-content-type"), Some("response-"));
    assert_eq!(name(""), None);
}
