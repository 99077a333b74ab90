//! The same shell where there is no terminal: for measurements of the whole program.

use super::Shell;
use crate::app::model::Model;
use crate::tui::Options;
use crossterm::event::Event;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};
use std::io::{self, Write};
use tokio::sync::mpsc;

/// Is shown the model after every frame.
pub type Watcher = Box<dyn FnMut(&Model)>;

/// What the program begins with.
pub struct OffScreen<W> {
    /// Where to connect, and the look.
    pub options: Options,
    /// Columns and rows.
    pub size: (u16, u16),
    /// Presses, as a terminal would give them.
    pub input: mpsc::Receiver<io::Result<Event>>,
    /// Takes what a terminal would be sent.
    pub out: W,
    /// Alters the model before anything happens.
    pub prepare: Box<dyn FnOnce(&mut Model)>,
    /// Is shown the model after every frame.
    pub watcher: Watcher,
}

/// Runs the program until a press ends it; gives the exit status.
pub async fn run<W: Write>(begin: OffScreen<W>) -> color_eyre::Result<i32> {
    let OffScreen { options, size, mut input, out, prepare, watcher } = begin;
    let (reports_tx, mut reports) = mpsc::channel(256);
    let viewport = Viewport::Fixed(Rect::new(0, 0, size.0, size.1));
    let terminal = Terminal::with_options(CrosstermBackend::new(out), TerminalOptions { viewport })?;
    let mut shell = Shell::new(options, reports_tx, terminal);
    shell.model.size = size;
    shell.watcher = Some(watcher);
    prepare(&mut shell.model);
    if let Some(last) = shell.model.wire.newest_rows().next() {
        shell.hub.number_after(last.id);
    }
    let status = shell.serve(&mut input, &mut reports).await?;
    shell.runtime.shut_down().await;
    Ok(status)
}
