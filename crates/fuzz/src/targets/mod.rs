//! The targets, one file each.

mod arrival;
mod blocks;
mod board_names;
mod board_replies;
mod completion_line;
mod completion_place;
mod config_py;
mod config_toml;
mod frames;
mod literal;
mod mip_source;
mod mount_listener;
mod mount_request;
mod mount_service;
mod package_json;
mod raw_paste;
mod raw_repl;
mod repeat;
mod repl_console;
mod rfc2217;
mod romfs_image;
mod scan;
mod telnet;
mod terminal;
mod text_download;
mod typing;
mod websocket;

/// A target.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name: that of its file, of its binary in `fuzz/`, and of its corpus.
    pub name: &'static str,
    /// Takes any bytes, and panics where they break a promise.
    pub run: fn(&[u8]),
    /// How many mutations of its corpus the ordinary test takes: about a second of them.
    pub mutations: u32,
}

macro_rules! targets {
    ($($name:ident $mutations:literal)*) => {
        &[$(Target {
            name: stringify!($name),
            run: $name::run,
            mutations: $mutations,
        }),*]
    };
}

/// All of them.
pub const ALL: &[Target] = targets! {
    arrival 20_000
    blocks 20_000
    board_names 20_000
    board_replies 20_000
    completion_line 20_000
    completion_place 200
    config_py 20_000
    config_toml 20_000
    frames 20_000
    literal 20_000
    mip_source 20_000
    mount_listener 10_000
    mount_request 20_000
    mount_service 1_000
    package_json 20_000
    raw_paste 20_000
    raw_repl 5_000
    repeat 20_000
    repl_console 500
    rfc2217 20_000
    romfs_image 20_000
    scan 20_000
    telnet 20_000
    terminal 20_000
    text_download 20_000
    typing 20_000
    websocket 20_000
};

/// Runs the target of this name.
///
/// # Panics
///
/// Where there is none, and where the target panics.
pub fn run(name: &str, input: &[u8]) {
    let target = ALL.iter().find(|target| target.name == name);
    let target = target.unwrap_or_else(|| panic!("there is no target {name}"));
    (target.run)(input);
}
