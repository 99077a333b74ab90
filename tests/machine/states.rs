//! Which state may follow which, and the drawing of it in the machine's own documentation.

use partscope::domain::upload::{Move, UploadState};

/// From, to by the rules, to only by a move sent against them.
pub const STEPS: [(&str, &[&str], &[&str]); 11] = [
    ("Planned", &["Creating"], &[]),
    ("Creating", &["Planned", "Open", "Doubtful(Create)"], &[]),
    ("Doubtful(Create)", &["Planned"], &[]),
    (
        "Open",
        &["Completing", "Aborting", "Gone", "Doubtful(Complete)"],
        &["Completed", "Aborted", "Doubtful(Abort)"],
    ),
    ("Completing", &["Open", "Completed", "Gone", "Doubtful(Complete)"], &["Doubtful(Abort)"]),
    ("Doubtful(Complete)", &["Open", "Completed", "Gone"], &[]),
    ("Aborting", &["Open", "Aborted", "Gone", "Doubtful(Abort)", "Doubtful(Complete)"], &["Completed"]),
    ("Doubtful(Abort)", &["Open", "Aborting", "Aborted", "Doubtful(Complete)"], &["Completed"]),
    ("Aborted", &["Open"], &["Completed"]),
    ("Gone", &[], &["Completed"]),
    ("Completed", &[], &[]),
];

pub fn name(state: &UploadState) -> &'static str {
    match state {
        UploadState::Planned => "Planned",
        UploadState::Creating => "Creating",
        UploadState::Open => "Open",
        UploadState::Completing => "Completing",
        UploadState::Completed(_) => "Completed",
        UploadState::Aborting => "Aborting",
        UploadState::Aborted => "Aborted",
        UploadState::Gone => "Gone",
        UploadState::Doubtful(Move::Create) => "Doubtful(Create)",
        UploadState::Doubtful(Move::Complete) => "Doubtful(Complete)",
        UploadState::Doubtful(Move::Abort) => "Doubtful(Abort)",
        UploadState::Doubtful(_) => "Doubtful of something that changes nothing",
    }
}

/// Whether one may follow the other; `by_rules` as long as nothing was sent against them.
pub fn may_follow(from: &str, to: &str, by_rules: bool) -> bool {
    let found = STEPS.iter().find(|(state, ..)| *state == from);
    found.is_some_and(|(_, rules, others)| rules.contains(&to) || (!by_rules && others.contains(&to)))
}

#[test]
fn the_documentation_of_the_machine_shows_the_steps_that_are_tested() {
    let source = include_str!("../../src/domain/upload.rs");
    let documented: Vec<String> = source
        .lines()
        .filter_map(|line| line.strip_prefix("//! "))
        .filter(|line| line.contains("->"))
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    let tested = STEPS.map(|(from, rules, others)| {
        let mut line = format!("{from} -> {}", rules.join(", "));
        if !others.is_empty() {
            line = format!("{} ! {}", line.trim_end(), others.join(", "));
        }
        line.trim_end().to_owned()
    });
    assert_eq!(documented, tested);
}
