//! `board_replies`: what the library's own programs print, should a board print anything else.

use mpwire::board::capabilities::Capabilities;
use mpwire::board::errno::Errno;
use mpwire::board::fs::{entries, filesystems};
use mpwire::mip::Surroundings;
use mpwire::romfs::partition::Partitions;
use mpwire_proto::answers::{END, START};

/// The input is a reply, and also lines that are an answer each.
pub fn run(input: &[u8]) {
    reply(input);
    let answers = input
        .split(|&byte| byte == b'\n')
        .flat_map(|line| [&[START], line, &[END]].concat());
    reply(&answers.collect::<Vec<u8>>());
}

fn reply(input: &[u8]) {
    if let Ok(entries) = entries(input) {
        let names: usize = entries.iter().map(|entry| entry.name.len()).sum();
        // A byte that is not UTF-8 becomes three, and is in the reply.
        assert!(names <= 3 * input.len());
    }
    if let Err(error) = filesystems(input) {
        // An error shows the beginning of a reply, whatever its length.
        assert!(error.to_string().len() < 4096);
    }
    if let Some(found) = Capabilities::parse(input) {
        assert!((160..=24 * 1024).contains(&found.program_limit()));
    }
    if let Ok(Some(partitions)) = Partitions::parse(input) {
        for (number, partition) in (0..).zip(&partitions.all) {
            assert_eq!(partitions.get(number), partition.as_ref());
            if let Some(partition) = partition {
                assert!(partition.block_size > 0);
                let _ = partition.image_size();
            }
        }
    }
    if let Ok(surroundings) = Surroundings::parse(input)
        && let Some(library) = surroundings.library
    {
        assert!(!library.contains(char::is_control));
    }
    if let Some(errno) = Errno::from_traceback(&String::from_utf8_lossy(input)) {
        assert!(!errno.to_string().is_empty());
    }
}
