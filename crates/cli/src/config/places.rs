//! Where configuration files are, as mpremote's are: in the user's folder for them.

use std::env;
use std::path::PathBuf;

/// mpwire's own file, and whether the user named it, so that it has to be there.
pub fn config_toml() -> Option<(PathBuf, bool)> {
    if let Some(path) = env::var_os("MPWIRE_CONFIG").filter(|path| !path.is_empty()) {
        return Some((path.into(), true));
    }
    Some((folder()?.join("mpwire").join("config.toml"), false))
}

/// mpremote's file.
pub fn config_py() -> Option<PathBuf> {
    Some(folder()?.join("mpremote").join("config.py"))
}

/// Where what can be lost is kept between one run and the next.
pub fn cache() -> Option<PathBuf> {
    let named = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let folder = match named.filter(|folder| cfg!(unix) && folder.is_absolute()) {
        Some(folder) => folder,
        None => directories::BaseDirs::new()?.cache_dir().to_owned(),
    };
    Some(folder.join("mpwire"))
}

/// `~/.config`, `~/Library/Application Support` or `%LOCALAPPDATA%`. mpremote finds it by
/// platformdirs' `user_config_dir`, which goes by `XDG_CONFIG_HOME` on macOS, too.
fn folder() -> Option<PathBuf> {
    let named = env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
    if let Some(folder) = named.filter(|folder| cfg!(unix) && folder.is_absolute()) {
        return Some(folder);
    }
    directories::BaseDirs::new().map(|folders| folders.config_local_dir().to_owned())
}
