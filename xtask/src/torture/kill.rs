//! The tool is killed at each piece that goes over the cable, one after the other.

use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use anyhow::{Result, ensure};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

use super::conversation::Conversation;
use super::stand::{DEADLINE, Stand, or_failed};
use super::verdict::{Tally, Trial, Verdict};
use super::work::{Job, Work};
use super::{Rack, judge};
use crate::process::{self, Finished};

const WORKS: [Work; 6] = [
    Work::Upload,
    Work::Overwrite,
    Work::Tree,
    Work::Download,
    Work::Mount,
    Work::Romfs,
];
/// The board: each piece is what one of the two writes at once.
const PARAMETERS: &str = "link=fast&rom=64k";
const SIZE: usize = 10_000;
/// What the next command may take.
const PROMISE: f64 = 3.0;
/// The last words of MicroPython's unix port (`ports/unix/main.c`, `nlr_jump_fail`).
const DEATH: &[u8] = b"FATAL: uncaught NLR";
const WATCH_FILES: &str = include_str!("../onboard/watch_files.py");
const OPEN_FILES: &str = include_str!("../onboard/open_files.py");

/// How it is killed.
#[derive(Clone, Copy, Debug)]
struct Way {
    signal: Signal,
    /// Only half of the piece arrives.
    is_half: bool,
}

const WAYS: [Way; 5] = [
    Way::by(Signal::KILL, false),
    Way::by(Signal::KILL, true),
    Way::by(Signal::INT, false),
    Way::by(Signal::TERM, false),
    Way::by(Signal::HUP, false),
];

impl Way {
    const fn by(signal: Signal, is_half: bool) -> Self {
        Self { signal, is_half }
    }
}

pub(super) fn run(rack: Rack, is_selected: &dyn Fn(&str) -> bool) -> Result<Vec<Tally>> {
    let mut rows = Vec::new();
    for work in WORKS.into_iter().filter(|work| work.is_for(rack.tool)) {
        let name = format!("kill, {}, {}", work.name(), rack.tool.name());
        if !is_selected(&name) {
            continue;
        }
        let bench = || Bench::new(rack, Job::new(work, SIZE, rack.seed));
        let pieces = bench()?.pieces()?;
        rows.push(judge(
            1,
            Tally::harmless(name).within(PROMISE),
            rack.part(0..pieces * WAYS.len() as u64),
            |_| bench(),
            Bench::trial,
        )?);
    }
    Ok(rows)
}

/// A board whose host dies.
struct Bench<'a> {
    stand: Stand<'a>,
    job: Job,
}

impl<'a> Bench<'a> {
    fn new(rack: Rack<'a>, job: Job) -> Result<Self> {
        Ok(Self {
            stand: Stand::new(rack, PARAMETERS)?,
            job,
        })
    }

    /// How many pieces go over the cable when nobody is killed.
    fn pieces(&self) -> Result<u64> {
        self.job.prepare(&self.stand)?;
        let count = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&count);
        self.stand.board.watch_cable(move |_, piece| {
            counted.fetch_add(1, Ordering::Relaxed);
            piece.len()
        });
        let finished = self
            .stand
            .run(self.job.command(&self.stand, self.stand.rack.tool))?;
        self.stand.board.watch_cable(|_, piece| piece.len());
        ensure!(
            finished.success,
            "it fails by itself: {}",
            finished.last_words()
        );
        Ok(count.load(Ordering::Relaxed))
    }

    /// A trial in which the interpreter has survived: MicroPython's unix port dies of an interrupt that
    /// comes between the end of a program and the prompt, which no board does.
    fn trial(&mut self, number: u64) -> Result<Trial> {
        loop {
            if let Some(trial) = self.trial_once(number)? {
                return Ok(trial);
            }
        }
    }

    fn trial_once(&mut self, number: u64) -> Result<Option<Trial>> {
        if self.job.prepare(&self.stand).is_err() {
            // A board that the trial before has left out of reach was told there.
            self.stand = Stand::new(self.stand.rack, PARAMETERS)?;
            self.job.prepare(&self.stand)?;
        }
        let stand = &self.stand;
        stand.execute(WATCH_FILES)?;
        let ways = WAYS.len() as u64;
        let (piece, way) = (number / ways, WAYS[(number % ways) as usize]);
        let command = self.job.command(stand, stand.rack.tool);
        let conversation = Conversation::default();
        let killed = killed_at(stand, command, piece, way, &conversation);
        let finished = or_failed(killed);
        let (seconds, amiss) = self.afterwards();
        stand.board.watch_cable(|_, bytes| bytes.len());
        if conversation.heard(DEATH) {
            return Ok(None);
        }
        if amiss.is_err() || seconds > PROMISE {
            eprintln!("{way:?} at piece {piece}:{conversation}");
        }
        let (mut verdict, mut what) = match self.job.state(stand) {
            Ok(found) => self.job.judge(&finished, &found),
            Err(error) => (Verdict::Amiss, error.to_string()),
        };
        if verdict < Verdict::Amiss
            && let Err(error) = amiss
        {
            verdict = Verdict::Amiss;
            what = error.to_string();
        }
        if verdict < Verdict::Amiss
            && let Err(error) = self.job.works_again(stand)
        {
            (verdict, what) = (Verdict::Amiss, error.to_string());
        }
        Ok(Some(Trial {
            verdict,
            what: format!("{way:?} at piece {piece}: {what} {}", finished.last_words()),
            seconds,
        }))
    }

    /// How long the next command takes, and what else is not as it was.
    fn afterwards(&self) -> (f64, Result<()>) {
        let stand = &self.stand;
        let next = || stand.run(stand.rack.tool.evaluate(stand.rack.programs, stand.port()));
        let seconds = match next() {
            Ok(finished) if finished.success => finished.seconds,
            Ok(finished) => {
                let words = finished.last_words();
                return (
                    finished.seconds,
                    Err(anyhow::anyhow!("next command: {words}")),
                );
            }
            Err(error) => return (DEADLINE.as_secs_f64(), Err(error)),
        };
        let checked = (|| {
            let open = stand.execute(OPEN_FILES)?;
            ensure!(open.trim() == "0", "files left open: {}", open.trim());
            // Only the interrupt character ends this.
            stand.mpwire_does(&["exec", "--no-follow", "while True: pass"])?;
            let finished = next()?;
            let words = finished.last_words();
            ensure!(finished.success, "no interrupt: {words}");
            Ok(())
        })();
        (seconds, checked)
    }
}

/// Runs a command and kills it at a piece.
///
/// What goes over the cable is kept from then on.
fn killed_at(
    stand: &Stand,
    mut command: Command,
    piece: u64,
    way: Way,
    conversation: &Conversation,
) -> Result<Finished> {
    stand.set_apart(&mut command);
    let process = Arc::new(OnceLock::new());
    let killed = Arc::clone(&process);
    let over = Arc::new(AtomicBool::new(false));
    let is_over = Arc::clone(&over);
    let mut seen = 0;
    let conversation = conversation.clone();
    stand.board.watch_cable(move |direction, bytes| {
        seen += 1;
        conversation.note(direction, bytes);
        // What follows is of one that is dead already, or ends in good order, or of the next.
        if seen != piece + 1 || is_over.load(Ordering::Relaxed) {
            return bytes.len();
        }
        kill(*killed.wait(), way.signal);
        if way.is_half {
            bytes.len() / 2
        } else {
            bytes.len()
        }
    });
    let finished = process::run_watched(&mut command, DEADLINE, |child: &Child| {
        // Nobody else sets it.
        let _ = process.set(Pid::from_child(child));
    });
    over.store(true, Ordering::Relaxed);
    finished
}

/// It may have ended by itself.
fn kill(process: Pid, signal: Signal) {
    let sent = kill_process(process, signal);
    if signal == Signal::KILL && sent.is_ok() {
        // So that nothing it does comes after the piece. Who started it is to wait for it as well.
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        let _ = waitid(WaitId::Pid(process), options);
    }
}
