//! Serial ports of another computer, against a scripted server.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use mpwire::link::{Address, Link, open};

/// Nothing here takes this long; what does is stuck.
const DEADLINE: Duration = Duration::from_secs(25);

/// A server's agreement to be a serial port, and its answers to the settings.
const AGREED: &[u8] = b"\xff\xfd\x2c";
const CONFIRMED: &[u8] = b"\xff\xfa\x2c\x65\x00\x01\xc2\x00\xff\xf0\xff\xfa\x2c\x66\x08\xff\xf0\
    \xff\xfa\x2c\x67\x01\xff\xf0\xff\xfa\x2c\x68\x01\xff\xf0\xff\xfa\x2c\x69\x01\xff\xf0";
const SUSPEND: &[u8] = b"\xff\xfa\x2c\x6c\xff\xf0";
const RESUME: &[u8] = b"\xff\xfa\x2c\x6d\xff\xf0";
/// The last thing that is asked of a port when it is opened.
const PURGE: &[u8] = b"\xff\xfa\x2c\x0c\x03\xff\xf0";
/// RTS off, DTR off.
const LOWERED: &[u8] = b"\xff\xfa\x2c\x05\x0c\xff\xf0\xff\xfa\x2c\x05\x09\xff\xf0";

/// An open port and the server's end of its connection.
fn connected() -> (Arc<dyn Link>, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        stream.set_read_timeout(Some(DEADLINE)).expect("a timeout");
        stream.write_all(b"boot\xff\xff").expect("it listens");
        stream.write_all(AGREED).expect("it listens");
        read_until(&mut stream, PURGE);
        stream.write_all(CONFIRMED).expect("it listens");
        stream
    });
    let link = open(&Address::parse(&format!("rfc2217://127.0.0.1:{port}"))).expect("it opens");
    let stream = server.join().expect("the server goes well");
    assert_eq!(read(&*link), b"boot\xff", "what came while it was opened");
    (link, stream)
}

/// What the server receives, up to `end` and with it.
fn read_until(stream: &mut TcpStream, end: &[u8]) -> Vec<u8> {
    let mut received = Vec::new();
    while !received.ends_with(end) {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("more");
        received.push(byte[0]);
    }
    received
}

fn read(link: &dyn Link) -> Vec<u8> {
    let mut buffer = [0; 64];
    let count = link.read(&mut buffer).expect("data");
    buffer[..count].to_vec()
}

#[test]
fn bytes_of_every_value_go_both_ways() {
    let (link, mut stream) = connected();
    let bytes: Vec<u8> = (0..=255).cycle().take(3000).collect();
    link.write(&bytes).expect("it is taken");
    let doubled: Vec<u8> = bytes
        .iter()
        .flat_map(|&byte| vec![byte; if byte == 255 { 2 } else { 1 }])
        .collect();
    let mut received = vec![0; doubled.len()];
    stream.read_exact(&mut received).expect("it was sent");
    assert!(received == doubled);

    stream.write_all(&doubled).expect("it is taken");
    let mut arrived = Vec::new();
    while arrived.len() < bytes.len() {
        arrived.extend(read(&*link));
    }
    assert!(arrived == bytes);
}

#[test]
fn nothing_is_sent_while_the_server_wants_nothing() {
    let (link, mut stream) = connected();
    stream.write_all(SUSPEND).expect("it is taken");
    stream.write_all(b"x").expect("it is taken");
    // With the byte behind it the server's wish has been read.
    assert_eq!(read(&*link), b"x");
    let (begun, wait) = channel();
    let writer = Arc::clone(&link);
    let writer = thread::spawn(move || {
        begun.send(()).expect("somebody waits");
        writer.write(b"late")
    });
    wait.recv_timeout(DEADLINE).expect("it has begun");
    let reader = Arc::clone(&link);
    let reader = thread::spawn(move || read(&*reader));
    // Questions are answered meanwhile, and nothing stands between the answers.
    for option in 60..70 {
        stream.write_all(&[255, 253, option]).expect("it is taken");
        let mut answer = [0; 3];
        stream.read_exact(&mut answer).expect("an answer");
        assert_eq!(answer, [255, 252, option]);
    }
    stream.write_all(RESUME).expect("it is taken");
    let mut late = [0; 4];
    stream.read_exact(&mut late).expect("what was held back");
    assert_eq!(&late, b"late");
    writer.join().expect("it ends").expect("it is sent");
    stream.write_all(b"y").expect("it is taken");
    assert_eq!(reader.join().expect("it ends"), b"y");
}

#[test]
fn closing_lowers_rts_then_dtr_and_reads_what_the_board_says_last() {
    let (link, mut stream) = connected();
    let server = thread::spawn(move || {
        let received = read_until(&mut stream, LOWERED);
        // The board answers until it is told that nobody listens.
        stream.write_all(&[b'.'; 1000]).expect("it is taken");
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).expect("an end, and no reset");
        (received, rest)
    });
    link.write(b"\r\x02").expect("it is taken");
    link.close();
    link.close();
    let (received, rest) = server.join().expect("the server goes well");
    assert_eq!(received, [b"\r\x02", LOWERED].concat());
    assert_eq!(rest, b"");
    assert_eq!(link.read(&mut [0; 64]).expect("no error"), 0);
}

#[test]
fn closing_ends_a_read_and_a_write_that_wait() {
    let (link, mut stream) = connected();
    stream.write_all(SUSPEND).expect("it is taken");
    stream.write_all(b"x").expect("it is taken");
    assert_eq!(read(&*link), b"x");
    let (reader, writer) = (Arc::clone(&link), Arc::clone(&link));
    let reader = thread::spawn(move || reader.read(&mut [0; 64]));
    let writer = thread::spawn(move || writer.write(b"never"));
    link.close();
    assert_eq!(reader.join().expect("it ends").expect("no error"), 0);
    writer.join().expect("it ends").expect("no error");
    drop(link);
    let mut received = Vec::new();
    stream.read_to_end(&mut received).expect("an end");
    assert_eq!(received, LOWERED);
}

#[test]
fn a_server_that_closes_is_a_lost_connection() {
    let (link, stream) = connected();
    drop(stream);
    let error = link.read(&mut [0; 64]).expect_err("it is gone");
    assert_eq!(
        error.to_string(),
        "the peer closed the connection after sending \"boot\\xff\""
    );
    // Whatever is written is told of by the reading side.
    link.write(b"into the void").expect("no error");
    link.write(b"into the void").expect("no error");
}
