//! Calls as commands of the AWS CLI: `aws s3api`, in bash.

use super::model::{Argument, Body, Call, Given, Item, Piece, Session, Value};
use super::shell::{self, value_word, word};
use super::table::{Kind, apart};
use super::words::{is_odd, json, lead, remark, unsaid};
use std::fmt::Write as _;

/// The whole script.
pub fn write(session: &Session) -> String {
    let mut out = shell::head(session, "as commands of the AWS CLI");
    out.push_str(&functions(session));
    for item in &session.items {
        out.push('\n');
        match item {
            Item::Left(why) => out.push_str(&remark("#", why)),
            Item::Call(call) => {
                out.push_str(&lead("#", call));
                out.push_str(&unsaid("#", call, "the AWS CLI"));
                let lines = self::call(session, call).unwrap_or_else(|why| shell::cannot(call, &why));
                out.push_str(&lines);
            }
        }
    }
    out
}

/// How `aws` is run: with no checksums of its own accord and one page at a time, as it was recorded.
fn functions(session: &Session) -> String {
    let mut out = String::from(
        "\nexport AWS_REQUEST_CHECKSUM_CALCULATION=when_required AWS_RESPONSE_CHECKSUM_VALIDATION=when_required AWS_PAGER=\n",
    );
    for key in &session.keys {
        let _ = writeln!(out, "printf '%s' \"${key}\" | base64 -d > \"$work/{key}\"");
    }
    let unsigned = if session.place.signed { "" } else { " --no-sign-request" };
    let _ = writeln!(
        out,
        "s3api() {{\n  aws ${{endpoint:+--endpoint-url \"$endpoint\"}} --region \"$region\" --no-paginate{unsigned} --output json s3api \"$@\"\n}}"
    );
    if session.calls().any(Call::refused) {
        out.push_str(
            "refused() { printf '%s\\n' \"call $1 failed, as it did when it was recorded: $2\" >&2; }\n",
        );
    }
    out
}

fn call(session: &Session, call: &Call) -> Result<String, String> {
    let row = call.row.ok_or("there is no command for it in this export; as curl it can be written")?;
    let mut out = shell::body(session, call)?;
    let mut options = Options::default();
    for (name, place) in [("Bucket", &call.bucket), ("Key", &call.key)] {
        if let Some(bytes) = place {
            options.text(name, &Value::of(bytes.clone()))?;
        }
    }
    for argument in call.arguments() {
        options.argument(call, &argument)?;
    }
    match &call.body {
        Body::Parts(entries) => {
            out.push_str(&list(entries)?);
            options.lines.push("--multipart-upload \"file://$work/parts.json\"".into());
        }
        Body::Tags(_, tags) => options.lines.push(format!("--tagging {}", word(tag_set(tags).as_bytes())?)),
        Body::Empty if !matches!(row.name.as_str(), "UploadPart" | "PutObject") => {}
        Body::Empty => options.lines.push("--body /dev/null".into()),
        _ if matches!(row.name.as_str(), "UploadPart" | "PutObject") => {
            options.lines.push("--body \"$work/body\"".into());
        }
        _ => return Err("its body has no parameter".into()),
    }
    options.finish()?;
    if row.name == "GetObject" {
        options.lines.push("\"$work/object\"".into());
    }
    let left_out = options.left_out.iter().map(|text| remark("#", &format!("   {text}")));
    let out = left_out.collect::<String>() + &out;
    Ok(out + &command(call, &apart(&row.name, '-'), &options.lines))
}

/// The command with its options, what is kept of its answer, and what happens when it fails as it did.
fn command(call: &Call, name: &str, options: &[String]) -> String {
    let mut line = format!("s3api {name}");
    for option in options {
        let _ = write!(line, " \\\n  {option}");
    }
    if let Some(answer) = call.answer.as_ref().filter(|a| !a.succeeded()) {
        let code = answer.code.as_deref().unwrap_or_default();
        let text = crate::domain::text::visible(format!("{} {code}", answer.status).trim());
        let said = word(text.as_bytes()).unwrap_or_else(|_| answer.status.to_string());
        return format!("{line} || refused {} {said}\n", call.number);
    }
    let given: Vec<Given> = call
        .gives
        .iter()
        .map(|what| Given { call: call.number, name: call.name.clone(), what: what.clone() })
        .collect();
    let path = |g: &Given| match g.what.within(&g.name) {
        Some(outer) => format!("{outer}.{}", g.what.name()),
        None => g.what.name(),
    };
    match given.as_slice() {
        [] => line + "\n",
        [one] => format!("{}=$({line} \\\n  --query {} --output text)\n", one.variable(), path(one)),
        several => {
            let paths: Vec<String> = several.iter().map(path).collect();
            let names: Vec<String> = several.iter().map(Given::variable).collect();
            format!(
                "answer=$({line} \\\n  --query '[{}]' --output text)\nIFS=$'\\t' read -r {} <<< \"$answer\"\n",
                paths.join(","),
                names.join(" ")
            )
        }
    }
}

/// Options as they are written, one a line.
#[derive(Default)]
struct Options {
    lines: Vec<String>,
    /// What cannot be an argument: names of S3 and values, for `--cli-input-json`.
    by_json: Vec<(String, String)>,
    metadata: Vec<(String, String)>,
    left_out: Vec<String>,
}

impl Options {
    fn argument(&mut self, call: &Call, argument: &Argument) -> Result<(), String> {
        let row = argument.row;
        let option = apart(&row.name, '-');
        let text = || argument.value.text().ok_or_else(|| format!("{} is no text", row.name));
        match row.kind {
            Kind::Metadata => self.metadata(argument, text()?),
            Kind::Integer | Kind::Long | Kind::Marker => {
                let number: i64 =
                    text()?.parse().map_err(|_| format!("its {} is no whole number", row.name))?;
                self.lines.push(format!("--{option}={number}"));
            }
            Kind::Boolean => match text()? {
                "true" => self.lines.push(format!("--{option}")),
                "false" => self.lines.push(format!("--no-{option}")),
                _ => return Err(format!("its {} is neither true nor false", row.name)),
            },
            Kind::List => {
                let words: Result<Vec<_>, _> =
                    text()?.split(',').map(|w| word(w.trim().as_bytes())).collect();
                self.lines.push(format!("--{option} {}", words?.join(" ")));
            }
            Kind::Source => self.source(call)?,
            Kind::Key => {
                let name = argument.value.0.iter().find_map(|p| match p {
                    Piece::Secret(name) => Some(name),
                    _ => None,
                });
                let name = name.ok_or("its customer key is not known")?;
                self.lines.push(format!("--{option} \"fileb://$work/{name}\""));
            }
            // The AWS CLI makes the digest of a customer key by itself.
            _ if argument.value.0.iter().any(|p| matches!(p, Piece::Secret(_))) => {}
            _ => self.text(&row.name, &argument.value)?,
        }
        Ok(())
    }

    /// An option, or a member of `--cli-input-json` where an argument would be taken for something else.
    fn text(&mut self, name: &str, value: &Value) -> Result<(), String> {
        let option = apart(name, '-');
        let given = value.0.iter().any(|p| !matches!(p, Piece::Bytes(_)));
        match value.bytes().map(std::str::from_utf8) {
            Some(Err(_)) => return Err(format!("its {name} is not UTF-8")),
            Some(Ok(text)) if is_taken_for_something_else(text) => {
                self.by_json.push((name.to_owned(), text.to_owned()));
            }
            Some(Ok(text)) if !text.starts_with('-') => {
                self.lines.push(format!("--{option} {}", value_word(value)?));
            }
            _ if given || value.bytes().is_some() => {
                self.lines.push(format!("--{option}={}", value_word(value)?));
            }
            _ => {}
        }
        Ok(())
    }

    fn metadata(&mut self, argument: &Argument, text: &str) {
        let name = argument.name.clone().unwrap_or_default();
        if text.is_ascii() {
            self.metadata.push((name, text.to_owned()));
        } else {
            let text = format!("the AWS CLI takes no metadata beyond ASCII: x-amz-meta-{name} is left out");
            self.left_out.push(text);
        }
    }

    /// The client encodes the key of a copy source, and takes a version off its end.
    fn source(&mut self, call: &Call) -> Result<(), String> {
        let source = call.source().ok_or("its copy source is not bucket/key")?;
        let key = &source.key;
        let ends_so = key.rsplit_once("?versionId=").is_some_and(|(_, v)| !v.contains(char::is_whitespace));
        if ends_so && source.version.is_none() {
            return Err("the AWS CLI would take the end of the source's key for a version".into());
        }
        let mut value = Value::of(format!("{}/{key}", source.bucket));
        if let Some(version) = source.version {
            if let Some(Piece::Bytes(bytes)) = value.0.first_mut() {
                bytes.extend(super::given::VERSION);
            }
            value.0.extend(version.0);
        }
        self.text("CopySource", &joined(value))
    }

    fn finish(&mut self) -> Result<(), String> {
        if !self.metadata.is_empty() {
            let pairs = std::mem::take(&mut self.metadata);
            self.lines.push(format!("--metadata {}", word(object(&pairs).as_bytes())?));
        }
        if !self.by_json.is_empty() {
            let pairs = std::mem::take(&mut self.by_json);
            self.lines.push(format!("--cli-input-json {}", word(object(&pairs).as_bytes())?));
        }
        Ok(())
    }
}

/// Neighbouring bytes in one piece.
fn joined(value: Value) -> Value {
    let mut out: Vec<Piece> = Vec::new();
    for piece in value.0 {
        match (out.last_mut(), piece) {
            (Some(Piece::Bytes(before)), Piece::Bytes(more)) => before.extend(more),
            (_, piece) => out.push(piece),
        }
    }
    Value(out)
}

/// Whether the AWS CLI would read the argument from a file or from the network, or a reader could not see it.
fn is_taken_for_something_else(text: &str) -> bool {
    ["file://", "fileb://", "http://", "https://"].iter().any(|start| text.starts_with(start))
        || text.chars().any(is_odd)
}

fn object(pairs: &[(String, String)]) -> String {
    let pairs: Vec<String> = pairs.iter().map(|(n, v)| format!("{}: {}", json(n), json(v))).collect();
    format!("{{{}}}", pairs.join(", "))
}

fn tag_set(tags: &[(String, String)]) -> String {
    let tags: Vec<String> =
        tags.iter().map(|(k, v)| format!("{{\"Key\": {}, \"Value\": {}}}", json(k), json(v))).collect();
    format!("{{\"TagSet\": [{}]}}", tags.join(", "))
}

/// The lines that write the list of parts into `$work/parts.json`.
fn list(entries: &[Vec<(String, Value)>]) -> Result<String, String> {
    let mut out = String::from("{\n  printf '{\"Parts\": ['\n");
    for (at, entry) in entries.iter().enumerate() {
        let comma = if at + 1 < entries.len() { "," } else { "" };
        let (mut form, mut words) = (Vec::new(), Vec::new());
        for (name, value) in entry {
            match (name.as_str(), value.text(), value.0.as_slice()) {
                ("PartNumber", Some(text), _) => {
                    let number: i64 =
                        text.trim().parse().map_err(|_| "a part number of its list is no whole number")?;
                    form.push(format!("\"PartNumber\": {number}"));
                }
                (_, Some(text), _) => {
                    form.push(format!("{}: %s", json(name).replace('%', "%%")));
                    words.push(word(json(text).as_bytes())?);
                }
                (_, None, [Piece::Given(given)]) => {
                    form.push(format!("\"{}\": \"%s\"", given.what.name()));
                    // An ETag comes with quotation marks, which stand around it in JSON already.
                    words.push(format!("\"${{{}//\\\"/}}\"", given.variable()));
                }
                _ => return Err("its list holds what cannot be written".into()),
            }
        }
        let form = word(format!("{{{}}}{comma}\\n", form.join(", ")).as_bytes())?;
        let _ = writeln!(out, "  printf {form} {}", words.join(" "));
    }
    Ok(out + "  printf ']}'\n} > \"$work/parts.json\"\n")
}
