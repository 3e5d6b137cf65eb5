//! Finds the MicroPython interpreter, and runs it as the board's processor.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command};

use rustix::fs::OFlags;
use rustix::io::ioctl_fionread;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, Signal, kill_process, set_parent_process_death_signal};

use crate::storage::Storage;

/// A running interpreter and its two pipes.
///
/// Pipes, not a pty: what was written and not yet read is counted exactly (FIONREAD), no line
/// discipline changes anything, and a short output pipe lets no program run far ahead of the line.
#[derive(Debug)]
pub(crate) struct Interpreter {
    child: Child,
    /// The bridge's end of standard input; never blocks.
    pub input: OwnedFd,
    /// Another opening of the interpreter's end of it, which does not block either: to see and take
    /// what no program has read.
    unread: File,
    /// The bridge's end of standard output and standard error; never blocks.
    pub output: OwnedFd,
}

/// One page: a board, too, can be only a little ahead of what it sends.
const OUTPUT_PIPE: usize = 4096;

impl Interpreter {
    /// Starts an interpreter with the boot program. It dies with the calling *thread*
    /// (`PR_SET_PDEATHSIG`), so this must be called by the one that lives as long as the board.
    pub fn start(
        program: &Path,
        storage: &Storage,
        heap: u64,
        variables: &[(&str, String)],
    ) -> io::Result<Interpreter> {
        let (stdin, input) = pipe_with(PipeFlags::CLOEXEC)?;
        let (output, stdout) = pipe_with(PipeFlags::CLOEXEC)?;
        // The flag belongs to each end of a pipe separately: the interpreter's ends still block.
        rustix::io::ioctl_fionbio(&input, true)?;
        rustix::io::ioctl_fionbio(&output, true)?;
        // Refused when the user has very many pipes; then it is only longer.
        let _ = rustix::pipe::fcntl_setpipe_size(&output, OUTPUT_PIPE);

        let mut command = Command::new(program);
        command
            .args(["-X", &format!("heapsize={heap}"), "-i", "boot.py"])
            .current_dir(storage.folder())
            .stdin(stdin.try_clone()?)
            .stdout(stdout.try_clone()?)
            // A board prints its errors where it prints everything.
            .stderr(stdout)
            // Else it would read and write a history file there.
            .env_remove("HOME")
            .env("MICROPYPATH", "")
            .env_remove("MICROPYINSPECT")
            .envs(variables.iter().map(|(name, value)| (name, value)))
            // Ctrl-C in the terminal that the simulator runs in is not for the board.
            .process_group(0);
        let unread = OpenOptions::new()
            .read(true)
            .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
            .open(format!("/proc/self/fd/{}", stdin.as_raw_fd()))?;
        drop(stdin);
        let parent = rustix::process::getpid();
        let die_with_parent = move || {
            set_parent_process_death_signal(Some(Signal::KILL))?;
            if rustix::process::getppid() != Some(parent) {
                // The parent died before the line above: no signal will come any more.
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            Ok(())
        };
        #[expect(
            unsafe_code,
            reason = "only the child itself can ask to die with its parent, between fork and exec; \
                      the closure makes two system calls and allocates nothing"
        )]
        unsafe {
            command.pre_exec(die_with_parent);
        }
        let child = command.spawn()?;
        Ok(Interpreter {
            child,
            input,
            unread,
            output,
        })
    }

    /// How many bytes of its input no program has read.
    pub fn unread(&self) -> usize {
        ioctl_fionread(&self.unread).unwrap_or(0) as usize
    }

    /// Takes the input that no program has read.
    pub fn take_unread(&mut self) -> Vec<u8> {
        let mut bytes = vec![0; self.unread()];
        // It never blocks: a program may read at the same time, and leave less.
        let count = self.unread.read(&mut bytes).unwrap_or(0);
        bytes.truncate(count);
        bytes
    }

    /// Whether the board's interrupt character is on: the unix port has a SIGINT handler exactly
    /// then (`ports/unix/unix_mphal.c`, `mp_hal_set_interrupt_char`).
    pub fn interrupt_is_on(&self) -> bool {
        let Ok(status) = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))
        else {
            return false;
        };
        let caught = status
            .lines()
            .find_map(|line| line.strip_prefix("SigCgt:"))
            .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        caught.is_some_and(|mask| mask & (1 << (Signal::INT.as_raw() - 1)) != 0)
    }

    /// Raises `KeyboardInterrupt` in the running program.
    pub fn interrupt(&self) {
        self.signal(Signal::INT);
    }

    /// Ends the interpreter at once, as a loss of power does.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Whether the interpreter is awake (it runs, or waits for the processor or a disk), and for how
    /// many nanoseconds it has had the processor.
    pub fn activity(&self) -> (bool, u64) {
        let read = |name| std::fs::read_to_string(format!("/proc/{}/{name}", self.child.id()));
        // proc(5), stat: "number (name) state …"; the name may contain anything.
        let awake = read("stat").is_ok_and(|text| {
            let state = text
                .rsplit_once(") ")
                .map(|(_, rest)| rest.starts_with(['R', 'D']));
            state == Some(true)
        });
        // schedstat: "time on the processor, time waiting for it, time slices".
        let processor = read("schedstat")
            .ok()
            .and_then(|text| text.split_ascii_whitespace().next()?.parse().ok())
            .unwrap_or(0);
        (awake, processor)
    }

    fn signal(&self, signal: Signal) {
        // Not yet waited for, so the number cannot belong to another process.
        let _ = kill_process(Pid::from_child(&self.child), signal);
    }
}

impl Drop for Interpreter {
    fn drop(&mut self) {
        self.kill();
    }
}
