//! A folder of this computer that a board has at `/remote`: the host's side.
//!
//! [`Board::mount`](crate::board::Board::mount) puts a program on the board that asks for what it
//! needs in band (`mpwire_proto::mount`), and a [`Service`] into the session that answers, whatever
//! runs on the board meanwhile. Nothing outside of the folder can be reached.

mod confinement;
mod errno;
mod files;
mod folder;
mod listings;
mod pieces;
mod service;
mod status;

pub use folder::{Folder, Options};
pub use service::Service;

/// Where a board has the folder.
pub const PLACE: &str = "/remote";

/// What the board's program can take.
#[derive(Debug, Clone, Copy)]
pub struct Receiver {
    /// The most bytes of an answer on the wire.
    pub room: usize,
    /// The base-2 logarithm of its inflater's window; 0 where it has none.
    pub bits: u8,
    /// How it checks messages.
    pub check: mpwire_proto::mount::Check,
    /// How hard to compress.
    pub effort: mpwire_deflate::Effort,
}
