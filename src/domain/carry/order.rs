//! The rows in the order in which they matter, and how many of them are lost.

use super::{Row, Verdict};

/// What a copy as planned will lack of its source, counted by property.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Losses {
    /// Properties that go only if the request names them.
    pub needs: usize,
    /// Properties that nobody can read.
    pub unread: usize,
}

impl Losses {
    /// Counts them. Entries of a list count as the one property that they are.
    pub fn of(rows: &[Row]) -> Self {
        let mut out = Self::default();
        for row in rows.iter().filter(|row| row.is_loss() && !row.item) {
            match row.verdict {
                Verdict::Needs(_) => out.needs += 1,
                _ => out.unread += 1,
            }
        }
        out
    }

    /// In a few words; `None` when nothing is lost as far as that is known.
    pub fn words(self) -> Option<String> {
        let needs = match self.needs {
            0 => None,
            1 => Some("1 property needs you".to_owned()),
            n => Some(format!("{n} properties need you")),
        };
        let unread = (self.unread > 0).then(|| format!("{} cannot be read", self.unread));
        let words: Vec<String> = needs.into_iter().chain(unread).collect();
        (!words.is_empty()).then(|| words.join(", "))
    }
}

/// What is lost first, what is kept last; entries of a list stay with the row that counts them.
pub fn losses_first(rows: Vec<Row>) -> Vec<Row> {
    let mut groups: Vec<Vec<Row>> = Vec::new();
    for row in rows {
        match groups.last_mut() {
            Some(group) if row.item => group.push(row),
            _ => groups.push(vec![row]),
        }
    }
    groups.sort_by_key(|group| group.first().map_or(u8::MAX, rank));
    groups.into_iter().flatten().collect()
}

fn rank(row: &Row) -> u8 {
    match (&row.verdict, row.is_loss()) {
        (Verdict::Needs(_), true) => 0,
        (Verdict::CannotBeRead(_), true) => 1,
        (Verdict::Needs(_) | Verdict::CannotBeRead(_), false) => 2,
        (Verdict::Changes(_), _) => 3,
        (Verdict::Kept, _) => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(property: &str, source: Option<&str>, verdict: Verdict, item: bool) -> Row {
        let source = source.map(str::to_owned);
        Row { property: property.into(), source, planned: None, verdict, place: String::new(), item }
    }

    #[test]
    fn losses_come_first_and_entries_stay_with_their_list() {
        let why = || "why".to_owned();
        let rows = losses_first(vec![
            row("kept", Some("a"), Verdict::Kept, false),
            row("metadata", Some("2"), Verdict::Needs(why()), false),
            row("one", Some("a"), Verdict::Kept, true),
            row("two", Some("b"), Verdict::Needs(why()), true),
            row("changes", None, Verdict::Changes(why()), false),
            row("not asked", None, Verdict::CannotBeRead(why()), false),
            row("unread", Some("?"), Verdict::CannotBeRead(why()), false),
        ]);
        let names: Vec<&str> = rows.iter().map(|r| r.property.as_str()).collect();
        assert_eq!(names, ["metadata", "one", "two", "unread", "not asked", "changes", "kept"]);
        let losses = Losses::of(&rows);
        assert_eq!(losses, Losses { needs: 1, unread: 1 });
        assert_eq!(losses.words().as_deref(), Some("1 property needs you, 1 cannot be read"));
        assert_eq!(Losses { needs: 3, unread: 0 }.words().as_deref(), Some("3 properties need you"));
        assert_eq!(Losses::default().words(), None);
    }
}
