//! `partscope serve`: the sandbox as a server of its own, and the embedded one of `--sandbox`.

mod watch;

use super::Failure;
use super::args::{ServeArgs, TargetArgs};
use super::out::Out;
use crate::domain::fault::Fault;
use crate::domain::text::visible;
use crate::s3::TargetSpec;
use crate::s3::error::chain;
use crate::sandbox::{SandboxOptions, Server};
use crate::wire::hub::Hub;

/// Runs the server until SIGINT or SIGTERM.
pub async fn run(target: &TargetArgs, args: &ServeArgs) -> Result<(), Failure> {
    let mut stop = Stop::new()?;
    let mut options = SandboxOptions { listen: args.listen, ..SandboxOptions::default() };
    if let (Some(access), Some(secret)) = (&args.access_key, &args.secret_key) {
        (options.access_key, options.secret_key) = (access.clone(), secret.clone());
    }
    if let Some(region) = &target.region {
        options.region.clone_from(region);
    }
    if let Some(bytes) = args.memory_budget {
        options.memory_budget = bytes;
    }
    options.hosts.clone_from(&args.host);
    options.disk_budget = args.disk_budget;
    options.data_dir.clone_from(&args.data_dir);
    options.seed = !args.empty;
    let hub = args.watch.then(Hub::new);
    options.watch.clone_from(&hub);
    let server = start(options, &target.faults).await?;
    announce(&server, &target.faults, args.json)?;
    let Some(hub) = hub else {
        stop.wait().await;
        server.shutdown().await;
        return Ok(());
    };
    let mut watch = watch::Watch::new(hub, args);
    let watched = tokio::select! {
        () = stop.wait() => Ok(()),
        ended = watch.run() => ended,
    };
    server.shutdown().await;
    watched?;
    watch.finish().await
}

/// Says where the server is and how to get in; with `ready` the first request may come.
fn announce(server: &Server, faults: &[Fault], json: bool) -> Result<(), Failure> {
    let rules: Vec<String> = faults.iter().map(Fault::to_string).collect();
    if json {
        return Out.json(&serde_json::json!({
            "type": "ready",
            "endpoint": server.endpoint(),
            "region": server.region(),
            "access_key": server.access_key(),
            "secret_key": server.secret_key(),
            "faults": rules,
        }));
    }
    Out.line(&format!("endpoint    {}", server.endpoint()))?;
    Out.line(&format!("region      {}", server.region()))?;
    Out.line(&format!("access key  {}", server.access_key()))?;
    Out.line(&format!("secret key  {}", server.secret_key()))?;
    for rule in rules {
        Out.line(&format!("fault       {}", visible(&rule)))?;
    }
    Out.line("ready")
}

/// A server that fails by these rules from its first request on.
async fn start(options: SandboxOptions, faults: &[Fault]) -> Result<Server, Failure> {
    let server = Server::start(options).await.map_err(|e| Failure::Local(chain(&e)))?;
    server.faults().add_all(faults.to_vec()).map_err(|e| Failure::Local(e.to_string()))?;
    Ok(server)
}

/// A fresh sandbox with these faults and the target that leads to it.
pub async fn embedded(region: Option<&str>, faults: &[Fault]) -> Result<(Server, TargetSpec), Failure> {
    let mut options = SandboxOptions::default();
    if let Some(region) = region {
        options.region = region.to_owned();
    }
    let region = options.region.clone();
    let server = start(options, faults).await?;
    let spec = TargetSpec {
        endpoint_url: Some(server.endpoint()),
        region: Some(region),
        path_style: true,
        static_credentials: Some((server.access_key().to_owned(), server.secret_key().to_owned())),
        ..TargetSpec::default()
    };
    Ok((server, spec))
}

/// The signals that end the server. Installed before the ready line, so that none is missed after it.
struct Stop {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Stop {
    fn new() -> Result<Self, Failure> {
        use tokio::signal::unix::{SignalKind, signal};
        let failed = |e: std::io::Error| Failure::Local(format!("cannot listen for signals: {e}"));
        let interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
        let terminate = signal(SignalKind::terminate()).map_err(failed)?;
        Ok(Self { interrupt, terminate })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
impl Stop {
    fn new() -> Result<Self, Failure> {
        Ok(Self {})
    }

    async fn wait(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}
