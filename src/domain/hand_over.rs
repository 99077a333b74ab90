//! Commands that are printed for the user to run: how to go on with an open upload, look at it, or abort it.
//!
//! Every word is quoted for a POSIX shell, so that no key or id can become anything else in it.

use super::names::ObjectRef;
use super::operation::UploadRef;
use super::plan::{PartSource, UploadPlan};
use super::upload::MultipartUpload;

/// The options that name the S3 in use, as the user gave them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place<'a> {
    /// `--endpoint-url`.
    pub endpoint_url: Option<&'a str>,
    /// `--region`.
    pub region: Option<&'a str>,
    /// `--profile`.
    pub profile: Option<&'a str>,
    /// `--path-style`, which is an option of this program and not of the AWS CLI.
    pub path_style: bool,
    /// `--no-sign-request`.
    pub no_sign_request: bool,
}

impl Place<'_> {
    fn words(&self) -> Vec<&str> {
        let options =
            [("--endpoint-url", self.endpoint_url), ("--region", self.region), ("--profile", self.profile)];
        let mut words: Vec<&str> = Vec::new();
        for (name, value) in options {
            words.extend(value.iter().flat_map(|value| [name, value]));
        }
        words.extend(self.no_sign_request.then_some("--no-sign-request"));
        words
    }
}

/// A copy that can be gone on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resumed<'a> {
    /// What is copied, with its version if that is named.
    pub source: &'a ObjectRef,
    /// The part size, unless the source's own boundaries are kept.
    pub part_size: Option<u64>,
    /// Whether to insist on the source's boundaries.
    pub source_parts: bool,
    /// Whether tags are left out.
    pub no_tags: bool,
    /// Whether the destination must not exist.
    pub if_none_match: bool,
}

/// The AWS CLI command that aborts an upload.
pub fn abort_command(upload: &UploadRef, place: &Place<'_>) -> String {
    let mut words = vec!["aws", "s3api", "abort-multipart-upload"];
    words.extend(["--bucket", &upload.bucket, "--key", &upload.key, "--upload-id", &upload.upload_id]);
    words.extend(place.words());
    quoted(words, upload)
}

/// The command of this program that aborts an upload, and looks whether it is gone.
pub fn abort_here_command(upload: &UploadRef, place: &Place<'_>) -> String {
    let address = address(&upload.bucket, &upload.key);
    let mut words =
        vec!["partscope", "uploads", &address, "--upload-id", &upload.upload_id, "--abort", "--yes"];
    words.extend(place.path_style.then_some("--path-style"));
    words.extend(place.words());
    quoted(words, upload)
}

/// The command of this program that takes a copy up again.
pub fn resume_command(copy: &Resumed<'_>, upload: &UploadRef, place: &Place<'_>) -> String {
    let (source, part_size) = (copy.source.uri(), copy.part_size.map(|n| n.to_string()));
    let destination = address(&upload.bucket, &upload.key);
    let mut words = vec!["partscope", "copy", &source, &destination, "--resume", &upload.upload_id];
    // Beside the address it cannot be taken for the end of a key.
    let version = copy.source.version_id.as_deref().or_else(|| copy.source.key.contains('?').then_some(""));
    words.extend(version.iter().flat_map(|id| ["--version-id", id]));
    words.extend(part_size.iter().flat_map(|size| ["--part-size", size.as_str()]));
    for (given, word) in [
        (copy.source_parts, "--source-parts"),
        (copy.no_tags, "--no-tags"),
        (copy.if_none_match, "--if-none-match"),
        (place.path_style, "--path-style"),
    ] {
        words.extend(given.then_some(word));
    }
    words.extend(place.words());
    quoted(words, upload)
}

/// The command of this program that shows the uploads in progress of a key.
pub fn uploads_command(bucket: &str, key: &str, place: &Place<'_>) -> String {
    let address = address(bucket, key);
    let mut words = vec!["partscope", "uploads", &address];
    words.extend(place.path_style.then_some("--path-style"));
    words.extend(place.words());
    shlex::try_join(words).unwrap_or_else(|_| format!("(uploads of {address})"))
}

fn address(bucket: &str, key: &str) -> String {
    format!("s3://{bucket}/{key}")
}

fn quoted(words: Vec<&str>, upload: &UploadRef) -> String {
    let plain = || format!("(upload id {} of s3://{}/{})", upload.upload_id, upload.bucket, upload.key);
    shlex::try_join(words).unwrap_or_else(|_| plain())
}

/// What `copy --resume` needs to go on with an upload; `None` when it is no plain copy of one object.
pub fn resumable(machine: &MultipartUpload) -> Option<Resumed<'_>> {
    let plan: &UploadPlan = machine.plan();
    let source = plan.source.as_ref()?;
    let copies = |p: &PartSource| matches!(p, PartSource::Copy(_) | PartSource::Foreign);
    let numbers: Vec<_> = plan.parts.iter().map(|p| p.number).collect();
    if numbers != machine.numbers() || !machine.parts().values().all(|p| copies(&p.planned.source)) {
        return None;
    }
    // An object of one piece has no boundaries to keep: its copy is one part of the whole.
    let part_size = (!plan.keeps_boundaries).then(|| plan.parts.first().and_then(|p| p.size)).flatten();
    Some(Resumed {
        source: &source.object,
        part_size,
        source_parts: false,
        no_tags: false,
        if_none_match: plan.if_none_match,
    })
}

/// What to print for an upload that stays behind: what it is, and the commands that go on with it or end it.
pub fn left_open(machine: &MultipartUpload, place: &Place<'_>) -> Vec<String> {
    let object = &machine.plan().destination;
    let Some(upload) = machine.upload() else {
        return vec![
            format!(
                "an upload of s3://{}/{} may be open: the answer to its Create was lost",
                object.bucket, object.key
            ),
            format!("  {}", uploads_command(&object.bucket, &object.key, place)),
        ];
    };
    let p = machine.progress();
    let mut out = vec![format!(
        "open upload of s3://{}/{}, {} of {} parts known to be stored",
        upload.bucket,
        upload.key,
        machine.confirmed(),
        p.parts
    )];
    out.push(match resumable(machine) {
        Some(copy) => format!("  to go on:    {}", resume_command(&copy, &upload, place)),
        None => format!("  to look:     {}", uploads_command(&upload.bucket, &upload.key, place)),
    });
    out.push(format!("  to abort it: {}", abort_command(&upload, place)));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upload(key: &str) -> UploadRef {
        UploadRef { bucket: "b".into(), key: key.into(), upload_id: "id-1".into() }
    }

    #[test]
    fn a_key_stays_one_word_whatever_is_in_it() {
        for key in ["it's", "a b", "$(rm x)", "a\"b", "ü;x", "-k"] {
            let place = Place { region: Some("us-east-1"), ..Place::default() };
            let words = shlex::split(&abort_command(&upload(key), &place)).unwrap();
            assert_eq!(words.get(6).map(String::as_str), Some(key));
            assert_eq!(words.last().map(String::as_str), Some("us-east-1"));
        }
    }

    #[test]
    fn a_copy_is_taken_up_with_its_version_and_part_size() {
        let source = ObjectRef { version_id: Some("v1".into()), ..ObjectRef::new("b", "k?x") };
        let copy = Resumed {
            source: &source,
            part_size: Some(8_388_608),
            source_parts: false,
            no_tags: false,
            if_none_match: true,
        };
        let place = Place { profile: Some("my prod"), path_style: true, ..Place::default() };
        assert_eq!(
            resume_command(&copy, &upload("to"), &place),
            "partscope copy 's3://b/k?x' s3://b/to --resume id-1 --version-id v1 --part-size 8388608 \
             --if-none-match --path-style --profile 'my prod'"
        );
    }

    #[test]
    fn an_upload_is_aborted_by_the_key_and_id_of_it_alone() {
        let place = Place { endpoint_url: Some("http://h:1"), path_style: true, ..Place::default() };
        assert_eq!(
            abort_here_command(&upload("it's"), &place),
            "partscope uploads \"s3://b/it's\" --upload-id id-1 --abort --yes --path-style --endpoint-url http://h:1"
        );
    }

    #[test]
    fn an_upload_that_is_no_copy_is_shown_and_not_resumed() {
        let machine = MultipartUpload::adopt(&upload("k"));
        let said = left_open(&machine, &Place::default()).join("\n");
        assert!(said.contains("partscope uploads s3://b/k\n"), "{said}");
        assert!(
            said.contains("aws s3api abort-multipart-upload --bucket b --key k --upload-id id-1"),
            "{said}"
        );
    }
}
