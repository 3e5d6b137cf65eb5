//! Directories of a board, listed without disturbing what runs on it.
//!
//! A Tab is no command, so less may happen than with one. Only a serial port is asked: one that the
//! command line names, or the first whose USB vendor is a board's, since opening an unknown device
//! can reset it. A port that another program has open is left alone. The board gets a blank and a
//! backspace, which cancel each other at a prompt; only if it then shows that it is at one, idle,
//! does a program list the directory. No interrupt and no soft reset is sent to anything but that
//! program of ours. Whatever else there is, there are no candidates.

use std::fs;
use std::path::{Path, PathBuf, absolute, is_separator};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, SystemTime};

use mpwire::board::Board;
use mpwire::board::fs::Entry;
use mpwire::devices;
use mpwire::link::{Address, open};
use mpwire::ports;
use mpwire::session::Session;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::{interrupt, local};

/// How long a board may take to show that it is at a prompt; USB and UARTs take some 10 ms.
const PROBE_PATIENCE: Duration = Duration::from_millis(300);
/// How long listing a directory may take.
const LIST_PATIENCE: Duration = Duration::from_millis(700);
/// How long an answer holds, none included, so that each further Tab is quick and asks nothing.
const FRESH: Duration = Duration::from_secs(5);
/// Nobody reads more names.
const MOST: usize = 2000;

/// The entries of a directory of the board that `device` names (`None`: the one that is found), as
/// far as they can be had in about a second.
pub fn entries(device: Option<&str>, directory: &str) -> Vec<Entry> {
    let Some(address) = address(device) else {
        return Vec::new();
    };
    let cache = cache_file(&address, directory);
    if let Some(entries) = cache.as_deref().and_then(cached) {
        return entries;
    }
    let mut entries = list(&address, directory).unwrap_or_default();
    // A name that is no text cannot be typed.
    entries.retain(|entry| entry.is_text);
    entries.truncate(MOST);
    if let Some(path) = cache {
        keep(&path, &entries);
    }
    entries
}

/// The port to ask, if one may be asked.
fn address(device: Option<&str>) -> Option<Address> {
    let address = Address::parse(device.unwrap_or("auto"));
    if address == Address::Auto {
        let is_board = |port: &ports::Port| {
            let usb = port.usb.as_ref();
            usb.is_some_and(devices::is_board)
        };
        let port = ports::list().ok()?.into_iter().find(is_board)?;
        return Some(Address::Port(port.path));
    }
    let is_serial = matches!(address, Address::Port(_) | Address::SerialNumber(_));
    is_serial.then_some(address)
}

/// `None` unless the board is idle and answers.
fn list(address: &Address, directory: &str) -> Option<Vec<Entry>> {
    let mut board = Board::new(Session::start(open(address).ok()?));
    interrupt::forward_to(Some(board.interrupter()));
    let entries = if board.enter_idle(PROBE_PATIENCE).is_ok() {
        list_in_time(&mut board, directory)
    } else {
        None
    };
    board.close();
    interrupt::forward_to(None);
    entries
}

fn list_in_time(board: &mut Board, directory: &str) -> Option<Vec<Entry>> {
    let interrupter = board.interrupter();
    let (done, wait) = channel::<()>();
    thread::spawn(move || {
        // An error other than that of time means that the listing is done.
        if wait.recv_timeout(LIST_PATIENCE) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
            interrupter.interrupt();
        }
    });
    let entries = board
        .resolve(directory)
        .and_then(|directory| board.list(&directory))
        .ok();
    drop(done);
    entries
}

/// Where the entries are kept for the next Tab; `None` on a computer without a cache folder.
fn cache_file(address: &Address, directory: &str) -> Option<PathBuf> {
    let folders = directories::ProjectDirs::from("", "", "mpwire")?;
    let address = match address {
        // The same words name another board from another folder.
        Address::Port(path) if path.contains(is_separator) => absolute(path).ok()?,
        other => PathBuf::from(format!("{other:?}")),
    };
    let key = Sha256::digest(format!("{} {directory:?}", address.display()));
    let digits: Vec<String> = key[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    let name = format!("{}.json", digits.concat());
    Some(folders.cache_dir().join("completion").join(name))
}

fn cached(path: &Path) -> Option<Vec<Entry>> {
    let written = fs::metadata(path).ok()?.modified().ok()?;
    // A file of the future is as good as none.
    let age = SystemTime::now().duration_since(written).ok()?;
    if age > FRESH {
        return None;
    }
    let value: Value = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    let entries = value.as_array()?.iter().map(|entry| {
        Some(Entry {
            name: entry.get("name")?.as_str()?.to_owned(),
            is_text: true,
            is_directory: entry.get("directory")?.as_bool()?,
            size: 0,
        })
    });
    entries.collect()
}

/// Keeps the entries and forgets those of other directories that are of no use any more. What cannot
/// be kept is asked again.
fn keep(path: &Path, entries: &[Entry]) {
    let Some(folder) = path.parent() else { return };
    let _ = fs::create_dir_all(folder);
    for old in fs::read_dir(folder).into_iter().flatten().flatten() {
        let written = old.metadata().and_then(|metadata| metadata.modified());
        let age = written.ok().and_then(|time| time.elapsed().ok());
        if age.is_some_and(|age| age > FRESH) {
            let _ = fs::remove_file(old.path());
        }
    }
    let entries: Vec<Value> = entries
        .iter()
        .map(|entry| json!({"name": entry.name, "directory": entry.is_directory}))
        .collect();
    let _ = local::write(path, Value::from(entries).to_string().as_bytes());
}
