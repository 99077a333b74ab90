//! Reading the words of a filter, and what is said of wrong ones.

use super::{Filter, Measure, State, Status, Term, Test, glob};
use crate::domain::exchange::CallKind;
use crate::domain::units::parse_size;
use crate::domain::wire_find::Needle;
use std::cmp::Ordering;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// Why a line is no filter; each names the word.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// A quotation mark without its partner.
    #[error("a quotation mark is open; \" closes it")]
    OpenQuote,
    /// No property has this name.
    #[error(
        "{0} is nothing one can ask for; there are op status part upload key client method code, ms sent read \
         (with > or <), retry error held running. For the text itself write \"{0}:…\" in quotation marks"
    )]
    NoSuchName(String),
    /// A word that asks for a property and says not which.
    #[error("{0} says not what to look for; {1}")]
    NoValue(String, &'static str),
    /// No call has this name.
    #[error("no call is named {name}; {near}")]
    NoSuchCall {
        /// What was written.
        name: String,
        /// What is near to it.
        near: String,
    },
    /// Not a status.
    #[error("{0} is no status; write 404, 4xx, 200-299, or none for those without an answer")]
    NotAStatus(String),
    /// Not a part number or range of them.
    #[error("{0} is no part number; write 3, 3-7, 3- or -7")]
    NotAPart(String),
    /// Not a duration or a size.
    #[error("{word}: {why}")]
    NotAMeasure {
        /// The word.
        word: String,
        /// What is wrong.
        why: String,
    },
    /// A dash alone.
    #[error("- stands before the word it turns about: -retry, -status:200")]
    DashAlone,
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(line: &str) -> Result<Self, FilterError> {
        let terms = words(line)?.into_iter().map(|w| term(&w)).collect::<Result<_, _>>()?;
        Ok(Self { terms, text: line.trim().to_owned() })
    }
}

/// The names of what can be asked for.
const PROPERTIES: [&str; 8] = ["op", "status", "part", "upload", "key", "client", "method", "code"];
const MEASURES: [(&str, Measure); 3] =
    [("ms", Measure::Micros), ("sent", Measure::Sent), ("read", Measure::Read)];
const STATES: [(&str, State); 4] =
    [("retry", State::Retry), ("error", State::Error), ("held", State::Held), ("running", State::Running)];

impl Filter {
    /// Reads a line that is still being typed: a last word that may become the name of something is left out until it
    /// is one, so that the list does not go empty on the way to it.
    pub fn being_typed(line: &str) -> Result<Self, FilterError> {
        let whole: Self = line.parse()?;
        let from = line.rfind(char::is_whitespace).map_or(0, |at| at + 1);
        let (before, last) = line.split_at_checked(from).unwrap_or((line, ""));
        let last = last.strip_prefix('-').unwrap_or(last).to_ascii_lowercase();
        let names = PROPERTIES.into_iter().chain(MEASURES.map(|(name, _)| name));
        let begins = names.into_iter().any(|name| name.starts_with(&last))
            || STATES.iter().any(|(name, _)| name.starts_with(&last) && *name != last);
        if last.is_empty() || !begins {
            return Ok(whole);
        }
        // A quotation that holds the blank before it is one word with it.
        before.parse().or(Ok(whole))
    }
}

/// A word, and where in it quotation began.
struct Word {
    text: String,
    quoted_from: Option<usize>,
}

impl Word {
    /// Splits before the first sign that is not quoted.
    fn split(&self, signs: &[char]) -> Option<(&str, char, &str)> {
        let at = self.text.find(signs)?;
        let sign = self.text.get(at..)?.chars().next()?;
        let open = self.quoted_from.is_none_or(|from| at < from);
        open.then(|| (self.text.get(..at).unwrap_or(""), sign, self.text.get(at + 1..).unwrap_or("")))
    }
}

fn words(line: &str) -> Result<Vec<Word>, FilterError> {
    let (mut out, mut word, mut quoted) = (Vec::new(), None::<Word>, false);
    for c in line.chars() {
        if c.is_whitespace() && !quoted {
            out.extend(word.take());
            continue;
        }
        let word = word.get_or_insert(Word { text: String::new(), quoted_from: None });
        if c == '"' {
            quoted = !quoted;
            word.quoted_from.get_or_insert(word.text.len());
        } else {
            word.text.push(c);
        }
    }
    if quoted {
        return Err(FilterError::OpenQuote);
    }
    out.extend(word);
    out.retain(|w| !w.text.is_empty());
    Ok(out)
}

fn term(word: &Word) -> Result<Term, FilterError> {
    let dash = word.text.starts_with('-') && word.quoted_from != Some(0);
    if !dash {
        return Ok(Term { negated: false, test: test(word)? });
    }
    let rest = word.text.get(1..).unwrap_or("").to_owned();
    if rest.is_empty() {
        return Err(FilterError::DashAlone);
    }
    let quoted_from = word.quoted_from.map(|at| at.saturating_sub(1));
    Ok(Term { negated: true, test: test(&Word { text: rest, quoted_from })? })
}

fn test(word: &Word) -> Result<Test, FilterError> {
    if let Some((name, sign, value)) = word.split(&[':', '>', '<']) {
        let measure = measure_named(name);
        return match (sign, measure) {
            ('>' | '<', Some(measure)) => compared(word, measure, sign, value),
            // Tags of XML are what one looks for most among texts.
            ('>' | '<', None) => text(word),
            (_, Some(_)) => Err(FilterError::NoValue(format!("{name}:"), "write ms>100 or read<1MiB")),
            (_, None) => property(name, value),
        };
    }
    if word.quoted_from.is_none() {
        let state = STATES.iter().find(|(name, _)| word.text.eq_ignore_ascii_case(name));
        if let Some((_, state)) = state {
            return Ok(Test::Is(*state));
        }
    }
    text(word)
}

fn text(word: &Word) -> Result<Test, FilterError> {
    needle(&word.text, &word.text, "write a text").map(Test::Text)
}

fn needle(value: &str, word: &str, hint: &'static str) -> Result<Needle, FilterError> {
    Needle::new(value).ok_or_else(|| FilterError::NoValue(word.to_owned(), hint))
}

fn measure_named(name: &str) -> Option<Measure> {
    MEASURES.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, measure)| *measure)
}

fn compared(word: &Word, measure: Measure, sign: char, value: &str) -> Result<Test, FilterError> {
    let beyond = if sign == '>' { Ordering::Greater } else { Ordering::Less };
    let (orders, value) = match value.strip_prefix('=') {
        Some(value) => (vec![beyond, Ordering::Equal], value),
        None => (vec![beyond], value),
    };
    let wrong = |why: String| FilterError::NotAMeasure { word: word.text.clone(), why };
    let than = match measure {
        Measure::Micros => {
            let millis: Option<u64> = value.parse().ok();
            let micros = millis.and_then(|ms| ms.checked_mul(1000));
            micros.ok_or_else(|| wrong("write whole milliseconds, as in ms>100".to_owned()))?
        }
        Measure::Sent | Measure::Read => parse_size(value).map_err(wrong)?,
    };
    Ok(Test::Measure(measure, orders, than))
}

fn property(name: &str, value: &str) -> Result<Test, FilterError> {
    let word = format!("{name}:");
    let choices: Vec<&str> = value.split(',').filter(|v| !v.is_empty()).collect();
    let need = |hint| if choices.is_empty() { Err(FilterError::NoValue(word.clone(), hint)) } else { Ok(()) };
    Ok(match name.to_ascii_lowercase().as_str() {
        "op" => {
            need("write op:UploadPart or op:*Part*")?;
            Test::Op(choices.into_iter().map(call).collect::<Result<_, _>>()?)
        }
        "status" => {
            need("write status:4xx")?;
            Test::Status(choices.into_iter().map(status).collect::<Result<_, _>>()?)
        }
        "part" => {
            need("write part:3-7")?;
            Test::Part(choices.into_iter().map(part).collect::<Result<_, _>>()?)
        }
        "method" => {
            need("write method:PUT")?;
            Test::Method(choices.into_iter().map(str::to_owned).collect())
        }
        "code" => {
            need("write code:NoSuchUpload")?;
            Test::Code(choices.into_iter().map(str::to_ascii_lowercase).collect())
        }
        "upload" => Test::Upload(needle(value, &word, "write some of the upload id")?),
        "key" => Test::Key(needle(value, &word, "write some of the bucket's or the object's name")?),
        "client" => Test::Client(needle(value, &word, "write some of its user agent")?),
        _ => return Err(FilterError::NoSuchName(name.to_owned())),
    })
}

fn call(name: &str) -> Result<String, FilterError> {
    let wanted = name.to_ascii_lowercase();
    if CallKind::names().any(|call| glob(&wanted, &call.to_ascii_lowercase())) {
        return Ok(wanted);
    }
    let near: Vec<&str> = CallKind::names()
        .filter(|call| call.to_ascii_lowercase().contains(wanted.trim_matches('*')))
        .collect();
    let near = if near.is_empty() {
        let all: Vec<&str> = CallKind::names().collect();
        format!("there are {}", all.join(", "))
    } else {
        format!("op:*{}* is {}", name.trim_matches('*'), near.join(", "))
    };
    Err(FilterError::NoSuchCall { name: name.to_owned(), near })
}

fn status(text: &str) -> Result<Status, FilterError> {
    let wrong = || FilterError::NotAStatus(text.to_owned());
    if text.eq_ignore_ascii_case("none") {
        return Ok(Status::None);
    }
    let number = |text: &str| text.parse::<u16>().ok().filter(|n| (100..1000).contains(n));
    if let Some(class) = text.to_ascii_lowercase().strip_suffix("xx") {
        let class = class.parse::<u16>().ok().filter(|c| (1..=9).contains(c)).ok_or_else(wrong)?;
        return Ok(Status::In(class * 100..=class * 100 + 99));
    }
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let range = number(first).zip(number(last)).filter(|(first, last)| first <= last);
    range.map(|(first, last)| Status::In(first..=last)).ok_or_else(wrong)
}

fn part(text: &str) -> Result<RangeInclusive<u32>, FilterError> {
    let wrong = || FilterError::NotAPart(text.to_owned());
    let number = |text: &str, open: u32| if text.is_empty() { Some(open) } else { text.parse().ok() };
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    if first.is_empty() && last.is_empty() {
        return Err(wrong());
    }
    let range = number(first, 0).zip(number(last, u32::MAX)).filter(|(first, last)| first <= last);
    range.map(|(first, last)| first..=last).ok_or_else(wrong)
}
