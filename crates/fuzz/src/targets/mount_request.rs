//! `mount_request`: what is asked of a mounted folder.

use mpwire_proto::mount::{Asked, PATH_MOST, Request};

/// The input is a request.
pub fn run(input: &[u8]) {
    let Some(asked) = Asked::parse(input) else {
        return;
    };
    assert!(4 + asked.closed.len() <= input.len());
    let paths = match asked.request {
        None
        | Some(
            Request::Close | Request::Read { .. } | Request::Length { .. } | Request::Place { .. },
        ) => vec![],
        Some(Request::Write { data, .. }) => {
            assert!(input.ends_with(data));
            vec![]
        }
        Some(Request::Rename(old, new)) => vec![old, new],
        Some(
            Request::Stat(path)
            | Request::List { path, .. }
            | Request::Open { path, .. }
            | Request::Remove(path)
            | Request::MakeFolder(path)
            | Request::RemoveFolder(path)
            | Request::Space(path),
        ) => vec![path],
    };
    for path in paths {
        assert!(path.len() <= PATH_MOST && !path.contains('\0'));
    }
}
