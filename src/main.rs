//! The program: a headless command if one is named, else the terminal program.

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use partscope::cli::args::{Cli, Command};
use partscope::tui::{self, Endpoint, Options, theme::Choice};
use std::process::ExitCode;

/// With the system's allocator (glibc) a copy takes a third more CPU time, and recording costs a sixth on top: what is kept
/// lies between what is not.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = match Cli::parse().gathered() {
        Ok(cli) => cli,
        Err(problem) => Cli::command().error(ErrorKind::ArgumentConflict, problem).exit(),
    };
    let replayed = match &cli.command {
        Some(Command::Replay(args)) if !args.is_headless() => {
            match partscope::cli::replay::open(&args.file) {
                Ok(replay) => Some(Box::new(replay)),
                Err(failure) => {
                    partscope::cli::out::complain(&failure.to_string());
                    return ExitCode::from(failure.code());
                }
            }
        }
        _ => None,
    };
    if let (Some(command), None) = (&cli.command, &replayed) {
        return ExitCode::from(partscope::cli::run(&cli, command));
    }
    let options = Options {
        endpoint: match (replayed, cli.wants_sandbox()) {
            (Some(replay), _) => Endpoint::Replay(replay),
            (None, true) => Endpoint::Sandbox(cli.target.faults),
            (None, false) => Endpoint::Real { spec: Box::new(cli.target.spec()), name: cli.target.name() },
        },
        start_at: cli.address.map(|address| (address.bucket, address.key)),
        theme: cli.mono.then_some(Choice::Mono),
        ascii: cli.ascii.then_some(true),
    };
    match tui::run(options) {
        Ok(code) => ExitCode::from(u8::try_from(code).unwrap_or(2)),
        Err(error) => {
            partscope::cli::out::complain(&format!("{error:#}"));
            ExitCode::from(2)
        }
    }
}
