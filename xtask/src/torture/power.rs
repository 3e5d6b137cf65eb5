//! The power goes at each write to the flash, one after the other.

use anyhow::{Result, ensure};

use super::stand::{Digests, Stand};
use super::verdict::{Tally, Trial, Verdict};
use super::work::{Job, Work};
use super::{Rack, judge};

/// Filesystems, and what is done there.
const FLASHES: [(&str, &[Work]); 4] = [
    ("lfs1", &FILES),
    ("lfs2", &FILES),
    ("fat", &FILES),
    // An image does not care which filesystem is beside it.
    ("rom", &[Work::Romfs]),
];
const FILL_FLASH: &str = include_str!("../onboard/fill_flash.py");
const FILES: [Work; 3] = [Work::Upload, Work::Overwrite, Work::Tree];
const SIZES: [(&str, usize); 3] = [("1 KB", 1000), ("10 KB", 10_000), ("50 KB", 50_000)];

pub(super) fn run(rack: Rack, is_selected: &dyn Fn(&str) -> bool) -> Result<Vec<Tally>> {
    let mut rows = Vec::new();
    for (flash, works) in FLASHES {
        for &work in works.iter().filter(|work| work.is_for(rack.tool)) {
            for (title, size) in SIZES {
                let tool = rack.tool.name();
                let name = format!("power, {flash}, {}, {title}, {tool}", work.name());
                if is_selected(&name) {
                    rows.push(row(rack, name, flash, || Job::new(work, size, rack.seed))?);
                }
            }
        }
    }
    Ok(rows)
}

/// Every write of a piece of work.
fn row(rack: Rack, name: String, flash: &str, job: impl Fn() -> Job + Sync) -> Result<Tally> {
    let parameters = match flash {
        "rom" => "link=fast&cut=0&rom=128k".to_owned(),
        filesystem => format!("link=fast&cut=0&flash-size=256k&fs={filesystem}"),
    };
    let bench = || Bench::new(rack, parameters.clone(), job());
    let writes = bench()?.writes()?;
    judge(
        1,
        Tally::harmless(name),
        rack.part(1..writes + 1),
        |_| bench(),
        Bench::trial,
    )
}

/// A board whose power goes.
struct Bench<'a> {
    stand: Stand<'a>,
    parameters: String,
    job: Job,
}

impl<'a> Bench<'a> {
    fn new(rack: Rack<'a>, parameters: String, job: Job) -> Result<Self> {
        Ok(Self {
            stand: Stand::new(rack, &parameters)?,
            parameters,
            job,
        })
    }

    /// How many writes there are without a cut.
    fn writes(&mut self) -> Result<u64> {
        self.job.prepare(&self.stand)?;
        let before = self.stand.board.flash_writes()?;
        let command = self.job.command(&self.stand, self.stand.rack.tool);
        let finished = self.stand.run(command)?;
        ensure!(
            finished.success,
            "it fails by itself: {}",
            finished.last_words()
        );
        Ok(self.stand.board.flash_writes()? - before)
    }

    fn trial(&mut self, number: u64) -> Result<Trial> {
        // FAT's clusters that no file has any more are lost until it is formatted; and a filesystem that
        // the trial before has broken was told there.
        if self.parameters.contains("fs=fat") || self.job.prepare(&self.stand).is_err() {
            self.stand = Stand::new(self.stand.rack, &self.parameters)?;
            self.job.prepare(&self.stand)?;
        }
        let stand = &self.stand;
        stand.board.cut_power_at_write(number)?;
        let finished = stand.attempt(self.job.command(stand, stand.rack.tool));
        stand.board.cut_power_at_write(0)?;
        // The next use is to heal what can be healed.
        let healed = stand.mpwire_does(&["ls", ":"]);
        let mut healed_files = Digests::new();
        let (mut verdict, mut what) = match healed.and_then(|_| self.job.state(stand)) {
            Ok(found) => {
                healed_files.clone_from(&found);
                self.job.judge(&finished, &found)
            }
            Err(error) => (Verdict::Torn, error.to_string()),
        };
        if verdict < Verdict::Amiss
            && let Err(error) = self.is_sound(&healed_files)
        {
            (verdict, what) = (Verdict::Torn, error.to_string());
        }
        if verdict < Verdict::Amiss
            && let Err(error) = self.job.works_again(stand)
        {
            (verdict, what) = (Verdict::Amiss, error.to_string());
        }
        Ok(Trial {
            verdict,
            what: format!("{what} {}", finished.last_words()),
            seconds: finished.seconds,
        })
    }
    /// Whether the files are as they were when all the rest of the flash has been written to: what
    /// lies in clusters that count as free is not.
    fn is_sound(&self, before: &Digests) -> Result<()> {
        if self.job.work == Work::Romfs {
            return Ok(());
        }
        self.stand.execute(FILL_FLASH)?;
        let after = self.stand.found()?;
        ensure!(after == *before, "lost by the next file: {before:?}");
        Ok(())
    }
}
