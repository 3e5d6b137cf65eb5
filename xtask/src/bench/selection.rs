//! What is to be measured: the options of `cargo xtask bench` that choose.

use clap::ValueEnum;

use super::link::Link;
use super::suites::{self, Suite};
use crate::data::Kind;
use crate::tool::{ENCODINGS, Tool};

/// What is to be measured, and how often.
#[derive(clap::Args)]
pub struct Selection {
    /// Only these suites (default: all): files, trees, down, heaps, flash, mount, latency
    #[arg(long, value_delimiter = ',', value_parser = suites::parse)]
    suite: Vec<&'static Suite>,
    /// Only these links (default: all)
    #[arg(long, value_delimiter = ',')]
    link: Vec<Link>,
    /// Only these kinds of file (default: all)
    #[arg(long, value_delimiter = ',')]
    kind: Vec<Kind>,
    /// Only files of these sizes, in KB (default: 1, 10, 50)
    #[arg(long, value_delimiter = ',', value_name = "KB")]
    size: Vec<u32>,
    /// Only these tools (default: all)
    #[arg(long, value_delimiter = ',', value_parser = Tool::parse)]
    tool: Vec<Tool>,
    /// Only `eval 1+1`
    #[arg(long, conflicts_with_all = ["kind", "size"])]
    eval: bool,
    /// The rows that tell most, each once
    #[arg(long)]
    quick: bool,
    /// How often each figure is measured; the median counts (default: 3)
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    runs: Option<u16>,
    /// Encodings that the program does not know.
    #[arg(skip)]
    unknown: Vec<&'static str>,
}

impl Selection {
    /// Leaves out the encodings that are not among `known`, and returns those that it would have
    /// measured.
    pub fn keep_known_encodings(&mut self, known: &[&str]) -> Vec<&'static str> {
        let all = self.encodings_and_mpwire();
        self.unknown = ENCODINGS
            .into_iter()
            .filter(|name| !known.contains(name))
            .collect();
        let is_left_out = |name: &&'static str| all.contains(&Tool::Encoding(name));
        self.unknown.iter().copied().filter(is_left_out).collect()
    }

    /// Whether nothing is left out: only then may the published result be replaced.
    pub fn selects_everything(&self) -> bool {
        self.suite.is_empty()
            && self.link.is_empty()
            && self.tool.is_empty()
            && !self.quick
            && self.whole_boards()
    }

    pub fn suites(&self) -> Vec<&'static Suite> {
        if self.suite.is_empty() {
            suites::ALL.to_vec()
        } else {
            self.suite.clone()
        }
    }

    /// Those of a suite's `links` that are to be measured.
    pub fn links(&self, links: &[Link]) -> Vec<Link> {
        let is_chosen = |link: &Link| match self.link.as_slice() {
            [] => !self.quick || *link != Link::Fast,
            chosen => chosen.contains(link),
        };
        links.iter().copied().filter(is_chosen).collect()
    }

    /// mpwire and its peers.
    pub fn tools(&self) -> Vec<Tool> {
        let tools = [Tool::Mpremote, Tool::Mpytool, Tool::Mpwire];
        tools.into_iter().filter(|tool| self.tool(*tool)).collect()
    }

    /// mpwire with each encoding and its peers; when in a hurry, mpwire as it is.
    pub fn tools_and_encodings(&self) -> Vec<Tool> {
        if self.quick && self.tool.is_empty() {
            return self.tools();
        }
        let mut tools = self.tools();
        tools.retain(|tool| matches!(tool, Tool::Mpremote | Tool::Mpytool));
        tools.extend(self.encodings_and_mpwire());
        tools
    }

    fn encodings_and_mpwire(&self) -> Vec<Tool> {
        let is_wanted = |tool: &Tool| match tool {
            Tool::Encoding(name) => self.tool(*tool) && !self.unknown.contains(name),
            _ => *tool == Tool::Mpwire && self.tool(*tool),
        };
        Tool::all().into_iter().filter(is_wanted).collect()
    }

    /// Whether `tool` is to be measured.
    pub fn tool(&self, tool: Tool) -> bool {
        self.tool.is_empty() || self.tool.contains(&tool)
    }

    /// The files of the suite `files`, by kind and KB.
    pub fn files(&self) -> Vec<(Kind, u32)> {
        if self.eval {
            return Vec::new();
        }
        let mut files = Vec::new();
        for kind in Kind::value_variants() {
            let sizes = match (self.size.as_slice(), self.quick, kind) {
                ([], true, Kind::Random) => &[1, 50],
                ([], true, Kind::Source) => &[50][..],
                ([], true, _) => &[],
                ([], false, _) => &[1, 10, 50],
                (chosen, ..) => chosen,
            };
            let is_chosen = self.kind.is_empty() || self.kind.contains(kind);
            files.extend(
                sizes
                    .iter()
                    .filter(|_| is_chosen)
                    .map(|size| (*kind, *size)),
            );
        }
        files
    }

    /// Those of `kinds` whose file of 50 KB is to be measured in suites that have no other size.
    pub fn kinds(&self, kinds: &[Kind]) -> Vec<Kind> {
        let is_left = |kind: &Kind| self.files().contains(&(*kind, 50));
        kinds.iter().copied().filter(is_left).collect()
    }

    /// Whether what is not one file is to be measured: trees, the round trip.
    pub fn whole_boards(&self) -> bool {
        self.kind.is_empty() && self.size.is_empty() && !self.eval
    }

    /// Whether the round trip is to be measured.
    pub fn evaluates(&self) -> bool {
        self.eval || self.whole_boards()
    }

    pub fn quick(&self) -> bool {
        self.quick
    }

    pub fn runs(&self) -> usize {
        let usual = if self.quick { 1 } else { 3 };
        self.runs.map_or(usual, usize::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Command as Clap, FromArgMatches as _};

    const LINKS: [Link; 3] = [Link::Slow, Link::Fast, Link::Usb];

    fn selection(arguments: &[&str]) -> Selection {
        let parser =
            <Selection as clap::Args>::augment_args(Clap::new("bench").no_binary_name(true));
        Selection::from_arg_matches(&parser.try_get_matches_from(arguments).unwrap()).unwrap()
    }

    #[test]
    fn without_options_everything_is_measured() {
        let all = selection(&[]);
        assert!(all.selects_everything());
        assert_eq!(all.suites().len(), suites::ALL.len());
        assert_eq!(all.tools_and_encodings(), Tool::all());
        assert_eq!(all.links(&LINKS), LINKS);
        assert_eq!(all.files().len(), 12);
        assert!(all.evaluates());
    }

    #[test]
    fn options_leave_what_they_name() {
        let some = selection(&["--link", "115200,usb", "--kind", "source", "--size", "50"]);
        assert!(!some.selects_everything());
        assert_eq!(some.links(&LINKS), [Link::Slow, Link::Usb]);
        assert_eq!(some.files(), [(Kind::Source, 50)]);
        assert_eq!(some.kinds(&[Kind::Random, Kind::Source]), [Kind::Source]);
        assert!(!some.whole_boards() && !some.evaluates());
    }

    #[test]
    fn suites_can_be_named_more_than_once() {
        let two = selection(&["--suite", "trees", "--suite", "down", "--tool", "auto"]);
        let names: Vec<&str> = two.suites().iter().map(|suite| suite.name).collect();
        assert_eq!(names, ["trees", "down"]);
        assert_eq!(two.tools(), [Tool::Mpwire]);
    }

    #[test]
    fn the_round_trip_alone_can_be_asked_for() {
        let eval = selection(&["--eval", "--link", "usb"]);
        assert!(eval.evaluates() && !eval.whole_boards());
        assert_eq!(eval.files(), []);
    }

    #[test]
    fn an_encoding_that_is_still_to_come_is_left_out_and_told() {
        let mut all = selection(&[]);
        let known = ["repr", "hex", "base64", "deflate"];
        assert_eq!(all.keep_known_encodings(&known), ["stream"]);
        assert!(
            !all.tools_and_encodings()
                .contains(&Tool::Encoding("stream"))
        );
        let mut peers = selection(&["--tool", "mpremote"]);
        assert_eq!(peers.keep_known_encodings(&known), [""; 0]);
    }

    #[test]
    fn in_a_hurry_there_is_one_run_of_the_files_that_tell_most() {
        let quick = selection(&["--quick"]);
        assert_eq!((quick.runs(), quick.files().len()), (1, 3));
        assert_eq!(quick.links(&LINKS), [Link::Slow, Link::Usb]);
        assert_eq!(quick.tools_and_encodings().len(), 3);
    }
}
