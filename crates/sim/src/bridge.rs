//! The board's life: one thread that carries bytes between the cable and the interpreter at the
//! line's pace, interrupts it, and starts the next one after a reset.
//!
//! All times come from [`Line`]; the thread sleeps in one `poll` until a file descriptor or the next
//! byte is due, and does nothing at all while nothing moves.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::board::StartError;
use crate::console::{Console, Event, Mode};
use crate::counters::{LiveCounters, add};
use crate::faults::{Accident, Direction, Faults, Outcome};
use crate::flash_watch::{FlashWatch, monotonic};
use crate::interpreter::Interpreter;
use crate::link_model::{Line, Nanoseconds};
use crate::options::{LineEnds, LinkKind, Options};
use crate::pty::Pty;
use crate::storage::Storage;

type Watch = dyn FnMut(Direction, &[u8]) -> usize + Send;

/// Sees each piece of what goes over the cable, and says how many bytes of it arrive.
pub(crate) struct Watcher(pub Box<Watch>);

impl fmt::Debug for Watcher {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Watcher")
    }
}

/// What the board's owner asks of the bridge.
#[derive(Debug)]
pub(crate) enum Command {
    Connect(UnixStream),
    Attach(Pty),
    PowerCycle(SyncSender<()>),
    Expect(Vec<Accident>, SyncSender<usize>),
    Watch(Watcher, SyncSender<()>),
    Stop,
}

/// The host's end of the cable.
#[derive(Debug)]
enum Host {
    Absent,
    Socket(UnixStream),
    Pty { pty: Pty, open: bool },
}

impl Host {
    fn is_there(&self) -> bool {
        match self {
            Host::Absent => false,
            Host::Socket(_) => true,
            Host::Pty { open, .. } => *open,
        }
    }

    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Host::Absent => Ok(0),
            Host::Socket(socket) => (&*socket).read(buffer),
            Host::Pty { pty, .. } => pty.master().read(buffer),
        }
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Host::Absent => Ok(bytes.len()),
            Host::Socket(socket) => (&*socket).write(bytes),
            Host::Pty { pty, .. } => pty.master().write(bytes),
        }
    }
}

const MILLISECOND: Nanoseconds = 1_000_000;

/// A second SIGINT while the first is not yet raised as an exception ends the unix port at once
/// (`ports/unix/unix_mphal.c`, `sighandler`). It is raised when the interpreter goes to sleep, or
/// at its next jump; some functions in C, such as a hash of much data, take this much processor
/// time from one jump to the next.
const RAISED_AFTER: Nanoseconds = 10 * MILLISECOND;

/// When an interrupt is tried again that had to wait because the one before was not raised yet.
const INTERRUPT_RETRY: Nanoseconds = MILLISECOND;

/// How much processor time a program takes at most from what it printed last to its next read, and how
/// often it is looked at meanwhile.
const SETTLED_AFTER: Nanoseconds = 2 * MILLISECOND;
const SETTLED_LOOK: Duration = Duration::from_micros(50);

/// Ports drop output that no host takes for this long (`shared/tinyusb/mp_usbd_cdc.c`,
/// `MICROPY_HW_USB_CDC_TX_TIMEOUT`).
const STALL_LIMIT: Nanoseconds = 500 * MILLISECOND;

/// How often a full ring is looked at, at first and later.
const RING_LOOK: (Nanoseconds, Nanoseconds) = (300_000, MILLISECOND);

/// Past this, a full ring of a UART drops even if the computer gave the interpreter no time at all.
const STARVED_LIMIT: Nanoseconds = 200 * MILLISECOND;

/// What a USB device's endpoint holds beyond the ring.
const ENDPOINT: usize = 64;

const CTRL_C: u8 = 0x03;
/// shared/runtime/pyexec.c, `pyexec_raw_repl`: Ctrl-E A Ctrl-A asks for raw-paste mode.
const RAW_PASTE: &[u8] = b"\x05A\x01";

#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a state of another part: cable, ring, host, board"
)]
pub(crate) struct Bridge {
    options: Options,
    storage: Arc<Storage>,
    program: PathBuf,
    mark: String,
    counters: Arc<LiveCounters>,
    commands: Receiver<Command>,
    wake: Arc<OwnedFd>,
    /// Told once: the board is up, or why it is not.
    ready: Option<SyncSender<Result<(), StartError>>>,

    /// As [`monotonic`] tells it.
    start: Nanoseconds,
    interpreter: Interpreter,
    console: Console,
    host: Host,
    /// From the host to the board, and back.
    down: Line,
    up: Line,
    /// What goes wrong on the two.
    down_faults: Faults,
    up_faults: Faults,
    watcher: Option<Watcher>,
    /// Arrived at the board, not yet handed to the interpreter: part of the ring.
    held: VecDeque<u8>,
    /// The interpreter is not to see input yet.
    holding: bool,
    /// How much of [`RAW_PASTE`] has come, on a firmware that does not know it.
    paste: usize,
    flash: Option<FlashWatch>,
    /// The bootloader runs in place of the interpreter: nothing is answered.
    in_bootloader: bool,
    /// The board does not receive, because its flash is busy.
    deaf: bool,
    full: Option<Full>,
    dropping: bool,
    look: Nanoseconds,
    /// On its way out, and refused so far.
    outgoing: Vec<u8>,
    stalled: Option<Nanoseconds>,
    discarding: bool,
    /// SIGINT was sent when the interpreter had had this much processor time, and may not be raised.
    interrupted: Option<u64>,
    /// A further interrupt is wanted, and tried at this time.
    interrupt_at: Option<Nanoseconds>,
    stopped: bool,
}

/// Bytes wait for room in the ring.
#[derive(Clone, Copy, Debug)]
struct Full {
    since: Nanoseconds,
    /// The interpreter's processor time when last looked at, and how often it has grown.
    processor: u64,
    steps: u32,
}

/// Linux counts a running process's processor time at timer ticks, 4 ms apart or so. The first step
/// may be older than the full ring; with the second, a program has had the processor for a tick and
/// has not read, and is not going to.
const BUSY_STEPS: u32 = 2;

/// What a bridge is made of.
pub(crate) struct Plan {
    pub options: Options,
    pub storage: Arc<Storage>,
    pub program: PathBuf,
    pub mark: String,
    pub counters: Arc<LiveCounters>,
    pub commands: Receiver<Command>,
    pub wake: Arc<OwnedFd>,
    pub ready: SyncSender<Result<(), StartError>>,
}

/// Runs a board until it is told to stop.
pub(crate) fn run(plan: Plan) {
    let ready = plan.ready.clone();
    match Bridge::new(plan) {
        Ok(mut bridge) => bridge.run(),
        Err(error) => {
            let _ = ready.send(Err(error));
        }
    }
}

/// More than the boot program takes while it runs, whatever the options; `onboard/boot.py` leaves the
/// board none of it.
const BOOT_MEMORY: u64 = 128 << 10;

fn start_interpreter(
    program: &std::path::Path,
    storage: &Storage,
    options: &Options,
    mark: &str,
    mode: Mode,
) -> io::Result<Interpreter> {
    let mut variables = storage.variables(options);
    variables.push(("MPWIRE_MARK", mark.to_owned()));
    if mode == Mode::Raw {
        variables.push(("MPWIRE_RAW", "1".to_owned()));
    }
    let rom: u64 = options.rom.iter().sum();
    let heap = options.heap + BOOT_MEMORY + rom;
    Interpreter::start(program, storage, heap, &variables)
}

impl Bridge {
    fn new(plan: Plan) -> Result<Bridge, StartError> {
        let flash = plan
            .options
            .flash_deaf
            .then(|| plan.storage.watch_flash())
            .transpose()
            .map_err(|source| StartError::Io {
                what: "make a named pipe".to_owned(),
                source,
            })?;
        let interpreter = start_interpreter(
            &plan.program,
            &plan.storage,
            &plan.options,
            &plan.mark,
            Mode::Friendly,
        )
        .map_err(|source| StartError::Io {
            what: format!("start {}", plan.program.display()),
            source,
        })?;
        let rate = plan.options.bytes_per_second();
        let latency = plan.options.latency().as_nanos() as Nanoseconds;
        // Towards the board as much as a serial driver takes from its writer; from the board about
        // what a port's transmit buffer holds, so that a program is not far ahead of its line.
        let (down, up) = match plan.options.link {
            LinkKind::Uart { .. } | LinkKind::Usb => (4096, 512),
            LinkKind::Fast => (4096, 65536),
        };
        let ring = plan.options.ring();
        let faults = |direction| {
            let options = &plan.options;
            Faults::new(&options.accidents, options.error_rate, direction)
        };
        let (down_faults, up_faults) = (faults(Direction::ToBoard), faults(Direction::FromBoard));
        let crlf = plan.options.line_ends == LineEnds::CrLf;
        Ok(Bridge {
            console: Console::new(format!("\0{}", plan.mark).as_bytes(), crlf),
            options: plan.options,
            storage: plan.storage,
            program: plan.program,
            mark: plan.mark,
            counters: plan.counters,
            commands: plan.commands,
            wake: plan.wake,
            ready: Some(plan.ready),
            start: monotonic(),
            interpreter,
            host: Host::Absent,
            down: Line::new(rate, latency, down, ring),
            up: Line::new(rate, latency, up, usize::MAX),
            down_faults,
            up_faults,
            watcher: None,
            held: VecDeque::new(),
            holding: true,
            paste: 0,
            flash,
            in_bootloader: false,
            deaf: false,
            full: None,
            dropping: false,
            look: RING_LOOK.0,
            outgoing: Vec::new(),
            stalled: None,
            discarding: false,
            interrupted: None,
            interrupt_at: None,
            stopped: false,
        })
    }

    fn now(&self) -> Nanoseconds {
        monotonic() - self.start
    }

    fn run(&mut self) {
        while !self.stopped {
            let now = self.now();
            self.deliver_to_board(now);
            self.deliver_to_host(now);
            if self.interrupt_at.is_some_and(|at| at <= now) {
                self.interrupt_at = None;
                // With the interrupt character off meanwhile, the program has ended: so be it.
                self.interrupt(now);
            }
            let ready = self.wait();
            if ready.command {
                self.obey();
            }
            if ready.opened {
                self.host_may_be_there();
            }
            if ready.host {
                self.read_host();
            }
            if ready.board {
                self.read_board();
            }
        }
    }

    /// Sleeps until something is ready or due.
    fn wait(&self) -> Ready {
        let now = self.now();
        let blocked = self.full.is_some() && !self.dropping;
        let deadlines = [
            if self.deaf && self.options.back_pressure() {
                None
            } else if blocked {
                Some(now + self.look)
            } else {
                self.down.next_due()
            },
            if self.outgoing.is_empty() {
                self.up.next_due()
            } else {
                None
            },
            self.stalled.map(|since| since + STALL_LIMIT),
            self.interrupt_at,
        ];
        let timeout = deadlines.into_iter().flatten().min().map(|deadline| {
            let left = Duration::from_nanos(deadline.saturating_sub(now));
            Timespec::try_from(left).expect("deadlines are near")
        });

        let mut fds = vec![PollFd::new(&*self.wake, PollFlags::IN)];
        let mut board = None;
        let mut host = None;
        let mut opened = None;
        if self.up.wants_more() {
            board = Some(fds.len());
            fds.push(PollFd::new(&self.interpreter.output, PollFlags::IN));
        }
        if let Some(flash) = &self.flash {
            // Being woken is enough: every delivery asks it first.
            fds.push(PollFd::new(flash, PollFlags::IN));
        }
        let mut wanted = PollFlags::empty();
        if self.down.wants_more() {
            wanted |= PollFlags::IN;
        }
        if !self.outgoing.is_empty() {
            wanted |= PollFlags::OUT;
        }
        match &self.host {
            Host::Pty { pty, open: false } => {
                opened = Some(fds.len());
                fds.push(PollFd::from_borrowed_fd(pty.opened(), PollFlags::IN));
            }
            // Without a wish it must not be there at all: a hang-up is always reported.
            Host::Absent => {}
            _ if wanted.is_empty() => {}
            Host::Socket(socket) => {
                host = Some(fds.len());
                fds.push(PollFd::from_borrowed_fd(socket.as_fd(), wanted));
            }
            Host::Pty { pty, open: true } => {
                host = Some(fds.len());
                fds.push(PollFd::from_borrowed_fd(pty.master().as_fd(), wanted));
            }
        }
        if poll(&mut fds, timeout.as_ref()).is_err() {
            // EINTR, or no memory for a moment: look again.
            return Ready::default();
        }
        let is = |index: Option<usize>| index.is_some_and(|i| !fds[i].revents().is_empty());
        Ready {
            command: is(Some(0)),
            board: is(board),
            host: is(host),
            opened: is(opened),
        }
    }

    fn obey(&mut self) {
        let mut count = [0; 8];
        let _ = rustix::io::read(&*self.wake, &mut count);
        while let Ok(command) = self.commands.try_recv() {
            match command {
                Command::Connect(socket) => {
                    self.forget_outgoing();
                    self.host = Host::Socket(socket);
                }
                Command::Attach(pty) => {
                    self.forget_outgoing();
                    let open = pty.is_open();
                    self.host = Host::Pty { pty, open };
                }
                Command::PowerCycle(done) => {
                    self.hard_reset();
                    let _ = done.send(());
                }
                Command::Expect(accidents, done) => {
                    let left = self.down_faults.left() + self.up_faults.left();
                    self.expect(&accidents);
                    let _ = done.send(left);
                }
                Command::Watch(watcher, done) => {
                    self.watcher = Some(watcher);
                    let _ = done.send(());
                }
                Command::Stop => self.stopped = true,
            }
        }
    }

    // From the host to the board.

    fn host_may_be_there(&mut self) {
        if let Host::Pty { pty, open } = &mut self.host {
            *open = pty.is_open();
            if !*open {
                // It came and went already, and may have left the pty in any state.
                self.host_left();
            }
        }
    }

    fn host_left(&mut self) {
        match &mut self.host {
            Host::Pty { pty, open } => {
                // An error leaves it as the last host did, which is better than nothing.
                let _ = pty.renew();
                *open = pty.is_open();
            }
            host => *host = Host::Absent,
        }
        self.forget_outgoing();
    }

    /// The cable is pulled out, and with it goes what is on its way. Where there is a pty, a new one
    /// takes its place at once.
    fn unplug(&mut self) {
        match &mut self.host {
            Host::Pty { pty, open } => {
                // Without a new one the old is kept, and the host notices nothing.
                let _ = pty.replace();
                *open = pty.is_open();
            }
            host => *host = Host::Absent,
        }
        self.down.clear();
        self.up.clear();
        self.forget_outgoing();
    }

    /// The accidents that are expected from now on.
    fn expect(&mut self, accidents: &[Accident]) {
        let rate = self.options.error_rate;
        self.down_faults = Faults::new(accidents, rate, Direction::ToBoard);
        self.up_faults = Faults::new(accidents, rate, Direction::FromBoard);
    }

    fn read_host(&mut self) {
        let room = self.down.room();
        let mut buffer = [0; 4096];
        if room > 0 {
            match self.host.read(&mut buffer[..room.min(4096)]) {
                // EIO: no program has the slave open.
                Ok(0) => return self.host_left(),
                Ok(count) => {
                    let count = self.watched(Direction::ToBoard, &buffer[..count]);
                    for outcome in self.down_faults.pass(&buffer[..count]) {
                        let now = self.now();
                        match outcome {
                            Outcome::Bytes(bytes) => self.down.push(now, &bytes),
                            Outcome::Pause(duration) => self.down.pause(now, nanoseconds(duration)),
                            Outcome::Reset => self.hard_reset(),
                            Outcome::Unplug => return self.unplug(),
                        }
                    }
                }
                Err(error) if is_for_later(&error) => {}
                Err(_) => return self.host_left(),
            }
        }
        if !self.outgoing.is_empty() {
            self.write_host();
        }
    }

    /// Shows a piece to who watches the cable; how many bytes of it arrive.
    fn watched(&mut self, direction: Direction, bytes: &[u8]) -> usize {
        match &mut self.watcher {
            Some(watcher) if !bytes.is_empty() => (watcher.0)(direction, bytes).min(bytes.len()),
            _ => bytes.len(),
        }
    }

    /// How many more bytes the board can receive.
    fn room(&self) -> usize {
        let taken = self.held.len() + self.interpreter.unread();
        self.options.ring().saturating_sub(taken)
    }

    fn deliver_to_board(&mut self, now: Nanoseconds) {
        let changes = self.flash.as_ref().map(FlashWatch::changes);
        for change in changes.into_iter().flatten() {
            self.deliver_until(change.at.saturating_sub(self.start).min(now));
            self.deaf = change.busy;
        }
        self.deliver_until(now);
    }

    fn deliver_until(&mut self, now: Nanoseconds) {
        loop {
            let due = self.down.due(now);
            if due == 0 {
                self.full = None;
                return;
            }
            if self.deaf {
                self.full = None;
                if self.options.back_pressure() {
                    self.down.stall(now);
                } else {
                    let lost = self.down.take(now, due).len();
                    add(&self.counters.bytes_to_board, lost);
                    add(&self.counters.overruns, lost);
                }
                return;
            }
            let room = self.room();
            if room > 0 {
                self.full = None;
                self.dropping = false;
                self.look = RING_LOOK.0;
                let bytes = self.down.take(now, room);
                add(&self.counters.bytes_to_board, bytes.len());
                self.arrive(now, &bytes, true);
                continue;
            }
            if self.options.back_pressure() {
                if self.full.is_none() {
                    self.full = Some(Full {
                        since: now,
                        processor: 0,
                        steps: 0,
                    });
                } else {
                    self.look = (self.look * 2).min(RING_LOOK.1);
                }
                if self.interrupt_past_full_ring(now) {
                    continue;
                }
                self.down.stall(now);
                return;
            }
            if !self.must_drop(now) {
                return;
            }
            let bytes = self.down.take(now, due);
            add(&self.counters.bytes_to_board, bytes.len());
            self.arrive(now, &bytes, false);
        }
    }

    /// Ctrl-C behind a full ring: the board cannot take it, but it sees it in its endpoint, clears
    /// the ring and raises (`shared/tinyusb/mp_usbd_cdc.c`, `tud_cdc_rx_wanted_cb`).
    fn interrupt_past_full_ring(&mut self, now: Nanoseconds) -> bool {
        let limit = match self.options.link {
            LinkKind::Fast => usize::MAX,
            _ => ENDPOINT,
        };
        let waiting = self.down.peek(now, limit);
        let Some(position) = waiting.iter().position(|&byte| byte == CTRL_C) else {
            return false;
        };
        if !self.interrupt(now) {
            return false;
        }
        let passed = self.down.take(now, position + 1);
        add(&self.counters.bytes_to_board, passed.len());
        self.clear_ring();
        true
    }

    /// Whether what does not fit is lost. Only the board's own slowness loses bytes, never the
    /// computer's: an interpreter that has not been given the processor still gets its chance.
    fn must_drop(&mut self, now: Nanoseconds) -> bool {
        if self.dropping {
            return true;
        }
        let (awake, processor) = self.interpreter.activity();
        let full = self.full.get_or_insert(Full {
            since: now,
            processor,
            steps: 0,
        });
        if processor > full.processor {
            full.processor = processor;
            full.steps += 1;
        }
        let hopeless = self.holding
            || !awake
            || full.steps >= BUSY_STEPS
            || now.saturating_sub(full.since) >= STARVED_LIMIT;
        // It may have read all and gone to sleep since the ring was looked at.
        self.dropping = hopeless && self.room() == 0;
        self.dropping
    }

    /// Bytes reach the board: Ctrl-C is looked for where the port's receive interrupt does.
    fn arrive(&mut self, now: Nanoseconds, bytes: &[u8], fits: bool) {
        // The host goes on after Ctrl-C: see whether the interrupted program has ended, so that a
        // repeated Ctrl-C does not hit the next one.
        if self.interrupted.is_some() && !self.interpreter.interrupt_is_on() {
            self.interrupted = None;
            self.interrupt_at = None;
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            let end = rest.iter().position(|&byte| byte == CTRL_C);
            let (data, after) = rest.split_at(end.unwrap_or(rest.len()));
            self.receive(data, fits);
            rest = after;
            if let Some((ctrl_c, after)) = rest.split_first() {
                rest = after;
                if !self.interrupt(now) {
                    self.receive(std::slice::from_ref(ctrl_c), fits);
                } else if self.options.link == LinkKind::Usb {
                    self.clear_ring();
                }
            }
        }
        self.hand_over();
    }

    fn receive(&mut self, data: &[u8], fits: bool) {
        if !fits {
            add(&self.counters.overruns, data.len());
        } else if self.options.raw_paste {
            self.held.extend(data);
        } else {
            for &byte in data {
                self.receive_without_raw_paste(byte);
            }
        }
    }

    /// Before 1.14, the raw REPL took Ctrl-E and A for program text, and Ctrl-A began anew.
    fn receive_without_raw_paste(&mut self, byte: u8) {
        if byte == RAW_PASTE[self.paste] {
            let at_prompt = self.paste > 0
                || (self.console.mode() == Mode::Raw && !self.interpreter.interrupt_is_on());
            if at_prompt {
                self.paste += 1;
                if self.paste == RAW_PASTE.len() {
                    self.paste = 0;
                    self.held.push_back(byte);
                }
                return;
            }
        }
        let kept = std::mem::take(&mut self.paste);
        self.held.extend(&RAW_PASTE[..kept]);
        self.held.push_back(byte);
    }

    /// Gives the interpreter what the board has received.
    fn hand_over(&mut self) {
        while !self.holding && !self.held.is_empty() {
            let (front, _) = self.held.as_slices();
            match rustix::io::write(&self.interpreter.input, front) {
                Ok(count) => {
                    self.held.drain(..count);
                }
                Err(_) => return,
            }
        }
    }

    fn clear_ring(&mut self) {
        self.held.clear();
        let _ = self.interpreter.take_unread();
    }

    /// Raises `KeyboardInterrupt` if the interrupt character is on; tells whether it was.
    fn interrupt(&mut self, now: Nanoseconds) -> bool {
        if self.in_bootloader || !self.console.is_up() || !self.interpreter.interrupt_is_on() {
            self.interrupted = None;
            return false;
        }
        let (awake, processor) = self.settled();
        let raised = |before| !awake || processor >= before + RAISED_AFTER;
        if self.interrupted.is_none_or(raised) {
            // The program may have ended meanwhile, and SIGINT would end the interpreter.
            if !self.interpreter.interrupt_is_on() {
                self.interrupted = None;
                return false;
            }
            self.interrupted = Some(processor);
            self.interpreter.interrupt();
            add(&self.counters.interrupts, 1);
        } else {
            self.interrupt_at = Some(now + INTERRUPT_RETRY);
        }
        true
    }

    /// Gives the interpreter a moment to fall asleep, and tells its activity. SIGINT on the way into a
    /// read is noted, but does not end that read, which then waits for ever
    /// (`ports/unix/unix_mphal.c`); one that is under way is ended.
    fn settled(&self) -> (bool, u64) {
        let start = self.now();
        let (mut awake, begun) = self.interpreter.activity();
        let mut processor = begun;
        while awake
            && processor < begun + SETTLED_AFTER
            && self.now().saturating_sub(start) < STARVED_LIMIT
        {
            std::thread::sleep(SETTLED_LOOK);
            (awake, processor) = self.interpreter.activity();
        }
        (awake, processor)
    }

    // From the board to the host.

    fn read_board(&mut self) {
        let mut buffer = [0; 4096];
        while self.up.room() > 0 {
            let size = self.up.room().min(buffer.len());
            match rustix::io::read(&self.interpreter.output, &mut buffer[..size]) {
                Ok(0) => return self.interpreter_ended(),
                Ok(count) => {
                    let mut shown = Vec::new();
                    let mut events = self.console.feed(&buffer[..count], &mut shown);
                    if count < size {
                        events.extend(self.console.pause(&mut shown));
                    }
                    if self.send(&shown) {
                        return;
                    }
                    for event in events {
                        if self.react(event) {
                            return;
                        }
                    }
                    if count < size {
                        return;
                    }
                }
                Err(_) => return,
            }
        }
    }

    /// Sends what the board says; `true` when an accident of the cable brought a new interpreter.
    fn send(&mut self, bytes: &[u8]) -> bool {
        for outcome in self.up_faults.pass(bytes) {
            match outcome {
                Outcome::Bytes(bytes) => self.say(&bytes),
                Outcome::Pause(duration) => {
                    let now = self.now();
                    self.up.pause(now, nanoseconds(duration));
                }
                Outcome::Unplug => self.unplug(),
                Outcome::Reset => {
                    self.hard_reset();
                    return true;
                }
            }
        }
        false
    }

    /// Sends bytes that nothing happens to.
    fn say(&mut self, bytes: &[u8]) {
        let now = self.now();
        self.up.push(now, bytes);
    }

    /// Reacts to what the boot program tells; `true` when it brought a new interpreter.
    fn react(&mut self, event: Event) -> bool {
        match event {
            Event::Started => {
                if let Some(ready) = self.ready.take() {
                    if let Some(count) = self.options.cut {
                        let _ = self.storage.cut_power_at_write(count);
                    }
                    let _ = ready.send(Ok(()));
                }
                if self.console.mode() == Mode::Friendly {
                    self.holding = false;
                    self.hand_over();
                }
            }
            Event::WantsRawRepl => {
                let _ = rustix::io::write(&self.interpreter.input, b"\x01");
            }
            Event::RawReplReady => {
                self.holding = false;
                self.hand_over();
            }
            Event::SoftReset => {
                self.soft_reset();
                return true;
            }
            Event::HardReset => {
                if self.options.hangs_up {
                    self.unplug();
                }
                self.hard_reset();
                return true;
            }
            Event::Bootloader => {
                if self.options.hangs_up {
                    self.unplug();
                }
                add(&self.counters.hard_resets, 1);
                self.holding = true;
                self.held.clear();
                self.in_bootloader = true;
                return true;
            }
            Event::PowerCut => {
                self.hard_reset();
                return true;
            }
            Event::NotUp => {
                self.interpreter.kill();
                self.interpreter_ended();
                return true;
            }
            // It was raised, and caught where it could do harm: that one is over.
            Event::InterruptAgain => {
                if self.interpreter.interrupt_is_on() {
                    self.interpreter.interrupt();
                }
            }
        }
        false
    }

    fn deliver_to_host(&mut self, now: Nanoseconds) {
        if self.outgoing.is_empty() {
            let mut bytes = self.up.take(now, usize::MAX);
            add(&self.counters.bytes_from_board, bytes.len());
            let count = self.watched(Direction::FromBoard, &bytes);
            bytes.truncate(count);
            self.outgoing = bytes;
        }
        if !self.outgoing.is_empty() {
            self.write_host();
        }
        if let Some(since) = self.stalled
            && now >= since + STALL_LIMIT
        {
            self.discarding = true;
            self.outgoing.clear();
            self.stalled = None;
        }
    }

    fn write_host(&mut self) {
        while !self.outgoing.is_empty() {
            if !self.host.is_there() {
                self.outgoing.clear();
                break;
            }
            match self.host.write(&self.outgoing) {
                Ok(count) => {
                    self.outgoing.drain(..count);
                    self.discarding = false;
                    self.stalled = None;
                }
                Err(error) if is_for_later(&error) => {
                    if self.discarding {
                        self.outgoing.clear();
                    } else {
                        let now = self.now();
                        self.stalled.get_or_insert(now);
                        self.up.stall(now);
                    }
                    return;
                }
                Err(_) => self.host_left(),
            }
        }
        self.stalled = None;
    }

    fn forget_outgoing(&mut self) {
        self.outgoing.clear();
        self.stalled = None;
        self.discarding = false;
    }

    // Resets.

    fn interpreter_ended(&mut self) {
        if self.console.is_up() {
            self.soft_reset();
            return;
        }
        let output = self.console.startup();
        if let Some(ready) = self.ready.take() {
            let _ = ready.send(Err(StartError::Interpreter {
                program: self.program.clone(),
                output,
            }));
            self.stopped = true;
            return;
        }
        // It came up before: perhaps the computer is out of memory. Tell whoever looks, and retry.
        self.say(format!("board does not start: {output}\r\n").as_bytes());
        std::thread::sleep(Duration::from_millis(200));
        self.restart(Mode::Friendly);
    }

    fn soft_reset(&mut self) {
        add(&self.counters.soft_resets, 1);
        // A receive ring outlives a soft reset.
        self.interpreter.kill();
        for byte in self.interpreter.take_unread().into_iter().rev() {
            self.held.push_front(byte);
        }
        // ports/*/main.c
        if !self.send(b"MPY: soft reboot\r\n") {
            self.restart(self.console.mode_at_exit());
        }
    }

    fn hard_reset(&mut self) {
        add(&self.counters.hard_resets, 1);
        self.interpreter.kill();
        self.held.clear();
        self.restart(Mode::Friendly);
    }

    fn restart(&mut self, mode: Mode) {
        self.holding = true;
        self.in_bootloader = false;
        self.paste = 0;
        // What the last interpreter told is over with it.
        let _ = self.flash.as_ref().map(FlashWatch::changes);
        self.deaf = false;
        self.interrupt_at = None;
        self.interrupted = None;
        self.console.restart(mode);
        loop {
            let next = start_interpreter(
                &self.program,
                &self.storage,
                &self.options,
                &self.mark,
                mode,
            );
            match next {
                Ok(interpreter) => {
                    self.interpreter = interpreter;
                    return;
                }
                // Too many processes or files for the moment; it started once, so it can again.
                Err(_) => std::thread::sleep(Duration::from_millis(200)),
            }
        }
    }
}

/// What `poll` found.
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four sources, each ready or not"
)]
struct Ready {
    command: bool,
    board: bool,
    host: bool,
    opened: bool,
}

fn nanoseconds(duration: Duration) -> Nanoseconds {
    // 584 years fit.
    duration.as_nanos() as Nanoseconds
}

fn is_for_later(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}
