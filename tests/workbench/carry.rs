//! The sheet of what a copy keeps and loses.

use crate::play::{Play, refused};
use partscope::app::command::{Pane, Screen};
use partscope::app::overlay::Overlay;
use partscope::app::update::carry::rows;
use partscope::domain::carry::Row;
use partscope::domain::names::Tag;
use partscope::domain::operation::{CreateMultipartUpload, Operation, OperationKind as Op};
use partscope::domain::outcome::Outcome;
use partscope::domain::output::{AclGrant, AclGrantee, AclOutput, Output};

/// A planned copy of an object that has what no copy takes by itself, encryption and a website redirect, and tags
/// that are too big for a header when told so.
fn planned(cols: u16, rows: u16, big_tags: bool) -> Play {
    let mut p = Play::new(cols, rows);
    p.press("Tab End Enter").settle();
    let head = p.model.inspect.head.as_mut().unwrap();
    head.headers.push(("x-amz-server-side-encryption".into(), "aws:kms".into()));
    head.headers.push(("x-amz-server-side-encryption-aws-kms-key-id".into(), "arn:aws:kms:r:1:key/k".into()));
    head.properties.cache_control = Some("max-age=60".into());
    if big_tags {
        let tag = |i: i32| Tag { key: format!("{i}{}", "k".repeat(120)), value: "v".repeat(250) };
        p.model.inspect.tags = Some((0..10).map(tag).collect());
    }
    p.press("m Enter").settle();
    assert_eq!(p.model.screen, Screen::Step, "{}", p.note());
    p
}

fn public() -> Output {
    let grant = |grantee, permission: &str| AclGrant { grantee, permission: permission.into() };
    let all = "http://acs.amazonaws.com/groups/global/AllUsers";
    Output::Acl(AclOutput {
        owner: Some("owner".into()),
        grants: vec![
            grant(AclGrantee::User("owner".into()), "FULL_CONTROL"),
            grant(AclGrantee::Group(all.into()), "READ"),
        ],
    })
}

fn row(p: &Play, property: &str) -> Row {
    rows(&p.model).into_iter().find(|r| r.property == property).unwrap_or_else(|| panic!("no {property}"))
}

fn create(p: &Play) -> CreateMultipartUpload {
    p.model.step.bench().unwrap().machine.plan().create()
}

/// Answers the one call that is on its way.
fn answer(p: &mut Play, outcome: Outcome) {
    let call = p.calls.remove(0);
    p.finish(&call, outcome);
}

#[test]
fn the_acl_is_asked_for_when_the_sheet_is_opened_and_of_the_pinned_source() {
    let mut p = planned(120, 36, false);
    assert!(p.calls.is_empty());
    assert!(p.screen().contains("2 properties need you; the ACL was not asked for: W"), "{}", p.screen());
    assert!(p.screen().contains("W kept & lost"), "{}", p.screen());
    p.press("W");
    let Operation::GetObjectAcl(object) = &p.calls[0].operation else { panic!("{:?}", p.kinds()) };
    assert_eq!(Some(object), p.model.step.bench().unwrap().machine.plan().source.as_ref().map(|s| &s.object));
    assert!(p.screen().contains("pinned on each of 3 UploadPartCopy by If-Match"), "{}", p.screen());
    answer(&mut p, Outcome::Answered(public()));
    assert_eq!(row(&p, "ACL").verdict.name(), "lost unless named");
    // The sheet is opened again without asking again.
    p.press("W W");
    assert!(p.calls.is_empty());
}

#[test]
fn a_refused_acl_cannot_be_read_and_can_be_asked_for_again() {
    let mut p = planned(120, 36, false);
    p.press("W");
    answer(&mut p, refused(403, "AccessDenied"));
    let acl = row(&p, "ACL");
    assert_eq!(acl.verdict.name(), "cannot be read");
    assert!(acl.verdict.why().contains("AccessDenied"), "{}", acl.verdict.why());
    p.press("r");
    assert_eq!(p.kinds(), [Op::GetObjectAcl]);
    answer(&mut p, Outcome::Answered(public()));
    assert_eq!(row(&p, "ACL").verdict.name(), "lost unless named");
}

#[test]
fn one_key_takes_everything_over_and_sends_nothing() {
    let mut p = planned(120, 36, false);
    p.press("W");
    answer(&mut p, Outcome::Answered(public()));
    p.press("t");
    assert!(p.calls.is_empty());
    let properties = create(&p).properties;
    assert_eq!(properties.server_side_encryption.as_deref(), Some("aws:kms"));
    assert_eq!(properties.ssekms_key_id.as_deref(), Some("arn:aws:kms:r:1:key/k"));
    assert!(properties.grant_read.as_deref().is_some_and(|g| g.contains("AllUsers")));
    assert!(p.note().contains("3 more taken over") && p.note().contains("Nothing was sent"), "{}", p.note());
    assert!(matches!(p.model.overlays.last(), Some(Overlay::Carry { at: 0 })));
    // What is planned is what is sent.
    p.press("Esc Enter");
    let Operation::CreateMultipartUpload(sent) = &p.calls[0].operation else { panic!() };
    assert_eq!(*sent, create(&p));
    // And then it is too late for more.
    p.press("Enter").released(None);
    p.press("W");
    assert!(p.screen().contains("nothing here can change"), "{}", p.screen());
    p.press("t");
    assert!(p.note().contains("cannot change any more"), "{}", p.note());
    p.press("Enter");
    assert!(p.note().contains("was sent") && p.model.step.drafting.is_none(), "{}", p.note());
}

#[test]
fn tags_too_big_for_the_header_follow_complete_and_it_is_said() {
    let mut p = planned(120, 36, true);
    p.press("W").settle().press("t");
    assert!(p.note().contains("PutObjectTagging follows Complete"), "{}", p.note());
    let bench = p.model.step.bench().unwrap();
    assert!(bench.machine.tags_follow() && create(&p).tags.is_empty());
    assert_eq!(row(&p, "Tags").place, "PutObjectTagging after Complete");
}

#[test]
fn enter_opens_the_form_of_create_at_the_field_of_the_row() {
    let mut p = planned(120, 36, false);
    p.press("W").settle();
    let at = rows(&p.model).iter().position(|r| r.property == "Cache-Control").unwrap();
    for _ in 0..at {
        p.press("Down");
    }
    p.press("Enter");
    assert!(p.model.overlays.is_empty());
    assert_eq!(p.model.pane(), Pane::Form);
    let form = p.model.step.drafting.as_ref().unwrap();
    assert_eq!(form.draft.kind(), Op::CreateMultipartUpload);
    assert_eq!(form.draft.slots()[form.at].param.name, "CacheControl");
    // What the form says is what the sheet lays beside the source.
    p.press("C-u Tab S-Tab");
    p.model.set_focus(Pane::States);
    p.press("W");
    assert_eq!(row(&p, "Cache-Control").verdict.name(), "lost unless named");
    // Taking over fills the form as well.
    p.press("t Esc");
    assert_eq!(p.model.step.drafting.as_ref().unwrap().draft.get("CacheControl"), "max-age=60");
}

#[test]
fn every_row_with_a_place_in_create_has_its_field() {
    let mut p = planned(120, 36, false);
    p.press("W").settle();
    let draft = partscope::domain::draft::Draft::of(&Operation::CreateMultipartUpload(create(&p))).unwrap();
    for row in rows(&p.model) {
        let found = partscope::app::panes::carry::slot_of(&draft, &row);
        // Ranges are those of UploadPartCopy.
        let of_create = !row.place.is_empty() && row.place != "x-amz-copy-source-range";
        assert_eq!(found.is_some(), of_create, "{row:?}");
    }
}

#[test]
fn an_upload_without_a_source_has_no_sheet() {
    let mut p = Play::new(120, 36);
    p.press("n Enter Enter Enter Enter").settle();
    p.press("W");
    assert!(p.model.overlays.is_empty() && p.note().contains("copies no object"), "{}", p.note());
}
