//! A relay that forwards bytes and keeps every one of them, and a server that answers from a script.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;

/// What passed on one connection.
#[derive(Default, Clone)]
pub struct Passed {
    pub request: Vec<u8>,
    pub response: Vec<u8>,
    pub closed: bool,
}

#[derive(Default)]
pub struct Log {
    connections: Mutex<Vec<Passed>>,
    changed: Notify,
}

impl Log {
    fn note(&self, n: usize, change: impl FnOnce(&mut Passed)) {
        change(&mut self.connections.lock().unwrap()[n]);
        self.changed.notify_waiters();
    }

    pub fn connections(&self) -> Vec<Passed> {
        self.connections.lock().unwrap().clone()
    }

    /// Waits until what passed satisfies a condition.
    pub async fn until(&self, condition: impl Fn(&[Passed]) -> bool) {
        loop {
            let changed = self.changed.notified();
            if condition(&self.connections.lock().unwrap()) {
                return;
            }
            changed.await;
        }
    }
}

/// Forwards to `upstream`, TLS terminated if wished, and keeps everything.
pub async fn relay(upstream: SocketAddr, tls: Option<TlsAcceptor>) -> (SocketAddr, Arc<Log>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let log = Arc::new(Log::default());
    let kept = Arc::clone(&log);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let n = {
                let mut all = kept.connections.lock().unwrap();
                all.push(Passed::default());
                all.len() - 1
            };
            let (log, tls) = (Arc::clone(&kept), tls.clone());
            tokio::spawn(async move {
                match tls {
                    Some(tls) => {
                        if let Ok(client) = tls.accept(client).await {
                            forward(client, upstream, &log, n).await;
                        }
                    }
                    None => forward(client, upstream, &log, n).await,
                }
                log.note(n, |p| p.closed = true);
            });
        }
    });
    (address, log)
}

async fn forward<C: AsyncRead + AsyncWrite + Send>(client: C, upstream: SocketAddr, log: &Log, n: usize) {
    let server = TcpStream::connect(upstream).await.unwrap();
    let (mut from_client, mut to_client) = tokio::io::split(client);
    let (mut from_server, mut to_server) = server.into_split();
    let up = async {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(got) = from_client.read(&mut buffer).await {
            log.note(n, |p| p.request.extend_from_slice(&buffer[..got]));
            if got == 0 || to_server.write_all(&buffer[..got]).await.is_err() {
                break;
            }
        }
    };
    let down = async {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(got) = from_server.read(&mut buffer).await {
            log.note(n, |p| p.response.extend_from_slice(&buffer[..got]));
            if got == 0
                || to_client.write_all(&buffer[..got]).await.is_err()
                || to_client.flush().await.is_err()
            {
                break;
            }
        }
        let _ = to_client.shutdown().await;
    };
    tokio::select! { () = up => (), () = down => () }
}

/// What the script wants done with a request.
#[derive(Clone)]
pub enum Answer {
    /// These bytes, and the connection stays.
    Send(Vec<u8>),
    /// These bytes, then the connection is closed.
    Close(Vec<u8>),
}

/// Answers every whole request with what the script says; the script gets the request's number and bytes.
pub async fn scripted(script: impl Fn(usize, &[u8]) -> Answer + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shared = Arc::new((script, std::sync::atomic::AtomicUsize::new(0)));
    tokio::spawn(async move {
        while let Ok((mut io, _)) = listener.accept().await {
            let shared = Arc::clone(&shared);
            tokio::spawn(async move {
                let mut bytes = Vec::new();
                while let Some(request) = next_request(&mut io, &mut bytes).await {
                    let n = shared.1.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                    match (shared.0)(n, &request) {
                        Answer::Send(data) => io.write_all(&data).await.unwrap(),
                        Answer::Close(data) => {
                            let _ = io.write_all(&data).await;
                            return;
                        }
                    }
                }
            });
        }
    });
    address
}

async fn next_request(io: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<Vec<u8>> {
    loop {
        if let Some(head) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            let text = String::from_utf8_lossy(&bytes[..head]).to_lowercase();
            let body = text.lines().find_map(|l| l.strip_prefix("content-length:")?.trim().parse().ok());
            let len = head + 4 + body.unwrap_or(0_usize);
            if bytes.len() >= len {
                let rest = bytes.split_off(len);
                return Some(std::mem::replace(bytes, rest));
            }
        }
        if io.read_buf(bytes).await.ok()? == 0 {
            return None;
        }
    }
}
