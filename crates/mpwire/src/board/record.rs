//! For tests: keeps the text of every program that is sent to a board, to be compiled by the compilers
//! of all firmware releases. It is only there with the feature `record`.

/// Writes `text` to a file of its own in the folder that the environment variable `MPWIRE_RECORD`
/// names, if it does.
#[cfg(feature = "record")]
pub(crate) fn program(text: &[u8]) {
    let Some(folder) = std::env::var_os("MPWIRE_RECORD") else {
        return;
    };
    // The same text has the same name.
    let mut hasher = crate::board::digest::Hasher::sha256();
    hasher.update(text);
    let digest = hasher.finish().bytes();
    let name = digest[..8]
        .iter()
        .fold(0u64, |name, &byte| name << 8 | u64::from(byte));
    let path = std::path::Path::new(&folder).join(format!("{name:016x}.py"));
    if let Err(error) = std::fs::write(&path, text) {
        panic!("{}: {error}", path.display());
    }
}

/// Does nothing.
#[cfg(not(feature = "record"))]
pub(crate) fn program(_: &[u8]) {}
