//! Measures what a simulated board does with its line: `cargo run --release -p mpwire-sim --example measure`

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use mpwire_sim::{Board, Cable, Options};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    for heap in ["32k", "64k", "1m"] {
        let start = Instant::now();
        let board = Board::start(Options::parse(&format!("heap={heap}"))?)?;
        let on = start.elapsed();
        let mut cable = board.connect()?;
        enter(&mut cable)?;
        let start = Instant::now();
        cable.write_all(b"\x04")?;
        read_until(&mut cable, b"exit\r\n>")?;
        let reset = start.elapsed();
        let free = run(&mut cable, "import gc; gc.collect(); print(gc.mem_free())")?;
        println!(
            "heap {heap}: {} free, power-on {on:.0?}, soft reset {reset:.0?}",
            free.trim()
        );
    }
    for link in ["uart:115200", "uart:921600", "usb", "fast"] {
        let count: u32 = match link {
            "uart:115200" => 34_560,
            "uart:921600" => 276_480,
            "usb" => 1_800_000,
            _ => 20_000_000,
        };
        let board = Board::start(Options::parse(&format!("link={link}"))?)?;
        let mut cable = board.connect()?;
        enter(&mut cable)?;
        let before = processor_time()?;
        let from = from_board(&mut cable, count)?;
        let to = to_board(&mut cable, count)?;
        let processor = processor_time()? - before;
        println!(
            "{link}: from the board {:.0} bytes/s, to it {:.0} bytes/s, bridge's processor {:.1} %, {}",
            f64::from(count) / from.as_secs_f64(),
            f64::from(count) / to.as_secs_f64(),
            processor * 100.0 / (from + to).as_secs_f64(),
            board.stop()
        );
    }
    Ok(())
}

/// From the first byte of a burst to its last.
fn from_board(cable: &mut Cable, count: u32) -> Result<Duration> {
    let program = format!(
        "import sys\nb = bytes(1000)\nw = sys.stdout.buffer.write\n\
         for i in range({}): w(b)\nw(b'end')\x04",
        count / 1000 + 1
    );
    cable.write_all(program.as_bytes())?;
    read_until(cable, b"OK\0")?;
    let start = Instant::now();
    let mut buffer = vec![0; 65536];
    let mut left = count as usize - 1;
    while left > 0 {
        let size = left.min(buffer.len());
        left -= cable.read(&mut buffer[..size])?;
    }
    let time = start.elapsed();
    read_until(cable, b"\x04\x04>")?;
    Ok(time)
}

/// From the first byte sent to the answer that all have come.
fn to_board(cable: &mut Cable, count: u32) -> Result<Duration> {
    let program = format!(
        "import sys, micropython\nmicropython.kbd_intr(-1)\nb = bytearray(128)\nr = sys.stdin.buffer.readinto\n\
         print('go')\nfor i in range({}): r(b)\nmicropython.kbd_intr(3)\nprint('end')\x04",
        count / 128
    );
    cable.write_all(program.as_bytes())?;
    read_until(cable, b"go\n")?;
    let start = Instant::now();
    cable.write_all(&vec![b'x'; count as usize / 128 * 128])?;
    read_until(cable, b"end")?;
    let time = start.elapsed();
    read_until(cable, b"\x04\x04>")?;
    Ok(time)
}

fn enter(cable: &mut Cable) -> Result<()> {
    cable.write_all(b"\r\x03\r\x01")?;
    read_until(cable, b"exit\r\n>")
}

fn run(cable: &mut Cable, program: &str) -> Result<String> {
    cable.write_all(program.as_bytes())?;
    cable.write_all(b"\x04")?;
    let mut text = Vec::new();
    while !text.ends_with(b"\x04\x04>") {
        let mut byte = [0];
        cable.read_exact(&mut byte)?;
        text.push(byte[0]);
    }
    Ok(String::from_utf8_lossy(&text)
        .trim_matches(|c: char| "OK>\x04".contains(c))
        .to_owned())
}

fn read_until(cable: &mut Cable, ending: &[u8]) -> Result<()> {
    let mut seen = Vec::new();
    while !seen.ends_with(ending) {
        let mut byte = [0];
        cable.read_exact(&mut byte)?;
        seen.push(byte[0]);
    }
    Ok(())
}

/// Seconds that the bridge's thread has run.
fn processor_time() -> Result<f64> {
    for task in std::fs::read_dir("/proc/self/task")? {
        let folder = task?.path();
        if std::fs::read_to_string(folder.join("comm"))?.trim() == "mpwire-sim" {
            let text = std::fs::read_to_string(folder.join("schedstat"))?;
            let nanoseconds: f64 = text.split(' ').next().unwrap_or("0").parse()?;
            return Ok(nanoseconds / 1e9);
        }
    }
    Err("no bridge".into())
}
