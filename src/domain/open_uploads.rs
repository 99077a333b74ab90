//! Uploads in progress: how old they are, what they hold, and which of them are meant.

use super::output::ListedUpload;
use super::price::{Estimate, estimate};
use super::units::{grouped, utc};
use serde::Serialize;

/// What an upload holds, as ListParts told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Held {
    /// Parts.
    pub parts: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// An upload in progress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenUpload {
    /// The entry of the list.
    pub listed: ListedUpload,
    /// What it holds; why not, where that was not told.
    pub held: Result<Held, String>,
}

impl OpenUpload {
    /// Seconds since it was initiated, by a clock that shows `now` (seconds since 1970); 0 for one of the future.
    pub fn age(&self, now: i64) -> u64 {
        u64::try_from(now.saturating_sub(self.listed.initiated)).unwrap_or(0)
    }

    /// What its bytes cost a month at list price, where both are known.
    pub fn estimate(&self) -> Option<Estimate> {
        estimate(self.listed.storage_class.as_deref(), self.held.as_ref().ok()?.bytes)
    }

    /// One JSON object.
    pub fn json(&self, now: i64) -> serde_json::Value {
        let listed = &self.listed;
        serde_json::json!({
            "upload": listed.upload,
            "initiated": format!("{} UTC", utc(listed.initiated)),
            "age_seconds": self.age(now),
            "storage_class": listed.storage_class,
            "checksum_algorithm": listed.checksum_algorithm,
            "parts": self.held.as_ref().ok().map(|h| h.parts),
            "bytes": self.held.as_ref().ok().map(|h| h.bytes),
            "not_told": self.held.as_ref().err(),
            "estimate": self.estimate(),
        })
    }
}

/// Which uploads are meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only those that are at least so many seconds old.
    pub older_than: Option<u64>,
    /// Only the one with this id.
    pub upload_id: Option<String>,
}

impl Filter {
    /// Whether an upload is meant.
    pub fn takes(&self, listed: &ListedUpload, now: i64) -> bool {
        let age = now.saturating_sub(listed.initiated);
        // Of a date that no clock shows yet nothing is concluded: it is never old enough.
        self.older_than.is_none_or(|least| u64::try_from(age).is_ok_and(|age| age >= least))
            && self.upload_id.as_ref().is_none_or(|id| *id == listed.upload.upload_id)
    }

    /// What to say when it takes none of the uploads that are listed; `prefix` is what their keys were to begin with.
    pub fn none_words(&self, listed: &[ListedUpload], prefix: &str) -> String {
        let of = match prefix {
            "" => String::new(),
            prefix => format!(" of a key that begins with {prefix:?}"),
        };
        if let Some(id) = &self.upload_id {
            return match listed.iter().find(|l| l.upload.upload_id == *id) {
                Some(young) => format!(
                    "the upload {id} is in progress, but not so old: initiated {} UTC",
                    utc(young.initiated)
                ),
                None => format!("no upload in progress{of} has the id {id}"),
            };
        }
        match listed.len() {
            0 => format!("no upload in progress{of}"),
            1 => format!("the 1 upload in progress{of} is not so old"),
            n => {
                let n = grouped(u64::try_from(n).unwrap_or(u64::MAX));
                format!("none of the {n} uploads in progress{of} is so old")
            }
        }
    }

    /// Whether it names anything at all.
    pub fn is_empty(&self) -> bool {
        self.older_than.is_none() && self.upload_id.is_none()
    }
}

/// Seconds as an age: `45 s`, `12 min`, `5 h`, `12 d`, rounded down.
pub fn age_words(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h", seconds / 3600),
        _ => format!("{} d", grouped(seconds / 86_400)),
    }
}

/// Reads an age as people type it: `7d`, `12h`, `30m`, `45s`, `2w`.
pub fn parse_age(text: &str) -> Result<u64, String> {
    let wrong = || format!("{text:?} is not an age; write a number and s, m, h, d or w, such as 7d or 12h");
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(split);
    let factor: u64 = match unit.trim() {
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3600,
        "d" => 86_400,
        "w" => 7 * 86_400,
        _ => return Err(wrong()),
    };
    if number.is_empty() {
        return Err(wrong());
    }
    // Digits and nothing else: what cannot be read is too large.
    let seconds = number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor));
    seconds
        .ok_or_else(|| format!("{text:?} is too large: no upload is so old; write an age such as 7d or 12h"))
}

/// Reads an upload id as people pass it; any text but none at all, which no upload has.
pub fn parse_upload_id(text: &str) -> Result<String, String> {
    match text.trim().is_empty() {
        true => Err("an upload id is never empty; is the shell variable set that should hold it? \
                     partscope uploads lists the ids"
            .into()),
        false => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::operation::UploadRef;
    use crate::domain::units::GIB;

    fn upload(initiated: i64) -> OpenUpload {
        let upload = UploadRef { bucket: "b".into(), key: "k".into(), upload_id: "ID".into() };
        let storage_class = Some("STANDARD".to_owned());
        OpenUpload {
            listed: ListedUpload { upload, initiated, storage_class, checksum_algorithm: None },
            held: Ok(Held { parts: 3, bytes: 100 * GIB }),
        }
    }

    #[test]
    fn only_what_is_old_enough_is_meant() {
        let filter = |older_than, id: Option<&str>| Filter { older_than, upload_id: id.map(str::to_owned) };
        for (filter, initiated, want) in [
            (filter(None, None), 1000, true),
            (filter(Some(100), None), 900, true),
            (filter(Some(100), None), 901, false),
            (filter(Some(0), None), 1001, false),
            (filter(None, Some("ID")), 1000, true),
            (filter(None, Some("other")), 0, false),
            (filter(Some(100), Some("ID")), 901, false),
        ] {
            assert_eq!(filter.takes(&upload(initiated).listed, 1000), want, "{filter:?} {initiated}");
        }
        assert!(filter(None, None).is_empty() && !filter(Some(0), None).is_empty());
    }

    #[test]
    fn where_none_is_meant_the_others_are_not_denied() {
        let filter = |older_than, id: Option<&str>| Filter { older_than, upload_id: id.map(str::to_owned) };
        let (one, two) = ([upload(0).listed], [upload(0).listed, upload(1).listed]);
        for (filter, listed, prefix, want) in [
            (filter(None, None), &[][..], "", "no upload in progress"),
            (filter(Some(9), None), &[], "a/", "no upload in progress of a key that begins with \"a/\""),
            (filter(Some(9), None), &one, "", "the 1 upload in progress is not so old"),
            (filter(Some(9), None), &two, "", "none of the 2 uploads in progress is so old"),
            (filter(None, Some("x")), &two, "", "no upload in progress has the id x"),
            (
                filter(Some(9), Some("ID")),
                &two,
                "",
                "the upload ID is in progress, but not so old: initiated 1970-01-01 00:00:00 UTC",
            ),
        ] {
            assert_eq!(filter.none_words(listed, prefix), want);
        }
    }

    #[test]
    fn ages_are_read_and_written() {
        for (text, want) in [("45s", 45), ("30m", 1800), ("12 h", 43_200), ("7d", 604_800), ("2w", 1_209_600)]
        {
            assert_eq!(parse_age(text), Ok(want), "{text}");
        }
        for wrong in ["7", "d", "", "-7d", "7y", "7.5d", "99999999999999999999y"] {
            assert!(parse_age(wrong).is_err_and(|e| e.contains("is not an age")), "{wrong}");
        }
        for large in ["99999999999999999999d", "18446744073709551615d"] {
            assert!(parse_age(large).is_err_and(|e| e.contains("too large")), "{large}");
        }
        let words: Vec<String> = [59, 3599, 86_399, 86_400].into_iter().map(age_words).collect();
        assert_eq!(words, ["59 s", "59 min", "23 h", "1 d"]);
        assert_eq!((upload(900).age(1000), upload(1001).age(1000)), (100, 0));
    }

    #[test]
    fn an_upload_id_is_anything_but_nothing() {
        assert_eq!(parse_upload_id("-x.y_"), Ok("-x.y_".to_owned()));
        for empty in ["", " ", "\n"] {
            assert!(parse_upload_id(empty).is_err_and(|e| e.contains("never empty")), "{empty:?}");
        }
    }

    #[test]
    fn the_json_has_what_is_known_and_says_what_is_not() {
        let mut open = upload(0);
        let json = open.json(90);
        assert_eq!(json["age_seconds"], 90);
        assert_eq!(json["initiated"], "1970-01-01 00:00:00 UTC");
        assert_eq!(json["estimate"]["usd_per_month"].as_f64().map(|n| (n * 100.0).round()), Some(230.0));
        open.held = Err("AccessDenied (403)".into());
        let json = open.json(90);
        assert_eq!((json["bytes"].as_u64(), json["estimate"].as_object()), (None, None));
        assert_eq!(json["not_told"], "AccessDenied (403)");
    }
}
