//! Writing recorded calls out as scripts, archives and text, beside the interface.

use super::Endpoint;
use super::report::Report;
use crate::app::msg::Msg;
use crate::app::take::{Destination, Form};
use crate::domain::exchange::Exchange;
use crate::domain::export::{Format, script_with};
use crate::domain::har;
use crate::domain::operation::{Operation, OperationId, PartBody};
use crate::domain::session_file::Session;
use crate::domain::wire_lines::Mode;
use crate::domain::wire_text;
use crate::s3::target::TargetSpec;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Most bodies that are remembered; the oldest go first.
const MOST: usize = 100_000;

/// What own calls sent: bodies are captured in part only, and a script can say where they came from.
#[derive(Debug, Clone, Default)]
pub(super) struct Bodies(Arc<BTreeMap<OperationId, PartBody>>);

impl Bodies {
    /// Remembers the body of a call that has one.
    pub(super) fn note(&mut self, id: OperationId, operation: &Operation) {
        let Operation::UploadPart(part) = operation.plain() else { return };
        let all = Arc::make_mut(&mut self.0);
        all.insert(id, part.body.clone());
        while all.len() > MOST {
            all.pop_first();
        }
    }
}

/// Where a script is to send its calls, as far as that was said.
pub(super) fn target(endpoint: &Endpoint, sandbox: Option<String>) -> TargetSpec {
    match endpoint {
        Endpoint::Real { spec, .. } => (**spec).clone(),
        Endpoint::Replay(replay) => TargetSpec {
            path_style: replay.endpoint().is_some(),
            endpoint_url: replay.endpoint(),
            ..TargetSpec::default()
        },
        Endpoint::Sandbox(_) => {
            TargetSpec { endpoint_url: sandbox, path_style: true, ..TargetSpec::default() }
        }
    }
}

/// What is to be taken along.
pub(super) struct Taken {
    pub(super) session: Box<Session>,
    pub(super) form: Form,
    pub(super) mode: Mode,
    pub(super) to: Destination,
}

impl Taken {
    /// Writes it out and reports it.
    pub(super) async fn write_out(self, spec: TargetSpec, bodies: Bodies, reports: mpsc::Sender<Report>) {
        let to = self.to.clone();
        let made = tokio::task::spawn_blocking(move || match self.form {
            Form::Script(format) => script(&self.session.exchanges, format, &spec, &bodies),
            Form::Archive => String::from_utf8_lossy(&har::write(&self.session)).into_owned(),
            Form::Text => {
                let lines = self.session.exchanges.iter().flat_map(|e| wire_text::text(e, self.mode));
                lines.skip(1).map(|line| line + "\n").collect()
            }
        });
        let text = made.await.map_err(|e| e.to_string());
        let _ = reports.send(Report::Msg(Msg::Taken { to, text })).await;
    }
}

fn script(exchanges: &[Exchange], format: Format, spec: &TargetSpec, bodies: &Bodies) -> String {
    let all: Vec<&Exchange> = exchanges.iter().collect();
    script_with(&all, format, &spec.place(), &|id| bodies.0.get(&id).cloned())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn taken(form: Form) -> String {
        let request = b"GET /b/k HTTP/1.1\r\nhost: h\r\nx-amz-security-token: canary\r\n\r\n";
        let exchange = Exchange::example(request, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        let session = Box::new(Session::new("here", 0, vec![exchange]));
        let (reports, mut came) = mpsc::channel(1);
        let taken = Taken { session, form, mode: Mode::Pretty, to: Destination::Clipboard };
        taken.write_out(TargetSpec::default(), Bodies::default(), reports).await;
        match came.recv().await {
            Some(Report::Msg(Msg::Taken { to: Destination::Clipboard, text: Ok(text) })) => text,
            _ => panic!("no text came"),
        }
    }

    #[tokio::test]
    async fn every_form_is_written_out_without_secrets() {
        let archive = taken(Form::Archive).await;
        let read = har::read(archive.as_bytes()).unwrap();
        assert_eq!(read.exchanges.len(), 1);
        let text = taken(Form::Text).await;
        assert!(text.starts_with("=== #1  HeadObject") && text.contains("> GET /b/k HTTP/1.1\n"), "{text}");
        for form in Form::ALL {
            let text = taken(form).await;
            assert!(!text.is_empty() && !text.contains("canary"), "{form:?}: {text}");
        }
    }
}
