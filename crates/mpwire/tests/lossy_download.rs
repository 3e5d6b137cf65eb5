//! A line that loses or changes what a simulated board sends: a file arrives right, or not at all.

#![cfg(all(feature = "sim", target_os = "linux"))]

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mpwire::board::Board;
use mpwire::link::{Address, Link, open};
use mpwire::session::Session;
use mpwire::transfer::{self, Error};

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
                Fault::Drop => {
                    buffer.copy_within(position + 1..count, position);
                    // Nothing at all would be the end of the link.
                    if count > 1 {
                        return Ok(count - 1);
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

/// Downloads a file again and again, with a fault at another place each time.
fn every_time_right(fault: Fault, positions: &[usize]) {
    let inner = open(&Address::parse("sim:link=fast")).expect("a simulated board");
    let link = Arc::new(Lossy {
        inner,
        fault,
        position: AtomicUsize::new(NEVER),
    });
    let mut board = Board::new(Session::start(link.clone()));
    board.enter(true).expect("a raw REPL");
    board.execute(MAKE, &mut |_| {}).expect("a file");
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

/// Changes one byte of so many, for ever.
struct Noisy {
    inner: Arc<dyn Link>,
    every: usize,
    received: AtomicUsize,
}

impl Link for Noisy {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let before = self.received.fetch_add(count, Ordering::SeqCst);
        for index in (0..count).filter(|index| (before + index) % self.every == self.every - 1) {
            buffer[index] ^= 0x04;
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

fn over_a_noisy_line(every: usize) -> Result<Vec<u8>, Error> {
    let inner = open(&Address::parse("sim:link=fast")).expect("a simulated board");
    let link = Noisy {
        inner,
        every,
        received: AtomicUsize::new(0),
    };
    let mut board = Board::new(Session::start(Arc::new(link)));
    board.enter(true).expect("a raw REPL");
    board.execute(MAKE, &mut |_| {}).expect("a file");
    transfer::download(&mut board, "file", 0, &mut |_| {})
}

#[test]
fn on_a_noisy_line_frames_become_smaller() {
    let data = over_a_noisy_line(2500).expect("one of two small frames arrives");
    assert!(data == file(), "wrong data");
}

#[test]
fn a_line_that_lets_no_frame_through_is_a_clear_error() {
    let result = over_a_noisy_line(230);
    assert!(
        matches!(
            result,
            Err(Error::CorruptDownload { .. } | Error::Board(mpwire::board::Error::Session(_)))
        ),
        "{result:?}"
    );
}
