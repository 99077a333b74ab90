//! The credentials that were signed with, kept to recompute signatures, and nothing but that.
//!
//! The SDK asks for credentials when it needs them and caches them; who asks again may get others. So they are
//! remembered as they are handed to it. A secret key never leaves this file: signatures go in, equal or not
//! comes out.

use crate::domain::xray::{Asked, Checked};
use aws_credential_types::Credentials;
use aws_credential_types::provider::future::ProvideCredentials as Provided;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Credentials remembered: temporary ones change about once an hour.
const REMEMBERED: usize = 16;

/// The credentials handed to the SDK so far, the newest last.
#[derive(Clone, Default)]
pub(super) struct KeyRing(Arc<Mutex<VecDeque<Credentials>>>);

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyRing(..)")
    }
}

impl KeyRing {
    /// The same provider, with what it provides remembered here.
    pub(super) fn listen(&self, provider: impl ProvideCredentials + 'static) -> SharedCredentialsProvider {
        SharedCredentialsProvider::new(Remembering { provider: Box::new(provider), ring: self.clone() })
    }

    /// Recomputes signatures, if a secret key of that access key id was ever used.
    pub(super) fn check(&self, asked: &Asked) -> Checked {
        let found = self.lock().iter().find(|c| c.access_key_id() == asked.access_key_id).cloned();
        found.map_or(Checked::OtherKey, |keys| asked.check(keys.secret_access_key()))
    }

    fn remember(&self, keys: &Credentials) {
        let mut ring = self.lock();
        ring.retain(|c| c.access_key_id() != keys.access_key_id());
        ring.push_back(keys.clone());
        if ring.len() > REMEMBERED {
            ring.pop_front();
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Credentials>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Remembering {
    provider: Box<dyn ProvideCredentials>,
    ring: KeyRing,
}

impl fmt::Debug for Remembering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.provider.fmt(f)
    }
}

impl ProvideCredentials for Remembering {
    fn provide_credentials<'a>(&'a self) -> Provided<'a>
    where
        Self: 'a,
    {
        Provided::new(async {
            let keys = self.provider.provide_credentials().await?;
            self.ring.remember(&keys);
            Ok(keys)
        })
    }

    fn fallback_on_interrupt(&self) -> Option<Credentials> {
        self.provider.fallback_on_interrupt().inspect(|keys| self.ring.remember(keys))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sigv4::{Scope, SigningKey};
    use crate::domain::xray::Signed;

    fn keys(id: &str, secret: &str) -> Credentials {
        Credentials::new(id, secret, None, None, "test")
    }

    fn asked(id: &str) -> Asked {
        let scope = Scope { date: "20260101".into(), region: "r".into(), service: "s3".into() };
        let signature = SigningKey::derive("canary", &scope).sign("text");
        let signed = |text: &str| Signed { string_to_sign: text.into(), signature: signature.clone() };
        Asked { access_key_id: id.into(), scope, signatures: vec![signed("text"), signed("other")] }
    }

    #[tokio::test]
    async fn what_was_signed_with_is_remembered_and_never_told() {
        let ring = KeyRing::default();
        let provider = ring.listen(keys("A", "canary"));
        assert_eq!(ring.check(&asked("A")), Checked::OtherKey);
        provider.provide_credentials().await.unwrap();
        assert_eq!(ring.check(&asked("B")), Checked::OtherKey);
        let Checked::Each(all) = ring.check(&asked("A")) else { panic!("not checked") };
        assert_eq!(all.iter().map(|(_, equal)| *equal).collect::<Vec<_>>(), [true, false]);
        assert!(!format!("{ring:?} {provider:?} {all:?}").contains("canary"));
    }

    #[tokio::test]
    async fn a_key_that_came_again_replaces_and_old_ones_go() {
        let ring = KeyRing::default();
        for (id, secret) in [("A", "old"), ("A", "canary")] {
            ring.listen(keys(id, secret)).provide_credentials().await.unwrap();
        }
        assert!(matches!(ring.check(&asked("A")), Checked::Each(all) if all[0].1));
        for n in 0..REMEMBERED {
            ring.listen(keys(&format!("N{n}"), "x")).provide_credentials().await.unwrap();
        }
        assert_eq!((ring.check(&asked("A")), ring.lock().len()), (Checked::OtherKey, REMEMBERED));
    }
}
