//! The headless shell: one module per command, nothing of the terminal program.
//!
//! Every command talks through [`session::Session`], prints through [`out::Out`] (where a closed pipe is
//! success) and ends with one of the exit codes, which `--help` documents.

pub mod args;
pub mod clients;
pub mod compare;
pub mod copy;
pub mod etag;
pub mod facts;
pub mod gather;
pub mod hashing;
pub mod inspect;
pub mod out;
pub mod progress;
pub mod record;
pub mod replay;
pub mod report;
pub mod serve;
pub mod session;
pub mod step;
pub mod uploads;
pub mod verify;
pub mod versions;

use crate::domain::outcome::Outcome;
use args::{Cli, Command};
use std::fmt;

/// Why a command did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// S3 said no.
    Refused(String),
    /// A mistake in the command, or something on this machine; S3 was not changed, or was put back.
    Local(String),
    /// S3 may have acted although no answer says so.
    Doubtful(String),
    /// Nobody reads the output any more.
    ClosedPipe,
}

impl Failure {
    /// The exit code.
    pub fn code(&self) -> u8 {
        match self {
            Self::ClosedPipe => 0,
            Self::Refused(_) => 1,
            Self::Local(_) => 2,
            Self::Doubtful(_) => 3,
        }
    }

    /// What an outcome without output means for the command that needed `what`.
    pub fn of(what: impl fmt::Display, outcome: &Outcome) -> Self {
        let text = format!("{what}: {}", outcome.summary());
        match outcome {
            Outcome::Refused(_) => Self::Refused(text),
            other if other.is_doubtful() => Self::Doubtful(text),
            _ => Self::Local(text),
        }
    }

    /// What an outcome without output means for a command that only wanted to know `what`: S3 was not changed.
    pub fn reading(what: impl fmt::Display, outcome: &Outcome) -> Self {
        let text = format!("{what}: {}", outcome.summary_of_read());
        match outcome {
            Outcome::Refused(_) => Self::Refused(text),
            _ => Self::Local(text),
        }
    }

    /// The same kind with more to say.
    pub fn and(self, more: &str) -> Self {
        match self {
            Self::Refused(text) => Self::Refused(format!("{text}\n{more}")),
            Self::Local(text) => Self::Local(format!("{text}\n{more}")),
            Self::Doubtful(text) => Self::Doubtful(format!("{text}\n{more}")),
            Self::ClosedPipe => Self::ClosedPipe,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(text) | Self::Local(text) | Self::Doubtful(text) => f.write_str(text),
            Self::ClosedPipe => f.write_str("the output was closed"),
        }
    }
}

/// What a command runs on. A copy sends thousands of small calls: two threads that hand them to each other take a
/// quarter more CPU time for no more calls. A sandbox in the same process, hashing and reading files want more than one.
fn threads(cli: &Cli, command: &Command) -> tokio::runtime::Builder {
    if matches!(command, Command::Copy(_)) && !cli.target.sandbox {
        return tokio::runtime::Builder::new_current_thread();
    }
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2);
    builder
}

/// Runs a headless command to its end and answers the exit code.
pub fn run(cli: &Cli, command: &Command) -> u8 {
    let runtime = match threads(cli, command).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            out::complain(&format!("cannot start: {error}"));
            return 2;
        }
    };
    let ended = runtime.block_on(async {
        // A whole copy for nothing but a name that was taken would be a pity.
        if let Some(recording) = &cli.target.recording {
            recording.check()?;
        }
        match command {
            Command::Inspect(args) => inspect::run(&cli.target, args).await.map(|()| 0),
            Command::Compare(args) => compare::run(&cli.target, args).await,
            Command::Etag(args) => etag::run(&cli.target, args).await,
            Command::Verify(args) => verify::run(&cli.target, args).await,
            Command::Clients(args) => clients::run(args).await.map(|()| 0),
            Command::Versions(args) => versions::run(&cli.target, args).await.map(|()| 0),
            Command::Uploads(args) => uploads::run(&cli.target, args).await.map(|()| 0),
            Command::Copy(args) => copy::run(&cli.target, args).await.map(|()| 0),
            Command::Serve(args) => serve::run(&cli.target, args).await.map(|()| 0),
            Command::Replay(args) => replay::run(&cli.target, args, cli.record.unmasked.as_ref()).map(|()| 0),
        }
    });
    // A thread that waits for Enter must not keep the program alive.
    runtime.shutdown_background();
    let code = ended.unwrap_or_else(|failure| {
        if failure != Failure::ClosedPipe {
            out::complain(&failure.to_string());
        }
        failure.code()
    });
    // What happened is written however it ended, most of all when it went wrong.
    match cli.target.recording.as_ref().map(|recording| recording.write()) {
        Some(Err(failure)) => {
            out::complain(&failure.to_string());
            if code == 0 { failure.code() } else { code }
        }
        _ => code,
    }
}
