//! A line that loses or changes what a simulated board sends: a file or a listing arrives right, or not
//! at all.

#![cfg(all(feature = "sim", target_os = "linux"))]

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use mpwire::board::Board;
use mpwire::link::{Address, Link, open};
use mpwire::session::Session;
use mpwire::transfer::{self, Error};
use mpwire_sim::Random;

/// Makes the file on the board, where nothing has to be sent for it.
const MAKE: &[u8] = b"
with open('file', 'wb') as f:
    f.write(bytes([i * 2654435761 >> 13 & 255 for i in range(10000)]))
del f
";

/// No byte of this position ever comes.
const NEVER: usize = usize::MAX;

/// What happens to a byte on its way from the board.
#[derive(Debug, Clone, Copy)]
enum Fault {
    Drop,
    Flip,
    /// So many bytes are lost.
    Cut(usize),
}

/// A link on which one byte suffers: the one at `position` of all that the board sends from now on.
struct Lossy {
    inner: Arc<dyn Link>,
    fault: Fault,
    /// Bytes until then.
    position: AtomicUsize,
}

impl Lossy {
    /// The byte at `position` from here on will suffer.
    fn arm(&self, position: usize) {
        self.position.store(position, Ordering::SeqCst);
    }
}

impl Link for Lossy {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.inner.read(buffer)?;
            let position = self.position.load(Ordering::SeqCst);
            if position == NEVER || count == 0 {
                return Ok(count);
            }
            if position >= count {
                self.position.store(position - count, Ordering::SeqCst);
                return Ok(count);
            }
            self.position.store(NEVER, Ordering::SeqCst);
            match self.fault {
                Fault::Flip => {
                    buffer[position] ^= 0x04;
                    return Ok(count);
                }
                Fault::Drop | Fault::Cut(_) => {
                    let end = match self.fault {
                        Fault::Cut(length) => count.min(position + length),
                        _ => position + 1,
                    };
                    buffer.copy_within(end..count, position);
                    let left = count - (end - position);
                    // Nothing at all would be the end of the link.
                    if left > 0 {
                        return Ok(left);
                    }
                }
            }
        }
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        self.inner.write(bytes)
    }

    fn close(&self) {
        self.inner.close();
    }
}

fn file() -> Vec<u8> {
    (0..10_000_u64)
        .map(|index| ((index * 2_654_435_761) >> 13) as u8)
        .collect()
}

/// A board on which `program` has run, and the line that it is on.
fn board_after(program: &[u8], fault: Fault) -> (Board, Arc<Lossy>) {
    let inner = open(&Address::parse("sim:link=fast")).expect("a simulated board");
    let link = Arc::new(Lossy {
        inner,
        fault,
        position: AtomicUsize::new(NEVER),
    });
    let mut board = Board::new(Session::start(link.clone()));
    board.enter(true).expect("a raw REPL");
    board.execute(program, &mut |_| {}).expect("a program");
    (board, link)
}

/// Downloads a file again and again, with a fault at another place each time.
fn every_time_right(fault: Fault, positions: &[usize]) {
    let (mut board, link) = board_after(MAKE, fault);
    for &position in positions {
        link.arm(position);
        let result = transfer::download(&mut board, "file", 0, &mut |_| {});
        link.arm(NEVER);
        match result {
            Ok(data) => assert!(data == file(), "{fault:?} at {position}: wrong data"),
            Err(error) => panic!("{fault:?} at {position}: {error}"),
        }
    }
}

/// In the frames: headers of the first and the second, data, the empty one, the digest.
const PLACES: [usize; 12] = [
    18, 22, 27, 1000, 4127, 4131, 4135, 6000, 10_000, 10_045, 10_053, 10_070,
];

#[test]
fn a_changed_byte_is_asked_for_again() {
    every_time_right(Fault::Flip, &PLACES);
}

#[test]
fn a_lost_byte_is_asked_for_again() {
    every_time_right(Fault::Drop, &PLACES);
}

/// A folder of files whose names differ in a digit.
const MAKE_FOLDER: &[u8] = b"
import os
os.mkdir('folder')
for i in range(6):
    open('folder/file%d' % i, 'w').close()
del f, i
";

#[test]
fn of_a_listing_nothing_is_missing_and_nothing_is_changed() {
    let expected: Vec<String> = (0..6).map(|index| format!("file{index}")).collect();
    // As long as an entry, or a packet of USB.
    for fault in [Fault::Drop, Fault::Flip, Fault::Cut(21), Fault::Cut(64)] {
        let (mut board, link) = board_after(MAKE_FOLDER, fault);
        // Behind the board's word that it has the program, and before its word that the program has ended.
        for position in 12..90 {
            link.arm(position);
            let walked = board.walk("folder");
            link.arm(NEVER);
            let walked = walked.unwrap_or_else(|error| panic!("{fault:?} at {position}: {error}"));
            let names: Vec<String> = walked.into_iter().map(|entry| entry.name).collect();
            assert_eq!(names, expected, "{fault:?} at {position}");
        }
    }
}

#[test]
fn what_a_board_says_of_a_path_is_not_changed() {
    for fault in [Fault::Drop, Fault::Flip] {
        let (mut board, link) = board_after(MAKE_FOLDER, fault);
        for position in 12..30 {
            link.arm(position);
            let status = board.status("folder");
            link.arm(NEVER);
            let status = status.unwrap_or_else(|error| panic!("{fault:?} at {position}: {error}"));
            assert!(
                status.is_some_and(|status| status.is_directory),
                "{fault:?} at {position}: {status:?}"
            );
        }
    }
}

/// Does something to all that is read, from when it is switched on.
struct Noisy<Damage> {
    inner: Arc<dyn Link>,
    is_on: AtomicBool,
    damage: Damage,
}

impl<Damage: Fn(&mut [u8]) + Send + Sync> Link for Noisy<Damage> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        if self.is_on.load(Ordering::SeqCst) {
            (self.damage)(&mut buffer[..count]);
        }
        Ok(count)
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        self.inner.write(bytes)
    }

    fn close(&self) {
        self.inner.close();
    }
}

fn over_a_noisy_line(damage: impl Fn(&mut [u8]) + Send + Sync + 'static) -> Result<Vec<u8>, Error> {
    let inner = open(&Address::parse("sim:link=fast")).expect("a simulated board");
    let link = Arc::new(Noisy {
        inner,
        is_on: AtomicBool::new(false),
        damage,
    });
    let mut board = Board::new(Session::start(link.clone()));
    board.enter(true).expect("a raw REPL");
    board.execute(MAKE, &mut |_| {}).expect("a file");
    link.is_on.store(true, Ordering::SeqCst);
    transfer::download(&mut board, "file", 0, &mut |_| {})
}

#[test]
fn on_a_noisy_line_frames_become_smaller() {
    let random = Mutex::new(Random::new(1));
    let damage = move |bytes: &mut [u8]| {
        let mut random = random.lock().expect("no panic before");
        for byte in bytes {
            if random.below(2000) == 0 {
                *byte ^= 0x04;
            }
        }
    };
    let data = over_a_noisy_line(damage).expect("most of the small frames arrive");
    assert!(data == file(), "wrong data");
}

#[test]
fn a_line_that_lets_no_frame_through_is_a_clear_error() {
    let damage = |bytes: &mut [u8]| {
        // What is shorter is no frame.
        if bytes.len() > 64 {
            bytes[60] ^= 0x04;
        }
    };
    let result = over_a_noisy_line(damage);
    assert!(
        matches!(
            result,
            Err(Error::CorruptDownload { .. } | Error::Board(mpwire::board::Error::Session(_)))
        ),
        "{result:?}"
    );
}
