//! Errors in mpremote's words.

use mpwire::link::OpenError;
use mpwire::mip;

use crate::error::Error;

/// What mpremote says where this happens; nothing where it has no words of its own, but crashes or goes on.
pub fn message(error: &Error) -> Option<String> {
    match error {
        Error::File {
            command,
            reason,
            from_system: true,
            ..
        } if command == "cp" => Some(format!("{command}: {reason}: {reason}.")),
        Error::RemoveDirectory { path, reason } => {
            Some(format!("rm -r: cannot remove :{path} {reason}"))
        }
        Error::Raised { traceback, .. }
        | Error::NoMemory {
            traceback: Some(traceback),
            ..
        } => Some(format!("Error with transport:\n{traceback}")),
        Error::Unknown { what, .. } => Some(what.clone()),
        Error::Open(error) | Error::DefaultBoard { source: error, .. } => opening(error),
        Error::Mip(error) => fetching(error),
        Error::File {
            command,
            path,
            reason,
            ..
        } => Some(format!("{command}: {path}: {reason}.")),
        Error::Advised { error, .. } => message(error),
        Error::Message(_) | Error::NoMemory { .. } => Some(error.to_string()),
        Error::Board(_)
        | Error::Transfer(_)
        | Error::Usage(_)
        | Error::Argparse(_)
        | Error::RemoteException
        | Error::TimedOut { .. }
        | Error::Unwell
        | Error::AsData(_)
        | Error::Output(_)
        | Error::Interrupted => None,
    }
}

fn opening(error: &OpenError) -> Option<String> {
    let name = match error {
        OpenError::NoneFound | OpenError::NoSerialNumber(_) => return Some(error.to_string()),
        OpenError::Busy(name)
        | OpenError::Missing(name)
        | OpenError::Denied(name)
        | OpenError::Failed { name, .. }
        | OpenError::Unreachable { name, .. } => name,
        _ => return None,
    };
    Some(format!(
        "failed to access {name} (it may be in use by another program)"
    ))
}

fn fetching(error: &mip::Error) -> Option<String> {
    match error {
        mip::Error::NotInIndex { url, .. } => Some(format!("Package not found: {url}")),
        mip::Error::NoLibrary => {
            Some("Unable to find lib dir in sys.path, use --target to override".to_owned())
        }
        mip::Error::Fetch {
            url, source, what, ..
        } => match source {
            mip::fetch::Error::Missing if what == "package.json" => {
                Some(format!("Package not found: {url}"))
            }
            mip::fetch::Error::Missing => Some(format!("File not found: {url}")),
            mip::fetch::Error::Status(status) => {
                let code = status.split(' ').next().unwrap_or_default();
                Some(format!("Error {code} requesting {url}"))
            }
            // A package of this computer.
            mip::fetch::Error::Other(_) if !url.contains("://") && what == "package.json" => {
                Some(format!("Error opening {url}"))
            }
            _ => None,
        },
        _ => None,
    }
}
