//! Who sent a request: this program, or another client that talks to the sandbox.

use crate::domain::operation::OperationId;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// Who sent a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Sender {
    /// This program. Bytes and times are those of its own side of the connection.
    #[default]
    Here,
    /// Another client. Bytes and times are those of the sandbox's side of the connection.
    Elsewhere(Arc<Stranger>),
}

/// What another client says of itself in the head of a request; empty until the head was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stranger {
    /// `User-Agent` as sent; empty when there is none.
    pub user_agent: String,
    /// `amz-sdk-invocation-id`: AWS's SDKs send the same with every attempt of one call.
    pub invocation: Option<String>,
    /// `attempt` of `amz-sdk-request`.
    pub attempt: Option<u32>,
    /// `max` of `amz-sdk-request`: attempts its SDK will make at most. Not every attempt says it.
    pub max_attempts: Option<u32>,
}

impl Sender {
    /// Whether it is another client.
    pub fn is_elsewhere(&self) -> bool {
        matches!(self, Self::Elsewhere(_))
    }

    /// What another client says of itself; `None` for this program.
    pub fn stranger(&self) -> Option<&Stranger> {
        if let Self::Elsewhere(stranger) = self { Some(stranger) } else { None }
    }
}

impl Stranger {
    /// What the headers of a request say.
    pub fn of<'a>(header: impl Fn(&str) -> Option<&'a str>) -> Self {
        let asked = header("amz-sdk-request").unwrap_or("");
        let number = |name: &str| {
            let pairs = asked.split(';').filter_map(|pair| pair.trim().split_once('='));
            pairs.filter(|(n, _)| *n == name).find_map(|(_, value)| value.trim().parse().ok())
        };
        let invocation = header("amz-sdk-invocation-id").map(str::trim).filter(|id| !id.is_empty());
        Self {
            user_agent: header("user-agent").unwrap_or("").trim().to_owned(),
            invocation: invocation.map(str::to_owned),
            attempt: number("attempt"),
            max_attempts: number("max"),
        }
    }

    /// A short name for a list: the product that stands first in the user agent (`aws-cli/2.31.0`), as sent;
    /// `another client` without one. Not cleaned of control characters.
    pub fn short(&self) -> &str {
        let product = |word: &&str| word.contains('/');
        let mut words = self.user_agent.split_whitespace().filter(|w| !w.starts_with('('));
        let first = words.clone().next();
        // minio-go puts a brand and a comment before what it is; the program on top of it comes last.
        let named = match first {
            Some("MinIO") => words.rfind(product),
            _ => first,
        };
        named.unwrap_or("another client")
    }

    /// Which call the request belongs to: the same for all attempts of one call, as far as the client says so.
    /// `own` tells calls apart of which it does not. Never an id of this program's own calls.
    pub fn operation(&self, own: u64) -> OperationId {
        let Some(invocation) = &self.invocation else { return OperationId(FOREIGN | own & !FOREIGN) };
        let mut hasher = DefaultHasher::new();
        (&self.user_agent, invocation).hash(&mut hasher);
        OperationId(FOREIGN | hasher.finish())
    }
}

/// Set in the ids of other clients' calls; the program's own count from 1 and never come here.
const FOREIGN: u64 = 1 << 63;

#[cfg(test)]
mod tests {
    use super::*;

    fn of(headers: &[(&str, &'static str)]) -> Stranger {
        let headers: Vec<_> = headers.to_vec();
        Stranger::of(|name| headers.iter().find(|(n, _)| *n == name).map(|(_, v)| *v))
    }

    #[test]
    fn attempts_of_one_call_are_one_operation() {
        let one = of(&[("amz-sdk-invocation-id", "a"), ("amz-sdk-request", "attempt=1")]);
        let two = of(&[("amz-sdk-invocation-id", "a"), ("amz-sdk-request", "ttl=x; attempt=2; max=5")]);
        let other = of(&[("amz-sdk-invocation-id", "b"), ("amz-sdk-request", "attempt=x; max=")]);
        assert_eq!((one.attempt, one.max_attempts), (Some(1), None));
        assert_eq!((two.attempt, two.max_attempts), (Some(2), Some(5)));
        assert_eq!((other.attempt, other.max_attempts), (None, None));
        assert_eq!(one.operation(7), two.operation(8));
        assert_ne!(one.operation(7), other.operation(7));
    }

    #[test]
    fn calls_without_an_invocation_are_told_apart_and_never_the_programs_own() {
        let silent = of(&[("amz-sdk-invocation-id", " ")]);
        assert_ne!(silent.operation(1), silent.operation(2));
        assert!([silent.operation(1), silent.operation(u64::MAX)].iter().all(|id| id.0 >= FOREIGN));
    }

    #[test]
    fn a_client_is_called_by_the_product_it_names_first() {
        for (agent, short) in [
            ("aws-cli/2.31.0 md/awscrt#0.27 ua/2.1 os/linux", "aws-cli/2.31.0"),
            ("Boto3/1.40.1 md/Botocore#1.40.1 ua/2.1", "Boto3/1.40.1"),
            ("rclone/v1.71.0", "rclone/v1.71.0"),
            ("aws-sdk-go/1.44 (go1.22; linux; amd64) S3Manager", "aws-sdk-go/1.44"),
            ("MinIO (linux; amd64) minio-go/v7.0.90 mc/RELEASE.2025", "mc/RELEASE.2025"),
            ("MinIO (linux; amd64)", "another client"),
            ("(odd) agent", "agent"),
            ("", "another client"),
        ] {
            let stranger = Stranger { user_agent: agent.to_owned(), ..Stranger::default() };
            let words = stranger.short();
            assert_eq!(words, short, "{agent}");
        }
    }
}
