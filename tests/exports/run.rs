//! Running a script with a real client, in an environment that knows nothing of the user.

use partscope::domain::export::Format;
use partscope::sandbox::Server;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How a script is run.
pub struct Client {
    program: PathBuf,
    /// Directories in front of the PATH.
    path: Option<PathBuf>,
}

/// The client that a format needs; `None`, and a loud line, when it is missing.
pub fn client_of(format: Format) -> Option<Client> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    let tools = std::path::absolute(target.join("clients/bin")).unwrap();
    let path = tools.is_dir().then(|| tools.clone());
    let works = |program: &Path, args: &[&str]| {
        let mut command = Command::new(program);
        command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.env("PATH", search(path.as_deref())).status().is_ok_and(|s| s.success())
    };
    let python = tools.join("python3");
    let python = if python.is_file() { python } else { "python3".into() };
    let (program, found) = match format {
        Format::AwsCli => ("bash".into(), works("sh".as_ref(), &["-c", "aws --version"])),
        Format::Curl => ("bash".into(), works("curl".as_ref(), &["--aws-sigv4", "a:b:c:d", "--version"])),
        Format::Boto3 => (python.clone(), works(&python, &["-c", "import boto3"])),
        // What compiled this test is there.
        Format::Rust => (PathBuf::new(), true),
    };
    if found {
        return Some(Client { program, path });
    }
    let required = std::env::var_os("PARTSCOPE_REQUIRE_CLIENTS").is_some();
    assert!(!required, "{} is needed and not installed", format.name());
    eprintln!("SKIPPED: the {} script was not run: the client is not installed", format.name());
    None
}

fn search(first: Option<&Path>) -> std::ffi::OsString {
    let rest = std::env::var_os("PATH").unwrap_or_default();
    let all = first.map(Path::to_path_buf).into_iter().chain(std::env::split_paths(&rest));
    std::env::join_paths(all).unwrap()
}

/// A script in a directory of its own.
pub struct Script {
    dir: tempfile::TempDir,
    name: String,
    more: Vec<(&'static str, std::ffi::OsString)>,
}

/// How it went.
pub struct Ran {
    pub succeeded: bool,
    pub said: String,
    dir: tempfile::TempDir,
    name: String,
}

impl Ran {
    /// Files in the directory that the script should not have made.
    pub fn strangers(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.dir.path()).unwrap();
        let names = entries.map(|e| e.unwrap().file_name().into_string().unwrap());
        names.filter(|n| *n != self.name && n != "home").collect()
    }
}

impl Script {
    pub fn new(text: &str, format: Format) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let name = format!("script.{}", format.extension());
        std::fs::write(dir.path().join(&name), text).unwrap();
        std::fs::create_dir(dir.path().join("home")).unwrap();
        Self { dir, name, more: Vec::new() }
    }

    /// Gives it an environment variable, or none.
    pub fn with(mut self, name: &'static str, value: Option<&Path>) -> Self {
        self.more.extend(value.map(|v| (name, v.as_os_str().to_owned())));
        self
    }

    /// Runs it against a server.
    pub async fn run(self, client: &Client, server: &Server) -> Ran {
        let home = self.dir.path().join("home");
        let mut command = if self.name.ends_with(".rs") {
            let source = home.join("main.rs");
            std::fs::copy(self.dir.path().join(&self.name), &source).unwrap();
            Command::new(super::rust::compile(&source, "link"))
        } else {
            let mut command = Command::new(&client.program);
            command.arg(&self.name);
            command
        };
        command
            .current_dir(self.dir.path())
            .env_clear()
            .env("PATH", search(client.path.as_deref()))
            .env("HOME", &home)
            .env("TMPDIR", &home)
            .env("LC_ALL", "C.UTF-8")
            .env("NO_PROXY", "127.0.0.1")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_CONFIG_FILE", home.join("none"))
            .env("AWS_SHARED_CREDENTIALS_FILE", home.join("none"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("AWS_ENDPOINT_URL", server.endpoint())
            .env("AWS_ACCESS_KEY_ID", server.access_key())
            .env("AWS_SECRET_ACCESS_KEY", server.secret_key())
            .envs(self.more)
            .stdin(Stdio::null());
        let done = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let said =
            format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        Ran { succeeded: done.status.success(), said, dir: self.dir, name: self.name }
    }
}
