//! One file a command.

pub mod bench;
pub mod completion;
pub mod connect;
pub mod df;
pub mod doctor;
pub mod edit;
pub mod elsewhere;
pub mod exec;
pub mod fs;
pub mod help;
pub mod mip;
pub mod mount;
pub mod repl;
pub mod reset;
pub mod romfs;
pub mod rtc;
pub mod sim;
pub mod sleep;
pub mod soft_reset;
pub mod version;
