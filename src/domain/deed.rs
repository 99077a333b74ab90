//! What somebody did, as far as it led to calls: the exchanges of one deed are read together.

/// Names one deed of this session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeedId(pub u64);

/// Who began it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// The person at the keyboard, by a press, a click or a text.
    You,
    /// The program by itself: the first listing, a list asked for again because it was old.
    Program,
    /// Another client, named so.
    Client(String),
}

impl std::fmt::Display for Who {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::You => "you",
            Self::Program => "this screen",
            Self::Client(name) => name,
        })
    }
}

/// One deed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// Its name.
    pub id: DeedId,
    /// Who began it.
    pub who: Who,
    /// What it is, in words: `inspect s3://bucket/key`. Not cleaned of control characters.
    pub label: String,
}
