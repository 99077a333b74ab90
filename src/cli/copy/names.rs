//! The commands that are printed for the user to run: how to put away what is left, and how to go on.

use super::look::Look;
use crate::cli::args::CopyArgs;
use crate::cli::session::Session;
use crate::domain::operation::UploadRef;
use crate::s3::TargetSpec;

/// The AWS CLI command that aborts an upload, quoted for a shell.
pub(super) fn abort_command(session: &Session, upload: &UploadRef) -> String {
    let mut words = vec!["aws", "s3api", "abort-multipart-upload"];
    words.extend(["--bucket", &upload.bucket, "--key", &upload.key, "--upload-id", &upload.upload_id]);
    words.extend(target_words(session.spec()));
    quoted(words, upload)
}

/// The command of this program that takes an upload up again.
pub(super) fn resume_command(session: &Session, args: &CopyArgs, look: &Look, upload: &UploadRef) -> String {
    let spec = session.spec();
    let (source, part_size) = (look.source.uri(), args.part_size.map(|n| n.to_string()));
    let destination = format!("s3://{}/{}", upload.bucket, upload.key);
    let mut words = vec!["partscope", "copy", &source, &destination, "--resume", &upload.upload_id];
    // Beside the address it cannot be taken for the end of a key.
    let version = look.source.version_id.as_deref().or_else(|| look.source.key.contains('?').then_some(""));
    words.extend(version.iter().flat_map(|id| ["--version-id", id]));
    words.extend(part_size.iter().flat_map(|size| ["--part-size", size.as_str()]));
    for (given, word) in [
        (args.source_parts, "--source-parts"),
        (args.no_tags, "--no-tags"),
        (args.if_none_match, "--if-none-match"),
        (spec.path_style, "--path-style"),
    ] {
        words.extend(given.then_some(word));
    }
    words.extend(target_words(spec));
    quoted(words, upload)
}

fn target_words(spec: &TargetSpec) -> Vec<&str> {
    let options =
        [("--endpoint-url", &spec.endpoint_url), ("--region", &spec.region), ("--profile", &spec.profile)];
    let mut words: Vec<&str> = Vec::new();
    for (name, value) in options {
        words.extend(value.iter().flat_map(|value| [name, value.as_str()]));
    }
    words.extend(spec.no_sign_request.then_some("--no-sign-request"));
    words
}

fn quoted(words: Vec<&str>, upload: &UploadRef) -> String {
    let plain = || format!("(upload id {} of s3://{}/{})", upload.upload_id, upload.bucket, upload.key);
    shlex::try_join(words).unwrap_or_else(|_| plain())
}
