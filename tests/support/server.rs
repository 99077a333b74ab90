//! Servers on loopback for the program to talk to: its own sandbox in another process, and one that never answers.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

/// The access key of the served sandbox.
pub const ACCESS: &str = "TESTACCESSKEY0000000";
/// Its secret.
pub const SECRET: &str = "a-secret-that-must-never-be-shown";

/// `partscope serve` in a process of its own.
pub struct Served {
    child: Child,
    /// Where it listens.
    pub url: String,
}

impl Served {
    /// Starts it and waits until it is ready.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same with more options.
    pub fn start_with(options: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_partscope"))
            .args(["serve", "--access-key", ACCESS, "--secret-key", SECRET])
            .args(options)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut url = String::new();
        for line in lines {
            match line.split_once(' ') {
                Some(("endpoint", rest)) => url = rest.trim().to_owned(),
                _ if line == "ready" => break,
                _ => {}
            }
        }
        assert!(url.starts_with("http://127.0.0.1:"), "{url}");
        Self { child, url }
    }

    /// Ends it at once, whatever it is doing.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Runs a headless command against it.
    pub fn run(&self, args: &[&str]) {
        let output = Command::new(env!("CARGO_BIN_EXE_partscope"))
            .args(args)
            .args(["--endpoint-url", &self.url, "--path-style"])
            .env_clear()
            .envs([("AWS_ACCESS_KEY_ID", ACCESS), ("AWS_SECRET_ACCESS_KEY", SECRET)])
            .envs([("AWS_REGION", "us-east-1"), ("HOME", "/nonexistent")])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A listener that takes connections (the kernel does) and never answers.
pub struct Silent {
    _listener: TcpListener,
    /// Where it listens.
    pub url: String,
}

impl Silent {
    /// Starts listening.
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        Self { _listener: listener, url }
    }
}
