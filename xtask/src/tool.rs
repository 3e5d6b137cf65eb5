//! Who copies: mpwire and its peers, and the command lines that make each do the same.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use crate::setup::Tools;

/// What `--encoding` may know, besides choosing by itself. A program that is older than one of
/// them is asked which it knows: [`Programs::known_encodings`].
pub const ENCODINGS: [&str; 5] = ["repr", "hex", "base64", "deflate", "stream"];

/// Who copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    Mpremote,
    Mpytool,
    /// `mpwire` told to use this one of [`ENCODINGS`].
    Encoding(&'static str),
    /// `mpwire` as it is without options.
    Mpwire,
}

impl Tool {
    /// All of them, in the order of the tables' columns.
    pub fn all() -> Vec<Self> {
        let mut tools = vec![Self::Mpremote, Self::Mpytool];
        tools.extend(ENCODINGS.map(Self::Encoding));
        tools.push(Self::Mpwire);
        tools
    }

    /// The name as the command line and the reports write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mpremote => "mpremote",
            Self::Mpytool => "mpytool",
            Self::Encoding(name) => name,
            Self::Mpwire => "mpwire",
        }
    }

    /// The tool of this name. `auto` is how `--encoding` says `mpwire`.
    pub fn parse(name: &str) -> Result<Self, String> {
        let tools = Self::all();
        let name = if name == "auto" { "mpwire" } else { name };
        let found = tools.iter().copied().find(|tool| tool.name() == name);
        found.ok_or_else(|| {
            let names: Vec<&str> = tools.iter().map(|tool| tool.name()).collect();
            format!("there are {}", names.join(", "))
        })
    }

    /// The command that copies `file` to `name` on the board at `port`.
    pub fn copy_to(self, programs: Programs, port: &Path, file: &Path, name: &str) -> Command {
        let mut command = self.cp(programs, port);
        command.arg(file).arg(remote(name));
        command
    }

    /// The command that copies the folder `tree` into the root of the board at `port`.
    pub fn copy_tree_to(self, programs: Programs, port: &Path, tree: &Path) -> Command {
        let mut command = self.cp(programs, port);
        // mpytool's `cp` is always recursive.
        if self != Self::Mpytool {
            command.arg("-r");
        }
        command.arg(tree).arg(":");
        command
    }

    /// The command that copies `name` on the board at `port` to `file`.
    pub fn copy_from(self, programs: Programs, port: &Path, name: &str, file: &Path) -> Command {
        let mut command = self.cp(programs, port);
        command.arg(remote(name)).arg(file);
        command
    }

    /// The command that evaluates `1+1`: connecting and one round trip, the floor of everything.
    pub fn evaluate(self, programs: Programs, port: &Path) -> Command {
        let mut command = self.connected(programs, port);
        if self == Self::Mpytool {
            command.args(["exec", "print(1+1)"]);
        } else {
            command.args(["eval", "1+1"]);
        }
        command
    }

    fn cp(self, programs: Programs, port: &Path) -> Command {
        let mut command = self.connected(programs, port);
        command.arg("cp");
        if let Self::Encoding(name) = self {
            command.args(["--encoding", name]);
        }
        command
    }

    /// None of them resets the board: `mpytool` never does, the others with `resume`.
    pub fn connected(self, programs: Programs, port: &Path) -> Command {
        let mut command = self.connected_afresh(programs, port);
        if self != Self::Mpytool {
            command.arg("resume");
        }
        command
    }

    /// All but `mpytool` reset the board.
    pub fn connected_afresh(self, programs: Programs, port: &Path) -> Command {
        let mut command = match self {
            Self::Mpytool => Command::new(programs.tools.program("mpytool")),
            Self::Mpremote => Command::new(programs.tools.program("mpremote")),
            Self::Mpwire | Self::Encoding(_) => Command::new(programs.mpwire),
        };
        if self == Self::Mpytool {
            command.arg("-p").arg(port);
        } else {
            command.arg("connect").arg(port);
        }
        programs.tools.export(&mut command);
        command
    }
}

fn remote(name: &str) -> OsString {
    format!(":{name}").into()
}

/// The programs that are compared.
#[derive(Clone, Copy)]
pub struct Programs<'a> {
    pub mpwire: &'a Path,
    pub tools: &'a Tools,
}

impl Programs<'_> {
    /// Those of [`ENCODINGS`] that this `mpwire` names in its help; all if it names none, so that
    /// its own error is seen then.
    pub fn known_encodings(&self) -> Vec<&'static str> {
        let output = Command::new(self.mpwire).args(["fs", "--help"]).output();
        let help = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        let known = encodings_in(&help.unwrap_or_default());
        if known.is_empty() {
            ENCODINGS.to_vec()
        } else {
            known
        }
    }
}

/// From `--encoding <auto|deflate|base64>`.
fn encodings_in(help: &str) -> Vec<&'static str> {
    let named = help
        .split_once("--encoding <")
        .and_then(|(_, rest)| rest.split_once('>'))
        .map_or("", |(names, _)| names);
    let is_named = |encoding: &&str| named.split('|').any(|name| name.trim() == *encoding);
    ENCODINGS.into_iter().filter(is_named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_mpwire_does_by_itself_has_two_names() {
        assert_eq!(Tool::parse("auto"), Ok(Tool::Mpwire));
        assert_eq!(Tool::parse("mpwire"), Ok(Tool::Mpwire));
        assert_eq!(Tool::parse("hex"), Ok(Tool::Encoding("hex")));
        let error = Tool::parse("rshell").unwrap_err();
        assert!(
            error.starts_with("there are mpremote, mpytool, repr"),
            "{error}"
        );
    }

    #[test]
    fn the_help_tells_which_encodings_there_are() {
        let help = "Options:\n      --encoding <auto|deflate|base64|hex|repr>\n          How\n";
        assert_eq!(encodings_in(help), ["repr", "hex", "base64", "deflate"]);
        assert_eq!(encodings_in("no such option"), [""; 0]);
    }
}
