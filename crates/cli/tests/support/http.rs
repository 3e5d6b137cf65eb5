//! A server of packages in the test's own process, good or hostile, with or without TLS.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::support::{DEADLINE, hex_digest};

/// What an endless answer ends with after all, so that no test runs away.
const ENDLESS: usize = 256 << 20;

/// What is answered to a request of a path.
#[derive(Clone)]
pub enum Answer {
    /// A file.
    File(Vec<u8>),
    /// A status without more, such as `500 Internal Server Error`.
    Status(&'static str),
    /// Look there instead.
    Redirect(String),
    /// More data than anybody wants.
    Endless,
    /// Less than was announced.
    Torn(Vec<u8>),
    /// Nothing, for as long as the other side waits.
    Silence,
    /// What is no HTTP.
    Garbage,
}

type Routes = Arc<Mutex<HashMap<String, Answer>>>;

/// A server on a port of its own; its threads end with the test's process.
pub struct Server {
    address: SocketAddr,
    routes: Routes,
    /// `METHOD PATH` of each request.
    requests: Mutex<Receiver<String>>,
    certificate: Option<String>,
}

impl Server {
    /// A server of `http:`.
    pub fn start() -> Self {
        Self::listen(None, None)
    }

    /// A server of `https:`, whose certificate nobody knows.
    pub fn start_tls() -> Self {
        let made =
            rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let config =
            ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .expect("versions of TLS")
                .with_no_client_auth()
                .with_single_cert(vec![made.cert.der().clone()], key)
                .expect("a certificate and its key");
        Self::listen(Some(Arc::new(config)), Some(made.cert.pem()))
    }

    fn listen(tls: Option<Arc<ServerConfig>>, certificate: Option<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        let routes = Routes::default();
        let (sender, receiver) = channel();
        let shared = Arc::clone(&routes);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (routes, sender, tls) = (Arc::clone(&shared), sender.clone(), tls.clone());
                thread::spawn(move || serve(stream, tls, &routes, &sender));
            }
        });
        Self {
            address,
            routes,
            requests: Mutex::new(receiver),
            certificate,
        }
    }

    /// The URL of a path.
    pub fn url(&self, path: &str) -> String {
        match self.certificate {
            None => format!("http://{}{path}", self.address),
            Some(_) => format!("https://localhost:{}{path}", self.address.port()),
        }
    }

    /// Host and port.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// Writes the server's certificate to a file.
    pub fn write_certificate(&self, folder: &Path) -> String {
        let path = folder.join("ca.pem");
        let text = self.certificate.as_deref().expect("a server of TLS");
        std::fs::write(&path, text).expect("a writable folder");
        path.to_str().expect("UTF-8").to_owned()
    }

    /// Answers requests of a path, with its query, from now on.
    pub fn answer(&self, path: &str, answer: Answer) {
        self.routes
            .lock()
            .expect("no panic")
            .insert(path.to_owned(), answer);
    }

    /// Has a file.
    pub fn put(&self, path: &str, data: impl AsRef<[u8]>) {
        self.answer(path, Answer::File(data.as_ref().to_vec()));
    }

    /// Has a package in the index `/pi`, of files with their right hashes.
    pub fn put_package(&self, name: &str, files: &[(&str, &str)], dependencies: &[&str]) {
        self.put_version("6", name, "latest", files, dependencies);
    }

    /// The same of one format and version.
    pub fn put_version(
        &self,
        format: &str,
        name: &str,
        version: &str,
        files: &[(&str, &str)],
        dependencies: &[&str],
    ) {
        let mut hashes = Vec::new();
        for (path, data) in files {
            let hash = &hex_digest(data.as_bytes())[..8];
            self.put(&format!("/pi/file/{}/{hash}", &hash[..2]), data);
            hashes.push(serde_json::json!([path, hash]));
        }
        let deps: Vec<_> = dependencies
            .iter()
            .map(|name| serde_json::json!([name, "latest"]))
            .collect();
        let listing =
            serde_json::json!({"v": 1, "version": version, "hashes": hashes, "deps": deps});
        self.put_listing(format, name, version, &listing.to_string());
    }

    /// Has any `package.json` in the index `/pi`.
    pub fn put_listing(&self, format: &str, name: &str, version: &str, listing: &str) {
        self.put(
            &format!("/pi/package/{format}/{name}/{version}.json"),
            listing,
        );
    }

    /// The requests so far that were not told yet.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no panic").try_iter().collect()
    }

    /// Waits for a request.
    pub fn wait_for_request(&self) -> String {
        let requests = self.requests.lock().expect("no panic");
        requests.recv_timeout(DEADLINE).expect("a request")
    }
}

fn serve(stream: TcpStream, tls: Option<Arc<ServerConfig>>, routes: &Routes, log: &Sender<String>) {
    // A client that has had enough closes, which is none of the server's concern.
    let _ = match tls {
        None => talk(stream, routes, log),
        Some(config) => match ServerConnection::new(config) {
            Ok(connection) => talk(StreamOwned::new(connection, stream), routes, log),
            Err(_) => Ok(()),
        },
    };
}

/// Answers the requests of one connection.
fn talk(stream: impl Read + Write, routes: &Routes, log: &Sender<String>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let mut header = String::from("x");
        while !header.trim().is_empty() {
            header.clear();
            stream.read_line(&mut header)?;
        }
        let mut words = line.split(' ');
        let (method, path) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        // Nobody may look.
        let _ = log.send(format!("{method} {path}"));
        let output = stream.get_mut();
        if method == "CONNECT" {
            // As a proxy it is the host itself.
            output.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
            continue;
        }
        let answer = routes.lock().expect("no panic").get(path).cloned();
        match answer.unwrap_or(Answer::Status("404 Not Found")) {
            Answer::File(data) => {
                head(output, "200 OK", data.len(), "")?;
                output.write_all(&data)?;
            }
            Answer::Status(status) => head(output, status, 0, "")?,
            Answer::Redirect(to) => head(output, "302 Found", 0, &format!("Location: {to}\r\n"))?,
            Answer::Endless => {
                output.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
                let blanks = vec![b' '; 1 << 16];
                for _ in 0..ENDLESS / blanks.len() {
                    output.write_all(&blanks)?;
                }
                return Ok(());
            }
            Answer::Torn(data) => {
                head(output, "200 OK", data.len() + 1, "")?;
                output.write_all(&data)?;
                return output.flush();
            }
            Answer::Silence => {
                // Until the other side has had enough.
                let _ = stream.read(&mut [0]);
                return Ok(());
            }
            Answer::Garbage => {
                output.write_all(b"\x00\xff nonsense\r\n\r\n")?;
                return output.flush();
            }
        }
        output.flush()?;
    }
}

fn head(output: &mut impl Write, status: &str, length: usize, more: &str) -> std::io::Result<()> {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{more}\r\n");
    output.write_all(head.as_bytes())
}
