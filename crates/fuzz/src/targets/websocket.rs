//! `websocket`: a server that may say anything, and the login of a board behind it.

use mpwire_proto::webrepl::{Login, Step};
use mpwire_proto::websocket::{Client, Event};

use crate::cutting::same_however_cut;

/// What opens the connection, for the key of [`run`].
const OPENED: &[u8] =
    b"HTTP/1.1 101 \r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// The first byte says whether the connection is open already, and the others are what the server
/// sends.
pub fn run(input: &[u8]) {
    let Some((&flags, said)) = input.split_first() else {
        return;
    };
    let opened: &[u8] = if flags & 1 == 1 { OPENED } else { b"" };
    let (events, steps) = same_however_cut(said, |pieces| {
        // The key of RFC 6455's example.
        let (mut client, _) = Client::new("board", 8266, *b"the sample nonce");
        let mut login = Login::new("secret");
        let mut events: Vec<Event> = Vec::new();
        let mut steps: Vec<Step> = Vec::new();
        for piece in std::iter::once(&opened).chain(pieces) {
            client.handle_input(piece);
            while let Some(event) = client.poll_event() {
                if let Event::Data(data) = &event
                    && !is_over(&steps)
                {
                    log_in(&mut login, data, &mut steps);
                }
                match (events.last_mut(), event) {
                    (Some(Event::Data(data)), Event::Data(more)) => data.extend(more),
                    (_, event) => events.push(event),
                }
            }
        }
        (events, steps)
    });
    let ends = |event: &Event| matches!(event, Event::Closed | Event::Refused(_));
    if let Some(end) = events.iter().position(ends) {
        assert_eq!(end, events.len() - 1, "nothing follows the end");
    }
    let openings = events.iter().filter(|event| **event == Event::Opened);
    assert!(openings.count() <= 1);
    let carried: usize = events
        .iter()
        .map(|event| match event {
            Event::Data(body) | Event::Ping(body) => body.len(),
            _ => 0,
        })
        .sum();
    assert!(carried <= said.len());
    let told = steps.iter().filter(|step| matches!(step, Step::Send(_)));
    assert!(told.count() <= 1, "the password is told once");
}

fn is_over(steps: &[Step]) -> bool {
    steps
        .last()
        .is_some_and(|step| !matches!(step, Step::Send(_)))
}

fn log_in(login: &mut Login, data: &[u8], steps: &mut Vec<Step>) {
    let mut rest = data;
    while !is_over(steps)
        && let (used, Some(step)) = login.handle_input(rest)
    {
        rest = &rest[used..];
        steps.push(step);
    }
}
