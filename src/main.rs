//! Parses nothing yet: opens the sandbox.
fn main() -> color_eyre::Result<()> {
    let code = partscope::tui::run(partscope::tui::Options {
        endpoint: partscope::tui::Endpoint::Sandbox,
        start_at: None,
        theme: None,
        ascii: None,
    })?;
    std::process::exit(code)
}
