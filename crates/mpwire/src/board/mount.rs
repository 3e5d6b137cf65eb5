//! Mounting a folder of this computer on a board.

use std::time::Duration;

use mpwire_proto::literal::Value;
use mpwire_proto::mount::{self as wire, TAG};

use super::agent::sha256;
use super::persistence::persistently;
use super::program::{Argument, Program, call};
use super::{Board, Error, onboard, read, unreadable};
use crate::mount::{Folder, Options, PLACE, Receiver, Service};

/// How long a board that is left may take to enter the raw REPL.
const UMOUNT_PATIENCE: Duration = Duration::from_secs(3);
/// How often a board that has what it takes is sent deflated programs: plain ones have no checksum, and
/// one that is damaged might wait for ever, or do wrong.
const DEFLATED_TRIES: usize = 3;
/// The most bytes of an answer that any board asks for.
const ROOM_MOST: usize = 4096;
/// What a board is loaded with, besides what depends on its firmware.
const PROGRAMS: [Program; 5] = [
    onboard::MOUNT_LINK,
    onboard::MOUNT_FILE,
    onboard::MOUNT_CHANGE,
    onboard::MOUNT_FOLDER,
    onboard::MOUNT,
];

impl Board {
    /// Mounts a folder at [`PLACE`] and makes that the board's current directory, in place of another
    /// that is mounted there. The raw REPL must be entered.
    ///
    /// It is mounted until [`Board::umount`] or the end of the session, and again after each
    /// [`Board::enter`] that resets the board.
    pub fn mount(&mut self, options: Options) -> Result<(), Error> {
        // Told before anything is taken away.
        open(&options)?;
        self.umount()?;
        let result = persistently(self, &mut |board| {
            let result = board.mount_once(&options);
            // What failed may have mounted it.
            board.is_fresh &= result.is_ok();
            result
        });
        if result.is_err() && self.is_entered() {
            // Nobody would answer what the board asks of it. The error that came first is the one to tell.
            let _ = self.leave_mount();
        }
        result?;
        self.mounted = Some(options);
        Ok(())
    }

    fn mount_once(&mut self, options: &Options) -> Result<(), Error> {
        let folder = open(options)?;
        self.session.set_service(None);
        if !self.is_fresh {
            self.leave_mount()?;
        }
        let mut random = [0; TAG];
        getrandom::fill(&mut random)
            .map_err(|error| failed(options, std::io::Error::other(error)))?;
        let tag = wire::tag(random);
        let (said, check) = match self.mount_deflated(&tag)? {
            Some(said) => (said, wire::crc32 as wire::Check),
            None => self.mount_plainly(&tag)?,
        };
        let (room, bits) = sizes(&read(&said)?)
            .ok_or_else(|| unreadable(&said, "the size of answers was expected"))?;
        // An answer of which much is lost would be waited for without end.
        let burst = self.session.burst().map(wire::room_of);
        let room = burst.map_or(room, |burst| room.min(burst));
        let effort = self.effort();
        let receiver = Receiver {
            room,
            bits,
            check,
            effort,
        };
        self.session
            .set_service(Some(Box::new(Service::new(tag, folder, receiver))));
        Ok(())
    }

    /// The folder that is mounted, if one is.
    #[must_use]
    pub fn mounted(&self) -> Option<&Options> {
        self.mounted.as_ref()
    }

    /// Mounts again what was mounted, after a reset of the board, and says whether there was
    /// something. Leaves the board in the raw REPL, which is entered if it is not.
    pub fn remount(&mut self) -> Result<bool, Error> {
        let Some(options) = self.mounted.take() else {
            return Ok(false);
        };
        if !self.is_entered() {
            self.enter(false)?;
        }
        self.mount(options)?;
        Ok(true)
    }

    /// Takes the folder away from the board, if one is mounted.
    pub fn umount(&mut self) -> Result<(), Error> {
        if self.mounted.is_none() {
            return Ok(());
        }
        // A restart has taken it away.
        if self.agent.is_none() && self.session.await_prompt().is_ok() && self.takes_restart() {
            self.installed.clear();
            self.is_fresh = true;
            self.mounted = None;
            self.session.set_service(None);
            return Ok(());
        }
        if !self.is_entered() {
            self.agent = None;
            self.session.enter(false, UMOUNT_PATIENCE)?;
        }
        // The program that runs may need the folder to come to its end.
        let text = format!("import os as _mw_os\n_mw_os.umount('{PLACE}')\ndel _mw_os");
        let result = persistently(self, &mut |board| board.evaluate(&text, &mut |_| {}));
        self.mounted = None;
        self.session.set_service(None);
        match result {
            // A program has unmounted it already.
            Err(Error::File { .. }) => Ok(()),
            other => other.map(drop),
        }
    }

    /// Takes a folder away from the board whose host has gone without doing so, if there is one: what is
    /// done by relative names would be asked of that host.
    pub fn leave_mount(&mut self) -> Result<(), Error> {
        persistently(self, &mut |board| board.evaluate(UMOUNT_STALE, &mut |_| {}))?;
        Ok(())
    }

    /// Mounts on a board of which nothing is known; `None` where its firmware has not what it takes.
    fn mount_deflated(&mut self, tag: &[u8; TAG]) -> Result<Option<Vec<u8>>, Error> {
        if self
            .capabilities
            .is_some_and(|found| !found.deflate_io || !found.crc32)
            || !self.may_load_agent()
        {
            return Ok(None);
        }
        let mut programs = vec![
            onboard::CHECK_CRC32_NEW,
            onboard::BYTES_IO_NEW,
            onboard::INFLATE_STREAM,
        ];
        programs.extend(PROGRAMS);
        let call = mount_call(tag, onboard::INFLATE_STREAM.defines);
        for _ in 0..DEFLATED_TRIES {
            match self.run_deflated(&programs, &call) {
                Err(error) if error.is_out_of_memory() => return Ok(None),
                Err(error) if error.is_exception() => {}
                Ok(None) => {}
                other => return other,
            }
            // A board that has all that it takes has met damage, most likely.
            let found = self.capabilities()?;
            if !(found.deflate_io && found.crc32 && found.bytes_io) {
                break;
            }
        }
        Ok(None)
    }

    /// Mounts on a board of any kind that can read input as bytes.
    fn mount_plainly(&mut self, tag: &[u8; TAG]) -> Result<(Vec<u8>, wire::Check), Error> {
        let found = self.capabilities()?;
        if !found.stdin_buffer {
            return Err(Error::Lacking(
                "sys.stdin.buffer, which a mounted folder needs",
            ));
        }
        if !found.bytes_io {
            return Err(Error::Lacking("io.BytesIO, which a mounted folder needs"));
        }
        let (check, of_host): (Program, wire::Check) = match (found.crc32, found.sha256) {
            (true, _) => (onboard::CHECK_CRC32, wire::crc32),
            (false, true) => (onboard::MOUNT_CHECK_SHA256, |message| sha256(0, message)),
            (false, false) => {
                return Err(Error::Lacking(
                    "CRC-32 or SHA-256, one of which a mounted folder needs",
                ));
            }
        };
        let mut programs = vec![check, onboard::BYTES_IO];
        let mut inflate = "None";
        if found.deflate_io {
            programs.push(onboard::INFLATE_STREAM);
            inflate = onboard::INFLATE_STREAM.defines;
        }
        programs.extend(PROGRAMS);
        // Each by itself: compiling takes memory.
        for program in &programs {
            self.run_and_keep(&[*program], &[], "", &mut |_| {})?;
        }
        let said = self.run_and_keep(&[], &[], &mount_call(tag, inflate), &mut |_| {});
        self.tidy()?;
        Ok((said?, of_host))
    }
}

/// Takes away a folder whose host has gone, before anything is imported by a name that would be looked
/// for there: a name with a `u` is the built-in module's (`py/objmodule.c`, `mp_module_get_builtin`).
const UMOUNT_STALE: &str = "try:\n import uos as _mw_os\n _mw_os.umount('/remote')\nexcept(ImportError,OSError):\n pass\nglobals().pop('_mw_os',0)";

fn open(options: &Options) -> Result<Folder, Error> {
    Folder::open(options.clone()).map_err(|source| failed(options, source))
}

fn failed(options: &Options, source: std::io::Error) -> Error {
    Error::Folder {
        path: options.path.display().to_string(),
        source,
    }
}

fn mount_call(tag: &[u8; TAG], inflate: &str) -> String {
    let [link, file, change, folder, mount] = PROGRAMS.map(|program| program.defines);
    let arguments = [
        Argument::Bytes(tag),
        Argument::Expression(onboard::CHECK_CRC32.defines),
        Argument::Expression(inflate),
        Argument::Expression(onboard::BYTES_IO.defines),
        Argument::Expression(link),
        Argument::Expression(file),
        Argument::Expression(change),
        Argument::Expression(folder),
    ];
    call(mount, &arguments)
}

/// The room for an answer and the window's bits that the board has allocated.
fn sizes(value: &Value) -> Option<(usize, u8)> {
    let [room, bits] = value.as_items()? else {
        return None;
    };
    let room = usize::try_from(room.as_int()?).ok()?;
    let bits = u8::try_from(bits.as_int()?).ok()?;
    let is_usual = (64..=ROOM_MOST).contains(&room) && (bits == 0 || (8..=15).contains(&bits));
    is_usual.then_some((room, bits))
}
