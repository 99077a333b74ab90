//! What a copy will have of its source: asked, told in notes, and laid out in a table.

use crate::cli::Failure;
use crate::cli::args::CopyArgs;
use crate::cli::gather::Gathered;
use crate::cli::session::Session;
use crate::domain::carry::{self, Planned, Row, Source, Told, Verdict};
use crate::domain::names::ObjectRef;
use crate::domain::operation::Operation;
use crate::domain::outcome::Outcome;
use crate::domain::output::{AclOutput, Output};
use crate::domain::text::cut_end;
use serde_json::{Value, json};

/// Cells of a value in the table.
const WIDE: usize = 64;

/// What is known of the source's access control list.
pub(super) enum Acl {
    Known(AclOutput),
    Refused(String),
    NotAsked,
}

impl Acl {
    /// Whether GetObjectAcl was sent.
    pub(super) fn was_asked(&self) -> bool {
        !matches!(self, Self::NotAsked)
    }

    /// The list, if it is known.
    pub(super) fn known(&self) -> Option<&AclOutput> {
        if let Self::Known(acl) = self { Some(acl) } else { None }
    }
}

/// Asks for the access control list where it matters: to take it over, or to show everything.
pub(super) async fn acl(session: &Session, args: &CopyArgs, object: &ObjectRef) -> Result<Acl, Failure> {
    if args.resume.is_some() || !(args.everything || args.dry_run) {
        return Ok(Acl::NotAsked);
    }
    match session.call(&Operation::GetObjectAcl(object.clone())).await {
        Outcome::Answered(Output::Acl(acl)) => Ok(Acl::Known(acl)),
        Outcome::Refused(error) => Ok(Acl::Refused(error.to_string())),
        other => Err(Failure::reading(format_args!("GetObjectAcl {object}"), &other)),
    }
}

/// The source as it was asked about.
fn source<'a>(gathered: &'a Gathered, acl: &'a Acl) -> Source<'a> {
    Source {
        bucket: &gathered.object.bucket,
        head: &gathered.head,
        tags: match &gathered.tags {
            Ok(tags) => Told::Known(tags),
            Err(why) => Told::Refused(why),
        },
        acl: match acl {
            Acl::Known(acl) => Told::Known(acl),
            Acl::Refused(why) => Told::Refused(why),
            Acl::NotAsked => Told::NotAsked,
        },
    }
}

/// What becomes of each property. Tags that `--no-tags` leaves out are not lost: that was asked for.
pub(super) fn rows(args: &CopyArgs, gathered: &Gathered, acl: &Acl, planned: &Planned) -> Vec<Row> {
    let mut rows = carry::rows(&source(gathered, acl), planned);
    if args.no_tags {
        leave_tags_out(&mut rows);
    }
    rows
}

fn leave_tags_out(rows: &mut [Row]) {
    for row in rows.iter_mut().filter(|row| row.property == "Tags" && !row.item) {
        row.verdict = Verdict::Changes("left out, as --no-tags asks".into());
        row.planned = None;
    }
}

/// What to say before a copy: what it will lose, and what comes out otherwise although a copy might have kept it.
/// Of parts and ETag the plan tells by itself, and the usual encryption is what most buckets do.
pub(super) fn notes(rows: &[Row], args: &CopyArgs) -> Vec<String> {
    let told = |row: &&Row| match row.verdict {
        // A dry run lays out the whole table.
        _ if args.dry_run || row.item => false,
        Verdict::Kept => false,
        _ if args.no_tags && row.property == "Tags" => false,
        Verdict::Changes(_) => {
            row.source.is_some()
                && !row.is_own()
                && !["Encryption", "Parts and ETag"].contains(&row.property.as_str())
        }
        _ => row.is_loss(),
    };
    let list: Vec<&Row> = rows.iter().filter(told).collect();
    let line = |row: &&Row| {
        let value = cut_end(row.source.as_deref().unwrap_or(""), WIDE);
        let what = if row.is_loss() { "will not have" } else { "changes" };
        format!("the copy {what} {} ({value}): {}", row.property, row.verdict.why())
    };
    let mut out: Vec<String> = list.iter().map(line).collect();
    if !args.everything && list.iter().any(|row| matches!(row.verdict, Verdict::Needs(_))) {
        out.push("--everything names what can be named".into());
    }
    out
}

/// The whole table, a property a line.
pub(super) fn lines(rows: &[Row]) -> Vec<String> {
    let line = |(at, row): (usize, &Row)| {
        let title = if at == 0 { "properties" } else { "" };
        let name = format!("{}{}", if row.item { "  " } else { "" }, row.property);
        let text = format!("  {title:<13}{:<21}{:<19}{}", cut_end(&name, 20), row.verdict.name(), told(row));
        text.trim_end().to_owned()
    };
    rows.iter().enumerate().map(line).collect()
}

/// Values and reason.
fn told(row: &Row) -> String {
    let (source, planned) = (row.source.as_deref(), row.planned.as_deref());
    let values = match (source, planned) {
        (Some(source), Some(planned)) if source != planned => {
            format!("{} -> {}", cut_end(source, WIDE), cut_end(planned, WIDE))
        }
        (Some(one), _) | (None, Some(one)) => cut_end(one, WIDE),
        (None, None) => String::new(),
    };
    match (values.as_str(), row.verdict.why()) {
        (_, "") => values,
        ("", why) => why.to_owned(),
        (_, why) => format!("{values} ({why})"),
    }
}

/// The same as JSON.
pub(super) fn json(rows: &[Row]) -> Vec<Value> {
    let row = |row: &Row| {
        json!({
            "property": row.property,
            "source": row.source,
            "planned": row.planned,
            "verdict": row.verdict.key(),
            "why": row.verdict.why(),
            "place": row.place,
        })
    };
    rows.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(property: &str, item: bool) -> Row {
        Row {
            property: property.into(),
            source: Some("a=b".into()),
            planned: None,
            verdict: Verdict::Needs("nothing names it".into()),
            place: String::new(),
            item,
        }
    }

    #[test]
    fn tags_that_were_to_be_left_out_are_not_lost() {
        let mut rows = [row("Tags", false), row("ACL", false), row("Tags", true)];
        leave_tags_out(&mut rows);
        assert_eq!(rows.each_ref().map(Row::is_loss), [false, true, true]);
        assert!(rows[0].verdict.why().contains("--no-tags"));
    }
}
