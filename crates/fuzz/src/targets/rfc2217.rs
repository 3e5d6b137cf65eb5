//! `rfc2217`: a serial port behind a server that may say anything.

use mpwire_proto::rfc2217::{Client, Event};

use crate::cutting::same_however_cut;

/// More than the requests for a port, its settings, and as many answers as a server gets.
const ANSWERS_MOST: usize = 2048;

/// The first byte says whether answers to "set control" matter, and the others are what the server
/// sends.
pub fn run(input: &[u8]) {
    let Some((&flags, said)) = input.split_first() else {
        return;
    };
    let (events, sent) = same_however_cut(said, |pieces| {
        let mut client = Client::new(115_200, flags & 1 == 1);
        let mut events: Vec<Event> = Vec::new();
        for piece in pieces {
            client.handle_input(piece);
            while let Some(event) = client.poll_event() {
                match (events.last_mut(), event) {
                    (Some(Event::Data(data)), Event::Data(more)) => data.extend(more),
                    (_, event) => events.push(event),
                }
            }
        }
        let state = (client.awaited().is_some(), client.is_suspended());
        client.lower_lines();
        let sent: Vec<u8> = std::iter::from_fn(|| client.poll_transmit())
            .flatten()
            .collect();
        (events, (sent, state))
    });
    assert!(sent.0.len() <= ANSWERS_MOST, "{}", sent.0.len());
    let opened = |event: &&Event| !matches!(event, Event::Data(_));
    let verdicts = events.iter().filter(opened).count();
    assert!(verdicts <= 1, "it is opened or refused, once");
    assert_eq!(verdicts == 0, sent.1.0);
    let data: usize = events
        .iter()
        .map(|event| match event {
            Event::Data(data) => data.len(),
            _ => 0,
        })
        .sum();
    assert!(data <= said.len());
}
