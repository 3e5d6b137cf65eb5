//! The cable's end that other programs open: a pty, under a path of our own.
//!
//! The bridge holds the master only. A slave that nobody has open shows as a hang-up on the master,
//! which is how the bridge knows whether a host is there; it then sleeps on inotify until the next
//! one opens the slave, since a hang-up would wake a poll for ever.

use std::ffi::CStr;
use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify;
use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{
    OptionalActions, QueueSelector, ioctl_tiocnxcl, tcflush, tcgetattr, tcsetattr,
};

/// A pty, a symbolic link to its slave, and a watch on who opens it.
#[derive(Debug)]
pub(crate) struct Pty {
    master: File,
    slave: PathBuf,
    link: PathBuf,
    opened: OwnedFd,
}

impl Pty {
    /// Makes a pty, raw already, and leaves a symbolic link to it at `link`. What is there already is
    /// not replaced, unless a board has left it that was killed.
    pub fn create(link: &Path) -> io::Result<Pty> {
        Pty::create_in_place_of(link, None)
    }

    /// As [`Pty::create`]; a link to the pty `own` may be there as well.
    fn create_in_place_of(link: &Path, own: Option<&Path>) -> io::Result<Pty> {
        let link = std::path::absolute(link)?;
        if link.symlink_metadata().is_ok() {
            let target = std::fs::read_link(&link).ok();
            if !target.is_some_and(|target| Some(&*target) == own || is_gone(&target)) {
                return Err(io::Error::new(
                    io::ErrorKind::AlreadyExists,
                    "is there already; remove it or name another port",
                ));
            }
        }
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        rustix::io::ioctl_fionbio(&master, true)?;
        let name = ptsname(&master, Vec::new())?;
        let opened = inotify::init(inotify::CreateFlags::CLOEXEC | inotify::CreateFlags::NONBLOCK)?;
        let pty = Pty {
            master: master.into(),
            slave: path_of(&name),
            link,
            opened,
        };
        pty.tidy()?;
        inotify::add_watch(&pty.opened, name.as_c_str(), inotify::WatchFlags::OPEN)?;
        // Renamed into place, so that there is always one or the other.
        let mut beside = pty.link.clone().into_os_string();
        beside.push(format!(".{}", std::process::id()));
        std::os::unix::fs::symlink(&pty.slave, &beside)?;
        if let Err(error) = std::fs::rename(&beside, &pty.link) {
            let _ = std::fs::remove_file(&beside);
            return Err(error);
        }
        Ok(pty)
    }

    /// The program that had the slave open has closed it: makes it as new for the next.
    pub fn renew(&mut self) -> io::Result<()> {
        let mut renewed = self.tidy();
        // That program kept it for itself alone (TIOCEXCL), and that outlives it, because the
        // master keeps the slave's state. Only root gets past it: others need another pty.
        if let Err(error) = &renewed
            && error.kind() == io::ErrorKind::ResourceBusy
        {
            renewed = self.replace();
        }
        // Tidying opened it, too. Who opens it from here on is seen by `is_open`, or wakes us.
        self.clear_opened();
        renewed
    }

    /// Another takes its place, under the same path; who has this one open loses it.
    pub fn replace(&mut self) -> io::Result<()> {
        Pty::create_in_place_of(&self.link, Some(&self.slave)).map(|pty| *self = pty)
    }

    pub fn master(&self) -> &File {
        &self.master
    }

    /// Becomes readable when a program opens the slave.
    pub fn opened(&self) -> BorrowedFd<'_> {
        self.opened.as_fd()
    }

    /// Forgets that a program opened the slave.
    fn clear_opened(&self) {
        let mut buffer = [MaybeUninit::uninit(); 512];
        let mut events = inotify::Reader::new(&self.opened, &mut buffer);
        while events.next().is_ok() {}
    }

    /// Whether a program has the slave open, or has left something to read.
    pub fn is_open(&self) -> bool {
        let mut fds = [PollFd::new(&self.master, PollFlags::IN)];
        let now = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        match poll(&mut fds, Some(&now)) {
            Ok(_) => {
                let events = fds[0].revents();
                events.contains(PollFlags::IN) || !events.contains(PollFlags::HUP)
            }
            Err(_) => false,
        }
    }

    /// Leaves the slave as the next program should find it: raw, nothing to read, open to all.
    /// Nothing of this is reset by closing it, since the master keeps its state alive.
    fn tidy(&self) -> io::Result<()> {
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let slave = open(&self.slave, flags, Mode::empty())?;
        let mut settings = tcgetattr(&slave)?;
        settings.make_raw();
        tcsetattr(&slave, OptionalActions::Now, &settings)?;
        tcflush(&slave, QueueSelector::IFlush)?;
        ioctl_tiocnxcl(&slave)?;
        Ok(())
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        // Another board may have put its own link there meanwhile.
        if std::fs::read_link(&self.link).is_ok_and(|slave| slave == self.slave) {
            let _ = std::fs::remove_file(&self.link);
        }
    }
}

/// Whether this was a pty whose board has ended. Its number may be another program's by now: then
/// nobody can tell whose the link is.
fn is_gone(slave: &Path) -> bool {
    let missing = |error: io::Error| error.kind() == io::ErrorKind::NotFound;
    slave.parent() == Some(Path::new("/dev/pts")) && slave.symlink_metadata().is_err_and(missing)
}

fn path_of(name: &CStr) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(name.to_bytes()).into_owned())
}
