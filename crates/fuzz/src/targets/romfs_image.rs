//! `romfs_image`: images of ROM filesystems.

use mpwire::romfs::image::{Image, write};

/// The input is an image.
pub fn run(input: &[u8]) {
    let Ok(image) = Image::read(input) else {
        return;
    };
    assert!(input.starts_with(image.bytes));
    // What is read is written so that it is read again, and written the same.
    let written = write(&image.entries);
    assert_eq!(written.len() % 2, 0);
    let again = Image::read(&written).expect("it was written here");
    assert_eq!(again.bytes, written);
    assert_eq!(again.entries, image.entries);
    assert_eq!(write(&again.entries), written);
    // In the shortest way there is, but for data that several files share by pointers.
    if !input.contains(&3) {
        assert!(written.len() <= image.bytes.len() + 1);
    }
}
