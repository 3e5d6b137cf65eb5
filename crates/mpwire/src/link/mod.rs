//! Links: how bytes reach a board and come back.
//!
//! A [`Link`] only carries bytes. What they mean is `mpwire_proto`'s business; when to send and how
//! long to wait is [`crate::session`]'s.

mod address;
mod endpoint;
mod reopen;
mod rfc2217;
#[cfg(feature = "serial")]
mod serial;
#[cfg(all(feature = "sim", target_os = "linux"))]
mod sim;
mod tcp;
#[cfg(unix)]
mod wake;
mod webrepl;

pub use address::{Address, OpenError, open};
pub use reopen::{Reopener, Watch};
#[cfg(unix)]
pub use wake::Wake;
pub use webrepl::Password;

use std::io;

/// What MicroPython's own UARTs and mpremote use. USB boards ignore it.
const BAUD_RATE: u32 = 115_200;

/// A two-way stream of bytes to one board.
///
/// One thread reads while another writes, so both take `&self`.
pub trait Link: Send + Sync {
    /// What the user would call this link: a port's path, an address.
    fn name(&self) -> &str;

    /// What opens it again.
    fn address(&self) -> Address {
        Address::parse(self.name())
    }

    /// Waits until bytes arrive and returns how many; 0 after [`Link::close`].
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Sends all of `bytes`. May block while the link is full.
    fn write(&self, bytes: &[u8]) -> io::Result<()>;

    /// Sends what is still queued, leaves the board as it should be found and ends a waiting
    /// [`Link::read`].
    fn close(&self);

    /// How many bytes may reach the board together, in a burst that no wire has paced, and find room in
    /// its receive ring; `None` where a wire does pace them.
    fn burst(&self) -> Option<usize> {
        None
    }

    /// Whether the link goes on when the board's interpreter begins anew.
    fn survives_soft_reset(&self) -> bool {
        true
    }
}
