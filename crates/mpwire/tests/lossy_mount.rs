//! A mounted folder over a line that loses or changes bytes, in either direction: programs on the board
//! see no wrong byte, and nobody waits for ever.

#![cfg(all(feature = "sim", target_os = "linux"))]

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use mpwire::board::Board;
use mpwire::link::{Address, Link, open};
use mpwire::mount::Options;
use mpwire::session::Session;

/// What happens to bytes on their way.
#[derive(Debug, Clone, Copy)]
enum Fault {
    Drop,
    Flip,
    Double,
    /// A packet of USB is lost.
    Packet,
    /// A byte becomes the interrupt character.
    Interrupt,
}

const FAULTS: [Fault; 4] = [Fault::Drop, Fault::Flip, Fault::Double, Fault::Packet];

/// What a program prints before faults begin.
const MARK: &[u8] = b"BEGIN";

/// Bytes in one direction, of which those from `place` on suffer.
#[derive(Debug)]
struct Way {
    fault: Fault,
    place: usize,
    count: AtomicUsize,
}

impl Way {
    fn new(fault: Fault, place: usize) -> Self {
        Self {
            fault,
            place,
            count: AtomicUsize::new(0),
        }
    }

    fn pass(&self, bytes: &mut Vec<u8>) {
        let start = self.count.fetch_add(bytes.len(), Ordering::Relaxed);
        let Some(index) = self
            .place
            .checked_sub(start)
            .filter(|&index| index < bytes.len())
        else {
            return;
        };
        match self.fault {
            Fault::Drop => drop(bytes.remove(index)),
            Fault::Flip => bytes[index] ^= 0x41,
            Fault::Interrupt => bytes[index] = 0x03,
            Fault::Double => bytes.insert(index, bytes[index]),
            Fault::Packet => drop(bytes.drain(index..bytes.len().min(index + 64))),
        }
    }
}

struct Lossy {
    inner: Arc<dyn Link>,
    begun: AtomicBool,
    down: Way,
    up: Way,
}

impl Link for Lossy {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        // Room for a byte that comes twice.
        let most = buffer.len() - 1;
        let count = self.inner.read(&mut buffer[..most])?;
        if self.begun.load(Ordering::Relaxed) {
            let mut bytes = buffer[..count].to_vec();
            self.up.pass(&mut bytes);
            // None at all would be the end.
            let bytes = if bytes.is_empty() { vec![0] } else { bytes };
            buffer[..bytes.len()].copy_from_slice(&bytes);
            return Ok(bytes.len());
        }
        let begins = buffer[..count].windows(MARK.len()).any(|part| part == MARK);
        self.begun.fetch_or(begins, Ordering::Relaxed);
        Ok(count)
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let mut bytes = bytes.to_vec();
        if self.begun.load(Ordering::Relaxed) {
            self.down.pass(&mut bytes);
        }
        self.inner.write(&bytes)
    }

    fn close(&self) {
        self.inner.close();
    }
}

fn options(folder: &tempfile::TempDir) -> Options {
    Options {
        path: folder.path().to_owned(),
        unsafe_links: false,
        read_only: false,
        tool_folders: false,
    }
}

/// Copies a file in the mounted folder while one byte suffers in each direction.
fn copied(fault: Fault, down: usize, up: usize) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data: Vec<u8> = (0..6000_u32)
        .map(|index| (index.wrapping_pow(3).wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    std::fs::write(folder.path().join("file"), &data).expect("writable");
    let link = Arc::new(Lossy {
        inner: open(&Address::parse("sim:link=fast")).expect("a simulated board"),
        begun: AtomicBool::new(false),
        down: Way::new(fault, down),
        up: Way::new(fault, up),
    });
    let mut board = Board::new(Session::start(link.clone()));
    board.enter(true).expect("a raw REPL");
    board.mount(options(&folder)).expect("a mounted folder");
    let program = "
import os, time
print('BEGIN')
time.sleep_ms(20)
with open('copy', 'wb') as g:
 with open('file', 'rb') as f:
  while True:
   d = f.read(500)
   if not d: break
   g.write(d)
print(os.stat('copy')[6], sorted(os.listdir()))
";
    let mut printed = Vec::new();
    let traceback = board
        .execute(program.as_bytes(), &mut |bytes| printed.extend(bytes))
        .expect("it ends");
    let said = String::from_utf8_lossy(&printed).replace('\r', "");
    assert_eq!(
        String::from_utf8_lossy(&traceback),
        "",
        "{fault:?} {down} {up}: {said}"
    );
    assert!(
        said.ends_with("6000 ['copy', 'file']\n"),
        "{fault:?} {down} {up}: {said:?}"
    );
    let copy = std::fs::read(folder.path().join("copy")).expect("it was written");
    assert!(copy == data, "{fault:?} {down} {up}");
    for way in [&link.down, &link.up] {
        assert!(
            way.count.load(Ordering::Relaxed) > way.place,
            "the fault has not come"
        );
    }
}

#[test]
fn damage_on_the_way_to_the_board_is_repaired() {
    // In the start of an answer, its header, its data and its last bytes.
    for (fault, place) in FAULTS.into_iter().zip([0, 4, 1500, 1020]) {
        copied(fault, place, 3000);
    }
}

#[test]
fn damage_that_looks_like_ctrl_c_interrupts_no_program() {
    // In the start of an answer, its header and its data.
    for place in [0, 4, 30, 1500, 3000] {
        copied(Fault::Interrupt, place, 3000);
    }
}

#[test]
fn damage_on_the_way_from_the_board_is_repaired() {
    // In the tag, the length, the data and the check of a request.
    for (fault, place) in FAULTS.into_iter().zip([5, 20, 700, 1200]) {
        copied(fault, 2500, place);
    }
}

/// Loses what the board says from a byte on, up to a packet of it, and says in its place what came before.
struct Repeating {
    inner: Arc<dyn Link>,
    said: Mutex<Said>,
}

/// What came of the board.
#[derive(Default)]
struct Said {
    last: VecDeque<u8>,
    /// How many bytes come before the one that is lost; `None` while or when none is.
    left: Option<usize>,
    lost: bool,
}

impl Said {
    fn pass(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut passed = Vec::new();
        let mut losing = 0;
        for &byte in bytes {
            match &mut self.left {
                Some(0) => {
                    passed.extend(&self.last);
                    losing = 64;
                    self.left = None;
                    self.lost = true;
                }
                Some(left) => *left -= 1,
                None => {}
            }
            self.last.push_back(byte);
            self.last.drain(..self.last.len().saturating_sub(64));
            if losing > 0 {
                losing -= 1;
            } else {
                passed.push(byte);
            }
        }
        passed
    }
}

impl Link for Repeating {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len() - 64;
        let count = self.inner.read(&mut buffer[..most])?;
        let passed = self.said.lock().unwrap().pass(&buffer[..count]);
        buffer[..passed.len()].copy_from_slice(&passed);
        Ok(passed.len())
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        self.inner.write(bytes)
    }

    fn close(&self) {
        self.inner.close();
    }
}

/// Runs a program of a mounted folder, while so many bytes behind the request for it a packet is lost.
fn run_beside_a_repetition(at: usize) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("u.py"), "print('all of it has run')").expect("writable");
    let link = Arc::new(Repeating {
        inner: open(&Address::parse("sim:link=fast")).expect("a simulated board"),
        said: Mutex::default(),
    });
    let mut board = Board::new(Session::start(link.clone()));
    board.enter(true).expect("a raw REPL");
    board.mount(options(&folder)).expect("a mounted folder");
    link.said.lock().unwrap().left = Some(at);
    let mut printed = Vec::new();
    let traceback = board
        .execute(b"import u", &mut |bytes| printed.extend(bytes))
        .expect("it ends");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace('\r', "");
    assert!(link.said.lock().unwrap().lost, "at {at}: nothing was lost");
    assert_eq!(text(&traceback), "", "at {at}");
    let printed = text(&printed);
    assert!(
        printed.ends_with("all of it has run\n"),
        "at {at}: {printed:?}"
    );
}

#[test]
fn marks_of_the_program_before_that_come_again_are_no_end_of_this_one() {
    // The answer to the request, that the program is there, and in its first question.
    std::thread::scope(|scope| {
        for at in [0, 5, 6, 7, 12, 20, 30] {
            scope.spawn(move || run_beside_a_repetition(at));
        }
    });
}

/// Damages what it is told to, as often as it is told.
struct Damaging {
    inner: Arc<dyn Link>,
    left: AtomicUsize,
    /// Changes what is written, if that is what it damages.
    damage: fn(&mut [u8]) -> bool,
    /// Whether a program that mounts has gone over it as it is.
    has_plain: AtomicBool,
}

impl Damaging {
    fn new(left: usize, damage: fn(&mut [u8]) -> bool) -> Arc<Self> {
        Arc::new(Self {
            inner: open(&Address::parse("sim:link=fast")).expect("a simulated board"),
            left: AtomicUsize::new(left),
            damage,
            has_plain: AtomicBool::new(false),
        })
    }
}

impl Link for Damaging {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer)
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        if bytes.starts_with(b"def _mw_mount(") {
            self.has_plain.store(true, Ordering::Relaxed);
        }
        let mut bytes = bytes.to_vec();
        let left = self.left.load(Ordering::Relaxed);
        if left > 0 && (self.damage)(&mut bytes) {
            self.left.store(left - 1, Ordering::Relaxed);
        }
        self.inner.write(&bytes)
    }

    fn close(&self) {
        self.inner.close();
    }
}

fn damage_what_is_deflated(bytes: &mut [u8]) -> bool {
    // The header of a zlib stream with a window of 1 KiB.
    let is_deflated = bytes.starts_with(&[0x28, 0x15]) && bytes.len() > 200;
    if is_deflated {
        bytes[100..104].copy_from_slice(b"XXXX");
    }
    is_deflated
}

fn damage_the_line_before_it(bytes: &mut [u8]) -> bool {
    let name = b"readinto";
    let place = bytes.windows(name.len()).position(|part| part == name);
    if let Some(place) = place {
        bytes[place] = b'x';
    }
    place.is_some()
}

#[test]
fn programs_that_arrive_damaged_are_sent_again_with_their_checksum() {
    for (times, damage) in [
        (3, damage_what_is_deflated as fn(&mut [u8]) -> bool),
        (1, damage_the_line_before_it),
    ] {
        let link = Damaging::new(times, damage);
        let mut board = Board::new(Session::start(link.clone()));
        board.enter(true).expect("a raw REPL");
        let folder = tempfile::tempdir().expect("a temporary folder");
        board.mount(options(&folder)).expect("a mounted folder");
        assert_eq!(link.left.load(Ordering::Relaxed), 0);
        assert!(!link.has_plain.load(Ordering::Relaxed));
        board.close();
    }
}

/// As a receive ring of 1,000 bytes does to what arrives together.
fn damage_what_is_long(bytes: &mut [u8]) -> bool {
    const ANSWER: u8 = 0x1e;
    let is_long = bytes.first() == Some(&ANSWER) && bytes.len() > 1000;
    if let Some(last) = bytes.last_mut().filter(|_| is_long) {
        *last ^= 1;
    }
    is_long
}

#[test]
fn an_answer_that_does_not_arrive_again_and_again_goes_in_pieces() {
    let link = Damaging::new(usize::MAX, damage_what_is_long);
    let mut board = Board::new(Session::start(link.clone()));
    board.enter(true).expect("a raw REPL");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let noise: Vec<u8> = (0..6000_u32)
        .map(|index| (index.wrapping_pow(3).wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    std::fs::write(folder.path().join("file"), &noise).expect("writable");
    board.mount(options(&folder)).expect("a mounted folder");
    let mut printed = Vec::new();
    let program = b"print(len(open('file', 'rb').read()))";
    let traceback = board
        .execute(program, &mut |bytes| printed.extend(bytes))
        .expect("it ends");
    assert_eq!(String::from_utf8_lossy(&traceback), "");
    assert_eq!(String::from_utf8_lossy(&printed).trim(), "6000");
    board.close();
}
