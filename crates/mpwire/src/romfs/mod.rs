//! ROMFS: read-only filesystems that boards mount from ROM partitions at `/rom`.
//!
//! | module | step |
//! |---|---|
//! | [`image`] | the format: writing and reading images, pure |
//! | [`build`](mod@build) | an image from a directory, `.py` files compiled by mpy-cross |
//! | [`partition`] | which ROM partitions a board has, and what they hold |
//! | [`deploy`](mod@deploy) | an image into a partition, verified before it can be mounted |

pub mod build;
mod compiler;
pub mod deploy;
pub mod image;
pub mod partition;

pub use build::build;
pub use deploy::deploy;
