//! The overlay in which the sandbox is told how to fail: a line to type a rule, the rules, and some ready-made ones.

use crate::domain::fault::{Fault, FaultError, FaultStatus};
use tui_input::Input;

/// Rules to begin with, each with what one sees of it.
pub const READY_MADE: [(&str, &str); 7] = [
    ("UploadPartCopy part=2 slow-down", "503; the part is asked for again"),
    ("UploadPartCopy part=2 lost-answer", "stored, but nobody hears of it"),
    ("UploadPart part=1 corrupt", "one bit changed on the way"),
    ("CompleteMultipartUpload error-after-200", "200, and then an error"),
    ("CompleteMultipartUpload lost-answer", "is the object there?"),
    ("any expired-token", "400; one call only"),
    ("any always delay=500ms", "everything half a second late"),
];

/// The overlay.
#[derive(Debug, Clone, Default)]
pub struct FaultList {
    /// What is typed.
    pub input: Input,
    /// The chosen row: the rules first, the ready-made ones after them.
    pub at: usize,
}

/// What the chosen row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chosen<'a> {
    /// A rule in force or used up.
    Rule(&'a FaultStatus),
    /// A ready-made one.
    Ready(&'static str),
}

impl FaultList {
    /// The chosen row; the last one when there are fewer by now.
    pub fn chosen<'a>(&self, rules: &'a [FaultStatus]) -> Chosen<'a> {
        match rules.get(self.at) {
            Some(rule) => Chosen::Rule(rule),
            None => {
                let at = self.at.saturating_sub(rules.len()).min(READY_MADE.len() - 1);
                Chosen::Ready(READY_MADE.get(at).map_or("", |(rule, _)| rule))
            }
        }
    }

    /// Puts the choice on another row, as many up or down as said.
    pub fn go(&mut self, by: isize, rules: &[FaultStatus]) {
        let last = rules.len() + READY_MADE.len() - 1;
        self.at = self.at.min(last).saturating_add_signed(by).min(last);
    }

    /// The typed rule, or what is wrong with it; `None` while nothing is typed.
    pub fn typed(&self) -> Option<Result<Fault, FaultError>> {
        let text = self.input.value();
        (!text.trim().is_empty()).then(|| text.parse())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_made_rules_are_rules_in_their_plain_form() {
        for (rule, words) in READY_MADE {
            assert_eq!(rule.parse::<Fault>().unwrap().to_string(), rule);
            assert!(rule.len() <= 40 && words.len() <= 32, "{rule}: {words}");
        }
    }

    #[test]
    fn the_choice_stays_on_a_row_that_is_there() {
        let rules = [FaultStatus::new(7, "any reset".parse().unwrap())];
        let mut list = FaultList::default();
        assert_eq!(list.chosen(&rules), Chosen::Rule(&rules[0]));
        assert_eq!(list.chosen(&[]), Chosen::Ready(READY_MADE[0].0));
        list.go(100, &rules);
        assert_eq!((list.at, list.chosen(&rules)), (7, Chosen::Ready(READY_MADE[6].0)));
        assert_eq!(list.chosen(&[]), Chosen::Ready(READY_MADE[6].0));
        list.go(-1, &[]);
        assert_eq!(list.at, 5);
    }
}
