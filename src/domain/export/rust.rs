//! Calls as a Rust program with the AWS SDK.

use super::model::{Body, Call, FileSlot, Given, Item, Piece, Session, Value, What};
use super::table::{Kind, rust_name};
use super::words::{is_odd, lead, remark, unsaid};
use std::fmt::Write as _;

/// The whole program: a `main.rs`, with the lines of its `Cargo.toml` in front.
pub fn write(session: &Session) -> String {
    let mut out = head(session);
    for item in &session.items {
        out.push('\n');
        match item {
            Item::Left(why) => out.push_str(&remark("    //", why)),
            Item::Call(call) => {
                out.push_str(&lead("    //", call));
                out.push_str(&unsaid("    //", call, "the SDK"));
                let lines = self::call(session, call).unwrap_or_else(|why| cannot(call, &why));
                out.push_str(&lines);
            }
        }
    }
    out + "\n    Ok(())\n}\n"
}

/// What every program begins with, below what it is; the functions it may need; how its calls begin.
const HEAD: &str = include_str!("../../../assets/export_rust/head.rs");
const GENERATED: &str = include_str!("../../../assets/export_rust/generated.rs");
const RANGE: &str = include_str!("../../../assets/export_rust/range.rs");
const MAIN: &str = include_str!("../../../assets/export_rust/main.rs");

fn head(session: &Session) -> String {
    let place = &session.place;
    let mut out = String::new();
    let mut say = |text: &str| out.push_str(&remark("//", text));
    let count = session.calls().count();
    say(&format!(
        "{count} call{} to S3, recorded by partscope, with the AWS SDK for Rust.",
        if count == 1 { "" } else { "s" }
    ));
    say(match place.signed {
        true => "Credentials come from where the SDK finds them: the environment, or AWS_PROFILE.",
        false => "The calls were not signed, and need no credentials.",
    });
    say("No secret is in this file: signatures and tokens are left out, customer keys are variables.");
    if let Some(profile) = &place.profile {
        say(&format!("It was recorded with the profile {profile}."));
    }
    say(
        "AWS_ENDPOINT_URL and AWS_REGION send it elsewhere. Each line says what S3 answered when it was recorded.",
    );
    out.push_str(HEAD);
    let any = |test: &dyn Fn(&Call) -> bool| session.calls().any(test);
    for (needed, text) in [
        (any(&|c| matches!(c.body, Body::Generated { .. })), GENERATED),
        (any(&|c| matches!(c.body, Body::File { .. })), RANGE),
    ] {
        out.push_str(if needed { text } else { "" });
    }
    out.push_str(MAIN);
    client(session, &mut out);
    variables(&session.files, &session.keys, &mut out);
    out
}

fn client(session: &Session, out: &mut String) {
    let place = &session.place;
    let endpoint =
        if place.amazon { "None".to_owned() } else { format!("Some({})", literal(&place.endpoint)) };
    let _ = writeln!(
        out,
        "    let s3 = client({}, {endpoint}, {}, {}).await;",
        literal(&place.region),
        !place.virtual_hosted,
        place.signed
    );
}

fn variables(files: &[FileSlot], keys: &[String], out: &mut String) {
    for slot in files {
        let about = format!("{} names {} ({} bytes).", slot.variable, slot.about, slot.needed);
        out.push_str(&remark("    //", &about));
        let (name, local) = (&slot.variable, slot.variable.to_ascii_lowercase());
        let _ = match &slot.path {
            Some(path) => writeln!(out, "    let {local} = setting(\"{name}\", {});", literal(path)),
            None => {
                writeln!(
                    out,
                    "    let {local} = variable(\"{name}\", \"the file that this program sends\")?;"
                )
            }
        };
    }
    for key in keys {
        for (name, what) in [
            (key.clone(), "the customer key, in base64"),
            (super::request::md5_variable(key), "the MD5 of the customer key, in base64"),
        ] {
            let local = name.to_ascii_lowercase();
            let _ = writeln!(out, "    let {local} = variable(\"{name}\", \"{what}\")?;");
        }
    }
}

/// A text as a literal.
fn literal(text: &str) -> String {
    // Rust's own form of a text; what it leaves as it is, is written out where it acts or cannot be seen.
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        if is_odd(c) || matches!(c, '"' | '\\') {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out.push('"');
    out
}

/// What stands in the place of a call that cannot be said.
fn cannot(call: &Call, why: &str) -> String {
    let reads = call.row.map_or(matches!(call.method.as_str(), "GET" | "HEAD"), |r| r.reads());
    let text = literal(&format!("call {}, {}, cannot be written: {why}", call.number, call.name));
    if reads {
        format!("    eprintln!(\"{{}}\", {text});\n")
    } else {
        format!("    return Err({text}.into());\n")
    }
}

fn call(session: &Session, call: &Call) -> Result<String, String> {
    let row = call.row.ok_or("the SDK has no method for it in this export; as curl it can be written")?;
    let mut steps = Vec::new();
    for (name, place) in [("bucket", &call.bucket), ("key", &call.key)] {
        if let Some(bytes) = place {
            let text = std::str::from_utf8(bytes).map_err(|_| format!("its {name} is not UTF-8"))?;
            steps.push(format!("{name}({})", literal(text)));
        }
    }
    for argument in call.arguments() {
        let (name, method) = (&argument.row.name, rust_name(&argument.row.name));
        let text = || argument.value.text().ok_or_else(|| format!("its {name} is no text"));
        let whole = || format!("its {name} is no whole number");
        steps.push(match argument.row.kind {
            Kind::Metadata => {
                let name = argument.name.as_deref().unwrap_or_default();
                format!("metadata({}, {})", literal(name), literal(text()?))
            }
            Kind::Integer => format!("{method}({})", text()?.parse::<i32>().map_err(|_| whole())?),
            Kind::Long => format!("{method}({})", text()?.parse::<i64>().map_err(|_| whole())?),
            Kind::Boolean => format!(
                "{method}({})",
                text()?.parse::<bool>().map_err(|_| format!("its {name} is neither true nor false"))?
            ),
            Kind::Time => {
                let form =
                    if name == "ObjectLockRetainUntilDate" { "DateTimeWithOffset" } else { "HttpDate" };
                format!("{method}(DateTime::from_str({}, DateTimeFormat::{form})?)", literal(text()?))
            }
            Kind::List => {
                let one = |w: &str| format!("{method}({}.into())", literal(w.trim()));
                text()?.split(',').map(one).collect::<Vec<_>>().join("\n        .")
            }
            Kind::Enum => format!("{method}({}.into())", literal(text()?)),
            Kind::Text | Kind::Marker | Kind::Source | Kind::Key => {
                format!(
                    "{method}({})",
                    value(&argument.value).ok_or_else(|| format!("its {name} is no text"))?
                )
            }
        });
    }
    steps.extend(body(session, call, &row.name)?);
    Ok(statement(call, &rust_name(&row.name), &steps))
}

fn statement(call: &Call, name: &str, steps: &[String]) -> String {
    let mut line = format!("s3\n        .{name}()");
    for step in steps {
        let _ = write!(line, "\n        .{step}");
    }
    line.push_str("\n        .send()\n        .await");
    if call.refused() {
        return format!(
            "    if let Err(error) = {line}\n    {{\n        \
             eprintln!(\"call {} failed, as it did when it was recorded: {{error:?}}\");\n    }}\n",
            call.number
        );
    }
    if call.gives.is_empty() {
        return format!("    {line}?;\n");
    }
    let mut out = format!("    let answer_{} = {line}?;\n", call.number);
    for what in &call.gives {
        let given = Given { call: call.number, name: call.name.clone(), what: what.clone() };
        let method = rust_name(&what.name());
        let get = match what.within(&call.name) {
            Some(outer) => format!("{}().and_then(|r| r.{method}())", rust_name(outer)),
            None => format!("{method}()"),
        };
        let _ = writeln!(
            out,
            "    let {} = answer_{}.{get}.ok_or(\"call {} told no {}\")?.to_owned();",
            given.variable(),
            call.number,
            call.number,
            what.name()
        );
    }
    out
}

/// A value as an expression.
fn value(value: &Value) -> Option<String> {
    Some(match value.0.as_slice() {
        [] => literal(""),
        [Piece::Bytes(bytes)] => literal(std::str::from_utf8(bytes).ok()?),
        [Piece::Given(given)] => format!("&{}", given.variable()),
        [Piece::Secret(name)] => format!("&{}", name.to_ascii_lowercase()),
        [Piece::Bytes(bytes), Piece::Given(given)] => {
            format!(
                "format!(\"{{}}{{}}\", {}, {})",
                literal(std::str::from_utf8(bytes).ok()?),
                given.variable()
            )
        }
        _ => return None,
    })
}

fn body(session: &Session, call: &Call, name: &str) -> Result<Option<String>, String> {
    let takes = matches!(name, "UploadPart" | "PutObject");
    Ok(Some(match &call.body {
        Body::Empty if takes => "body(ByteStream::from_static(b\"\"))".into(),
        Body::Empty => return Ok(None),
        Body::Parts(entries) => {
            let mut out = String::from("multipart_upload(\n            CompletedMultipartUpload::builder()");
            for entry in entries {
                let _ = write!(out, "\n                .parts({})", part(entry)?);
            }
            out + "\n                .build(),\n        )"
        }
        Body::Tags(_, tags) => {
            let mut out = String::from(
                "tagging(\n            Tagging::builder()\n                .set_tag_set(Some(vec![",
            );
            for (key, value) in tags {
                let (key, value) = (literal(key), literal(value));
                let _ =
                    write!(out, "\n                    Tag::builder().key({key}).value({value}).build()?,");
            }
            out + "\n                ]))\n                .build()?,\n        )"
        }
        _ if !takes => return Err("its body has no parameter".into()),
        Body::Bytes(bytes) => format!("body(ByteStream::from_static(b\"{}\"))", bytes.escape_ascii()),
        Body::Generated { first, len } => format!("body(ByteStream::from(generated({first}, {len})))"),
        Body::File { slot, offset, len } => {
            let slot = session.files.get(*slot).ok_or("its file is not known")?;
            let local = slot.variable.to_ascii_lowercase();
            format!("body(ByteStream::from(file_range(&{local}, {offset}, {len})?))")
        }
    }))
}

/// An entry of the list of parts.
fn part(entry: &[(String, Value)]) -> Result<String, String> {
    let mut out = String::from("CompletedPart::builder()");
    for (name, field) in entry {
        let known = name == "ETag" || What::ETag.name() == *name || name.starts_with("Checksum");
        match (name.as_str(), field.text()) {
            ("PartNumber", Some(text)) => {
                let number = text.trim().parse::<i32>();
                let number = number.map_err(|_| "a part number of its list is no whole number")?;
                let _ = write!(out, ".part_number({number})");
            }
            _ if known => {
                let value = value(field).ok_or("its list holds what is no text")?;
                let _ = write!(out, ".{}({value})", rust_name(name));
            }
            _ => return Err("its list holds what the SDK has no name for".into()),
        }
    }
    Ok(out + ".build()")
}
