//! The client against scripted servers.

use super::*;
use proptest::prelude::*;

const RATE: u32 = 115_200;

/// What ser2net 4.3 says at once to whoever connects.
const GREETING: &[u8] =
    b"\xff\xfb\x03\xff\xfd\x03\xff\xfb\x01\xff\xfe\x01\xff\xfd\x00\xff\xfb\x00\xff\xfd\x2c";
/// How it confirms the settings, with the state of the modem before and the purge first.
const CONFIRMATIONS: &[u8] = b"\xff\xfa\x2c\x6b\x00\xff\xf0\xff\xfa\x2c\x70\x03\xff\xf0\
    \xff\xfa\x2c\x65\x00\x01\xc2\x00\xff\xf0\xff\xfa\x2c\x66\x08\xff\xf0\xff\xfa\x2c\x67\x01\xff\xf0\
    \xff\xfa\x2c\x68\x01\xff\xf0\xff\xfa\x2c\x69\x01\xff\xf0";

fn sent(client: &mut Client) -> Vec<u8> {
    std::iter::from_fn(|| client.poll_transmit())
        .flatten()
        .collect()
}

/// The events, with data that came in pieces as one.
fn events(client: &mut Client) -> Vec<Event> {
    let mut joined = Vec::new();
    while let Some(event) = client.poll_event() {
        match (joined.last_mut(), event) {
            (Some(Event::Data(all)), Event::Data(more)) => all.extend(more),
            (_, event) => joined.push(event),
        }
    }
    joined
}

fn opened() -> Client {
    let mut client = Client::new(RATE, false);
    client.handle_input(GREETING);
    client.handle_input(CONFIRMATIONS);
    assert_eq!(events(&mut client), [Event::Opened]);
    sent(&mut client);
    client
}

#[test]
fn asks_for_the_port_then_for_its_settings_then_raises_dtr_before_rts() {
    let mut client = Client::new(RATE, false);
    assert_eq!(
        sent(&mut client),
        b"\xff\xfb\x2c\xff\xfb\x00\xff\xfd\x00\xff\xfb\x03\xff\xfd\x03"
    );
    assert_eq!(client.awaited(), Some(Awaited::Port));
    client.handle_input(GREETING);
    // That the server echoes is the one thing which was not asked for.
    assert_eq!(
        sent(&mut client),
        b"\xff\xfd\x01\
        \xff\xfa\x2c\x01\x00\x01\xc2\x00\xff\xf0\xff\xfa\x2c\x02\x08\xff\xf0\xff\xfa\x2c\x03\x01\xff\xf0\
        \xff\xfa\x2c\x04\x01\xff\xf0\xff\xfa\x2c\x05\x01\xff\xf0\
        \xff\xfa\x2c\x05\x08\xff\xf0\xff\xfa\x2c\x05\x0b\xff\xf0\xff\xfa\x2c\x0c\x03\xff\xf0"
    );
    assert_eq!(client.awaited(), Some(Awaited::Setting("baud rate")));
    client.handle_input(CONFIRMATIONS);
    assert_eq!(events(&mut client), [Event::Opened]);
    assert_eq!(client.awaited(), None);
}

#[test]
fn lowers_rts_before_dtr() {
    let mut client = opened();
    client.lower_lines();
    assert_eq!(
        sent(&mut client),
        b"\xff\xfa\x2c\x05\x0c\xff\xf0\xff\xfa\x2c\x05\x09\xff\xf0"
    );
}

#[test]
fn says_nothing_of_lines_to_a_server_that_has_none() {
    let mut client = Client::new(RATE, false);
    sent(&mut client);
    client.lower_lines();
    assert_eq!(sent(&mut client), b"");
}

#[test]
fn a_telnet_server_without_a_port_has_refused() {
    let mut client = Client::new(RATE, false);
    client.handle_input(b"login: \xff\xfe\x2c");
    assert_eq!(
        events(&mut client),
        [
            Event::Data(b"login: ".to_vec()),
            Event::Refused(Refusal::ComPort)
        ]
    );
    assert!(client.has_heard_telnet());
}

#[test]
fn a_port_that_keeps_its_baud_rate_has_refused() {
    let mut client = Client::new(RATE, false);
    client.handle_input(b"\xff\xfd\x2c\xff\xfa\x2c\x65\x00\x00\x25\x80\xff\xf0");
    let refusal = Refusal::Setting {
        setting: "baud rate",
        asked: 115_200,
        given: 9600,
    };
    assert_eq!(
        refusal.to_string(),
        "it set the port's baud rate to 9600 when 115200 was asked"
    );
    assert_eq!(events(&mut client), [Event::Refused(refusal)]);
}

#[test]
fn answers_about_lines_are_not_taken_for_one_about_flow_control() {
    let mut client = Client::new(RATE, false);
    client.handle_input(GREETING);
    client.handle_input(b"\xff\xfa\x2c\x69\x09\xff\xf0\xff\xfa\x2c\x69\x0b\xff\xf0");
    client.handle_input(CONFIRMATIONS);
    assert_eq!(events(&mut client), [Event::Opened]);
}

#[test]
fn a_port_that_keeps_xon_and_xoff_has_refused_unless_that_is_ignored() {
    let (confirmed, _) = CONFIRMATIONS.split_at(CONFIRMATIONS.len() - 7);
    let answers = [confirmed, b"\xff\xfa\x2c\x69\x02\xff\xf0"].concat();
    for (ignore, is_open) in [(false, false), (true, true)] {
        let mut client = Client::new(RATE, ignore);
        client.handle_input(GREETING);
        client.handle_input(&answers);
        assert_eq!(events(&mut client) == [Event::Opened], is_open);
        // It is asked all the same.
        let asked = sent(&mut client);
        assert!(
            asked
                .windows(7)
                .any(|part| part == b"\xff\xfa\x2c\x05\x01\xff\xf0")
        );
    }
}

#[test]
fn is_suspended_and_goes_on() {
    for (suspend, resume) in [(108, 109), (8, 9)] {
        let mut client = opened();
        client.handle_input(&[255, 250, 44, suspend, 255, 240]);
        assert!(client.is_suspended());
        client.handle_input(&[255, 250, 44, resume, 255, 240]);
        assert!(!client.is_suspended());
    }
}

#[test]
fn states_of_line_and_modem_are_no_data() {
    let mut client = opened();
    client.handle_input(b"a\xff\xfa\x2c\x6a\x60\xff\xf0b\xff\xfa\x2c\x6b\xff\xff\xff\xf0c");
    assert_eq!(events(&mut client), [Event::Data(b"abc".to_vec())]);
    assert_eq!(sent(&mut client), b"");
}

#[test]
fn refuses_what_it_does_not_know_and_ends_what_the_server_ends() {
    let mut client = opened();
    client.handle_input(b"\xff\xfd\x18\xff\xfb\x22\xff\xfd\x01\xff\xfc\x00\xff\xfc\x00");
    assert_eq!(
        sent(&mut client),
        b"\xff\xfc\x18\xff\xfe\x22\xff\xfc\x01\xff\xfe\x00"
    );
}

#[test]
fn a_server_that_never_stops_asking_is_not_answered_for_ever() {
    let mut client = opened();
    for _ in 0..10_000 {
        client.handle_input(b"\xff\xfb\x03\xff\xfc\x03\xff\xfd\x63");
    }
    assert!(sent(&mut client).len() <= 3 * ANSWERS as usize);
}

/// What a server may send, and what is no sense.
fn conversation() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..20),
        Just(GREETING.to_vec()),
        Just(CONFIRMATIONS.to_vec()),
        proptest::collection::vec(any::<u8>(), 0..100)
            .prop_map(|body| telnet::subnegotiation(COM_PORT, &body)),
        proptest::collection::vec(any::<u8>(), 0..100)
            .prop_map(|data| telnet::escape(&data).into_owned()),
        (251..=254_u8, any::<u8>()).prop_map(|(verb, option)| vec![255, verb, option]),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_chunking_gives_the_same_events_and_answers(
        input in conversation(),
        sizes in proptest::collection::vec(1..40_usize, 1..20),
    ) {
        let mut whole = Client::new(RATE, false);
        whole.handle_input(&input);
        let mut chunked = Client::new(RATE, false);
        let mut rest = &input[..];
        for size in sizes.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (chunk, others) = rest.split_at(rest.len().min(*size));
            chunked.handle_input(chunk);
            rest = others;
        }
        prop_assert_eq!(events(&mut whole), events(&mut chunked));
        prop_assert_eq!(sent(&mut whole), sent(&mut chunked));
        prop_assert_eq!(whole.is_suspended(), chunked.is_suspended());
    }

    #[test]
    fn data_arrives_as_it_was_sent(data in proptest::collection::vec(any::<u8>(), 1..300)) {
        let mut client = opened();
        client.handle_input(&telnet::escape(&data));
        prop_assert_eq!(events(&mut client), vec![Event::Data(data)]);
    }
}
