//! The list of on-board programs; each is a file of `onboard/`.

use super::program::Program;

macro_rules! programs {
    ($($(#[$doc:meta])* $name:ident = $defines:literal in $file:literal;)*) => {
        $(
            $(#[$doc])*
            pub const $name: Program =
                Program::new($defines, include_str!(concat!("onboard/", $file)));
        )*

        /// All of them, by the names of their files.
        pub const ALL: &[(&str, Program)] = &[$(($file, $name)),*];
    };
}

programs! {
    /// What the firmware can do.
    PROBE = "_mw_probe" in "capabilities.py";
    /// Mode and size of a path.
    STAT = "_mw_stat" in "stat.py";
    /// The same without `os.stat`.
    STAT_WITHOUT_OS_STAT = "_mw_stat" in "stat_without_os_stat.py";
    /// Prints what other programs find, so that damage shows.
    TELL = "_mw_tell" in "tell.py";
    /// Entries of a directory.
    LIST = "_mw_list" in "list.py";
    /// The same without `os.ilistdir`.
    LIST_WITHOUT_ILISTDIR = "_mw_list" in "list_without_ilistdir.py";
    /// Names and paths of the entries of a directory, with neither `os.ilistdir` nor `os.stat`.
    ENTRIES = "_mw_entries" in "entries.py";
    /// Everything below a directory.
    WALK = "_mw_walk" in "walk.py";
    /// The same without `os.ilistdir`.
    WALK_WITHOUT_ILISTDIR = "_mw_walk" in "walk_without_ilistdir.py";
    /// Passes a path on that has arrived as it was sent.
    SURE = "_mw_sure" in "sure.py";
    /// Removes a file.
    REMOVE = "_mw_remove" in "remove.py";
    /// Removes files.
    REMOVE_ALL = "_mw_remove_all" in "remove_all.py";
    /// Removes a directory and everything below it.
    REMOVE_TREE = "_mw_remove_tree" in "remove_tree.py";
    /// Makes a directory.
    MKDIR = "_mw_mkdir" in "mkdir.py";
    /// Makes many directories.
    MAKE_DIRECTORIES = "_mw_make_directories" in "make_directories.py";
    /// Removes an empty directory.
    RMDIR = "_mw_rmdir" in "rmdir.py";
    /// Another name for a file.
    RENAME = "_mw_rename" in "rename.py";
    /// Copies a file.
    DUPLICATE = "_mw_duplicate" in "duplicate.py";
    /// Other names for files.
    NAME_ALL = "_mw_name_all" in "name_all.py";
    /// Makes a file unless it is there.
    TOUCH = "_mw_touch" in "touch.py";
    /// The current directory.
    GETCWD = "_mw_getcwd" in "getcwd.py";
    /// Counts directories.
    DIRECTORIES = "_mw_directories" in "directories.py";
    /// Size and free space of each filesystem.
    FILESYSTEMS = "_mw_filesystems" in "filesystems.py";
    /// Resets the board.
    RESET = "_mw_reset" in "reset.py";
    /// Sets or prints date and time.
    CLOCK = "_mw_clock" in "clock.py";
    /// Any of hashlib's digests of a file.
    HASH = "_mw_hash" in "hash.py";
    /// SHA-256 of a file.
    DIGEST_SHA256 = "_mw_digest" in "digest_sha256.py";
    /// The same where modules have no u-names.
    DIGEST_SHA256_NEW = "_mw_digest" in "digest_sha256_new.py";
    /// CRC-32 of a file.
    DIGEST_CRC32 = "_mw_digest" in "digest_crc32.py";
    /// Adler-32 of a file.
    DIGEST_ADLER32 = "_mw_digest" in "digest_adler32.py";
    /// Digests of many files.
    DIGESTS = "_mw_digests" in "digests.py";
    /// Beginnings of the digests of files, whatever their size.
    DIGEST_BEGINNINGS = "_mw_digest_beginnings" in "digest_beginnings.py";
    /// What an installation of packages depends on.
    SURROUNDINGS = "_mw_surroundings" in "surroundings.py";
    /// What is at the destination of a copy.
    EXAMINE = "_mw_examine" in "examine.py";
    /// Writes a file.
    UPLOAD = "_mw_upload" in "upload.py";
    /// Takes blocks of binary data from standard input and executes what they ask for.
    AGENT = "_mw_agent" in "agent.py";
    /// CRC-32 of a block.
    CHECK_CRC32 = "_mw_check" in "check_crc32.py";
    /// The same where modules have no u-names.
    CHECK_CRC32_NEW = "_mw_check" in "check_crc32_new.py";
    /// The same without `binascii.crc32`.
    CHECK_SHA256 = "_mw_check" in "check_sha256.py";
    /// Memory that is read as a stream.
    BYTES_IO = "_mw_bytes_io" in "bytes_io.py";
    /// The same where modules have no u-names.
    BYTES_IO_NEW = "_mw_bytes_io" in "bytes_io_new.py";
    /// Inflates what the agent takes.
    INFLATE_STREAM = "_mw_inflate" in "inflate_stream.py";
    /// The same with `uzlib`.
    INFLATE_STREAM_UZLIB = "_mw_inflate" in "inflate_stream_uzlib.py";
    /// What is at a path.
    LOOK = "_mw_look" in "look.py";
    /// What is at many paths.
    LOOKS = "_mw_looks" in "looks.py";
    /// Copies a file that the agent has named.
    COPY = "_mw_copy" in "copy.py";
    /// Leaves one of two names of the same file.
    PART = "_mw_part" in "part.py";
    /// Size and free space of one filesystem, in blocks.
    FREE = "_mw_free" in "free.py";
    /// Writes a small file.
    SMALL = "_mw_small" in "small.py";
    /// SHA-256 of a small file.
    DIGEST_WHOLE = "_mw_digest" in "digest_whole.py";
    /// Writes a file that the agent pulls.
    PUT = "_mw_put" in "put.py";
    /// The same of a large file, of which the beginning may be there.
    PUT_LARGE = "_mw_put_large" in "put_large.py";
    /// Gives a receiver what the agent pulls.
    RECEIVE = "_mw_receive" in "receive.py";
    /// Takes blocks of text from standard input.
    FEED = "_mw_feed" in "feed.py";
    /// Decodes base64.
    DECODE_BASE64 = "_mw_base64" in "decode_base64.py";
    /// Decodes hexadecimal.
    DECODE_HEX = "_mw_hex" in "decode_hex.py";
    /// Inflates one continuous stream.
    INFLATE = "_mw_inflater" in "inflate.py";
    /// Inflates a small file.
    INFLATE_SMALL = "_mw_inflater_small" in "inflate_small.py";
    /// Inflates pieces that stand alone.
    INFLATE_UZLIB = "_mw_inflater" in "inflate_uzlib.py";
    /// Writes files as frames.
    SEND = "_mw_s" in "send.py";
    /// The same of files that are not as they are known already.
    SEND_CHANGED = "_mw_s" in "send_changed.py";
    /// The same, deflated where that is faster.
    SEND_DEFLATED = "_mw_s" in "send_deflated.py";
    /// Prints a file.
    DOWNLOAD = "_mw_download" in "download.py";
    /// Encodes as base64.
    ENCODE_BASE64 = "_mw_encode" in "encode_base64.py";
    /// Encodes as hexadecimal.
    ENCODE_HEX = "_mw_encode" in "encode_hex.py";
    /// Encodes as a bytes literal.
    ENCODE_REPR = "_mw_encode" in "encode_repr.py";
    /// The check of a block without `binascii.crc32`, in a mounted folder.
    MOUNT_CHECK_SHA256 = "_mw_check" in "mount_check_sha256.py";
    /// Asks the host of a mounted folder.
    MOUNT_LINK = "_mw_link" in "mount_link.py";
    /// Reads a file of a mounted folder.
    MOUNT_FILE = "_mw_file" in "mount_file.py";
    /// Writes a file of a mounted folder.
    MOUNT_CHANGE = "_mw_change" in "mount_change.py";
    /// The filesystem of a mounted folder.
    MOUNT_FOLDER = "_mw_folder" in "mount_folder.py";
    /// Mounts the host's folder.
    MOUNT = "_mw_mount" in "mount.py";
    /// Takes input and throws it away.
    BENCH_TAKE = "_mw_take" in "bench_take.py";
    /// Prints.
    BENCH_SAY = "_mw_say" in "bench_say.py";
    /// Writes a file and reads it.
    BENCH_FLASH = "_mw_flash" in "bench_flash.py";
    /// Who the board is.
    IDENTITY = "_mw_identity" in "identity.py";
    /// How much it receives while it does not read.
    RING = "_mw_ring" in "ring.py";
    /// What is mounted.
    MOUNTS = "_mw_mounts" in "mounts.py";
    /// Reads everything below a directory.
    HEALTH = "_mw_health" in "health.py";
    /// Whether a file that is written is read as it was.
    WRITE_TEST = "_mw_write_test" in "write_test.py";
    /// Whether there is a whole image in a ROM partition.
    ROM_CHECK = "_mw_rom_check" in "rom_check.py";
    /// The ROM partitions.
    ROM_QUERY = "_mw_rom_query" in "rom_query.py";
    /// Erases and writes a ROM partition that is memory.
    ROM_MEMORY = "_mw_rom_flash" in "rom_memory.py";
    /// Erases and writes a ROM partition that is a block device.
    ROM_DEVICE = "_mw_rom_flash" in "rom_device.py";
    /// Writes an image to a ROM partition.
    ROM_WRITE = "_mw_rom_write" in "rom_write.py";
    /// SHA-256 of memory.
    ROM_DIGEST_SHA256 = "_mw_rom_digest" in "rom_digest_sha256.py";
    /// CRC-32 of memory.
    ROM_DIGEST_CRC32 = "_mw_rom_digest" in "rom_digest_crc32.py";
    /// Adler-32 of memory.
    ROM_DIGEST_ADLER32 = "_mw_rom_digest" in "rom_digest_adler32.py";
}

#[cfg(test)]
mod tests {
    use super::ALL;

    #[test]
    fn every_file_of_the_folder_is_in_the_list() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/board/onboard");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        let mut listed: Vec<&str> = ALL.iter().map(|(file, _)| *file).collect();
        listed.sort_unstable();
        assert_eq!(files, listed);
    }

    #[test]
    fn every_program_defines_its_name_at_the_top_level_and_nothing_else() {
        for (file, program) in ALL {
            let text = program.shrunk();
            assert!(text.contains(program.defines), "{file}");
            for line in text.lines().filter(|line| !line.starts_with(' ')) {
                let name = line.split([' ', '(', ':', '=']).nth(1);
                let defines = line.starts_with("try:")
                    || line.starts_with("except ")
                    || (line.starts_with("from ") && line.contains(program.defines))
                    || (line.starts_with("def ") && name == Some(program.defines));
                assert!(defines, "{file}: {line}");
            }
        }
    }

    #[test]
    fn every_program_is_python_before_and_after_shrinking() {
        for (file, program) in ALL {
            let text = program.shrunk();
            for (open, close) in [('(', ')'), ('[', ']'), ('{', '}')] {
                assert_eq!(
                    text.matches(open).count(),
                    text.matches(close).count(),
                    "{file}:\n{text}"
                );
            }
        }
    }

    #[test]
    fn no_program_is_written_so_that_shrinking_would_break_it() {
        for (file, program) in ALL {
            let text = program.shrunk();
            assert!(!text.contains("\"\"\""), "{file}");
            assert!(
                text.lines().all(|line| line.matches('"').count() % 2 == 0),
                "{file}: a # inside of a string"
            );
            // A board that can mount can read input as bytes, and has memory to match.
            let most = match *file {
                _ if file.starts_with("mount_") => 2400,
                // It deflates, and comes deflated.
                "send_deflated.py" => 1400,
                _ => 1000,
            };
            assert!(text.len() <= most, "{file}: too long, {}", text.len());
        }
    }
}
