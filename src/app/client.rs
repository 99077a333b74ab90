//! How to point another client at the sandbox, and which of its uploads one looks at.

use super::model::{Model, Target};
use crate::domain::watched::SessionId;

/// The lines that point a shell at the sandbox, each word quoted for it; `None` until the sandbox runs, and on any
/// other target.
pub fn shell_lines(target: &Target) -> Option<Vec<String>> {
    let (access_key, secret_key) = target.keys.as_ref()?;
    let (endpoint, region) = (target.endpoint.as_ref()?, target.region.as_ref()?);
    let variables = [
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_ACCESS_KEY_ID", access_key),
        ("AWS_SECRET_ACCESS_KEY", secret_key),
        ("AWS_REGION", region),
        ("AWS_DEFAULT_REGION", region),
    ];
    let mut lines = variables
        .iter()
        .map(|(name, value)| Some(format!("export {name}={}", shlex::try_quote(value).ok()?)))
        .collect::<Option<Vec<_>>>()?;
    lines.push("unset AWS_PROFILE AWS_SESSION_TOKEN".to_owned());
    Some(lines)
}

/// What to try then.
pub const EXAMPLE: &str = "aws s3 cp ./large-file s3://scratch/large-file";

/// The upload that the selected exchange of another client belongs to, or why there is none.
pub fn selected_upload(model: &Model) -> Result<SessionId, String> {
    let Some(exchange) = model.wire.current() else { return Err("no exchange is selected".into()) };
    if !exchange.sender.is_elsewhere() {
        return Err("this exchange is the program's own; its ledger is in Step".into());
    }
    let session = model.clients.watched.of(exchange);
    session.map(|s| s.id).ok_or_else(|| "this exchange is of no multipart upload that was seen".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_for_a_shell_hold_one_word_a_value() {
        let mut target = Target::sandbox();
        assert_eq!(shell_lines(&target), None);
        target.endpoint = Some("http://127.0.0.1:9000".into());
        target.region = Some("us-east-1".into());
        assert_eq!(shell_lines(&target), None, "the keys are not known");
        target.keys = Some(("KEY".into(), "it's $(secret)".into()));
        let lines = shell_lines(&target).unwrap();
        assert_eq!(lines[0], "export AWS_ENDPOINT_URL=http://127.0.0.1:9000");
        assert_eq!(shlex::split(&lines[2]).unwrap()[1], "AWS_SECRET_ACCESS_KEY=it's $(secret)");
    }
}
