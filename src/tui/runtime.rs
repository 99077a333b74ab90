//! Executes effects: everything slow happens in tasks of their own, and comes back as messages.

use super::Endpoint;
use super::lane::{Lanes, Place, SentBack};
use super::report::Report;
use super::script::{self, Bodies};
use crate::app::msg::{Connected, Effect, FaultChange, InLine, Msg};
use crate::app::take::{Destination, Form};
use crate::domain::exchange::ExchangeId;
use crate::domain::hashing::Verification;
use crate::domain::operation::{Operation, OperationId};
use crate::domain::outcome::Outcome;
use crate::domain::session_file::Session;
use crate::domain::wire_lines::Mode;
use crate::domain::xray::{Asked, Checked};
use crate::s3::client::{Call, Client};
use crate::s3::target::{TargetSpec, connect};
use crate::sandbox::clock::Clock;
use crate::sandbox::server::{SandboxOptions, Server};
use crate::wire::hub::Hub;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Owns the client and every task.
pub struct Runtime {
    hub: Arc<Hub>,
    endpoint: Endpoint,
    client: Option<Client>,
    sandbox: Option<Server>,
    calls: HashMap<OperationId, CancellationToken>,
    lanes: Lanes,
    /// Calls that are in no line: somebody waits for their answers.
    awaited: HashSet<OperationId>,
    verifying: Option<OperationId>,
    tasks: TaskTracker,
    turn: Option<oneshot::Receiver<()>>,
    bodies: Bodies,
    over: CancellationToken,
    reports: mpsc::Sender<Report>,
}

impl Runtime {
    /// A runtime that reports on the given channel.
    pub fn new(endpoint: Endpoint, hub: Arc<Hub>, reports: mpsc::Sender<Report>) -> Self {
        let (client, sandbox) = (None, None);
        Self {
            hub,
            endpoint,
            client,
            sandbox,
            calls: HashMap::new(),
            lanes: Lanes::default(),
            awaited: HashSet::new(),
            verifying: None,
            tasks: TaskTracker::new(),
            turn: None,
            bodies: Bodies::default(),
            over: CancellationToken::new(),
            reports,
        }
    }

    /// Starts an effect. Effects of the terminal are not its business.
    pub fn start(&mut self, effect: Effect) {
        match effect {
            // No effect of a replay asks for it; there is nothing to connect to.
            Effect::Connect if matches!(self.endpoint, Endpoint::Replay(_)) => {}
            Effect::Connect => self.connect(),
            Effect::Perform { id, operation, hold, line } => self.perform(id, *operation, hold, line),
            Effect::SendBack(of) => self.lanes.send_back(of),
            Effect::Release(exchange) => {
                self.hub.release(exchange);
            }
            Effect::Cancel(id) => {
                if let Some(token) = self.calls.get(&id) {
                    token.cancel();
                }
            }
            Effect::FileSize(path) => {
                let reports = self.reports.clone();
                self.tasks.spawn(async move {
                    let size = match tokio::fs::metadata(&path).await {
                        Ok(m) if m.is_file() => Ok(m.len()),
                        Ok(_) => Err("not a regular file".to_owned()),
                        Err(e) => Err(e.to_string()),
                    };
                    let _ = reports.send(Report::Msg(Msg::FileSize { path, size })).await;
                });
            }
            Effect::Digest(body) => {
                let reports = self.reports.clone();
                self.tasks.spawn(async move {
                    let read = body.clone();
                    let digest = tokio::task::spawn_blocking(move || super::digest::of(&read)).await;
                    let digest = digest.unwrap_or_else(|e| Err(e.to_string()));
                    let _ = reports.send(Report::Msg(Msg::Digested { body, digest })).await;
                });
            }
            Effect::Verify { id, work } => self.verify(id, *work),
            Effect::HashParts { id, work } => {
                let token = CancellationToken::new();
                self.calls.insert(id, token.clone());
                self.tasks.spawn(super::rescue::run(id, *work, token, self.reports.clone()));
            }
            Effect::Fault(change) => self.change_faults(change),
            Effect::WriteFile { path, bytes, overwrite } => {
                self.tasks.spawn(super::save::write(path, bytes, overwrite, self.reports.clone()));
            }
            Effect::CheckSignatures { exchange, asked } => self.check_signatures(exchange, &asked),
            Effect::SaveSession { path, format, session, unmasked } => {
                let session = self.dated(session);
                let work = super::save::Session { path, format, session, unmasked };
                self.tasks.spawn(work.write(self.reports.clone()));
            }
            Effect::TakeAlong { session, form, mode, to } => self.take_along(session, (form, mode), to),
            Effect::Copy(_) | Effect::Repaint | Effect::Suspend | Effect::Quit => {}
        }
    }

    fn connect(&mut self) {
        let (endpoint, hub, reports) = (self.endpoint.clone(), self.hub.clone(), self.reports.clone());
        self.tasks.spawn(async move {
            let report = match open(&endpoint, hub).await {
                Ok((client, sandbox)) => Report::Client(client, sandbox),
                Err(why) => Report::Msg(Msg::Connected(Err(why))),
            };
            let _ = reports.send(report).await;
        });
    }

    /// Keeps the client and gives the message that says so.
    pub fn connected(&mut self, client: Client, sandbox: Option<Server>) -> Msg {
        let keys = sandbox.as_ref().map(|s| (s.access_key().to_owned(), s.secret_key().to_owned()));
        let connected = Connected { region: client.region(), endpoint: client.endpoint(), keys };
        self.client = Some(client);
        if let Some(server) = &sandbox {
            self.watch_faults(server);
        }
        self.sandbox = sandbox;
        Msg::Connected(Ok(connected))
    }

    /// Tells the model of every change of the rules, whoever made it: a screen, a request, the control interface.
    fn watch_faults(&self, server: &Server) {
        let (mut news, reports) = (server.faults().subscribe(), self.reports.clone());
        let over = self.over.clone();
        news.mark_changed();
        self.tasks.spawn(async move {
            loop {
                tokio::select! {
                    () = over.cancelled() => return,
                    changed = news.changed() => if changed.is_err() { return },
                }
                let rules = news.borrow_and_update().clone();
                if reports.send(Report::Msg(Msg::Faults(rules))).await.is_err() {
                    return;
                }
            }
        });
    }

    /// Changes the rules; what they are then comes back as news.
    fn change_faults(&self, change: FaultChange) {
        let Some(server) = &self.sandbox else { return };
        match change {
            FaultChange::Add(fault) => {
                if let Err(why) = server.faults().add(*fault) {
                    let (why, reports) = (why.to_string(), self.reports.clone());
                    self.tasks.spawn(async move {
                        let _ = reports.send(Report::Msg(Msg::FaultRefused(why))).await;
                    });
                }
            }
            FaultChange::Remove(id) => {
                server.faults().remove(id);
            }
            FaultChange::Clear => server.faults().clear(),
        }
    }

    /// Recomputes signatures with the key that was signed with, or with the sandbox's own.
    fn check_signatures(&self, exchange: ExchangeId, asked: &Asked) {
        let here = self.client.as_ref().map_or(Checked::NoKey, |client| client.check_signatures(asked));
        let checked = match (&here, &self.sandbox) {
            (Checked::Each(_), _) | (_, None) => here,
            (_, Some(server)) => server.check_signatures(asked),
        };
        let reports = self.reports.clone();
        self.tasks.spawn(async move {
            let _ = reports.send(Report::Msg(Msg::SignaturesChecked { exchange, checked })).await;
        });
    }

    fn perform(&mut self, id: OperationId, operation: Operation, hold: bool, line: Option<InLine>) {
        let (client, reports) = (self.client.clone(), self.reports.clone());
        let token = CancellationToken::new();
        self.calls.insert(id, token.clone());
        self.bodies.note(id, &operation);
        let place = line.map(|line| self.lanes.enter(line));
        if place.is_none() {
            self.awaited.insert(id);
        }
        let (done, next) = oneshot::channel::<()>();
        let before = super::hooks::one_by_one().then(|| self.turn.replace(next)).flatten();
        self.tasks.spawn(async move {
            if let Some(before) = before {
                let _ = before.await;
            }
            let call = Call { id, hold, cancel: token };
            let (outcome, back) = match client {
                Some(client) => perform(&client, &operation, call, place).await,
                None => (Outcome::Cancelled { sent: false }, None),
            };
            let _ = reports.send(Report::Msg(Msg::Finished { id, outcome: Box::new(outcome) })).await;
            drop((back, done));
        });
    }

    /// Whether all that is under way goes on for a while without anybody being told.
    pub fn is_supplied(&self) -> bool {
        self.awaited.is_empty() && self.lanes.are_supplied()
    }

    /// Resolves when that ends.
    pub async fn runs_low(&self) {
        self.lanes.run_low().await;
    }

    /// A live session with the moment it began.
    fn dated(&self, mut session: Box<Session>) -> Box<Session> {
        if !matches!(self.endpoint, Endpoint::Replay(_)) {
            session.epoch = super::save::began(&self.hub).unwrap_or(session.epoch);
        }
        session
    }

    fn take_along(&mut self, session: Box<Session>, (form, mode): (Form, Mode), to: Destination) {
        let taken = script::Taken { session: self.dated(session), form, mode, to };
        let spec = script::target(&self.endpoint, self.sandbox.as_ref().map(Server::endpoint));
        self.tasks.spawn(taken.write_out(spec, self.bodies.clone(), self.reports.clone()));
    }

    fn verify(&mut self, id: OperationId, work: Verification) {
        let token = CancellationToken::new();
        // One at a time: what an earlier one still computes nobody looks at any more.
        if let Some(earlier) = self.verifying.replace(id).and_then(|id| self.calls.remove(&id)) {
            earlier.cancel();
        }
        self.calls.insert(id, token.clone());
        let task = super::verify::Task { id, work, token, reports: self.reports.clone() };
        self.tasks.spawn(task.run(self.client.clone()));
    }

    /// Forgets a call that ended.
    pub fn ended(&mut self, id: OperationId) {
        self.awaited.remove(&id);
        self.calls.remove(&id);
    }

    /// Cancels everything and waits for it, but not for long.
    pub async fn shut_down(mut self) {
        for token in self.calls.values() {
            token.cancel();
        }
        self.over.cancel();
        self.tasks.close();
        drop(self.reports);
        let _ = tokio::time::timeout(std::time::Duration::from_secs(1), self.tasks.wait()).await;
        if let Some(sandbox) = self.sandbox.take() {
            let _ = tokio::time::timeout(std::time::Duration::from_millis(300), sandbox.shutdown()).await;
        }
    }
}

/// Makes a call when its turn has come; gives those too whose turn does not come because of how it ended.
async fn perform(
    client: &Client,
    operation: &Operation,
    call: Call,
    place: Option<Place>,
) -> (Outcome, Option<SentBack>) {
    let Some(place) = place else { return (client.perform(operation, call).await, None) };
    let turn = tokio::select! {
        biased;
        () = call.cancel.cancelled() => None,
        turn = place.turn() => turn,
    };
    let Some(turn) = turn else { return (Outcome::Cancelled { sent: false }, None) };
    let outcome = client.perform(operation, call).await;
    let back = turn.ended(&outcome);
    (outcome, back)
}

async fn open(endpoint: &Endpoint, hub: Arc<Hub>) -> Result<(Client, Option<Server>), String> {
    match endpoint {
        Endpoint::Replay(_) => Err("a file is looked at: nothing is connected".into()),
        Endpoint::Real { spec, .. } => Ok((connect(spec, hub).await.map_err(|e| e.to_string())?, None)),
        Endpoint::Sandbox(faults) => {
            let standing = super::hooks::standing_clock();
            let mut options = SandboxOptions { watch: Some(Arc::clone(&hub)), ..SandboxOptions::default() };
            if let Some(time) = standing {
                options.clock = Clock::custom(move || time);
                options.id_seed = Some(1);
            }
            let server = Server::start(options).await.map_err(|e| e.to_string())?;
            server.faults().add_all(faults.clone()).map_err(|e| e.to_string())?;
            let spec = TargetSpec {
                endpoint_url: Some(server.endpoint()),
                region: Some(server.region().to_owned()),
                path_style: true,
                signing_time: standing,
                static_credentials: Some((server.access_key().to_owned(), server.secret_key().to_owned())),
                ..TargetSpec::default()
            };
            Ok((connect(&spec, hub).await.map_err(|e| e.to_string())?, Some(server)))
        }
    }
}
