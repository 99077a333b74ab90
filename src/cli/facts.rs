//! The fact list of `inspect`, as lines and as data.

use super::gather::Gathered;
use crate::domain::facts::{self, Fact, Section, TagsTold};
use crate::domain::text::{visible, width};

/// Cells of a name.
const NAME: usize = 20;

/// Everything about the object; what is only about this one answer left out.
pub fn facts(gathered: &Gathered) -> Vec<Fact> {
    let tags = match &gathered.tags {
        Ok(tags) => TagsTold::Known(tags),
        Err(why) => TagsTold::NotHad(why),
    };
    let all = facts::facts(&gathered.object.bucket, &gathered.head, tags, &gathered.evidence);
    all.into_iter().filter(|f| f.section != Section::Answer).collect()
}

/// Lines for people, section by section.
pub fn text(gathered: &Gathered) -> Vec<String> {
    let (mut lines, mut section) = (Vec::new(), None);
    for fact in facts(gathered) {
        // These stand above already, with the evidence for them.
        if fact.section == Section::Object && matches!(fact.name.as_str(), "Size" | "ETag" | "Parts") {
            continue;
        }
        if section != Some(fact.section) {
            section = Some(fact.section);
            lines.push(format!("  {}", fact.section.title()));
        }
        let indent = if fact.item { "  " } else { "" };
        let name = format!("{indent}{}", visible(&fact.name));
        let gap = " ".repeat(NAME.saturating_sub(width(&name)));
        let meaning = match fact.meaning.as_str() {
            "" => String::new(),
            words => format!("  ({})", visible(words)),
        };
        lines.push(format!("    {name}{gap} {}{meaning}", visible(&fact.value)));
    }
    lines
}
