//! Calls as commands of curl, which signs them with `--aws-sigv4`.
//!
//! curl signs a query as it is given (tried with 7.88): parameters are sorted here, and a bare name gets its `=`. The
//! digest of the body is stated as UNSIGNED-PAYLOAD, which S3 takes and which every version of curl signs alike.

use super::model::{Body, Call, Item, Piece, Session, Value, What};
use super::shell::{self, value_word, word};
use super::words::{lead, percent, remark};
use std::fmt::Write as _;

/// The whole script.
pub fn write(session: &Session) -> String {
    let mut out = shell::head(session, "as commands of curl");
    out.push_str(&functions(session));
    for item in &session.items {
        out.push('\n');
        match item {
            Item::Left(why) => out.push_str(&remark("#", why)),
            Item::Call(call) => {
                out.push_str(&lead("#", call));
                let lines = self::call(session, call).unwrap_or_else(|why| shell::cannot(call, &why));
                out.push_str(&lines);
            }
        }
    }
    out
}

const CREDENTIALS: &str = r#"
: "${AWS_ACCESS_KEY_ID:?give the access key}" "${AWS_SECRET_ACCESS_KEY:?give its secret}"
signed=(--aws-sigv4 "aws:amz:$region:s3" --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY")
[ -z "${AWS_SESSION_TOKEN-}" ] || signed+=(--header "x-amz-security-token: $AWS_SESSION_TOKEN")
signed+=(--header 'x-amz-content-sha256: UNSIGNED-PAYLOAD')
"#;

const UNSIGNED: &str = "\nsigned=(--header 'Accept:')\n";

const SEND: &str = r#"
# Sends a request. Takes the method, the URL, and what else curl is to be told.
send() {
  local method=$1 url=$2
  shift 2
  if [ "$method" = HEAD ]; then set -- --head "$@"; else set -- --request "$method" "$@"; fi
  : > "$work/answer"
  status=$(curl --silent --show-error --globoff --path-as-is "${signed[@]}" \
    --dump-header "$work/head" --output "$work/answer" --write-out '%{http_code}' "$@" "$url")
}

# Goes on if S3 did it. Some errors come with status 200: then the answer says Error.
must_succeed() {
  case $status in
    2??) [ "${2-}" != document ] || ! grep -q '<Error>' "$work/answer" || failed "$1" ;;
    *) failed "$1" ;;
  esac
}
failed() {
  cat "$work/answer" >&2
  die "call $1 failed with status $status"
}
"#;

const REFUSED: &str = r#"
# Says that a call failed as it did when it was recorded.
refused() {
  case $status in
    2??) ;;
    *) printf '%s\n' "call $1 failed with status $status; when it was recorded it failed with $2" >&2 ;;
  esac
}
"#;

const HEADER: &str = r#"
# The value of a header of the answer, its name in lower case.
header() {
  tr -d '\r' < "$work/head" | awk -v name="$1" '
    { at = index($0, ":"); if (tolower(substr($0, 1, at - 1)) == name) { found = substr($0, at + 1); sub(/^ +/, "", found) } }
    END { print found }'
}
"#;

const ELEMENT: &str = r#"
# The text of an element of the answer.
element() {
  tr -d '\r\n' < "$work/answer" | sed -n "s/.*<$1>\([^<]*\)<\/$1>.*/\1/p" |
    sed 's/&quot;/"/g; s/&#34;/"/g; s/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g'
}
"#;

const ENCODED: &str = r#"
# Percent-encodes a value for a query.
encoded() {
  local LC_ALL=C text=$1 out= c i
  for ((i = 0; i < ${#text}; i++)); do
    c=${text:i:1}
    case $c in
      [A-Za-z0-9._~-]) out+=$c ;;
      *) out+=$(printf '%%%02X' "$(($(printf '%d' "'$c") & 255))") ;;
    esac
  done
  printf '%s' "$out"
}
"#;

const VIRTUAL: &str = r#"
# The bucket stands in front of the host.
at() { printf '%s' "${endpoint%%://*}://$1.${endpoint#*://}"; }
"#;

/// The functions that the calls of a session need.
fn functions(session: &Session) -> String {
    let gives = |wanted: &dyn Fn(&Call, &What) -> bool| {
        session.calls().any(|c| c.gives.iter().any(|what| wanted(c, what)))
    };
    let encodes = session.calls().any(|c| c.query.iter().any(|(_, v)| v.bytes().is_none()));
    let refused = session.calls().any(Call::refused);
    let mut out =
        String::from(if session.place.signed { CREDENTIALS } else { UNSIGNED }) + &digests(&session.keys);
    for (needed, text) in [
        (true, SEND),
        (refused, REFUSED),
        (gives(&|c, what| what.header(&c.name).is_some()), HEADER),
        (gives(&|c, what| what.header(&c.name).is_none()), ELEMENT),
        (encodes, ENCODED),
        (session.place.virtual_hosted, VIRTUAL),
    ] {
        out.push_str(if needed { text } else { "" });
    }
    out
}

/// The digests that go beside customer keys.
fn digests(keys: &[String]) -> String {
    let mut out = String::new();
    for key in keys {
        let digest = super::request::md5_variable(key);
        let _ = writeln!(
            out,
            "{digest}=$(printf '%s' \"${key}\" | openssl base64 -d -A | openssl md5 -binary | openssl base64)"
        );
    }
    out
}

fn call(session: &Session, call: &Call) -> Result<String, String> {
    let mut out = shell::body(session, call)?;
    let mut options = headers(call)?;
    match &call.body {
        // Without a body these methods still state a length of nothing.
        Body::Empty if matches!(call.method.as_str(), "POST" | "PUT") => {
            options.push("--header 'Content-Length: 0'".into());
        }
        Body::Empty => {}
        Body::Parts(entries) => {
            out.push_str(&list(entries)?);
            options.extend(data(call));
        }
        Body::Tags(document, _) => {
            out.push_str(&shell::embedded(document));
            options.extend(data(call));
        }
        // curl would add the file's name to a key that ends with a slash.
        _ if call.method == "PUT" && call.key.as_ref().is_some_and(|k| !k.ends_with(b"/")) => {
            options.push("--upload-file \"$work/body\"".into());
        }
        _ => options.extend(data(call)),
    }
    let _ = write!(out, "send {} {}", word(call.method.as_bytes())?, url(session, call)?);
    for option in options {
        let _ = write!(out, " \\\n  {option}");
    }
    out.push('\n');
    if let Some(answer) = call.answer.as_ref().filter(|a| !a.succeeded()) {
        let _ = writeln!(out, "refused {} {}", call.number, answer.status);
        return Ok(out);
    }
    let document = matches!(call.name.as_str(), "UploadPartCopy" | "CopyObject" | "CompleteMultipartUpload");
    let _ = writeln!(out, "must_succeed {}{}", call.number, if document { " document" } else { "" });
    for what in &call.gives {
        let value = match what.header(&call.name) {
            Some(name) => format!("header {name}"),
            None => format!("element {}", what.name()),
        };
        let variable = what.variable(call.number);
        let _ = writeln!(
            out,
            "{variable}=$({value})\n[ -n \"${variable}\" ] || die \"call {} told no {}\"",
            call.number,
            what.name()
        );
    }
    Ok(out)
}

/// A body that curl reads whole: for documents, and where the other option would change the URL.
fn data(call: &Call) -> Vec<String> {
    let mut out = vec!["--data-binary @\"$work/body\"".to_owned()];
    if !call.headers.iter().any(|(name, _)| name == "content-type") {
        // curl would say that it is a form.
        out.push("--header 'Content-Type:'".into());
    }
    out
}

fn url(session: &Session, call: &Call) -> Result<String, String> {
    let bucket = call.bucket.as_deref().map(|b| percent(b, false));
    let mut path = String::from("/");
    let mut out = match (&bucket, session.place.virtual_hosted) {
        (Some(bucket), true) => format!("\"$(at {})\"", word(bucket.as_bytes())?),
        (Some(bucket), false) => {
            path.push_str(bucket);
            if call.key.is_some() {
                path.push('/');
            }
            "\"$endpoint\"".into()
        }
        (None, _) => "\"$endpoint\"".into(),
    };
    path.push_str(&call.key.as_deref().map(|k| percent(k, true)).unwrap_or_default());
    let mut query: Vec<(String, &Value)> =
        call.query.iter().map(|(name, value)| (percent(name, false), value)).collect();
    query.sort_by(|a, b| a.0.cmp(&b.0));
    let mut text = path;
    for (at, (name, value)) in query.into_iter().enumerate() {
        let _ = write!(text, "{}{name}=", if at == 0 { '?' } else { '&' });
        for piece in &value.0 {
            match piece {
                Piece::Bytes(bytes) => text.push_str(&percent(bytes, false)),
                Piece::Given(given) => {
                    out.push_str(&word(text.as_bytes())?);
                    text.clear();
                    let _ = write!(out, "\"$(encoded \"${}\")\"", given.variable());
                }
                Piece::Secret(_) => return Err("a secret stands in its query".into()),
            }
        }
    }
    if !text.is_empty() {
        out.push_str(&word(text.as_bytes())?);
    }
    Ok(out)
}

fn headers(call: &Call) -> Result<Vec<String>, String> {
    let has_checksum =
        call.headers.iter().any(|(n, _)| n.starts_with("x-amz-checksum-") && n != "x-amz-checksum-type");
    let mut out = Vec::new();
    for (name, value) in &call.headers {
        // Without a checksum beside it this header is an error; clients compute one, curl does not.
        if name == "x-amz-sdk-checksum-algorithm" && !has_checksum {
            continue;
        }
        let mut line = value.clone();
        let start = format!("{name}: ").into_bytes();
        match line.0.first_mut() {
            Some(Piece::Bytes(bytes)) if bytes.is_empty() => {
                // A semicolon sends a header without a value.
                line = Value::of(format!("{name};"));
            }
            Some(Piece::Bytes(bytes)) => bytes.splice(0..0, start).for_each(drop),
            _ => line.0.insert(0, Piece::Bytes(start)),
        }
        let text = value_word(&line).map_err(|why| format!("its header {name}: {why}"))?;
        out.push(format!("--header {text}"));
    }
    Ok(out)
}

/// The lines that write the list of parts into `$work/body`.
fn list(entries: &[Vec<(String, Value)>]) -> Result<String, String> {
    let mut out = String::from("{\n  printf '<CompleteMultipartUpload>\\n'\n");
    for entry in entries {
        let (mut form, mut words) = (String::from("<Part>"), Vec::new());
        for (name, value) in entry {
            if !name.chars().all(|c| c.is_ascii_alphanumeric()) {
                return Err("its list holds what cannot be written".into());
            }
            let _ = write!(form, "<{name}>%s</{name}>");
            match (value.text(), value.0.as_slice()) {
                (Some(text), _) => words.push(word(crate::domain::xml::escape(text).as_bytes())?),
                (None, [Piece::Given(given)]) => words.push(format!("\"${}\"", given.variable())),
                _ => return Err("its list holds what cannot be written".into()),
            }
        }
        let form = word(format!("{form}</Part>\\n").as_bytes())?;
        let _ = writeln!(out, "  printf {form} {}", words.join(" "));
    }
    Ok(out + "  printf '</CompleteMultipartUpload>\\n'\n} > \"$work/body\"\n")
}
