//! Getting the agent onto a board of which nothing is known: a line of Python that inflates a
//! program from standard input and runs it in a namespace of its own.
//!
//! The program comes in the zlib format (RFC 1950), since its checksum keeps a damaged program from
//! being run, and its header tells the window.

use adler2::Adler32;
use mpwire_deflate::{Encoder, Flush};

use crate::board::program::Program;
use crate::board::{onboard, record};
use crate::session::INTERRUPT;

/// The line. It says when it is ready to read, which it is only where `deflate` exists.
pub(super) fn first() -> String {
    let inner =
        "import sys,deflate as d;d=d.DeflateIO(sys.stdin.buffer);print(end='\x06');exec(d.read())";
    record::program(inner.as_bytes());
    format!("exec(\"{inner}\",{{}})")
}
/// What it says.
pub(super) const READY: u8 = 0x06;
/// What the board says when it has inflated what the line reads, and runs it.
pub(super) const STARTED: u8 = 0x05;
/// Its window, which is all the memory that inflating takes.
const BITS: u8 = 10;
/// The header of a zlib stream with that window.
const HEADER: [u8; 2] = [0x28, 0x15];
/// Orders of the programs that are known to be without an interrupt character, with and without
/// the inflater: where the search for one begins, for the set that is sent most.
const ORDERS: [usize; 2] = [1292, 1956];
/// How many orders are tried: one in ten is without.
const TRIES: usize = 200;
/// How many namings of a short program are tried: one in four is without.
const NAMINGS: usize = 8;
/// At how many places a short program is cut: one in four is without.
const CUTS: usize = 24;
/// How many lengths of a program are tried: most checksums are without.
const PADDINGS: usize = 4;
/// The agent and what it uses, inflater aside, where modules have no u-names.
const AGENT: [Program; 3] = [
    onboard::CHECK_CRC32_NEW,
    onboard::BYTES_IO_NEW,
    onboard::AGENT,
];

/// What the line reads: `programs`, the agent and a `call`, deflated; `None` if it cannot be written
/// without an interrupt character.
pub(super) fn text(programs: &[Program], call: &str, room: usize, bits: u8) -> Option<Vec<u8>> {
    let mut all = programs.to_vec();
    all.extend(AGENT);
    if bits > 0 {
        all.push(onboard::INFLATE_STREAM);
    }
    let begun = definitions(&all, ORDERS[usize::from(bits > 0)])?;
    let plain = all.iter().map(Program::shrunk).collect();
    // A digest that cannot be computed should be found out before anything is sent.
    let agent = short(format!("_mw_agent({room},{bits})"));
    let started = char::from(STARTED);
    let call = format!("print(end='{started}')\nimport hashlib\n{call}\n{agent}");
    record::program((short(plain) + &call).as_bytes());
    let deflated = padded(&begun, &call).take(PADDINGS).find_map(|end| {
        let deflated = begun
            .encoder
            .clone()
            .push(end.text.as_bytes(), Flush::Finish);
        finished(&begun, &deflated, end.check)
    });
    Some(deflated.unwrap_or_else(|| stored(&begun, &call)))
}

/// `programs` and their `call`, deflated.
pub(super) fn line(programs: &[Program], call: &str) -> Vec<u8> {
    let begun = Begun::default();
    let whole = (0..NAMINGS).find_map(|naming| {
        let text = renamed(programs, call, naming);
        padded(&begun, &text)
            .take(1)
            .find_map(|end| uncut(&begun, &end))
    });
    whole.unwrap_or_else(|| {
        let text = renamed(programs, call, 0);
        padded(&begun, &text)
            .take(PADDINGS)
            .find_map(|end| cut(&begun, &end))
            .unwrap_or_else(|| stored(&begun, &text))
    })
}

/// `programs` and their `call` for a board to inflate, however long: the line that reads what follows
/// it, and that. Interrupt characters travel as 0, and the line puts them back. What is `needed` of
/// the module `d`, which is `deflate`, is looked for first.
pub(super) fn long(programs: &[Program], call: &str, needed: &str) -> (String, Vec<u8>) {
    let text = renamed(programs, call, 0);
    let begun = Begun::default();
    let deflated = begun.encoder.clone().push(text.as_bytes(), Flush::Finish);
    let mut check = begun.check;
    check.write_slice(text.as_bytes());
    let mut data = [&HEADER[..], &deflated, &check.checksum().to_be_bytes()].concat();
    let mut places = Vec::new();
    for (place, byte) in data.iter_mut().enumerate() {
        if *byte == INTERRUPT {
            *byte = 0;
            places.push(format!("{place},"));
        }
    }
    let places = places.concat();
    let length = data.len();
    let inner = format!(
        "import sys,io,deflate as d;{needed}b=bytearray({length});\
         r=sys.stdin.buffer.readinto;print(end='\x06');r(b)\nfor i in({places}):b[i]=3\nexec(d.DeflateIO(io.BytesIO(b)).read())"
    );
    record::program(inner.as_bytes());
    let line = format!("exec(\"{}\",{{}})", inner.replace('\n', "\\n"));
    (line, data)
}

/// `programs` and their `call`, under short names: each byte counts, and nobody else sees them. Another
/// `naming` is coded otherwise.
fn renamed(programs: &[Program], call: &str, naming: usize) -> String {
    let definitions: String = programs.iter().map(Program::shrunk).collect();
    let mut text = definitions + call;
    for (number, program) in programs.iter().enumerate() {
        // A path in the call may hold the name as well.
        if call.matches(program.defines).count() <= 1 {
            text = text.replace(program.defines, &format!("_{}", naming + number));
        }
    }
    record::program(text.as_bytes());
    text
}

/// A whole program, deflated.
fn uncut(begun: &Begun, end: &End) -> Option<Vec<u8>> {
    let deflated = begun
        .encoder
        .clone()
        .push(end.text.as_bytes(), Flush::Finish);
    finished(begun, &deflated, end.check)
}

/// As [`uncut`]. Cut anywhere it is coded otherwise, a dozen bytes longer.
fn cut(begun: &Begun, end: &End) -> Option<Vec<u8>> {
    let length = end.text.len();
    (0..length).step_by(length / CUTS + 1).find_map(|place| {
        let (first, second) = end.text.as_bytes().split_at(place);
        let mut encoder = begun.encoder.clone();
        let mut deflated = match first {
            [] => Vec::new(),
            _ => encoder.push(first, Flush::Sync),
        };
        deflated.extend(encoder.push(second, Flush::Finish));
        finished(begun, &deflated, end.check)
    })
}

/// The beginning of a program.
#[derive(Clone)]
struct Begun {
    deflated: Vec<u8>,
    encoder: Encoder,
    /// Of the text so far.
    check: Adler32,
}

impl Default for Begun {
    fn default() -> Self {
        Self {
            deflated: Vec::new(),
            encoder: Encoder::new(BITS),
            check: Adler32::new(),
        }
    }
}

/// The rest of a program, and the checksum of the whole.
struct End {
    text: String,
    check: [u8; 4],
}

/// `text` with more and more line ends behind it, where the checksum is free of an interrupt
/// character.
fn padded<'a>(begun: &'a Begun, text: &'a str) -> impl Iterator<Item = End> + 'a {
    (0..).filter_map(move |count| {
        let text = text.to_owned() + &"\n".repeat(count);
        let mut check = begun.check;
        check.write_slice(text.as_bytes());
        let check = check.checksum().to_be_bytes();
        is_free(&check).then_some(End { text, check })
    })
}

/// A whole zlib stream, unless it has an interrupt character.
fn finished(begun: &Begun, deflated: &[u8], check: [u8; 4]) -> Option<Vec<u8>> {
    let whole = [&HEADER[..], &begun.deflated, deflated, &check].concat();
    is_free(&whole).then_some(whole)
}

/// `text` as the last block of a stream, not compressed: text holds no interrupt character, and
/// line ends behind it keep the block's header free of one.
fn stored(begun: &Begun, text: &str) -> Vec<u8> {
    padded(begun, text)
        .find_map(|end| {
            // Programs are shorter than a block of 65,535 bytes.
            let length = u16::try_from(end.text.len()).unwrap_or(u16::MAX);
            let mut block = vec![0x01];
            block.extend(length.to_le_bytes());
            block.extend((!length).to_le_bytes());
            block.extend(end.text.as_bytes());
            finished(begun, &block, end.check)
        })
        .expect("one of the longer texts has neither a length nor a checksum with the character")
}

/// Whether the board would read it without being interrupted.
fn is_free(bytes: &[u8]) -> bool {
    !bytes.contains(&INTERRUPT)
}

/// The programs, deflated, in the first order from `start` on that has no interrupt character; any
/// other order means the same.
fn definitions(programs: &[Program], start: usize) -> Option<Begun> {
    (start..start + TRIES).find_map(|number| arranged(programs, number))
}

/// The programs, deflated, in the order of that number, unless it has an interrupt character.
fn arranged(programs: &[Program], number: usize) -> Option<Begun> {
    let text: String = order(programs, number)
        .iter()
        .map(Program::shrunk)
        .collect();
    let text = short(text);
    let mut begun = Begun::default();
    begun.deflated = begun.encoder.push(text.as_bytes(), Flush::Sync);
    begun.check.write_slice(text.as_bytes());
    is_free(&begun.deflated).then_some(begun)
}

/// Shortens the names that only the agent itself uses: each byte costs, and in a namespace of its
/// own nobody else sees them.
fn short(text: String) -> String {
    let names = AGENT.iter().chain([&onboard::INFLATE_STREAM]).enumerate();
    names.fold(text, |text, (number, program)| {
        text.replace(program.defines, &format!("_{number}"))
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
    fn the_search_for_an_order_ends_where_it_begins() {
        let best = |(bits, start): (u8, usize)| {
            let mut all = FILE.to_vec();
            all.extend(AGENT);
            if bits > 0 {
                all.push(onboard::INFLATE_STREAM);
            }
            if arranged(&all, start).is_some() {
                return None;
            }
            let lengths = (0..5040)
                .filter_map(|number| Some((arranged(&all, number)?.deflated.len(), number)));
            Some((bits, lengths.min()))
        };
        let outdated: Vec<_> = [(0, ORDERS[0]), (15, ORDERS[1])]
            .into_iter()
            .filter_map(best)
            .collect();
        assert!(
            outdated.is_empty(),
            "a program has changed: the numbers for ORDERS are behind the lengths in {outdated:?}"
        );
    }

    #[test]
    fn each_number_is_an_order_of_its_own() {
        let orders: std::collections::BTreeSet<Vec<Program>> =
            (0..24).map(|number| order(&FILE, number)).collect();
        assert_eq!(orders.len(), 24);
    }

    #[test]
    fn a_long_program_travels_without_interrupt_characters() {
        let many = [
            onboard::AGENT,
            onboard::PROBE,
            onboard::SEND,
            onboard::UPLOAD,
            onboard::PUT,
        ];
        let (line, data) = long(&many, "f()", "");
        assert!(is_free(&data) && data.len() > 1000);
        let (_, places) = line.split_once("for i in(").unwrap();
        let (places, _) = places.split_once(')').unwrap();
        let mut whole = data;
        for place in places.split_terminator(',') {
            whole[place.parse::<usize>().unwrap()] = INTERRUPT;
        }
        let mut program = Vec::with_capacity(1 << 14);
        flate2::Decompress::new(true)
            .decompress_vec(&whole, &mut program, flate2::FlushDecompress::Finish)
            .unwrap();
        assert!(program.ends_with(b"f()"));
    }

    #[test]
    fn any_call_can_be_sent() {
        let small = [onboard::DIGEST_WHOLE, onboard::SMALL];
        for path in [
            "",
            "a",
            "lib/module.py",
            "it's \u{e4}",
            "./r1",
            "./lib2/pkg/deep/x.txt",
        ] {
            let call = format!("f({path:?})");
            let agent = text(&FILE, &call, 4096, 15).unwrap();
            for sent in [agent, line(&small, &call), stored(&Begun::default(), &call)] {
                assert!(is_free(&sent), "{call}");
                let mut inflater = flate2::Decompress::new(true);
                let mut program = Vec::with_capacity(8192);
                let status = inflater
                    .decompress_vec(&sent, &mut program, flate2::FlushDecompress::Finish)
                    .unwrap();
                assert_eq!(status, flate2::Status::StreamEnd);
                assert!(String::from_utf8(program).unwrap().contains(&call));
            }
        }
    }

    #[test]
    fn a_stored_program_is_padded_where_its_length_is_an_interrupt() {
        for length in [3, 0xfc, 0x300, 5] {
            let stored = stored(&Begun::default(), &"x".repeat(length));
            assert!(is_free(&stored) && stored.len() > length, "{length}");
        }
    }
}
