//! `WebREPL`'s question for the password, before its terminal (`extmod/modwebrepl.c`).

use std::fmt;

/// The longest password, in bytes: the board keeps no more of one.
pub const PASSWORD_MOST: usize = 9;

/// What the board asks.
const QUESTION: &[u8] = b"Password: ";
/// What it says to the right password.
const LET_IN: &[u8] = b"WebREPL connected\r\n";
/// What it says to any other, before it closes the connection.
const DENIED: &[u8] = b"Access denied";
/// The most that it may say behind the password.
const MOST: usize = 256;
/// How much is shown of what somebody says who does not ask for one.
const WORDS_MOST: usize = 60;

/// A login, until it has succeeded or failed.
pub struct Login {
    password: Vec<u8>,
    is_asked: bool,
    /// What came and was not understood yet.
    heard: Vec<u8>,
}

/// What to do next.
#[derive(Clone, PartialEq, Eq)]
pub enum Step {
    /// Send this: the password was asked for.
    Send(Vec<u8>),
    /// Go on: the terminal is open.
    LetIn,
    /// Tell that the password is wrong.
    Denied,
    /// Tell that this is no `WebREPL`: it said this in place of asking for the password, or nothing of
    /// use behind that.
    Strange(Vec<u8>),
}

/// Without the password.
impl fmt::Debug for Login {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let mut fields = formatter.debug_struct("Login");
        fields.field("is_asked", &self.is_asked);
        fields.finish_non_exhaustive()
    }
}

/// Without the password.
impl fmt::Debug for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(match self {
            Self::Send(_) => "Send(…)",
            Self::LetIn => "LetIn",
            Self::Denied => "Denied",
            Self::Strange(_) => "Strange(…)",
        })
    }
}

impl Login {
    /// A login with this password.
    #[must_use]
    pub fn new(password: &str) -> Self {
        Self {
            password: password.as_bytes().to_vec(),
            is_asked: false,
            heard: Vec::new(),
        }
    }

    /// Whether the password was asked for.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.is_asked
    }

    /// Takes what the board says, up to where something is to be done; returns how many bytes that are,
    /// and what is to be done, if anything.
    pub fn handle_input(&mut self, bytes: &[u8]) -> (usize, Option<Step>) {
        for (index, &byte) in bytes.iter().enumerate() {
            self.heard.push(byte);
            if let Some(step) = self.step() {
                return (index + 1, Some(step));
            }
        }
        (bytes.len(), None)
    }

    fn step(&mut self) -> Option<Step> {
        if !self.is_asked {
            return self.question();
        }
        if self.heard.ends_with(LET_IN) {
            return Some(Step::LetIn);
        }
        if self.heard.ends_with(DENIED) {
            return Some(Step::Denied);
        }
        // It may be the password that it says.
        (self.heard.len() == MOST).then(|| Step::Strange(Vec::new()))
    }

    /// A board says nothing before it asks.
    fn question(&mut self) -> Option<Step> {
        if self.heard == QUESTION {
            self.heard.clear();
            self.is_asked = true;
            return Some(Step::Send([self.password.as_slice(), b"\r"].concat()));
        }
        let is_over = self.heard.len() == WORDS_MOST || self.heard.ends_with(b"\n");
        let is_other = !QUESTION.starts_with(&self.heard);
        (is_over && is_other).then(|| Step::Strange(std::mem::take(&mut self.heard)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_said_when_it_is_asked_for() {
        let mut login = Login::new("secret");
        assert_eq!(login.handle_input(b"Pass"), (4, None));
        assert!(!login.is_asked());
        let said = Step::Send(b"secret\r".to_vec());
        assert_eq!(login.handle_input(b"word: "), (6, Some(said)));
        assert_eq!(login.handle_input(b"\r\nWebREPL conn"), (14, None));
        // What follows is the terminal's.
        let answer = b"ected\r\n>>> ";
        assert_eq!(login.handle_input(answer), (7, Some(Step::LetIn)));
    }

    #[test]
    fn a_wrong_one_is_told() {
        let mut login = Login::new("guess");
        login.handle_input(b"Password: ");
        let answer = b"\r\nAccess denied\r\n";
        assert_eq!(login.handle_input(answer), (15, Some(Step::Denied)));
    }

    #[test]
    fn who_does_not_ask_is_told_nothing() {
        for said in [b"router login\r\n".as_slice(), &[b'x'; 300]] {
            let (count, step) = Login::new("secret").handle_input(&[said, b"Password: "].concat());
            let words = said[..count].to_vec();
            assert_eq!(step, Some(Step::Strange(words)));
        }
    }

    #[test]
    fn what_it_says_behind_the_password_is_not_repeated() {
        let mut login = Login::new("secret");
        login.handle_input(b"Password: ");
        let (_, step) = login.handle_input(&b"secret ".repeat(40));
        assert_eq!(step, Some(Step::Strange(Vec::new())));
        assert!(!format!("{login:?} {:?}", Step::Send(b"secret".to_vec())).contains("115"));
    }
}
