//! The commands that are printed for the user to run: how to put away what is left, and how to go on.

use super::look::Look;
use crate::cli::args::CopyArgs;
use crate::cli::session::Session;
use crate::domain::hand_over::{self, Resumed};
use crate::domain::operation::UploadRef;

/// The commands that abort an upload, quoted for a shell: this program's, and the AWS CLI's for where it is not at hand.
pub(super) fn abort_commands(session: &Session, upload: &UploadRef) -> String {
    let place = session.spec().place();
    let (here, aws) =
        (hand_over::abort_here_command(upload, &place), hand_over::abort_command(upload, &place));
    format!("{here}\nor with the AWS CLI:\n  {aws}")
}

/// What is left of a copy that failed, for programs: the upload and the commands that go on with it or abort it.
pub(super) fn kept_json(upload: &UploadRef, go_on: &str, session: &Session) -> serde_json::Value {
    serde_json::json!({
        "fact": "upload_kept",
        "upload": upload,
        "go_on": go_on,
        "abort": hand_over::abort_here_command(upload, &session.spec().place()),
    })
}

/// The command of this program that takes an upload up again.
pub(super) fn resume_command(session: &Session, args: &CopyArgs, look: &Look, upload: &UploadRef) -> String {
    let copy = Resumed {
        source: &look.source,
        part_size: args.part_size,
        source_parts: args.source_parts,
        no_tags: args.no_tags,
        if_none_match: args.if_none_match,
    };
    hand_over::resume_command(&copy, upload, &session.spec().place())
}
