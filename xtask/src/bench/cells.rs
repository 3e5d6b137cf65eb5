//! What is measured: every combination of link, kind, size and tool that the filters leave.

use std::path::Path;
use std::process::Command;

use clap::ValueEnum;

use crate::data::Kind;
use crate::setup::Tools;

/// How the board is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Link {
    /// The default of most boards with a USB-serial chip: 11,520 bytes a second.
    #[value(name = "uart:115200", alias = "115200")]
    Slow,
    /// The fastest that such chips do reliably.
    #[value(name = "uart:921600", alias = "921600")]
    Fast,
    /// A board with USB of its own.
    Usb,
}

impl Link {
    /// As `mpwire sim --link` takes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Slow => "uart:115200",
            Self::Fast => "uart:921600",
            Self::Usb => "usb",
        }
    }

    /// As a heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Slow => "115200 baud",
            Self::Fast => "921600 baud",
            Self::Usb => "USB",
        }
    }
}

/// Who copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Tool {
    Mpremote,
    Mpytool,
    // The others are `mpwire` with this `--encoding`.
    Repr,
    Hex,
    Base64,
    Deflate,
    Auto,
}

impl Tool {
    /// The name as the command line and the reports write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mpremote => "mpremote",
            Self::Mpytool => "mpytool",
            Self::Repr => "repr",
            Self::Hex => "hex",
            Self::Base64 => "base64",
            Self::Deflate => "deflate",
            Self::Auto => "auto",
        }
    }

    /// Whether this is `mpwire`, and not a peer.
    pub fn is_mpwire(self) -> bool {
        !matches!(self, Self::Mpremote | Self::Mpytool)
    }

    /// Whether this is `mpwire` told which encoding to use.
    pub fn is_forced(self) -> bool {
        self.is_mpwire() && self != Self::Auto
    }

    /// The command that copies `file` to `name` on the board at `port`.
    pub fn copy(self, programs: &Programs, port: &Path, file: &Path, name: &str) -> Command {
        let mut command = self.connected(programs, port);
        command.arg("cp");
        if self.is_mpwire() {
            command.args(["--encoding", self.name()]);
        }
        command.arg(file).arg(format!(":{name}"));
        command
    }

    /// The command that evaluates `1+1`: connecting and one round trip, the floor of everything.
    pub fn evaluate(self, programs: &Programs, port: &Path) -> Command {
        let mut command = self.connected(programs, port);
        if self == Self::Mpytool {
            command.args(["exec", "print(1+1)"]);
        } else {
            command.args(["eval", "1+1"]);
        }
        command
    }

    /// None of them resets the board: `mpytool` never does, the others with `resume`.
    fn connected(self, programs: &Programs, port: &Path) -> Command {
        let mut command = match self {
            Self::Mpytool => Command::new(programs.tools.program("mpytool")),
            Self::Mpremote => Command::new(programs.tools.program("mpremote")),
            _ => Command::new(programs.mpwire),
        };
        if self == Self::Mpytool {
            command.arg("-p").arg(port);
        } else {
            command.arg("connect").arg(port).arg("resume");
        }
        command
    }
}

/// The programs that are compared.
#[derive(Clone, Copy)]
pub struct Programs<'a> {
    pub mpwire: &'a Path,
    pub tools: &'a Tools,
}

/// What a tool is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Workload {
    /// Copy one file of so many KB (of 1024 bytes) to the board.
    Copy(Kind, u32),
    /// `eval 1+1`.
    Evaluate,
}

impl Workload {
    /// As the reports write it.
    pub fn title(self) -> String {
        match self {
            Self::Copy(kind, size) => format!("{} {size} KB", kind.name()),
            Self::Evaluate => "eval 1+1".to_owned(),
        }
    }
}

/// One figure of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    pub link: Link,
    pub workload: Workload,
    pub tool: Tool,
}

/// What is to be measured.
#[derive(clap::Args)]
pub struct Filters {
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
    #[arg(long, value_delimiter = ',')]
    tool: Vec<Tool>,
    /// Only `eval 1+1`
    #[arg(long, conflicts_with_all = ["kind", "size"])]
    eval: bool,
}

impl Filters {
    /// Whether nothing is left out: only then may the published result be replaced.
    pub fn select_everything(&self) -> bool {
        self.link.is_empty() && self.tool.is_empty() && !self.eval && !self.narrow_the_files()
    }

    fn narrow_the_files(&self) -> bool {
        !(self.kind.is_empty() && self.size.is_empty())
    }

    pub fn links(&self) -> Vec<Link> {
        chosen_or_all(&self.link)
    }

    pub fn tools(&self) -> Vec<Tool> {
        chosen_or_all(&self.tool)
    }

    /// What is done on `link`, in the order in which it is done.
    pub fn workloads(&self, link: Link) -> Vec<Workload> {
        let mut workloads = Vec::new();
        if link == Link::Usb && !self.narrow_the_files() {
            workloads.push(Workload::Evaluate);
        }
        if !self.eval {
            let sizes = if self.size.is_empty() {
                vec![1, 10, 50]
            } else {
                self.size.clone()
            };
            for kind in chosen_or_all(&self.kind) {
                workloads.extend(sizes.iter().map(|size| Workload::Copy(kind, *size)));
            }
        }
        workloads
    }
}

fn chosen_or_all<T: ValueEnum + Clone>(chosen: &[T]) -> Vec<T> {
    if chosen.is_empty() {
        T::value_variants().to_vec()
    } else {
        chosen.to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Command as Clap, FromArgMatches as _};

    fn filters(arguments: &[&str]) -> Filters {
        let parser = <Filters as clap::Args>::augment_args(Clap::new("bench").no_binary_name(true));
        Filters::from_arg_matches(&parser.try_get_matches_from(arguments).unwrap()).unwrap()
    }

    #[test]
    fn without_filters_every_link_has_twelve_files_and_usb_the_round_trip_too() {
        let all = filters(&[]);
        assert!(all.select_everything());
        assert_eq!(all.tools().len(), 7);
        let counts: Vec<usize> = all
            .links()
            .into_iter()
            .map(|link| all.workloads(link).len())
            .collect();
        assert_eq!(counts, [12, 12, 13]);
    }

    #[test]
    fn filters_leave_what_they_name() {
        let some = filters(&["--link", "115200,usb", "--kind", "source", "--size", "50"]);
        assert!(!some.select_everything());
        assert_eq!(some.links(), [Link::Slow, Link::Usb]);
        assert_eq!(
            some.workloads(Link::Usb),
            [Workload::Copy(Kind::Source, 50)]
        );
    }

    #[test]
    fn the_round_trip_alone_can_be_asked_for() {
        let eval = filters(&["--eval", "--link", "usb"]);
        assert_eq!(eval.workloads(Link::Usb), [Workload::Evaluate]);
    }
}
