//! Colour by role. Meaning is never carried by colour alone: every role also has a glyph or a word.

use ratatui::style::{Color, Modifier, Style};

/// Which set of colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// The terminal's own sixteen colours.
    Terminal,
    /// Attributes only.
    Mono,
}

impl Choice {
    /// Mono when `NO_COLOR` holds anything, else the terminal's colours.
    pub fn from_env() -> Self {
        match std::env::var_os("NO_COLOR") {
            Some(v) if !v.is_empty() => Self::Mono,
            _ => Self::Terminal,
        }
    }
}

/// What a piece of text means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Ordinary text.
    Text,
    /// Less important: folded, added by the signer, explanations.
    Muted,
    /// Focus and cursor.
    Accent,
    /// Worked, proved.
    Good,
    /// Look at this; a guess.
    Warning,
    /// Failed; a broken rule.
    Bad,
    /// Came from an earlier answer, or is the line meant.
    Linked,
    /// Title of a pane or column.
    Title,
    /// The selected row of the focused list.
    Selected,
    /// The selected row of another list.
    SelectedElsewhere,
    /// A real endpoint in the frame.
    Real,
}

/// Roles to styles.
#[derive(Debug, Clone, Copy)]
pub struct Theme {
    choice: Choice,
}

impl Theme {
    /// A theme.
    pub fn new(choice: Choice) -> Self {
        Self { choice }
    }

    /// The style of a role.
    pub fn style(self, role: Role) -> Style {
        let plain = Style::new();
        match self.choice {
            Choice::Mono => match role {
                Role::Text | Role::Accent => plain,
                Role::Muted => plain.add_modifier(Modifier::DIM),
                Role::Good | Role::Title | Role::Linked => plain.add_modifier(Modifier::BOLD),
                Role::Warning => plain.add_modifier(Modifier::BOLD),
                Role::Bad => plain.add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
                Role::Selected | Role::Real => plain.add_modifier(Modifier::REVERSED),
                Role::SelectedElsewhere => plain.add_modifier(Modifier::UNDERLINED),
            },
            Choice::Terminal => match role {
                Role::Text => plain,
                Role::Muted => plain.add_modifier(Modifier::DIM),
                Role::Accent => plain.fg(Color::Cyan),
                Role::Good => plain.fg(Color::Green),
                Role::Warning => plain.fg(Color::Yellow),
                Role::Bad => plain.fg(Color::Red).add_modifier(Modifier::BOLD),
                Role::Linked => plain.fg(Color::Magenta),
                Role::Title => plain.add_modifier(Modifier::BOLD),
                Role::Selected => plain.fg(Color::Cyan).add_modifier(Modifier::REVERSED),
                Role::SelectedElsewhere => plain.add_modifier(Modifier::UNDERLINED),
                Role::Real => plain.fg(Color::Red).add_modifier(Modifier::REVERSED),
            },
        }
    }
}

/// Whether the locale can show anything but ASCII.
pub fn locale_is_utf8() -> bool {
    let set =
        ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|n| std::env::var(n).ok().filter(|v| !v.is_empty()));
    set.is_some_and(|v| {
        let v = v.to_ascii_lowercase();
        v.contains("utf-8") || v.contains("utf8")
    })
}

/// The ASCII stand-in of a glyph this program draws; the same width.
pub fn ascii(symbol: &str) -> Option<&'static str> {
    Some(match symbol {
        "─" | "═" | "━" => "-",
        "│" | "║" => "|",
        "┌" | "┐" | "└" | "┘" | "╔" | "╗" | "╚" | "╝" | "├" | "┤" | "┬" | "┴" | "┼" | "┣" | "┫" | "╋"
        | "╠" | "╣" => "+",
        "▶" | "›" | "→" => ">",
        "◀" | "‹" => "<",
        "▼" => "v",
        "▲" => "^",
        "✓" => "*",
        "✗" => "x",
        "•" | "·" => ".",
        "…" => "~",
        "█" | "▓" => "#",
        "▒" => "=",
        "░" => ".",
        "●" | "◉" => "@",
        "○" => "o",
        "↻" => "r",
        "⇄" => "=",
        "≠" => "!",
        "≤" => "<",
        "≥" => ">",
        "×" => "x",
        "‖" => "|",
        "‒" | "–" | "—" => "-",
        "␍" => "\\",
        "␊" => "/",
        "■" => "#",
        _ => return None,
    })
}
