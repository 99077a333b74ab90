//! The terminal shell: the event loop, the runtime that executes effects, and the views.

use crate::domain::names::S3Uri;
use crate::s3::TargetSpec;

/// How the terminal program starts.
#[derive(Debug, Clone)]
pub struct Options {
    /// Which S3, unless `sandbox`.
    pub target: TargetSpec,
    /// Whether to start and use the embedded sandbox.
    pub sandbox: bool,
    /// Where to start.
    pub address: Option<S3Uri>,
    /// Whether calls that change S3 are allowed from the start.
    pub write: bool,
    /// Whether they can never be allowed.
    pub read_only: bool,
}

/// Runs the terminal program and answers its exit code.
pub fn run(options: Options) -> color_eyre::Result<i32> {
    let _ = options;
    Err(color_eyre::eyre::eyre!(
        "the terminal program is not part of this build; see --help for the commands"
    ))
}
