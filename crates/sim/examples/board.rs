//! Leaves a simulated board at a path until standard input ends:
//! `cargo run -p mpwire-sim --example board -- /tmp/board 'link=uart:115200&fs=fat'`

use std::path::Path;

use mpwire_sim::{Board, Options};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("usage: board PATH [OPTIONS]")?;
    let options = Options::parse(&arguments.next().unwrap_or_default())?;
    let board = Board::start(options)?;
    board.attach_pty(Path::new(&path))?;
    println!("a board is at {path}");
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink())?;
    println!("{}", board.stop());
    Ok(())
}
