//! What both shell scripts have in common: words, bodies and the first lines. They run in bash 3.2 and later.

use super::body::EMBEDDED;
use super::model::{Body, Call, FileSlot, Piece, Session, Value};
use super::words::{is_odd, remark};
use base64::Engine as _;
use std::fmt::Write as _;

/// A word that the shell reads back as these bytes. `Err` says why there is none.
pub fn word(bytes: &[u8]) -> Result<String, String> {
    if bytes.contains(&0) {
        return Err("it holds a zero byte, which no argument can".into());
    }
    let clean = std::str::from_utf8(bytes).ok().filter(|t| !t.chars().any(is_odd));
    match clean {
        Some(text) => quoted(text),
        None if bytes.ends_with(b"\n") => Err("it ends with a line end, which the shell would drop".into()),
        None => Ok(format!("\"$(printf '%b' {})\"", quoted(&octal(bytes))?)),
    }
}

/// A word by the library, which refuses nothing but a zero byte.
fn quoted(text: &str) -> Result<String, String> {
    shlex::try_quote(text).map(std::borrow::Cow::into_owned).map_err(|e| e.to_string())
}

/// What `printf '%b'` turns back into the bytes: odd ones in octal.
fn octal(bytes: &[u8]) -> String {
    let mut out = String::new();
    let push = |out: &mut String, bytes: &[u8]| {
        for byte in bytes {
            let _ = write!(out, "\\0{byte:03o}");
        }
    };
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\\' => push(&mut out, b"\\"),
                c if is_odd(c) => push(&mut out, c.encode_utf8(&mut [0; 4]).as_bytes()),
                c => out.push(c),
            }
        }
        push(&mut out, chunk.invalid());
    }
    out
}

/// A word of a value: text and variables beside each other.
pub fn value_word(value: &Value) -> Result<String, String> {
    let mut out = String::new();
    for piece in &value.0 {
        match piece {
            Piece::Bytes(bytes) if bytes.is_empty() && value.0.len() > 1 => {}
            Piece::Bytes(bytes) => out.push_str(&word(bytes)?),
            Piece::Given(given) => {
                let _ = write!(out, "\"${}\"", given.variable());
            }
            Piece::Secret(name) => {
                let _ = write!(out, "\"${name}\"");
            }
        }
    }
    if out.is_empty() { word(b"") } else { Ok(out) }
}

/// The first lines: what the script is, what it needs, where it goes.
pub fn head(session: &Session, client: &str) -> String {
    let place = &session.place;
    let mut out = String::from("#!/usr/bin/env bash\n");
    let mut say = |text: &str| out.push_str(&remark("#", text));
    let count = session.calls().count();
    say(&format!(
        "{count} call{} to S3, recorded by partscope, {client}.",
        if count == 1 { "" } else { "s" }
    ));
    say(credentials(session, client));
    say("No secret is in this file: signatures and tokens are left out, customer keys are variables.");
    if let Some(profile) = &place.profile {
        say(&format!("It was recorded with the profile {profile}."));
    }
    say(
        "AWS_ENDPOINT_URL and AWS_REGION send it elsewhere. Each line says what S3 answered when it was recorded.",
    );
    out.push_str("set -eu\n\n");
    let endpoint = quoted(&place.endpoint).unwrap_or_default();
    let region = quoted(&place.region).unwrap_or_default();
    let _ = writeln!(out, "endpoint=${{AWS_ENDPOINT_URL-}}");
    if !(place.amazon && client.contains("AWS CLI")) {
        let _ = writeln!(out, "[ -n \"$endpoint\" ] || endpoint={endpoint}");
    }
    let _ = writeln!(out, "region=${{AWS_REGION:-${{AWS_DEFAULT_REGION-}}}}");
    let _ = writeln!(out, "[ -n \"$region\" ] || region={region}");
    out.push_str("work=$(mktemp -d)\ntrap 'rm -rf \"$work\"' EXIT\n\n");
    out.push_str("die() { printf '%s\\n' \"$*\" >&2; exit 1; }\n");
    out.push_str(&files(&session.files));
    for key in &session.keys {
        let _ = writeln!(out, ": \"${{{key}:?give the customer key, in base64}}\"");
    }
    if session.calls().any(|c| matches!(c.body, Body::Generated { .. })) {
        out.push_str(GENERATED);
    }
    if session.calls().any(|c| matches!(c.body, Body::File { .. })) {
        out.push_str(RANGE);
    }
    out
}

fn credentials(session: &Session, client: &str) -> &'static str {
    match (session.place.signed, client.contains("curl")) {
        (false, _) => "The calls were not signed, and need no credentials.",
        (true, true) => {
            "Credentials come from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, where there is one, AWS_SESSION_TOKEN."
        }
        (true, false) => {
            "Credentials come from where the AWS CLI finds them: the environment, or AWS_PROFILE."
        }
    }
}

fn files(slots: &[FileSlot]) -> String {
    let mut out = String::new();
    for slot in slots {
        out.push_str(&remark(
            "#",
            &format!("{} names {} ({} bytes).", slot.variable, slot.about, slot.needed),
        ));
        let name = &slot.variable;
        match slot.path.as_deref().and_then(|p| word(p.as_bytes()).ok()) {
            Some(path) => {
                let _ = writeln!(out, "{name}=${{{name}-}}\n[ -n \"${name}\" ] || {name}={path}");
            }
            None => {
                let _ = writeln!(out, ": \"${{{name}:?give the file that this script sends}}\"");
            }
        }
        let _ = writeln!(out, "[ -r \"${name}\" ] || die \"{name}: cannot read ${name}\"");
    }
    out
}

/// Makes generated bytes: the first one and how many follow it.
const GENERATED: &str = r#"
# Generated bytes: byte i is (first + i) mod 251. Takes the first byte, how many, and the file.
generated() {
  local i rounds
  if [ ! -e "$work/ring" ]; then
    for ((i = 0; i < 251; i++)); do printf "\\$(printf '%03o' "$i")"; done > "$work/ring.1"
    for ((i = 0; i < 4096; i++)); do cat "$work/ring.1"; done > "$work/ring"
  fi
  rounds=$((($1 + $2) / (251 * 4096) + 1))
  for ((i = 0; i < rounds; i++)); do cat "$work/ring"; done 2>/dev/null | tail -c "+$(($1 + 1))" | head -c "$2" > "$3"
}
"#;

/// Cuts a range out of a file.
const RANGE: &str = r#"
# A range of a file. Takes the file, the first byte, how many, and the file to write.
range() {
  tail -c "+$(($2 + 1))" "$1" | head -c "$3" > "$4"
  [ "$(wc -c < "$4")" -eq "$3" ] || die "$1 is too short: $3 bytes from byte $2 are needed"
}
"#;

/// The lines that put a call's body into `$work/body`; nothing when it has none.
pub fn body(session: &Session, call: &Call) -> Result<String, String> {
    Ok(match &call.body {
        Body::Empty | Body::Parts(_) | Body::Tags(..) => String::new(),
        Body::Bytes(bytes) if bytes.len() > EMBEDDED => {
            return Err("its body is too large to stand here".into());
        }
        Body::Bytes(bytes) => embedded(bytes),
        Body::Generated { first, len } => format!("generated {first} {len} \"$work/body\"\n"),
        Body::File { slot, offset, len } => {
            let slot = session.files.get(*slot).ok_or("its file is not known")?;
            format!("range \"${}\" {offset} {len} \"$work/body\"\n", slot.variable)
        }
    })
}

/// Bytes in base64, in a document that holds nothing the shell could take for something else.
pub fn embedded(bytes: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(bytes);
    let mut out = String::from("base64 -d > \"$work/body\" <<'END'\n");
    for line in text.as_bytes().chunks(76) {
        // Base64 is ASCII.
        out.push_str(std::str::from_utf8(line).unwrap_or_default());
        out.push('\n');
    }
    out + "END\n"
}

/// What stands in the place of a call that cannot be said: without a call that writes, the rest would do something
/// else than it did.
pub fn cannot(call: &Call, why: &str) -> String {
    let reads = call.row.map_or(matches!(call.method.as_str(), "GET" | "HEAD"), |r| r.reads());
    let text = format!("call {}, {}, cannot be written: {why}", call.number, call.name);
    let text = quoted(&crate::domain::text::visible(&text)).unwrap_or_default();
    if reads { format!("printf '%s\\n' {text} >&2\n") } else { format!("die {text}\n") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plain_words_stay_plain_and_odd_ones_are_made_by_printf() {
        assert_eq!(word(b"a/b.c").unwrap(), "a/b.c");
        assert_eq!(word(b"").unwrap(), "''");
        assert_eq!(word("é$(x)".as_bytes()).unwrap(), "'é$(x)'");
        assert_eq!(word(b"a\x1b\\\xff").unwrap(), r#""$(printf '%b' "a\\0033\\0134\\0377")""#);
        assert!(word(b"a\0").is_err() && word(b"a\n").is_err());
    }

    proptest! {
        #[test]
        fn a_word_without_odd_characters_reads_back(text in "[^\\p{C}]*") {
            prop_assume!(!text.chars().any(is_odd));
            prop_assert_eq!(shlex::split(&word(text.as_bytes()).unwrap()).unwrap(), [text]);
        }
    }
}
