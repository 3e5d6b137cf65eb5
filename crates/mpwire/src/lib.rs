//! Talk to MicroPython boards, and move files to and from them, verified.
//!
//! Bytes come from a [`link`]; `mpwire-proto` turns them into events; a [`session`] joins the two
//! with a clock; a [`board::Board`] runs programs and uses the filesystem through the session; a
//! [`transfer`] plans, encodes, sends and verifies files. A [`bench`](mod@bench) measures all of them,
//! and a `doctor` says what is wrong with them.
//!
//! ```no_run
//! use mpwire::board::Board;
//! use mpwire::link::{Address, open};
//! use mpwire::session::Session;
//! use mpwire::transfer::{self, Options};
//!
//! let link = open(&Address::parse("/dev/ttyACM0"))?;
//! let mut board = Board::new(Session::start(link));
//! board.enter(true)?;
//! let sent = transfer::upload(&mut board, b"print(1)\n", "main.py", &Options::default(), &mut |_| {})?;
//! println!("{} bytes as {}", sent.bytes, sent.encoding);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod bench;
pub mod board;
#[cfg(feature = "serial")]
pub mod devices;
#[cfg(feature = "serial")]
pub mod doctor;
pub mod link;
#[cfg(feature = "mip")]
pub mod mip;
pub mod mount;
pub mod names;
pub mod path;
#[cfg(feature = "serial")]
pub mod ports;
pub mod romfs;
pub mod session;
pub mod system;
pub mod transfer;
