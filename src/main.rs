//! The program: a headless command if one is named, else the terminal program.

use clap::Parser;
use partscope::cli::args::Cli;
use partscope::{cli, tui};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Some(command) = &cli.command {
        return ExitCode::from(cli::run(&cli, command));
    }
    let options = tui::Options {
        target: cli.target.spec(),
        sandbox: cli.target.sandbox,
        address: cli.address,
        write: cli.write,
        read_only: cli.read_only,
    };
    match tui::run(options) {
        Ok(code) => ExitCode::from(u8::try_from(code).unwrap_or(2)),
        Err(error) => {
            cli::out::complain(&format!("{error:#}"));
            ExitCode::from(2)
        }
    }
}
