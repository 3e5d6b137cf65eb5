//! A line that loses or changes bytes, in front of a simulated board: no wrong file, ever.

#![cfg(all(feature = "sim", target_os = "linux"))]

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mpwire::board::Board;
use mpwire::link::{Address, Link, open};
use mpwire::session::Session;
use mpwire::transfer::{self, Encoding, Options};

/// What happens to a byte on its way to the board.
#[derive(Debug, Clone, Copy)]
enum Fault {
    Drop,
    Flip,
    Double,
}

/// A link on which one byte suffers: the one at `position` of all that is sent to the board.
struct Lossy {
    inner: Arc<dyn Link>,
    fault: Fault,
    position: usize,
    sent: AtomicUsize,
}

impl Link for Lossy {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer)
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let start = self.sent.fetch_add(bytes.len(), Ordering::Relaxed);
        let mut bytes = bytes.to_vec();
        if let Some(index) = self
            .position
            .checked_sub(start)
            .filter(|&index| index < bytes.len())
        {
            match self.fault {
                Fault::Drop => drop(bytes.remove(index)),
                Fault::Flip => bytes[index] ^= 0x04,
                Fault::Double => bytes.insert(index, bytes[index]),
            }
        }
        self.inner.write(&bytes)
    }

    fn close(&self) {
        self.inner.close();
    }
}

/// Sends a file over a link with a fault in the middle of it; returns what the board then has.
fn sent_with(
    fault: Fault,
    encoding: Encoding,
) -> (Result<transfer::Sent, transfer::Error>, Vec<u8>) {
    let data = file();
    let inner = open(&Address::parse("sim:link=fast")).expect("a simulated board");
    let link = Arc::new(Lossy {
        inner,
        fault,
        position: 9000,
        sent: AtomicUsize::new(0),
    });
    let mut board = Board::new(Session::start(link));
    board.enter(true).expect("a raw REPL");
    let options = Options {
        encoding: Some(encoding),
        ..Options::default()
    };
    let result = transfer::upload(&mut board, &data, "file", &options, &mut |_| {});
    let back = transfer::download(&mut board, "file", 0, &mut |_| {}).unwrap_or_default();
    (result, back)
}

fn file() -> Vec<u8> {
    (0..20_000_u32)
        .map(|index| (index.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect()
}

/// What does not shrink: one block, as long as there are.
fn noise(length: usize) -> Vec<u8> {
    let mut state: u64 = 1;
    let next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

#[test]
fn a_flipped_byte_is_found_and_the_file_sent_again() {
    for encoding in [Encoding::Base64, Encoding::Hex, Encoding::Deflate] {
        let (result, back) = sent_with(Fault::Flip, encoding);
        assert!(back == file() && result.is_ok(), "{encoding}: {result:?}");
    }
}

#[test]
fn a_doubled_byte_is_found_and_the_file_sent_again() {
    let (result, back) = sent_with(Fault::Double, Encoding::Base64);
    assert!(back == file() && result.is_ok(), "{result:?}");
}

#[test]
fn a_lost_byte_is_missed_and_the_file_sent_again() {
    let (result, back) = sent_with(Fault::Drop, Encoding::Base64);
    assert!(back == file() && result.is_ok(), "{result:?}");
}

#[test]
fn a_damaged_block_is_sent_once_more_and_not_again_and_again() {
    for fault in [Fault::Drop, Fault::Flip, Fault::Double] {
        let inner = open(&Address::parse("sim:link=fast")).expect("a simulated board");
        let link = Arc::new(Lossy {
            inner,
            fault,
            position: 9000,
            sent: AtomicUsize::new(0),
        });
        let mut board = Board::new(Session::start(Arc::clone(&link) as Arc<dyn Link>));
        board.enter(true).expect("a raw REPL");
        let data = noise(16_000);
        transfer::upload(&mut board, &data, "file", &Options::default(), &mut |_| {})
            .expect("an upload");
        let sent = link.sent.load(Ordering::Relaxed);
        assert!(sent > data.len() + 9000, "{fault:?} did not strike");
        assert!(
            sent < data.len() * 5 / 2,
            "{fault:?}: {sent} bytes were sent"
        );
    }
}

/// A link in front of a board that reads nothing while something is written, into a receive ring of `RING`
/// bytes; what does not fit is lost, and nobody is told.
struct Overrun {
    inner: Arc<dyn Link>,
    lost: AtomicUsize,
}

const RING: usize = 300;

impl Link for Overrun {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer)
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let taken = bytes.len().min(RING);
        self.lost.fetch_add(bytes.len() - taken, Ordering::Relaxed);
        self.inner.write(&bytes[..taken])
    }

    fn close(&self) {
        self.inner.close();
    }
}

#[test]
fn a_board_that_does_not_read_as_fast_as_it_is_sent_to_gets_it_slower() {
    let inner = open(&Address::parse("sim:link=fast")).expect("a simulated board");
    let link = Arc::new(Overrun {
        inner,
        lost: AtomicUsize::new(0),
    });
    let mut board = Board::new(Session::start(Arc::clone(&link) as Arc<dyn Link>));
    board.enter(true).expect("a raw REPL");
    let data = noise(16_000);
    transfer::upload(&mut board, &data, "file", &Options::default(), &mut |_| {})
        .expect("an upload");
    assert!(link.lost.load(Ordering::Relaxed) > 0, "nothing was lost");
    let back = transfer::download(&mut board, "file", 0, &mut |_| {}).expect("a download");
    assert!(back == data);
}

#[test]
fn a_program_with_any_byte_lost_on_its_way_runs_once_or_is_told_of() {
    let mut position = 0;
    loop {
        let inner = open(&Address::parse("sim:link=fast")).expect("a simulated board");
        let link = Arc::new(Lossy {
            inner,
            fault: Fault::Drop,
            position,
            sent: AtomicUsize::new(0),
        });
        let mut board = Board::new(Session::start(Arc::clone(&link) as Arc<dyn Link>));
        board.enter(false).expect("a raw REPL");
        let mut said = String::new();
        let result = board.execute(b"print(6 * 7)", &mut |text| {
            said.push_str(&String::from_utf8_lossy(text));
        });
        let traceback = result
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .map_err(|error| error.to_string());
        let has_run = said.trim() == "42" && traceback.as_ref().is_ok_and(String::is_empty);
        // The REPL has no checksum: what has lost a letter may compile and fail.
        let is_told = traceback
            .as_ref()
            .is_ok_and(|text| text.contains("Error: "));
        assert!(has_run || is_told, "{position}: {said:?} {traceback:?}");
        if link.sent.load(Ordering::Relaxed) <= position {
            break;
        }
        position += 1;
    }
    let program_and_end = 13;
    assert!(position > program_and_end, "{position}");
}
