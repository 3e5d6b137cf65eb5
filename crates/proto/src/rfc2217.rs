//! A serial port at the other end of a telnet connection, as its user sees it (RFC 2217).
//!
//! [`Client`] is driven by its owner: pass what arrived to [`Client::handle_input`], take what
//! happened from [`Client::poll_event`], and send what [`Client::poll_transmit`] gives, all of it
//! between pieces of data and never within one. Data to send goes through [`telnet::escape`], once
//! [`Event::Opened`] has come and while [`Client::is_suspended`] is false.
//!
//! Answers to "set control" are special: a server whose port has no such lines (a pseudo-terminal,
//! for one) does not answer at all (ser2net 4.3), or not with what was asked. Only the answer about
//! flow control is waited for, because a port that keeps XON and XOFF to itself spoils data.

use std::collections::VecDeque;

use crate::telnet::{self, Decoder, Piece, Verb};

/// Telnet options: binary transmission (RFC 856), echo (RFC 857), suppress go-ahead (RFC 858).
const BINARY: u8 = 0;
const ECHO: u8 = 1;
const SUPPRESS_GO_AHEAD: u8 = 3;
/// Control of a serial port (RFC 2217, section 2).
const COM_PORT: u8 = 44;

/// What a client asks a server (RFC 2217, section 3); the answer has [`ANSWER`] added.
const SET_BAUD_RATE: u8 = 1;
const SET_DATA_SIZE: u8 = 2;
const SET_PARITY: u8 = 3;
const SET_STOP_SIZE: u8 = 4;
const SET_CONTROL: u8 = 5;
const SUSPEND: u8 = 8;
const RESUME: u8 = 9;
const PURGE: u8 = 12;
const ANSWER: u8 = 100;

/// Values of [`SET_CONTROL`].
const NO_FLOW_CONTROL: u8 = 1;
const DTR_ON: u8 = 8;
const DTR_OFF: u8 = 9;
const RTS_ON: u8 = 11;
const RTS_OFF: u8 = 12;
/// Flow control by XON and XOFF, RTS and CTS, DCD, DSR.
const OTHER_FLOW_CONTROL: [u32; 4] = [2, 3, 17, 19];

/// Value of [`PURGE`]: what either side of the server has buffered.
const PURGE_BOTH: u8 = 3;

/// The most questions about options that are answered, several times what any server asks: two
/// sides that disagree could go on for ever (RFC 1143), and a hostile one need not read the answers.
const ANSWERS: u32 = 256;

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The port sent data, maybe before it was opened.
    Data(Vec<u8>),
    /// The port is set up.
    Opened,
    /// It is not, and will not be.
    Refused(Refusal),
}

/// What a server has refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// To be a serial port.
    #[error("it speaks telnet but has no serial port to offer")]
    ComPort,
    /// A setting of it.
    #[error("it set the port's {setting} to {given} when {asked} was asked")]
    Setting {
        /// Which.
        setting: &'static str,
        /// The value that was asked for, in the numbers of RFC 2217.
        asked: u32,
        /// The value that was answered.
        given: u32,
    },
}

/// What a server has still to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaited {
    /// Whether it has a serial port.
    Port,
    /// A setting, by its name.
    Setting(&'static str),
    /// That there is no flow control; some servers never answer this.
    FlowControl,
}

/// A setting that must be confirmed before the port is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Setting {
    name: &'static str,
    command: u8,
    value: u32,
}

impl Setting {
    /// The bytes that ask for it: four for the rate, one for the others.
    fn request(self) -> Vec<u8> {
        let value = self.value.to_be_bytes();
        let length = if self.command == SET_BAUD_RATE { 4 } else { 1 };
        [&[self.command], &value[4 - length..]].concat()
    }

    /// The value in an answer to it; `None` when it is an answer to something else.
    fn answer(self, command: u8, parameters: &[u8]) -> Option<u32> {
        if command != self.command + ANSWER {
            return None;
        }
        let value = match (self.command, parameters) {
            (SET_BAUD_RATE, &[a, b, c, d, ..]) => u32::from_be_bytes([a, b, c, d]),
            (SET_BAUD_RATE, _) | (_, []) => return None,
            (_, &[value, ..]) => u32::from(value),
        };
        // Answers about other flow control are one to ours; those about DTR and RTS are not.
        let is_ours = self.command != SET_CONTROL
            || value == self.value
            || OTHER_FLOW_CONTROL.contains(&value);
        is_ours.then_some(value)
    }
}

/// Whether one side uses an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Use {
    #[default]
    No,
    /// It was asked for and not answered yet.
    Asked,
    Yes,
}

/// One side's options, of those that a client wants.
#[derive(Debug, Clone, Default)]
struct Side {
    binary: Use,
    echo: Use,
    suppress_go_ahead: Use,
    com_port: Use,
}

impl Side {
    fn option(&mut self, option: u8) -> Option<&mut Use> {
        match option {
            BINARY => Some(&mut self.binary),
            ECHO => Some(&mut self.echo),
            SUPPRESS_GO_AHEAD => Some(&mut self.suppress_go_ahead),
            COM_PORT => Some(&mut self.com_port),
            _ => None,
        }
    }
}

/// The user's side of an RFC 2217 connection.
#[derive(Debug, Clone)]
pub struct Client {
    decoder: Decoder,
    us: Side,
    them: Side,
    answers_left: u32,
    /// What was not confirmed yet.
    awaited: Vec<Setting>,
    stage: Stage,
    suspended: bool,
    heard_telnet: bool,
    transmit: VecDeque<Vec<u8>>,
    events: VecDeque<Event>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Negotiating,
    Setting,
    Opened,
    Refused,
}

impl Client {
    /// A client that wants a port at `baud_rate`, eight data bits, no parity, one stop bit and no
    /// flow control. With `ignore_control_answers`, what a server answers to "set control" does not
    /// matter, not even whether it does.
    #[must_use]
    pub fn new(baud_rate: u32, ignore_control_answers: bool) -> Self {
        let setting = |name, command, value| Setting {
            name,
            command,
            value,
        };
        let mut awaited = vec![
            setting("baud rate", SET_BAUD_RATE, baud_rate),
            setting("data bits", SET_DATA_SIZE, 8),
            setting("parity", SET_PARITY, 1),
            setting("stop bits", SET_STOP_SIZE, 1),
        ];
        if !ignore_control_answers {
            awaited.push(setting(
                "flow control",
                SET_CONTROL,
                u32::from(NO_FLOW_CONTROL),
            ));
        }
        let mut client = Self {
            decoder: Decoder::default(),
            us: Side::default(),
            them: Side::default(),
            answers_left: ANSWERS,
            awaited,
            stage: Stage::Negotiating,
            suspended: false,
            heard_telnet: false,
            transmit: VecDeque::new(),
            events: VecDeque::new(),
        };
        client.negotiate();
        client
    }

    fn negotiate(&mut self) {
        for (verb, option) in [
            (Verb::Will, COM_PORT),
            (Verb::Will, BINARY),
            (Verb::Do, BINARY),
            (Verb::Will, SUPPRESS_GO_AHEAD),
            (Verb::Do, SUPPRESS_GO_AHEAD),
        ] {
            let side = match verb {
                Verb::Will | Verb::Wont => &mut self.us,
                Verb::Do | Verb::Dont => &mut self.them,
            };
            if let Some(state) = side.option(option) {
                *state = Use::Asked;
            }
            self.say(verb, option);
        }
    }

    /// Takes bytes from the server.
    pub fn handle_input(&mut self, mut input: &[u8]) {
        while !input.is_empty() {
            let (used, piece) = self.decoder.push(input);
            input = &input[used..];
            self.heard_telnet |= !matches!(piece, None | Some(Piece::Data(_)));
            match piece {
                Some(Piece::Data(bytes)) => self.data(bytes),
                Some(Piece::Negotiation { verb, option }) => self.negotiated(verb, option),
                Some(Piece::Subnegotiation(body)) => self.subnegotiated(&body),
                // Nothing that a serial port says.
                Some(Piece::Command(_)) | None => {}
            }
        }
    }

    /// The next bytes to send; call until `None` after every other call.
    pub fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.transmit.pop_front()
    }

    /// Whether [`Self::poll_transmit`] has something.
    #[must_use]
    pub fn has_transmit(&self) -> bool {
        !self.transmit.is_empty()
    }

    /// What happened; call until `None` after every [`Self::handle_input`].
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Whether the server has asked to be sent no data for now.
    #[must_use]
    pub fn is_suspended(&self) -> bool {
        self.suspended
    }

    /// Whether the server has said anything that is telnet.
    #[must_use]
    pub fn has_heard_telnet(&self) -> bool {
        self.heard_telnet
    }

    /// What the server has not answered yet; `None` once the port is open or refused.
    #[must_use]
    pub fn awaited(&self) -> Option<Awaited> {
        match self.stage {
            Stage::Negotiating => Some(Awaited::Port),
            Stage::Setting => self.awaited.first().map(|setting| {
                if setting.command == SET_CONTROL {
                    Awaited::FlowControl
                } else {
                    Awaited::Setting(setting.name)
                }
            }),
            Stage::Opened | Stage::Refused => None,
        }
    }

    /// Lowers RTS, then DTR: the other order would reset an ESP.
    pub fn lower_lines(&mut self) {
        if self.us.com_port == Use::Yes {
            self.ask(&[SET_CONTROL, RTS_OFF]);
            self.ask(&[SET_CONTROL, DTR_OFF]);
        }
    }

    fn data(&mut self, bytes: Vec<u8>) {
        if let Some(Event::Data(data)) = self.events.back_mut() {
            data.extend(bytes);
        } else {
            self.events.push_back(Event::Data(bytes));
        }
    }

    fn say(&mut self, verb: Verb, option: u8) {
        let bytes = telnet::negotiation(verb, option);
        self.transmit.push_back(bytes.to_vec());
    }

    fn ask(&mut self, parameters: &[u8]) {
        let bytes = telnet::subnegotiation(COM_PORT, parameters);
        self.transmit.push_back(bytes);
    }

    /// Answers a word about an option, unless it is itself an answer (RFC 854, "Initial connection").
    fn negotiated(&mut self, verb: Verb, option: u8) {
        let (side, yes, no) = match verb {
            Verb::Do | Verb::Dont => (&mut self.us, Verb::Will, Verb::Wont),
            Verb::Will | Verb::Wont => (&mut self.them, Verb::Do, Verb::Dont),
        };
        let asks = matches!(verb, Verb::Do | Verb::Will);
        // What a board types back is not ours to echo; where the server says so of itself, it is
        // the board that does.
        let ours = verb == Verb::Do && option == ECHO;
        let state = side.option(option).filter(|_| !ours);
        let before = state.as_deref().copied().unwrap_or_default();
        let after = if asks && state.is_some() {
            Use::Yes
        } else {
            Use::No
        };
        if let Some(state) = state {
            *state = after;
        }
        let answer = match (before, asks) {
            (Use::No, true) if after == Use::Yes => Some(yes),
            (Use::No, true) | (Use::Yes, false) => Some(no),
            _ => None,
        };
        if let Some(answer) = answer
            && self.answers_left > 0
        {
            self.answers_left -= 1;
            self.say(answer, option);
        }
        if option == COM_PORT && verb == Verb::Do {
            self.set_up();
        } else if option == COM_PORT && verb == Verb::Dont {
            self.refuse(Refusal::ComPort);
        }
    }

    /// Asks for all settings at once; the order of the lines is that of a local port.
    fn set_up(&mut self) {
        if self.stage != Stage::Negotiating {
            return;
        }
        self.stage = Stage::Setting;
        for setting in self.awaited.clone() {
            self.ask(&setting.request());
        }
        if !self
            .awaited
            .iter()
            .any(|setting| setting.command == SET_CONTROL)
        {
            self.ask(&[SET_CONTROL, NO_FLOW_CONTROL]);
        }
        self.ask(&[SET_CONTROL, DTR_ON]);
        self.ask(&[SET_CONTROL, RTS_ON]);
        // What the port has said before is nobody's answer.
        self.ask(&[PURGE, PURGE_BOTH]);
    }

    fn refuse(&mut self, refusal: Refusal) {
        if matches!(self.stage, Stage::Negotiating | Stage::Setting) {
            self.stage = Stage::Refused;
            self.events.push_back(Event::Refused(refusal));
        }
    }

    fn subnegotiated(&mut self, body: &[u8]) {
        let [COM_PORT, command, parameters @ ..] = body else {
            return;
        };
        // Some servers send these with the client's numbers.
        if [SUSPEND, SUSPEND + ANSWER].contains(command) {
            self.suspended = true;
        } else if [RESUME, RESUME + ANSWER].contains(command) {
            self.suspended = false;
        } else if self.stage == Stage::Setting {
            self.confirmed(*command, parameters);
        }
        // The rest tells the state of line and modem, or confirms what does not matter.
    }

    fn confirmed(&mut self, command: u8, parameters: &[u8]) {
        let found = self
            .awaited
            .iter()
            .enumerate()
            .find_map(|(index, setting)| {
                let given = setting.answer(command, parameters)?;
                Some((index, *setting, given))
            });
        let Some((index, setting, given)) = found else {
            return;
        };
        if given != setting.value {
            return self.refuse(Refusal::Setting {
                setting: setting.name,
                asked: setting.value,
                given,
            });
        }
        self.awaited.remove(index);
        if self.awaited.is_empty() {
            self.stage = Stage::Opened;
            self.events.push_back(Event::Opened);
        }
    }
}

#[cfg(test)]
mod tests;
