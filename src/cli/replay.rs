//! `partscope replay FILE`: what a session file or an HTTP archive holds, without a screen.

mod shown;

use super::Failure;
use super::args::{ExportArg, ReplayArgs, TargetArgs};
use super::out::{Out, note};
use crate::domain::exchange::{Exchange, ExchangeId};
use crate::domain::exchange_diff::{self, ExchangeDiff};
use crate::domain::export::script;
use crate::domain::hand_over::Place;
use crate::domain::har;
use crate::domain::replay::{self, Replay};
use crate::domain::session_file::{self, MAX_FILE, Session, Unmasked};
use crate::domain::text::visible;
use crate::domain::units::grouped;
use crate::domain::wire_text;
use crate::domain::xray::{self, Checked};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Widest line of differences.
const DIFF_CELLS: usize = 120;

/// Reads the file; `-` is standard input.
pub fn open(path: &Path) -> Result<Replay, Failure> {
    let piped = path == Path::new("-");
    let name = if piped { "standard input".to_owned() } else { path.display().to_string() };
    let failed = |why: &dyn std::fmt::Display| Failure::Local(format!("{name}: {why}"));
    let mut bytes = Vec::new();
    let read = if piped {
        io::stdin().lock().take(MAX_FILE + 1).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes))
    };
    read.map_err(|e| failed(&e))?;
    replay::open(name.as_str(), &bytes).map_err(|why| failed(&why))
}

/// Runs the command where it prints something.
pub fn run(target: &TargetArgs, args: &ReplayArgs, unmasked: Option<&Unmasked>) -> Result<(), Failure> {
    let opened = open(&args.file)?;
    opened.notes.iter().for_each(|words| note(words));
    if let Some(number) = args.xray {
        let e = find(&opened, number)?;
        let lines = xray::text_lines(&e.request, &e.response, &Checked::NoKey);
        return lines.iter().try_for_each(|line| Out.line(&visible(line)));
    }
    if let Some([old, new]) = args.diff.as_deref() {
        let diff = ExchangeDiff::of(find(&opened, *old)?, find(&opened, *new)?, false);
        let lines = exchange_diff::lines(&diff, DIFF_CELLS);
        return lines.iter().try_for_each(|line| Out.line(&line.text));
    }
    let chosen = chosen(&opened, args)?;
    match args.export {
        Some(format) => export(&opened, chosen, format, (target, unmasked)),
        None if args.list => chosen.iter().try_for_each(|e| Out.line(&wire_text::summary(e))),
        None if args.json => chosen.iter().try_for_each(|e| Out.json(&shown::json(e, args.mode.into()))),
        None => {
            Out.line(&visible(&shown::title(&opened)))?;
            let mut lines = chosen.iter().flat_map(|e| wire_text::text(e, args.mode.into()));
            lines.try_for_each(|line| Out.line(&line))
        }
    }
}

fn find(opened: &Replay, number: u64) -> Result<&Exchange, Failure> {
    let all = &opened.session.exchanges;
    let found = all.iter().find(|e| e.id == ExchangeId(number));
    found.ok_or_else(|| {
        let held = match (all.first(), all.last()) {
            (Some(first), Some(last)) => {
                let count = grouped(u64::try_from(all.len()).unwrap_or(u64::MAX));
                format!("it holds {count}, from {} to {}", first.id.0, last.id.0)
            }
            _ => "it holds none".to_owned(),
        };
        Failure::Local(format!("{} has no exchange {number}; {held}", opened.name))
    })
}

/// The exchanges that were asked for, in the order of the file.
fn chosen<'a>(opened: &'a Replay, args: &ReplayArgs) -> Result<Vec<&'a Exchange>, Failure> {
    for number in &args.exchange {
        find(opened, *number)?;
    }
    let named = |e: &&Exchange| args.exchange.is_empty() || args.exchange.contains(&e.id.0);
    let accepted = |e: &&Exchange| args.filter.as_ref().is_none_or(|f| f.accepts(e));
    Ok(opened.session.exchanges.iter().filter(named).filter(accepted).collect())
}

fn export(
    opened: &Replay,
    chosen: Vec<&Exchange>,
    format: ExportArg,
    (target, unmasked): (&TargetArgs, Option<&Unmasked>),
) -> Result<(), Failure> {
    if let Some(language) = format.language() {
        // It goes where the calls went, unless the options say something else.
        let went = opened.endpoint().filter(|_| !target.names_one());
        let place = Place {
            endpoint_url: target.endpoint_url.as_deref().or(went.as_deref()),
            region: target.region.as_deref(),
            profile: target.profile.as_deref(),
            path_style: target.path_style || went.is_some(),
            no_sign_request: target.no_sign_request,
        };
        return Out.bytes(script(&chosen, language, &place).as_bytes());
    }
    let session = Session { exchanges: chosen.into_iter().cloned().collect(), ..opened.session.clone() };
    let bytes = match (format, unmasked) {
        (ExportArg::Har, None) => har::write(&session),
        (ExportArg::Har, Some(proof)) => har::write_unmasked(&session, proof),
        (_, None) => session_file::write(&session),
        (_, Some(proof)) => session_file::write_unmasked(&session, proof),
    };
    Out.bytes(&bytes)
}
