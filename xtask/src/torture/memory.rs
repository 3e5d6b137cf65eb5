//! Memory that is short on the board: heaps of all sizes, in pieces, and allocations that fail.

use std::ops::Range;

use anyhow::Result;

use super::stand::Stand;
use super::verdict::{Tally, Trial, Verdict};
use super::work::{Job, Work};
use super::{Numbers, Rack, judge};
use crate::data::Generator;

const WORKS: [Work; 5] = [
    Work::Upload,
    Work::Overwrite,
    Work::Tree,
    Work::Download,
    Work::Mount,
];
/// A board on which nothing is short: it gets what is there before, and looks afterwards.
const AMPLE: &str = "link=fast";
/// Bytes of the smallest heap and the largest.
const HEAP: Range<usize> = 8 << 10..64 << 10;
const SIZE_MOST: usize = 24 << 10;
/// A transfer asks for memory about so often.
const CALLS: usize = 40;

pub(super) fn run(
    rack: Rack,
    numbers: &Numbers,
    is_selected: &dyn Fn(&str) -> bool,
) -> Result<Vec<Tally>> {
    let mut rows = Vec::new();
    for work in WORKS.into_iter().filter(|work| work.is_for(rack.tool)) {
        let name = format!("memory, {}, {}", work.name(), rack.tool.name());
        if is_selected(&name) {
            rows.push(judge(
                1,
                Tally::harmless(name),
                numbers.clone(),
                |_| Stand::new(rack, AMPLE),
                |stand, number| trial(stand, work, number),
            )?);
        }
    }
    Ok(rows)
}

fn trial(stand: &mut Stand, work: Work, number: u64) -> Result<Trial> {
    let mut random = Generator::new(stand.rack.seed << 32 | number);
    let most = 16 << random.below(11);
    let size = random.below(most).clamp(1, SIZE_MOST);
    let job = Job::new(work, size, random.below(1 << 30) as u64);
    let shortage = shortage(&mut random);
    let flash = stand.path("flash");
    let flash = format!("link=fast&flash={}", flash.display());

    stand.exchange(&flash)?;
    job.prepare(stand)?;
    stand.exchange(&format!("{flash}&{shortage}"))?;
    let finished = stand.attempt(job.command(stand, stand.rack.tool));
    stand.exchange(&flash)?;
    // The next use is to heal what can be healed.
    stand.mpwire_does(&["ls", ":"])?;
    let (mut verdict, mut what) = match job.state(stand) {
        Ok(found) => job.judge(&finished, &found),
        Err(error) => (Verdict::Torn, error.to_string()),
    };
    let said = format!("{}{}", finished.stdout, finished.stderr);
    if verdict == Verdict::Told && !names_memory(&said) {
        verdict = Verdict::Amiss;
        what.push_str("it does not say why:");
    }
    Ok(Trial {
        verdict,
        what: format!("{shortage}, {size} bytes: {what} {}", finished.last_words()),
        seconds: finished.seconds,
    })
}

/// What is short, as the simulator's parameters.
fn shortage(random: &mut Generator) -> String {
    let heap = HEAP.start + random.below(HEAP.len());
    let mut words = vec![format!("heap={heap}")];
    let kind = random.below(3);
    if kind != 0 {
        // From next to nothing to nearly all.
        let left = heap / 16 + random.below(heap * 7 / 8);
        words.push(format!("fragments={}:{left}", random.below(1 << 30)));
    }
    if kind != 1 {
        let (first, times) = (1 + random.below(CALLS), 1 << random.below(6));
        words.push(format!("memory-error={first}:{times}"));
    }
    words.join("&")
}

fn names_memory(said: &str) -> bool {
    let said = said.to_lowercase();
    // The simulated flash is a program of the board as well. Where that fails, LittleFS says what it
    // says of bad flash.
    [
        "memory",
        "enomem",
        "corrupted file system",
        "input/output error",
    ]
    .iter()
    .any(|words| said.contains(words))
}
