//! Boards with 8 KB of free memory: what they tell of it decides how files are sent, and all attempts
//! together cost no more than what mpremote sends.

mod support;

use support::{Outcome, TestBoard, hex_digest, noise};
use tempfile::TempDir;

/// Copies 10 KB to a board with such a heap, and returns how that ended and the bytes that the board got.
/// The file must be there.
#[track_caller]
fn copied(heap: &str, copy: impl Fn(&TestBoard, &[&str]) -> Outcome) -> (Outcome, u64) {
    let folder = TempDir::new().expect("a folder");
    let flash = folder.path().join("flash");
    let heap = format!("heap={heap}");
    let board = TestBoard::with(&["link=fast", &heap, &format!("flash={}", flash.display())]);
    let data = noise(1, 10_000);
    board.write("file", &data);
    let outcome = copy(&board, &["cp", "file", ":"]);
    let received = board.received();
    // One with more memory can be asked for digests.
    let found = TestBoard::with_flash(&flash).digests();
    assert_eq!(
        found.get("/file"),
        Some(&hex_digest(&data)),
        "{heap}: {outcome}"
    );
    (outcome, received)
}

#[test]
fn eight_kilobytes_of_free_memory_take_a_file_with_fewer_bytes_than_mpremote_sends() {
    let (_, genuine) = copied("11k", TestBoard::mpremote);
    for heap in ["9500", "10500", "11k", "11500"] {
        let (outcome, received) = copied(heap, TestBoard::mpwire);
        assert_eq!((outcome.stderr.as_str(), outcome.code), ("", Some(0)));
        assert!(
            received < genuine,
            "{heap}: {received} bytes, {genuine} of mpremote"
        );
    }
}
