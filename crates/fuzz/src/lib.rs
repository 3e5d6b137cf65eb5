//! What every reader of foreign input promises, as functions of any bytes.
//!
//! A board, a network or a file can send anything at all. For each reader of that there is a
//! **target**: a function that takes any bytes and panics where a promise is broken. None of them is
//! only "it does not panic": what a stream's reader finds must not depend on how the stream is cut,
//! what is written must be read back, names must not lead out of their folder, and so on.
//!
//! The same functions are run by libFuzzer (`fuzz/` in the repository's root, `cargo xtask fuzz`),
//! which looks for inputs that reach code not reached before, and by the ordinary test
//! `tests/corpora.rs`, over the inputs that were found and kept (`fuzz/corpus`) and
//! [mutations](mutation) of them.

mod cutting;
pub mod mutation;
pub mod targets;

pub use targets::{ALL, Target};
