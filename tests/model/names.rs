//! Ids of a server and the short names they have in the model, in the order of their first sight.

use std::collections::BTreeMap;

#[derive(Debug, Default)]
pub struct Names {
    real: BTreeMap<String, String>,
    short: BTreeMap<String, String>,
    made: BTreeMap<char, usize>,
}

impl Names {
    /// The short name of an id that may be new.
    pub fn learn(&mut self, kind: char, real: &str) -> String {
        if real == "null" || self.short.contains_key(real) {
            return self.short(real);
        }
        let count = self.made.entry(kind).or_default();
        *count += 1;
        let short = format!("{kind}{count}");
        self.real.insert(short.clone(), real.to_owned());
        self.short.insert(real.to_owned(), short.clone());
        short
    }

    /// The short name, or the id itself if it was never seen.
    pub fn short(&self, real: &str) -> String {
        self.short.get(real).cloned().unwrap_or_else(|| real.to_owned())
    }

    pub fn real(&self, short: &str) -> String {
        self.real.get(short).cloned().unwrap_or_else(|| short.to_owned())
    }
}
