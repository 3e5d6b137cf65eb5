//! Getting the agent onto a board of which nothing is known: a line of Python that inflates a
//! program from standard input and runs it in a namespace of its own.

use mpwire_deflate::{Encoder, Flush};

use crate::board::onboard;
use crate::board::program::Program;

/// The line. It says when it is ready to read, which it is only where `deflate` exists.
pub(super) const FIRST: &str = concat!(
    "exec(\"import sys,deflate;print(end='\x06');",
    "exec(deflate.DeflateIO(sys.stdin.buffer,1).read())\",{})"
);
/// What it says.
pub(super) const READY: u8 = 0x06;
/// Its window, `DEFLATEIO_DEFAULT_WBITS` in `extmod/moddeflate.c`.
const BITS: u8 = 8;
/// Orders of the programs that are known to be without an interrupt character, with and without
/// the inflater: where the search for one begins, for the set that is sent most.
const ORDERS: [usize; 2] = [35, 1213];
/// How many orders are tried: one in ten is without.
const TRIES: usize = 1000;
/// The interrupt character, which must not be on the wire.
const INTERRUPT: u8 = 0x03;

/// What the line reads: `programs`, the agent and a `call`, deflated; `None` if it cannot be written
/// without an interrupt character.
pub(super) fn text(programs: &[Program], call: &str, room: usize, bits: u8) -> Option<Vec<u8>> {
    let mut all = programs.to_vec();
    all.extend([onboard::CHECK_CRC32, onboard::AGENT]);
    if bits > 0 {
        all.push(onboard::INFLATE_STREAM);
    }
    let (_, mut text, encoder) = definitions(&all, ORDERS[usize::from(bits > 0)])?;
    let call = format!("{call}\n_mw_agent({room},{bits})");
    let call = (0..TRIES)
        .map(|spaces| {
            let call = format!("{call}{}", " ".repeat(spaces));
            encoder.clone().push(call.as_bytes(), Flush::Finish)
        })
        .find(|deflated| !deflated.contains(&INTERRUPT))?;
    text.extend(call);
    Some(text)
}

/// `programs` and their `call`, deflated; `None` if that cannot be written without an interrupt
/// character.
pub(super) fn line(programs: &[Program], call: &str) -> Option<Vec<u8>> {
    let definitions: String = programs.iter().map(Program::shrunk).collect();
    let mut text = definitions + call;
    // Each byte counts, and nobody else sees these names.
    for (number, program) in programs.iter().enumerate() {
        text = text.replace(program.defines, &format!("_{number}"));
    }
    (0..TRIES)
        .map(|spaces| {
            let text = format!("{}{text}", "\n".repeat(spaces));
            Encoder::new(BITS).push(text.as_bytes(), Flush::Finish)
        })
        .find(|deflated| !deflated.contains(&INTERRUPT))
}

/// The programs, deflated, in the first order from `start` on that has no interrupt character, which
/// is returned as well; any other order means the same.
fn definitions(programs: &[Program], start: usize) -> Option<(usize, Vec<u8>, Encoder)> {
    (start..start + TRIES).find_map(|number| {
        let text: String = order(programs, number)
            .iter()
            .map(Program::shrunk)
            .collect();
        let mut encoder = Encoder::new(BITS);
        let deflated = encoder.push(text.as_bytes(), Flush::Sync);
        (!deflated.contains(&INTERRUPT)).then_some((number, deflated, encoder))
    })
}

/// One of the orders of `programs`, by its number.
fn order(programs: &[Program], mut number: usize) -> Vec<Program> {
    let mut rest = programs.to_vec();
    let mut ordered = Vec::with_capacity(rest.len());
    while !rest.is_empty() {
        let index = number % rest.len();
        number /= rest.len();
        ordered.push(rest.remove(index));
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: [Program; 4] = [
        onboard::DIGEST_SHA256_NEW,
        onboard::LOOK,
        onboard::FREE,
        onboard::PUT,
    ];

    #[test]
    fn the_search_begins_where_it_ends() {
        for (bits, start) in [(0, ORDERS[0]), (15, ORDERS[1])] {
            let mut all = FILE.to_vec();
            all.extend([onboard::CHECK_CRC32, onboard::AGENT]);
            if bits > 0 {
                all.push(onboard::INFLATE_STREAM);
            }
            let (found, text, _) = definitions(&all, start).unwrap();
            assert_eq!(found, start, "put it into ORDERS: {} bytes", text.len());
        }
    }

    #[test]
    fn each_number_is_an_order_of_its_own() {
        let orders: std::collections::BTreeSet<Vec<Program>> =
            (0..24).map(|number| order(&FILE, number)).collect();
        assert_eq!(orders.len(), 24);
    }

    #[test]
    fn any_call_can_be_sent() {
        for path in ["", "a", "lib/module.py", "it's \u{e4}"] {
            let text = text(&FILE, &format!("f({path:?})"), 4096, 15).unwrap();
            assert!(!text.contains(&INTERRUPT));
        }
    }
}
