//! The wire protocols of MicroPython boards as pure state machines.
//!
//! Nothing here touches a port, a clock or a thread. Bytes that arrived go in, bytes to send and
//! events come out, and time is a value the caller passes; so every machine can be driven by a
//! test, a fuzzer or a simulated clock exactly as by a real cable.
//!
//! | module | what it knows |
//! |---|---|
//! | [`scan`] | finding one of several markers in a stream, in bounded memory |
//! | [`raw_repl`] | entering, leaving and resetting the raw REPL, and executing programs in it |
//! | [`repeat`] | a packet that comes again in place of the next one |
//! | [`raw_paste`] | the window credits that pace a program on its way into the compiler |
//! | [`blocks`] | binary data to a program that asks for it, and its questions |
//! | [`frames`] | binary data in a program's output |
//! | [`telnet`] | commands told from data in a telnet connection, options |
//! | [`rfc2217`] | a serial port at the other end of one |
//! | [`websocket`] | the messages that a WebSocket cuts a stream of bytes into |
//! | [`webrepl`] | the password that is asked for before a terminal over one |
//! | [`mount`] | what a board asks of a mounted folder's host, and the answers |
//! | [`literal`] | Python literals: reading what a board prints, writing what it will compile |
//! | [`quote`](mod@quote) | received bytes as error messages quote them |
//! | [`typing`] | what a person types or pastes, paced by its echo |

pub mod answers;
pub mod blocks;
pub mod frames;
pub mod literal;
pub mod mount;
pub mod probes;
pub mod quote;
pub mod raw_paste;
pub mod raw_repl;
pub mod repeat;
pub mod rfc2217;
pub mod scan;
pub mod telnet;
pub mod typing;
pub mod webrepl;
pub mod websocket;
