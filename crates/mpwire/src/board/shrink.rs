//! Makes an on-board program small for the wire: each byte costs 87 µs at 115200 baud.
//!
//! Comments, documentation and blank lines go, four spaces of indentation become one, spaces around
//! operators go, and names that only the program itself sees become one letter. Made for the files
//! of `onboard/`, which keep to a plain style (a test holds that they do); it is no general
//! minifier.

use std::collections::BTreeSet;

/// Names with this prefix are what the rest of mpwire calls, and stay.
const PUBLIC: &str = "_mw_";

/// The text to send for the file `source`.
#[must_use]
pub fn shrink(source: &str) -> String {
    let lines = significant_lines(source);
    let tokens: Vec<(usize, Vec<&str>)> = lines
        .iter()
        .map(|(depth, code)| (*depth, tokens(code)))
        .collect();
    let names = private_names(&tokens);
    let letters = letters(&tokens, &names);
    let mut text = String::with_capacity(source.len() / 2);
    for (depth, tokens) in &tokens {
        text.extend(std::iter::repeat_n(' ', *depth));
        write_line(tokens, &letters, &mut text);
        text.push('\n');
    }
    text
}

/// The lines that are code, each with its depth of indentation.
fn significant_lines(source: &str) -> Vec<(usize, &str)> {
    let mut lines = Vec::new();
    let mut in_docstring = false;
    for line in source.lines() {
        let code = line.trim_start();
        let quotes = code.matches("\"\"\"").count();
        if in_docstring || code.starts_with("\"\"\"") {
            in_docstring ^= quotes == 1;
            continue;
        }
        let depth = (line.len() - code.len()) / 4;
        let code = code
            .find('#')
            .map_or(code, |comment| &code[..comment])
            .trim_end();
        if !code.is_empty() {
            lines.push((depth, code));
        }
    }
    lines
}

/// Cuts a line into names, strings and single other characters, without the white space.
fn tokens(code: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => rest[1..].find('"').map_or(rest.len(), |end| end + 2),
            _ if is_name(first) => rest.find(|c| !is_name(c)).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        tokens.push(token);
        rest = after.trim_start();
    }
    tokens
}

fn is_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

fn starts_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

/// The names that the program binds and that nobody else sees.
fn private_names<'a>(lines: &[(usize, Vec<&'a str>)]) -> BTreeSet<&'a str> {
    let members = members(lines);
    let mut bound = BTreeSet::new();
    let mut imported = BTreeSet::new();
    for (_, tokens) in lines {
        match tokens[0] {
            "def" | "class" => {
                bound.extend(tokens[1..].iter().filter(|token| starts_name(token)));
            }
            "import" | "from" => imported.extend(tokens.iter().copied()),
            _ => bound.extend(assigned(tokens)),
        }
        for (index, token) in tokens.iter().enumerate() {
            match *token {
                "for" => bound.extend(
                    tokens[index + 1..]
                        .iter()
                        .take_while(|token| **token != "in")
                        .filter(|token| starts_name(token)),
                ),
                "as" => bound.extend(tokens.get(index + 1)),
                _ => {}
            }
        }
    }
    bound.retain(|name| {
        let is_seen = name.starts_with(PUBLIC) || imported.contains(name) || members.contains(name);
        let is_constant = matches!(*name, "True" | "False" | "None");
        !is_seen && !is_constant && name.len() > 1
    });
    bound
}

/// The names that the bodies of classes bind, which others look up as attributes.
fn members<'a>(lines: &[(usize, Vec<&'a str>)]) -> BTreeSet<&'a str> {
    let mut members = BTreeSet::new();
    let mut class = None;
    for (depth, tokens) in lines {
        if class.is_some_and(|class| *depth <= class) {
            class = None;
        }
        match (tokens[0], class) {
            ("class", _) => class = Some(*depth),
            ("def", Some(class)) if *depth == class + 1 => members.extend(tokens.get(1)),
            (_, Some(class)) if *depth == class + 1 => members.extend(assigned(tokens)),
            _ => {}
        }
    }
    members
}

/// The targets of an assignment, if the line is one.
fn assigned<'a>(tokens: &[&'a str]) -> Vec<&'a str> {
    let targets = tokens
        .iter()
        .take_while(|token| starts_name(token) || **token == ",")
        .count();
    let follows = &tokens[targets..];
    let assigns = matches!(follows, ["=", next, ..] if *next != "=")
        || matches!(follows, ["+" | "-" | "^" | "|" | "&", "=", ..]);
    if !assigns {
        return Vec::new();
    }
    tokens[..targets]
        .iter()
        .copied()
        .filter(|token| starts_name(token))
        .collect()
}

/// A letter for each name, of those that the program does not use itself.
fn letters<'a>(lines: &[(usize, Vec<&'a str>)], names: &BTreeSet<&'a str>) -> Vec<(&'a str, char)> {
    let used: BTreeSet<&str> = lines
        .iter()
        .flat_map(|(_, tokens)| tokens.iter().copied())
        .collect();
    let free = ('a'..='z')
        .chain('A'..='Z')
        .filter(|letter| !used.contains(letter.to_string().as_str()));
    names.iter().copied().zip(free).collect()
}

fn write_line(tokens: &[&str], letters: &[(&str, char)], text: &mut String) {
    let in_definition = tokens[0] == "def";
    let mut depth = 0;
    let mut previous = "";
    for (index, &token) in tokens.iter().enumerate() {
        match token {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        // Two names, or a name behind a number or a string, must stay apart.
        let apart = text.ends_with(|c| is_name(c) || c == '"') && token.starts_with(is_name);
        if apart && index > 0 {
            text.push(' ');
        }
        let next = tokens.get(index + 1).copied().unwrap_or_default();
        let after = tokens.get(index + 2).copied().unwrap_or_default();
        let is_keyword_argument = depth > 0 && !in_definition && next == "=" && after != "=";
        let letter = letters
            .iter()
            .find(|(name, _)| *name == token && previous != "." && !is_keyword_argument);
        match letter {
            Some((_, letter)) => text.push(*letter),
            None => text.push_str(token),
        }
        previous = token;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_documentation_and_blank_lines_go() {
        let source = "# About.\n\"\"\"A module\nwith two lines.\"\"\"\n\ndef _mw_f(a):  # why\n    \"\"\"Doc.\"\"\"\n    if a:\n        return 1\n";
        assert_eq!(shrink(source), "def _mw_f(a):\n if a:\n  return 1\n");
    }

    #[test]
    fn private_names_become_letters_and_what_others_see_stays() {
        let source = "def _mw_f(path, size):\n    import os\n\n    with open(path, \"rb\") as file:\n        total = 0\n        for entry, other in os.path(size):\n            total += entry.size + other\n        print(total, end=\",\")\n";
        assert_eq!(
            shrink(source),
            "def _mw_f(d,e):\n import os\n with open(d,\"rb\")as b:\n  f=0\n  for a,c in os.path(e):\n   f+=a.size+c\n  print(f,end=\",\")\n"
        );
    }

    #[test]
    fn members_of_classes_keep_their_names() {
        let source = "def _mw_f(base):\n    class File(base):\n        def readinto(self, buffer, whole=True):\n            return self.place + buffer\n\n        other = readinto\n\n    return File\n";
        assert_eq!(
            shrink(source),
            "def _mw_f(b):\n class a(b):\n  def readinto(d,c,e=True):\n   return d.place+c\n  other=readinto\n return a\n"
        );
    }

    #[test]
    fn strings_and_imports_are_left_alone() {
        let source = "def _mw_f(path):\n    from zlib import inflate as unpack\n    value = \"path value\"\n    return value == unpack(path)\n";
        let text = shrink(source);
        assert!(
            text.contains("from zlib import inflate as unpack\n"),
            "{text}"
        );
        assert!(text.contains("\"path value\""), "{text}");
        assert!(text.contains("==unpack("), "{text}");
    }
}
