//! Making scripts of recorded calls, beside the interface.

use super::Endpoint;
use super::report::Report;
use crate::app::msg::Msg;
use crate::app::take::Destination;
use crate::domain::exchange::Exchange;
use crate::domain::export::{Format, script_with};
use crate::domain::hand_over::Place;
use crate::domain::operation::{Operation, OperationId, PartBody};
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

/// Makes a script and reports it.
pub(super) async fn make(
    (exchanges, format, to): (Vec<Exchange>, Format, Destination),
    spec: TargetSpec,
    bodies: Bodies,
    reports: mpsc::Sender<Report>,
) {
    let made = tokio::task::spawn_blocking(move || {
        let place = Place {
            endpoint_url: spec.endpoint_url.as_deref(),
            region: spec.region.as_deref(),
            profile: spec.profile.as_deref(),
            path_style: spec.path_style,
            no_sign_request: spec.no_sign_request,
        };
        let all: Vec<&Exchange> = exchanges.iter().collect();
        script_with(&all, format, &place, &|id| bodies.0.get(&id).cloned())
    });
    let text = made.await.map_err(|e| e.to_string());
    let _ = reports.send(Report::Msg(Msg::Script { to, text })).await;
}
