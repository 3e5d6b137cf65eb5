//! Fetching: from the network by a few threads, with deadlines and limits, or from this computer.

use crate::system::words;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use url::Url;

/// Connections at a time: hosts of packages throttle who opens more.
const THREADS: usize = 6;
/// Redirects that are followed.
const REDIRECTS: u32 = 8;
/// How long a connection may take to be made, its proxy and TLS included.
const CONNECT_PATIENCE: Duration = Duration::from_secs(15);
/// How long a server may take to begin its answer.
const ANSWER_PATIENCE: Duration = Duration::from_secs(30);
/// How long all of an answer may take: [`FILE_MOST`] in this time is slower than any modem of today.
const BODY_PATIENCE: Duration = Duration::from_secs(300);

/// The largest file, in bytes: as large as the largest flash of boards.
pub const FILE_MOST: u64 = 16 << 20;
/// The largest `package.json`, in bytes; read, it takes up to 60 times as much memory.
pub const MANIFEST_MOST: u64 = 512 << 10;
/// The most bytes of everything together, which is in memory until the last has come.
pub const ALL_MOST: u64 = 24 << 20;

/// Bytes of a body that are read at once.
const PIECE: u64 = 64 << 10;

/// What can be fetched.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Target {
    /// By http or https; from the latter no redirect leads to the former.
    Url(Url),
    /// A file of this computer.
    File(String),
}

impl std::fmt::Display for Target {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self {
            Self::File(path) => formatter.write_str(path),
            Self::Url(url) => {
                // A password is nobody else's.
                let mut shown = url.clone();
                let _ = shown.set_password(None);
                formatter.write_str(shown.as_str())
            }
        }
    }
}

/// Why something could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server does not have it.
    #[error("HTTP status 404 Not Found")]
    Missing,
    /// The server refuses.
    #[error("HTTP status {0}")]
    Status(String),
    /// Its certificate is not trusted.
    #[error("the server's certificate is not trusted: {0}")]
    Certificate(String),
    /// It is larger than what is reasonable.
    #[error("larger than {0} bytes")]
    TooLarge(u64),
    /// All files together are.
    #[error("the files together are larger than {ALL_MOST} bytes")]
    AllTooLarge,
    /// A redirect would leave https.
    #[error("redirected to {0}, which is not https")]
    Downgrade(String),
    /// No connection to the server.
    #[error("{0}")]
    Unreachable(String),
    /// Anything else, in words.
    #[error("{0}")]
    Other(String),
    /// The user asked to stop.
    #[error("interrupted")]
    Interrupted,
}

enum Message {
    /// A number of those wanted, and what came of it.
    Answer(u64, usize, Result<Vec<u8>, Error>),
    Stop,
}

/// Fetches what packages consist of.
pub struct Network {
    shared: Arc<Shared>,
    sender: Sender<Message>,
    inbox: Receiver<Message>,
    /// The number of the last batch.
    batch: AtomicU64,
}

#[derive(Default)]
struct Shared {
    agent: OnceLock<Result<Agent, String>>,
    stopped: AtomicBool,
    /// Bytes that have come of files.
    received: AtomicU64,
}

/// Stops a [`Network`], from another thread: a signal handler's, for one.
#[derive(Clone)]
pub struct Stopper {
    shared: Arc<Shared>,
    sender: Sender<Message>,
}

impl Stopper {
    /// Ends what is being fetched and all that would follow, with [`Error::Interrupted`].
    pub fn stop(&self) {
        self.shared.stopped.store(true, Ordering::Relaxed);
        // A network that is no more needs no end.
        let _ = self.sender.send(Message::Stop);
    }
}

impl Default for Network {
    fn default() -> Self {
        Self::new()
    }
}

impl Network {
    /// Nothing is connected to before something is fetched.
    #[must_use]
    pub fn new() -> Self {
        let (sender, inbox) = channel();
        Self {
            shared: Arc::default(),
            sender,
            inbox,
            batch: AtomicU64::new(0),
        }
    }

    /// A handle that stops it.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        Stopper {
            shared: Arc::clone(&self.shared),
            sender: self.sender.clone(),
        }
    }

    /// Fetches all of `wanted`, each of at most `most` bytes, telling `done` how many have come.
    ///
    /// An error comes with the number of what it is about: the first in order that failed.
    pub fn fetch(
        &self,
        wanted: &[Target],
        most: u64,
        done: &mut dyn FnMut(usize),
    ) -> Result<Vec<Vec<u8>>, (usize, Error)> {
        let batch = self.batch.fetch_add(1, Ordering::Relaxed) + 1;
        let work = Arc::new(Work {
            batch,
            most,
            waiting: Mutex::new(wanted.iter().cloned().enumerate().collect()),
        });
        for _ in 0..THREADS.min(wanted.len()) {
            let (work, shared, sender) = (
                Arc::clone(&work),
                Arc::clone(&self.shared),
                self.sender.clone(),
            );
            // Not waited for: what hangs at a server must not hold up the end of the program.
            thread::spawn(move || work.run(&shared, &sender));
        }
        let mut answers: Vec<Option<Vec<u8>>> = vec![None; wanted.len()];
        let mut failed: Option<(usize, Error)> = None;
        let mut count = 0;
        while !is_settled(&answers, failed.as_ref()) {
            if self.shared.stopped.load(Ordering::Relaxed) {
                return Err((0, Error::Interrupted));
            }
            match self.inbox.recv() {
                Ok(Message::Answer(of, number, Ok(data))) if of == batch => {
                    answers[number] = Some(data);
                    count += 1;
                    done(count);
                }
                Ok(Message::Answer(of, number, Err(error))) if of == batch => {
                    if failed.as_ref().is_none_or(|(first, _)| number < *first) {
                        failed = Some((number, error));
                    }
                }
                // Of a batch that has failed; or the end, which is seen above. This holds a sender
                // itself, so that there is always one.
                Ok(_) | Err(_) => {}
            }
        }
        match failed {
            Some(failed) => Err(failed),
            None => Ok(answers.into_iter().flatten().collect()),
        }
    }
}

/// Whether all have come, or all in front of one that failed.
fn is_settled(answers: &[Option<Vec<u8>>], failed: Option<&(usize, Error)>) -> bool {
    let end = failed.map_or(answers.len(), |(number, _)| *number);
    answers[..end].iter().all(Option::is_some)
}

/// What the threads share out among them.
struct Work {
    batch: u64,
    most: u64,
    waiting: Mutex<VecDeque<(usize, Target)>>,
}

impl Work {
    fn run(&self, shared: &Shared, sender: &Sender<Message>) {
        while let Some((number, target)) = self.next() {
            if shared.stopped.load(Ordering::Relaxed) {
                return;
            }
            let answer = shared.fetch(&target, self.most);
            if answer.is_err() {
                // What is in front of it is under way already; what is behind is not wanted any more.
                self.lock().clear();
            }
            if sender
                .send(Message::Answer(self.batch, number, answer))
                .is_err()
            {
                return;
            }
        }
    }

    fn next(&self) -> Option<(usize, Target)> {
        self.lock().pop_front()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<(usize, Target)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    fn fetch(&self, target: &Target, most: u64) -> Result<Vec<u8>, Error> {
        match target {
            Target::Url(url) => self.download(url, most),
            Target::File(path) => {
                let file = File::open(path).map_err(|error| Error::Other(words(&error)))?;
                self.read(file, most, |error| Error::Other(words(&error)))
            }
        }
    }

    /// Reads all of a body of at most `most` bytes, and counts them as they come: several are on
    /// their way at once.
    fn read(
        &self,
        mut body: impl Read,
        most: u64,
        failed: impl Fn(io::Error) -> Error,
    ) -> Result<Vec<u8>, Error> {
        let mut data = Vec::new();
        loop {
            let piece = (&mut body).take(PIECE).read_to_end(&mut data);
            let count = piece.map_err(&failed)? as u64;
            if count == 0 {
                return Ok(data);
            }
            if data.len() as u64 > most {
                return Err(Error::TooLarge(most));
            }
            if self.received.fetch_add(count, Ordering::Relaxed) + count > ALL_MOST {
                return Err(Error::AllTooLarge);
            }
        }
    }

    fn download(&self, url: &Url, most: u64) -> Result<Vec<u8>, Error> {
        let agent = self.agent.get_or_init(agent).as_ref();
        let agent = agent.map_err(|error| Error::Other(error.clone()))?;
        let response = agent
            .get(url.as_str())
            .config()
            .https_only(url.scheme() == "https")
            .build()
            .call()
            .map_err(|error| explain(error, most))?;
        let status = response.status();
        if status.as_u16() == 404 {
            return Err(Error::Missing);
        }
        if !status.is_success() {
            return Err(Error::Status(status.to_string()));
        }
        let body = response.into_body().into_with_config();
        // The limit is noticed only behind it.
        let reader = body.limit(most + 1).reader();
        self.read(reader, most, |error| {
            explain(ureq::Error::from(error), most)
        })
    }
}

/// The client; it goes through the proxy that the environment names.
fn agent() -> Result<Agent, String> {
    let tls = TlsConfig::builder().root_certs(trusted()?).build();
    let config = Agent::config_builder()
        .tls_config(tls)
        .http_status_as_error(false)
        .max_redirects(REDIRECTS)
        .timeout_connect(Some(CONNECT_PATIENCE))
        .timeout_recv_response(Some(ANSWER_PATIENCE))
        .timeout_recv_body(Some(BODY_PATIENCE))
        .user_agent(concat!("mpwire/", env!("CARGO_PKG_VERSION")))
        .max_idle_connections_per_host(THREADS);
    Ok(config.build().new_agent())
}

/// The certificates that this computer trusts, or those of `SSL_CERT_FILE` and `SSL_CERT_DIR`;
/// Mozilla's on a computer that has none.
fn trusted() -> Result<RootCerts, String> {
    // A file that is missing would be passed over, and the error would be of a server's certificate.
    if let Some(path) = std::env::var_os("SSL_CERT_FILE") {
        File::open(&path)
            .map_err(|error| format!("SSL_CERT_FILE={}: {}", path.display(), words(&error)))?;
    }
    let found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() {
        return Ok(RootCerts::WebPki);
    }
    let certificates: Vec<Certificate> = found
        .certs
        .iter()
        .map(|certificate| Certificate::from_der(certificate).to_owned())
        .collect();
    Ok(RootCerts::new_with_certs(&certificates))
}

/// What the client says, in words.
fn explain(error: ureq::Error, most: u64) -> Error {
    match error {
        ureq::Error::BodyExceedsLimit(_) => Error::TooLarge(most),
        ureq::Error::RequireHttpsOnly(url) => Error::Downgrade(url),
        ureq::Error::HostNotFound => Error::Unreachable("the host is not known".to_owned()),
        ureq::Error::TooManyRedirects => Error::Other("redirected again and again".to_owned()),
        ureq::Error::Timeout(what) => Error::Unreachable(format!("no answer in time ({what})")),
        ureq::Error::Rustls(error) => Error::Certificate(error.to_string()),
        ureq::Error::Io(error) => {
            let text = words(&error);
            if text.contains("certificate") {
                Error::Certificate(text)
            } else {
                Error::Unreachable(text)
            }
        }
        other => Error::Other(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_this_computer_come_in_order_and_within_limits() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, data: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, data).unwrap();
            Target::File(path.to_str().unwrap().to_owned())
        };
        let wanted: Vec<Target> = (0..20).map(|n| file(&n.to_string(), &[n; 10])).collect();
        let network = Network::new();
        let mut counts = Vec::new();
        let found = network.fetch(&wanted, 10, &mut |count| counts.push(count));
        let expected: Vec<Vec<u8>> = (0..20).map(|n| vec![n; 10]).collect();
        assert_eq!(found.unwrap(), expected);
        assert_eq!(counts, (1..=20).collect::<Vec<_>>());

        let large = file("large", &[0; 11]);
        let missing = Target::File("no/such".to_owned());
        let wanted = [wanted[0].clone(), large, missing];
        let (number, error) = network.fetch(&wanted, 10, &mut |_| {}).unwrap_err();
        assert_eq!(
            (number, error.to_string()),
            (1, "larger than 10 bytes".to_owned())
        );
    }

    #[test]
    fn what_is_stopped_fetches_nothing_more() {
        let network = Network::new();
        network.stopper().stop();
        let wanted = [Target::File("no/such".to_owned())];
        let (_, error) = network.fetch(&wanted, 10, &mut |_| {}).unwrap_err();
        assert!(matches!(error, Error::Interrupted), "{error}");
    }

    #[test]
    fn passwords_are_not_shown() {
        let url = Url::parse("https://user:secret@host/x").unwrap();
        assert_eq!(Target::Url(url).to_string(), "https://user@host/x");
    }
}
