//! What is asked of whoever holds a secret key, and the answer: strings and signatures in, equal or not out.

use crate::domain::sigv4::{Scope, SigningKey};

/// Signatures to be recomputed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Whose secret key it takes.
    pub access_key_id: String,
    /// What the signing key is derived for.
    pub scope: Scope,
    /// That of the request first, then those in its body.
    pub signatures: Vec<Signed>,
}

/// A text and the signature that was sent for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The string to sign.
    pub string_to_sign: String,
    /// In hex.
    pub signature: String,
}

/// What is known of the signatures of one request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Checked {
    /// Nobody here holds a secret key.
    #[default]
    NoKey,
    /// The answer is on its way.
    Waiting,
    /// No secret key of that access key id is held here.
    OtherKey,
    /// Each signature, and whether it is the one the secret key gives.
    Each(Vec<(Signed, bool)>),
}

impl Asked {
    /// Recomputes every signature with a secret key. Neither the key nor a signature made with it is in the answer.
    pub fn check(&self, secret_key: &str) -> Checked {
        let key = SigningKey::derive(secret_key, &self.scope);
        let judged = |s: &Signed| (s.clone(), key.sign(&s.string_to_sign) == s.signature);
        Checked::Each(self.signatures.iter().map(judged).collect())
    }
}

impl Checked {
    /// Whether this signature was found right; `None` when that is not known.
    pub(super) fn of(&self, signed: &Signed) -> Option<bool> {
        let Self::Each(all) = self else { return None };
        all.iter().find(|(s, _)| s == signed).map(|(_, equal)| *equal)
    }
}
