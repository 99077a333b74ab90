//! Reading a rule: what is wrong is said of the very word that is wrong, with the choices there are.

use super::names::{ACTIONS, ANY, DATA, LATE, LIMITS, Names, OPERATIONS, named_by, near};
use super::{Fault, FaultAction};
use crate::domain::units::{PartNumber, parse_size};
use percent_encoding::percent_decode_str;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Longest delay, in milliseconds: an hour.
const MAX_DELAY: u64 = 3_600_000;
/// Skew that S3 forgives, in seconds.
const FORGIVEN: u64 = 15 * 60;
/// Greatest skew, in seconds: a year.
const MAX_SKEW: u64 = 366 * 24 * 3600;

/// Why a text is no rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct FaultError {
    /// The word that is wrong; empty when one is missing.
    pub word: String,
    /// What is wrong with it, and the choices.
    pub why: String,
}

impl fmt::Display for FaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.word.as_str() {
            "" => f.write_str(&self.why),
            word => write!(f, "{word:?}: {}", self.why),
        }
    }
}

fn wrong(word: &str, why: impl Into<String>) -> FaultError {
    FaultError { word: word.to_owned(), why: why.into() }
}

/// A rule half read.
#[derive(Default)]
struct Draft {
    parts: Option<(i32, i32)>,
    key: Option<String>,
    after: Option<u32>,
    /// `Some(None)` is `always`.
    times: Option<Option<u32>>,
    action: Option<FaultAction>,
    /// The words of `part`, `key` and the action, for what is found wrong at the end.
    said: [String; 3],
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let mut words = text.split_whitespace();
        let first = words
            .next()
            .ok_or_else(|| wrong("", format!("begin with an operation: {}", all(operations()))))?;
        let operation = operation(first)?;
        let mut draft = Draft::default();
        for word in words {
            draft.take(word)?;
        }
        let action = draft
            .action
            .clone()
            .ok_or_else(|| wrong("", format!("an action is missing: {}", all(ACTIONS.into_iter()))))?;
        draft.suits(operation, &action)?;
        Ok(Self {
            operation,
            parts: draft.parts,
            key: draft.key,
            after: draft.after.unwrap_or(0),
            times: draft.times.unwrap_or(Some(1)),
            action,
        })
    }
}

fn operations() -> impl Iterator<Item = &'static str> + Clone {
    std::iter::once(ANY).chain(OPERATIONS)
}

fn all<'a>(choices: impl Iterator<Item = &'a str>) -> String {
    choices.collect::<Vec<_>>().join(", ")
}

/// The likely choices, or all of them.
fn choices<'a>(word: &str, of: impl Iterator<Item = &'a str> + Clone) -> String {
    match near(word, of.clone()) {
        few if few.is_empty() => format!("the choices are {}", all(of)),
        few => format!("did you mean {}?", few.join(" or ")),
    }
}

fn operation(word: &str) -> Result<Option<&'static str>, FaultError> {
    if word.eq_ignore_ascii_case(ANY) {
        return Ok(None);
    }
    match OPERATIONS.into_iter().find(|name| name.eq_ignore_ascii_case(word)) {
        Some(name) => Ok(Some(name)),
        None if word.contains('=') || ACTIONS.contains(&word) || LIMITS.contains(&word) => {
            Err(wrong(word, format!("an operation comes first: {}", all(operations()))))
        }
        None => Err(wrong(word, format!("no such operation; {}", choices(word, operations())))),
    }
}

fn once<T>(slot: &mut Option<T>, word: &str, what: &str, value: T) -> Result<(), FaultError> {
    if slot.is_some() {
        return Err(wrong(word, format!("{what} is already said")));
    }
    *slot = Some(value);
    Ok(())
}

impl Draft {
    fn take(&mut self, word: &str) -> Result<(), FaultError> {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word, None),
        };
        let [part, key, action] = &mut self.said;
        match (name, value) {
            ("part", Some(value)) => {
                part.push_str(word);
                once(&mut self.parts, word, "the part", parts(word, value)?)
            }
            ("key", Some(value)) => {
                key.push_str(word);
                once(&mut self.key, word, "the key", prefix(word, value)?)
            }
            ("after", Some(value)) => {
                let why = "how many requests go by first, a whole number: after=2";
                let after = value.parse().map_err(|_| wrong(word, why))?;
                once(&mut self.after, word, "after", after)
            }
            ("times", Some(value)) => {
                let why = "how many requests are met, a whole number from 1: times=2, or always";
                let times = value.parse().ok().filter(|n| *n > 0).ok_or_else(|| wrong(word, why))?;
                once(&mut self.times, word, "how often", Some(times))
            }
            ("always", None) => once(&mut self.times, word, "how often", None),
            _ => {
                let meant = read_action(word, name, value)?;
                action.push_str(word);
                once(&mut self.action, word, "the action", meant)
            }
        }
    }

    /// Whether the operation can be told apart so, and can fail so.
    fn suits(&self, operation: Option<&'static str>, action: &FaultAction) -> Result<(), FaultError> {
        let [part, key, said] = &self.said;
        let names = operation.and_then(named_by).unwrap_or(Names::Part);
        let called = operation.unwrap_or(ANY);
        if self.parts.is_some() && names < Names::Part {
            return Err(wrong(part, format!("{called} names no part")));
        }
        if self.key.is_some() && names < Names::Key {
            return Err(wrong(key, format!("{called} names no key")));
        }
        let only: &[&str] = match action {
            FaultAction::ErrorAfterOk => &LATE,
            FaultAction::Corrupt => &DATA,
            _ => return Ok(()),
        };
        match operation.is_some_and(|o| only.contains(&o)) {
            true => Ok(()),
            false => Err(wrong(said, format!("cannot happen to {called}, only to {}", only.join(", ")))),
        }
    }
}

fn read_action(word: &str, name: &str, value: Option<&str>) -> Result<FaultAction, FaultError> {
    use FaultAction as A;
    Ok(match (name, value) {
        ("slow-down", None) => A::SlowDown,
        ("internal-error", None) => A::InternalError,
        ("reset", None) => A::Reset,
        ("lost-answer", None) => A::LostAnswer,
        ("corrupt", None) => A::Corrupt,
        ("error-after-200", None) => A::ErrorAfterOk,
        ("expired-token", None) => A::ExpiredToken,
        ("delay", Some(value)) => A::Delay(delay(word, value)?),
        ("slow-answer", Some(value)) => A::SlowAnswer(bytes(word, value)?),
        ("reset-after", Some(value)) => A::ResetAfter(bytes(word, value)?),
        ("clock-skew", Some(value)) => A::ClockSkew(skew(word, value)?),
        ("permanent-redirect", Some(value)) => A::PermanentRedirect(region(word, value)?),
        ("temporary-redirect", Some(value)) => A::TemporaryRedirect(region(word, value)?),
        _ => return Err(unknown(word, name, value)),
    })
}

fn unknown(word: &str, name: &str, value: Option<&str>) -> FaultError {
    let known = LIMITS.into_iter().chain(ACTIONS).find(|c| c.split('=').next() == Some(name));
    match known {
        Some(form) if value.is_some() => wrong(word, format!("takes no value: {form}")),
        Some(form) => wrong(word, format!("needs a value: {form}")),
        None => wrong(word, format!("no such word; {}", choices(word, LIMITS.into_iter().chain(ACTIONS)))),
    }
}

fn parts(word: &str, value: &str) -> Result<(i32, i32), FaultError> {
    let (first, last) = value.split_once('-').unwrap_or((value, value));
    let number = |text: &str| text.parse().ok().filter(|n| PartNumber(*n).is_valid());
    match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => Ok((first, last)),
        _ => Err(wrong(word, "one part number or a range of them, 1 to 10000: part=3, part=2-4")),
    }
}

fn prefix(word: &str, value: &str) -> Result<String, FaultError> {
    let why = "the beginning of a key, a blank in it as %20: key=photos/";
    let text = percent_decode_str(value).decode_utf8().map_err(|_| wrong(word, why))?;
    if text.is_empty() { Err(wrong(word, why)) } else { Ok(text.into_owned()) }
}

/// Milliseconds.
fn time(value: &str) -> Option<u64> {
    let split = value.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = value.split_at_checked(split)?;
    let unit = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit)
}

fn delay(word: &str, value: &str) -> Result<Duration, FaultError> {
    let found = time(value).filter(|ms| *ms <= MAX_DELAY).map(Duration::from_millis);
    found.ok_or_else(|| wrong(word, "a time in ms, s, m or h, an hour at most: delay=250ms"))
}

fn skew(word: &str, value: &str) -> Result<i64, FaultError> {
    let (behind, size) = value.strip_prefix('-').map_or((false, value), |size| (true, size));
    let seconds = time(size)
        .filter(|ms| ms.is_multiple_of(1000))
        .map(|ms| ms / 1000)
        .filter(|s| (FORGIVEN + 1..=MAX_SKEW).contains(s))
        .and_then(|s| i64::try_from(s).ok());
    let seconds = seconds.ok_or_else(|| {
        wrong(
            word,
            "how far the server's clock is ahead, or behind with a minus; S3 forgives 15m: clock-skew=20m",
        )
    })?;
    Ok(if behind { -seconds } else { seconds })
}

fn bytes(word: &str, value: &str) -> Result<u64, FaultError> {
    let found = parse_size(value).ok().filter(|n| *n > 0);
    found.ok_or_else(|| wrong(word, "a number of bytes from 1, or with a unit: 1000, 64KiB"))
}

fn region(word: &str, value: &str) -> Result<String, FaultError> {
    let fine = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    match (1..=32).contains(&value.len()) && value.bytes().all(fine) {
        true => Ok(value.to_owned()),
        false => Err(wrong(word, "the name of a region: eu-west-1")),
    }
}

#[cfg(test)]
mod tests;
