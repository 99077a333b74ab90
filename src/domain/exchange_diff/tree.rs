//! Documents as trees whose repeated elements are told apart by what identifies them, and compared so.

use super::align::{UNKNOWN, is_masked, names, value};
use super::{Change, Section, Value, Verdict, What};
use crate::domain::message::{Payload, Place};
use crate::domain::redact::redact_detail;
use crate::domain::text::visible;
use crate::domain::xml;
use std::collections::HashMap;
use std::ops::Range;

/// Elements that come in lists, and the children that say which one it is.
const IDENTITY: [(&str, &[&str]); 9] = [
    ("Part", &["PartNumber"]),
    ("Upload", &["Key", "UploadId"]),
    ("Contents", &["Key"]),
    ("Version", &["Key", "VersionId"]),
    ("DeleteMarker", &["Key", "VersionId"]),
    ("CommonPrefixes", &["Prefix"]),
    ("Tag", &["Key"]),
    ("Bucket", &["Name"]),
    ("Object", &["Key", "VersionId"]),
];

/// Elements of an error document that differ in any two answers.
const EACH_TIME: [&str; 2] = ["RequestId", "HostId"];

/// An element.
#[derive(Debug, Default)]
pub(super) struct Node {
    name: String,
    attributes: String,
    text: String,
    /// Places in the payload.
    at: Place,
    children: Vec<Node>,
    /// Whether its end was at hand.
    whole: bool,
}

/// A document as far as it could be read.
pub(super) struct Tree {
    roots: Node,
    /// Where in the payload reading stopped, when not at its end.
    pub stopped: Option<usize>,
}

impl Tree {
    pub fn read(body: &[u8]) -> Self {
        let (lines, why) = xml::pretty_partial(body);
        let end = lines.last().map_or(0, |l| l.at.end);
        let mut open = vec![Node::default()];
        for line in &lines {
            take(&mut open, line.text.trim_start(), &line.at);
        }
        while open.len() > 1 {
            close(&mut open, None);
        }
        let mut roots = open.pop().unwrap_or_default();
        roots.whole = why.is_none();
        Self { roots, stopped: why.map(|_| end) }
    }
}

fn take(open: &mut Vec<Node>, text: &str, at: &Place) {
    if text.starts_with("</") {
        return close(open, Some(at));
    }
    let named = !["<?", "<!"].iter().any(|s| text.starts_with(s));
    let Some(tag) = text.strip_prefix('<').filter(|_| named) else {
        if let Some(top) = open.last_mut() {
            // Text among elements, declarations and comments belong to what is around them.
            top.text.push_str(text);
        }
        return;
    };
    let inside = tag.get(..tag_end(tag)).unwrap_or(tag);
    let (inside, empty) = inside.strip_suffix('/').map_or((inside, false), |i| (i, true));
    let split = inside.find(|c: char| c.is_whitespace()).unwrap_or(inside.len());
    let (name, attributes) = inside.split_at(split);
    let rest = tag.get(tag_end(tag) + 1..).unwrap_or("");
    let closed = rest.strip_suffix(&format!("</{name}>"));
    open.push(Node {
        name: name.to_owned(),
        attributes: attributes.trim().to_owned(),
        text: closed.unwrap_or(rest).to_owned(),
        at: at.clone(),
        ..Node::default()
    });
    if empty || closed.is_some() {
        close(open, Some(at));
    }
}

/// Where a tag ends: the first `>` that is in no attribute's value.
fn tag_end(tag: &str) -> usize {
    let mut quote = None;
    for (at, c) in tag.char_indices() {
        match (quote, c) {
            (None, '>') => return at,
            (None, '"' | '\'') => quote = Some(c),
            (Some(q), c) if q == c => quote = None,
            _ => {}
        }
    }
    tag.len()
}

fn close(open: &mut Vec<Node>, at: Option<&Place>) {
    if open.len() < 2 {
        return;
    }
    let Some(mut node) = open.pop() else { return };
    if let Some(at) = at {
        node.at.end = node.at.end.max(at.end);
        node.whole = true;
    }
    if let Some(parent) = open.last_mut() {
        parent.at.end = parent.at.end.max(node.at.end);
        parent.children.push(node);
    }
}

impl Node {
    /// What tells it apart from others of its name.
    fn identity(&self) -> Option<String> {
        let (_, by) = IDENTITY.iter().find(|(name, _)| *name == self.name)?;
        let ids: Vec<&str> = by
            .iter()
            .filter_map(|name| self.children.iter().find(|c| c.name == *name))
            .map(|c| c.text.as_str())
            .collect();
        (!ids.is_empty()).then(|| ids.join(" "))
    }

    /// Its text, or the names and texts of what is in it; secrets masked.
    fn told(&self, reveal: bool) -> String {
        let mut leaves = Vec::new();
        self.leaves(reveal, &mut leaves);
        match leaves.as_slice() {
            [(_, text)] if self.children.is_empty() => text.clone(),
            _ => names(leaves.into_iter().map(|(name, text)| format!("{name} {text}"))),
        }
    }

    fn leaves(&self, reveal: bool, out: &mut Vec<(String, String)>) {
        const MOST: usize = 50;
        if out.len() >= MOST {
            return;
        }
        if self.children.is_empty() {
            out.push((visible(&self.name), self.shown(reveal)));
        }
        self.children.iter().for_each(|c| c.leaves(reveal, out));
    }

    fn shown(&self, reveal: bool) -> String {
        let text = if reveal { self.text.clone() } else { redact_detail(&self.name, &self.text) };
        let gap = if self.attributes.is_empty() || text.is_empty() { "" } else { " " };
        visible(&format!("{}{gap}{text}", self.attributes))
    }
}

/// A document and the message it came in.
#[derive(Clone, Copy)]
pub(super) struct Document<'a> {
    pub tree: &'a Tree,
    pub payload: &'a Payload<'a>,
    /// Where bytes stand for others.
    pub masked: &'a [Range<u64>],
}

impl Document<'_> {
    /// Whether bytes of an element without elements in it stand for others.
    fn is_masked(&self, node: &Node) -> bool {
        let at = || value("", &self.payload.span(&node.at)).at;
        !self.masked.is_empty() && node.children.is_empty() && is_masked(&at(), self.masked)
    }
}

/// Two documents.
pub(super) struct Pair<'a> {
    pub old: Document<'a>,
    pub new: Document<'a>,
    pub reveal: bool,
}

impl Pair<'_> {
    /// Compares the documents, as far as both were read.
    pub fn compare(&self, section: &mut Section) {
        self.nodes(&self.old.tree.roots, &self.new.tree.roots, "", section);
    }

    fn nodes(&self, old: &Node, new: &Node, path: &str, section: &mut Section) {
        let own = |n: &Node| (n.attributes.clone(), n.text.clone());
        if !path.is_empty() && (self.old.is_masked(old) || self.new.is_masked(new)) {
            let (was, is) = (self.own(old, self.old.payload), self.own(new, self.new.payload));
            let what = What::Element(path.to_owned());
            let unknown = change(what, Verdict::NotKnown, Some(was), Some(is), false);
            section.changes.push(Change { note: UNKNOWN.to_owned(), ..unknown });
        } else if own(old) != own(new) {
            let each_time = EACH_TIME.contains(&new.name.as_str()) && path.starts_with("Error/");
            let (was, is) = (self.own(old, self.old.payload), self.own(new, self.new.payload));
            // Outside the root there is a declaration, and no element.
            let what = if path.is_empty() { What::Layout } else { What::Element(path.to_owned()) };
            section.changes.push(change(what, Verdict::Changed, Some(was), Some(is), each_time));
        } else if old.children.is_empty() && new.children.is_empty() && !path.is_empty() {
            section.same += 1;
        }
        self.children(old, new, path, section);
    }

    /// What stands in an element itself.
    fn own(&self, node: &Node, payload: &Payload<'_>) -> Value {
        value(node.shown(self.reveal), &payload.span(&node.at))
    }

    fn whole(&self, node: &Node, payload: &Payload<'_>) -> Option<Value> {
        Some(value(node.told(self.reveal), &payload.span(&node.at)))
    }

    fn children(&self, old: &Node, new: &Node, path: &str, section: &mut Section) {
        let (before, after) = (labelled(&old.children), labelled(&new.children));
        let places: HashMap<&str, usize> =
            before.iter().enumerate().map(|(i, (label, _))| (label.as_str(), i)).collect();
        let within = |label: &str| {
            let label = visible(label);
            if path.is_empty() { label } else { format!("{path}/{label}") }
        };
        let matched: Vec<Option<usize>> =
            after.iter().map(|(l, _)| places.get(l.as_str()).copied()).collect();
        let common: Vec<usize> = matched.iter().flatten().copied().collect();
        if !common.is_sorted() {
            let told = |labels: Vec<&str>, node: &Node, payload: &Payload<'_>| {
                Some(value(names(labels.into_iter().map(visible)), &payload.span(&node.at)))
            };
            let mut was = common.clone();
            was.sort_unstable();
            let label = |i: &usize| before.get(*i).map(|(l, _)| l.as_str());
            let was = told(was.iter().filter_map(label).collect(), old, self.old.payload);
            let is = told(common.iter().filter_map(label).collect(), new, self.new.payload);
            let what = What::ElementOrder(path.to_owned());
            section.changes.push(change(what, Verdict::Changed, was, is, false));
        }
        let mut next = 0;
        let gone = |from: usize, to: usize, section: &mut Section| {
            for (i, (label, node)) in before.iter().enumerate().take(to).skip(from) {
                // Where the end of the other list was not kept, nothing is known to be gone.
                if !common.contains(&i) && new.whole {
                    let (what, was) = (What::Element(within(label)), self.whole(node, self.old.payload));
                    section.changes.push(change(what, Verdict::Gone, was, None, false));
                }
            }
        };
        for ((label, node), at) in after.iter().zip(&matched) {
            match at.and_then(|at| before.get(at).map(|(_, n)| (at, n))) {
                Some((at, was)) => {
                    gone(next, at, section);
                    next = next.max(at + 1);
                    self.nodes(was, node, &within(label), section);
                }
                None if old.whole => {
                    let (what, is) = (What::Element(within(label)), self.whole(node, self.new.payload));
                    section.changes.push(change(what, Verdict::Added, None, is, false));
                }
                None => {}
            }
        }
        gone(next, before.len(), section);
    }
}

fn change(what: What, verdict: Verdict, old: Option<Value>, new: Option<Value>, each_time: bool) -> Change {
    Change { what, nth: 0, verdict, old, new, each_time, note: String::new() }
}

/// Each element with a label that no other beside it has: its name, what identifies it, and a number from the second on.
fn labelled(nodes: &[Node]) -> Vec<(String, &Node)> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    nodes
        .iter()
        .map(|node| {
            let label = match node.identity() {
                Some(id) => format!("{}[{id}]", node.name),
                None => node.name.clone(),
            };
            let count = seen.entry(label.clone()).or_insert(0);
            *count += 1;
            let label = if *count > 1 { format!("{label}#{count}") } else { label };
            (label, node)
        })
        .collect()
}
