//! The machine on a virtual clock, against scripted boards.

use super::*;
use proptest::prelude::*;

/// Drives a machine with a clock that only moves when the machine waits.
struct Driver {
    repl: RawRepl,
    now: Instant,
    sent: Vec<u8>,
    events: Vec<Event>,
}

impl Driver {
    fn new() -> Self {
        Self {
            repl: RawRepl::new(),
            now: Instant::now(),
            sent: Vec::new(),
            events: Vec::new(),
        }
    }

    fn collect(&mut self) {
        while let Some(bytes) = self.repl.poll_transmit() {
            self.sent.extend(bytes);
        }
        while let Some(event) = self.repl.poll_event() {
            self.events.push(event);
        }
    }

    fn enter(&mut self, soft_reset: bool) {
        self.repl
            .enter(self.now, soft_reset, Duration::from_secs(5));
        self.collect();
    }

    fn execute(&mut self, program: &[u8], quiet: Option<Duration>) {
        self.repl.execute(self.now, program.to_vec(), quiet);
        self.collect();
    }

    fn input(&mut self, bytes: &[u8]) {
        self.repl.handle_input(self.now, bytes);
        self.collect();
    }

    fn wait(&mut self) {
        self.now = self.repl.poll_timeout().expect("something to wait for");
        self.repl.handle_timeout(self.now);
        self.collect();
    }

    fn take_sent(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.sent)
    }

    fn entered() -> Self {
        let mut driver = Self::new();
        driver.enter(false);
        driver.input(b"\r\n>>> ");
        driver.input(b"raw REPL; CTRL-B to exit\r\n>");
        assert_eq!(driver.events, [Event::Entered]);
        driver.events.clear();
        driver.sent.clear();
        driver
    }
}

/// Has a board that has a user's program and the end of it, and has not said so yet.
fn having_sent_a_users_program() -> Driver {
    let mut driver = Driver::entered();
    driver.execute(b"x", None);
    driver.input(b"R\x01\x80\x00\x01");
    driver.wait();
    driver.sent.clear();
    driver
}

fn probing() -> Driver {
    let mut driver = Driver::new();
    driver
        .repl
        .enter_idle(driver.now, Duration::from_millis(300));
    driver.collect();
    assert_eq!(driver.take_sent(), b" \x08");
    driver
}

#[test]
fn enters_from_an_idle_prompt_without_interrupting() {
    for size in 1..12 {
        let mut driver = probing();
        for piece in b"\r\n>>> \x08\x1b[K".chunks(size) {
            driver.input(piece);
        }
        assert_eq!(driver.take_sent(), b"\x01");
        for piece in b"\r\nraw REPL; CTRL-B to exit\r\n>".chunks(size) {
            driver.input(piece);
        }
        assert_eq!(driver.events, [Event::Entered]);
        assert_eq!(driver.take_sent(), b"");
    }
}

#[test]
fn enters_from_a_prompt_that_was_seen_whatever_its_line_editor_answers() {
    let mut driver = Driver::new();
    let timeout = Duration::from_millis(300);
    driver.repl.enter_from_prompt(driver.now, timeout);
    driver.collect();
    assert_eq!(driver.take_sent(), b"\x01");
    driver.input(b"\r\nraw REPL; CTRL-B to exit\r\n>");
    assert_eq!(driver.events, [Event::Entered]);

    // What is no prompt after all is left as it was.
    let mut driver = Driver::new();
    driver.repl.enter_from_prompt(driver.now, timeout);
    driver.collect();
    driver.take_sent();
    driver.input(b"\x01");
    driver.wait();
    assert_eq!(driver.take_sent(), b"\x02");
    assert!(matches!(driver.events[..], [Event::Failed(_)]));
}

#[test]
fn a_board_that_is_not_at_an_idle_prompt_gets_nothing_but_the_probe() {
    // Silence, a program that prints, one that echoes, and paste mode.
    for heard in [&b""[..], b"temperature 21\r\n", b" \x08", b" \x08 \x08"] {
        let mut driver = probing();
        driver.input(heard);
        driver.wait();
        assert_eq!(driver.take_sent(), b"");
        assert!(matches!(driver.events[..], [Event::Failed(_)]));
        assert!(!driver.repl.is_entered());
    }
}

#[test]
fn a_prompt_with_a_half_typed_line_is_left_without_running_it() {
    let mut driver = probing();
    driver.input(b" \x08\x1b[K");
    assert_eq!(driver.take_sent(), b"\x01");
    driver.input(b"\x08\x08\x08");
    driver.wait();
    assert_eq!(driver.take_sent(), b"\x02");
    assert!(matches!(driver.events[..], [Event::Failed(_)]));
}

#[test]
fn enters_from_the_friendly_prompt() {
    let mut driver = Driver::new();
    driver.enter(false);
    assert_eq!(driver.take_sent(), b"\r\x03");
    driver.input(b"\r\n>>> ");
    // Raw-paste is asked for at once, since a program is what comes next.
    assert_eq!(driver.take_sent(), b"\x01\x05A\x01");
    driver.input(b"\r\nraw REPL; CTRL-B to exit\r\n>");
    assert_eq!(driver.events, [Event::Entered]);
    assert_eq!(driver.repl.poll_timeout(), None);
}

#[test]
fn what_answers_the_early_request_is_kept_for_the_program() {
    let mut driver = Driver::entered();
    driver.input(b"R\x01\x04");
    driver.execute(b"01234", None);
    assert_eq!(driver.take_sent(), b"");
    driver.input(b"\x00\x01");
    assert_eq!(driver.take_sent(), b"01234");
    driver.wait();
    assert_eq!(driver.take_sent(), b"\x04");
}

#[test]
fn an_early_request_that_nothing_follows_is_interrupted() {
    let mut driver = Driver::entered();
    driver.input(b"R\x01\x04\x00\x01");
    driver.repl.leave();
    driver.collect();
    assert_eq!(driver.take_sent(), b"\x03\r\x02");
}

#[test]
fn a_board_that_is_silent_after_the_interrupt_is_asked_all_the_same() {
    let mut driver = Driver::new();
    driver.enter(false);
    driver.take_sent();
    driver.wait();
    assert_eq!(driver.take_sent(), b"\x01\x05A\x01");
}

#[test]
fn a_lost_request_is_repeated_and_late_answers_are_swallowed() {
    let mut driver = Driver::new();
    driver.enter(false);
    driver.wait();
    driver.wait();
    driver.wait();
    assert_eq!(driver.take_sent(), b"\r\x03\x01\x05A\x01\r\x03\x01");
    driver.input(b"raw REPL; CTRL-B to exit\r\n>");
    assert!(driver.events.is_empty());
    driver.input(b"raw REPL; CTRL-B to exit\r\n>");
    driver.wait();
    driver.wait();
    assert_eq!(driver.events, [Event::Entered]);
}

#[test]
fn a_raw_paste_that_an_early_attempt_has_opened_is_ended() {
    let mut driver = Driver::new();
    driver.enter(false);
    driver.wait();
    driver.wait();
    driver.wait();
    driver.take_sent();
    driver.input(b"raw REPL; CTRL-B to exit\r\n>R\x01\x80\x00\x01");
    driver.wait();
    assert!(driver.events.is_empty());
    assert_eq!(driver.take_sent(), b"\r\x03");
    driver.input(b"\x04\x04KeyboardInterrupt: \r\n\x04>");
    driver.wait();
    assert_eq!(driver.events, [Event::Entered]);
}

#[test]
fn a_silent_board_fails_within_the_deadline_and_says_so() {
    let mut driver = Driver::new();
    let start = driver.now;
    driver.enter(true);
    while driver.events.is_empty() {
        driver.wait();
    }
    assert_eq!(
        driver.events,
        [Event::Failed(Error::NotEntered { seen: vec![] })]
    );
    assert_eq!(driver.now - start, Duration::from_secs(5));
}

#[test]
fn a_soft_reset_waits_for_the_reboot_and_shows_what_came_instead() {
    let mut driver = Driver::new();
    driver.enter(true);
    driver.input(b"x");
    driver.input(b"raw REPL; CTRL-B to exit\r\n>");
    assert_eq!(driver.take_sent(), b"\r\x03\x01\x04");
    driver.input(b"OK\r\nMPY: soft reboot\r\nhello from boot.py\n");
    assert!(driver.events.is_empty());
    driver.input(b"raw REPL; CTRL-B to exit\r\n>");
    assert_eq!(driver.events, [Event::Entered]);

    let mut driver = Driver::new();
    driver.enter(true);
    driver.input(b"x");
    driver.input(b"raw REPL; CTRL-B to exit\r\n>");
    driver.input(b"login:");
    while driver.events.is_empty() {
        driver.wait();
    }
    let [Event::Failed(Error::NotReset { seen })] = &driver.events[..] else {
        panic!("{:?}", driver.events);
    };
    assert!(seen.ends_with(b"login:"));
}

const RAW: &[u8] = b"raw REPL; CTRL-B to exit\r\n>";

#[test]
fn a_soft_reset_of_which_nothing_tells_is_asked_for_again() {
    let mut driver = Driver::new();
    driver.enter(true);
    driver.input(b"x");
    driver.input(RAW);
    driver.take_sent();
    driver.input(b"OK\r\nMPY: soft!reboot\r\n");
    driver.input(RAW);
    let quiet = driver.now;
    driver.wait();
    assert_eq!(driver.now - quiet, RESET_RETRY);
    assert_eq!(driver.take_sent(), b"\x01");
    driver.input(RAW);
    assert_eq!(driver.take_sent(), b"\x04");
    driver.input(b"OK\r\nMPY: soft reboot\r\n");
    assert!(driver.events.is_empty());
    driver.input(RAW);
    assert_eq!(driver.events, [Event::Entered]);
}

#[test]
fn a_board_whose_banner_is_lost_in_a_soft_reset_is_asked_for_another() {
    let mut driver = Driver::new();
    driver.enter(true);
    driver.input(b"x");
    driver.input(RAW);
    driver.input(b"OK\r\nMPY: soft reboot\r\nraw REPL; CTRL!B to exit\r\n>");
    driver.take_sent();
    driver.wait();
    assert_eq!(driver.take_sent(), b"\x01");
    driver.input(RAW);
    // That of a quiet boot.py's end would be followed by another.
    assert!(driver.events.is_empty());
    driver.wait();
    assert_eq!(driver.events, [Event::Entered]);
    assert_eq!(driver.take_sent(), b"");
}

#[test]
fn a_program_goes_by_raw_paste_within_the_windows() {
    let mut driver = Driver::entered();
    driver.execute(b"0123456789", None);
    assert_eq!(driver.take_sent(), b"");
    driver.input(b"R\x01\x04\x00\x01");
    assert_eq!(driver.take_sent(), b"01234567");
    driver.input(b"\x01");
    assert_eq!(driver.take_sent(), b"89");
    // Not in one packet with it.
    driver.wait();
    assert_eq!(driver.take_sent(), b"\x04");
    driver.input(b"\x01\x04out");
    driver.input(b"put\x04\x04>");
    assert_eq!(
        driver.events,
        [
            Event::Accepted,
            Event::Output(b"out".to_vec()),
            Event::Output(b"put".to_vec()),
            Event::Finished { traceback: vec![] }
        ]
    );
}

#[test]
fn an_exception_is_the_traceback() {
    let mut driver = Driver::entered();
    driver.execute(b"1/0", None);
    driver.input(b"R\x01\x80\x00\x01\x04\x04Traceback\x04>");
    assert_eq!(
        driver.events.last(),
        Some(&Event::Finished {
            traceback: b"Traceback".to_vec()
        })
    );
}

#[test]
fn a_program_that_the_board_ends_early_is_confirmed_and_explained() {
    let mut driver = Driver::entered();
    driver.execute(&[b'('; 100], None);
    driver.take_sent();
    driver.input(b"R\x01\x04\x00\x01");
    driver.take_sent();
    driver.input(b"\x04");
    assert_eq!(driver.take_sent(), b"\x04");
    driver.input(b"\x04MemoryError\x04>");
    assert_eq!(
        driver.events.last(),
        Some(&Event::Finished {
            traceback: b"MemoryError".to_vec()
        })
    );
}

#[test]
fn firmware_without_raw_paste_gets_the_program_in_blocks() {
    for answer in [&b"R\x00"[..], b"raw REPL; CTRL-B to exit\r\n>"] {
        let mut driver = Driver::entered();
        driver.execute(&[b'x'; 140], None);
        driver.take_sent();
        driver.input(answer);
        if answer.len() > 2 {
            // A banner may be the late answer to something else, with another behind.
            assert_eq!(driver.take_sent(), b"");
            driver.wait();
        }
        assert_eq!(driver.take_sent().len(), 60);
        driver.wait();
        assert_eq!(driver.take_sent().len(), 60);
        driver.wait();
        assert_eq!(driver.take_sent().len(), 21);
        driver.input(b"OKdone\x04\x04>");
        assert_eq!(
            driver.events,
            [
                Event::Accepted,
                Event::Output(b"done".to_vec()),
                Event::Finished { traceback: vec![] }
            ]
        );
        driver.execute(b"y", None);
        assert_eq!(driver.take_sent(), b"y\x04", "it is not asked again");
    }
}

#[test]
fn banners_that_are_late_answers_do_not_hide_that_there_is_raw_paste() {
    let banner = b"raw REPL; CTRL-B to exit\r\n>";
    let mut driver = Driver::entered();
    driver.execute(b"x", None);
    driver.input(banner);
    driver.input(banner);
    driver.input(b"R\x01\x80\x00\x01");
    assert_eq!(driver.take_sent(), b"x");
    assert!(driver.repl.has_raw_paste());
}

#[test]
fn a_typed_program_that_the_board_takes_for_a_raw_paste_is_an_error_at_once() {
    let mut driver = Driver::entered();
    driver.execute(b"x", None);
    driver.input(b"raw REPL; CTRL-B to exit\r\n>");
    driver.wait();
    assert_eq!(driver.take_sent(), b"x\x04");
    driver.input(b"R\x01\x80\x00\x01\x04\x04\x04>");
    let failed = |event: &Event| matches!(event, Event::Failed(Error::NotAccepted { .. }));
    assert!(driver.events.iter().any(failed), "{:?}", driver.events);
}

#[test]
fn the_pace_of_typing_is_that_of_the_smallest_ring_the_board_may_have() {
    let first_block = |length: usize, prepare: &dyn Fn(&mut RawRepl)| {
        let mut driver = Driver::entered();
        driver.execute(b"pass", None);
        driver.input(b"R\x00");
        driver.input(b"OK\x04\x04>");
        driver.take_sent();
        prepare(&mut driver.repl);
        driver.execute(&vec![b'x'; length], None);
        driver.take_sent().len()
    };
    assert_eq!(first_block(2000, &|_| {}), 60);
    assert_eq!(first_block(4000, &|_| {}), 250);
    assert_eq!(first_block(2000, &RawRepl::speed_up), 250);
    let slow = |repl: &mut RawRepl| {
        assert!(repl.slow_down(), "there is a slower pace");
        assert!(!repl.slow_down(), "there is only one");
        repl.speed_up();
    };
    assert_eq!(first_block(4000, &slow), 30);
    assert!(!RawRepl::new().slow_down(), "raw-paste has its own pace");
}

#[test]
fn a_lost_credit_ends_in_an_error_and_not_in_waiting() {
    let mut driver = Driver::entered();
    driver.execute(&[b'x'; 600], None);
    driver.input(b"R\x01\x80\x00\x01");
    driver.wait();
    assert!(matches!(
        driver.events.last(),
        Some(Event::Failed(Error::NotAccepted { .. }))
    ));
}

#[test]
fn an_interrupt_while_a_program_is_sent_ends_it_without_a_soft_reset() {
    let mut driver = Driver::entered();
    driver.execute(&[b'x'; 600], None);
    driver.input(b"R\x01\x80\x00\x01");
    driver.take_sent();
    driver.repl.interrupt();
    driver.collect();
    assert_eq!(driver.take_sent(), b"\x03");
    driver.input(b"\x04\x04KeyboardInterrupt: \x04>");
    assert_eq!(driver.take_sent(), b"");
    assert!(matches!(driver.events.last(), Some(Event::Finished { .. })));
}

#[test]
fn silence_is_allowed_for_as_long_as_the_caller_says() {
    let mut driver = Driver::entered();
    driver.execute(b"x", None);
    driver.input(b"R\x01\x80\x00\x01\x04");
    assert_eq!(driver.repl.poll_timeout(), None);

    let mut driver = Driver::entered();
    driver.execute(b"x", Some(Duration::from_secs(3)));
    driver.input(b"R\x01\x80\x00\x01\x04");
    driver.wait();
    assert!(matches!(
        driver.events.last(),
        Some(Event::Failed(Error::Silent { .. }))
    ));
}

#[test]
fn a_board_that_says_nothing_to_the_end_of_a_program_is_asked_whether_it_has_it() {
    // (what it says to Ctrl-C, whether that shows that it has run nothing)
    let answers = [
        (&b"\x04\x04Traceback"[..], true),
        (b"\x04Traceback", false),
        (b"half\x04\x04Traceback", false),
        (b"", false),
    ];
    for (said, unrun) in answers {
        let mut driver = Driver::entered();
        driver.execute(b"x", None);
        driver.input(b"R\x01\x80\x00\x01");
        driver.wait();
        assert_eq!(driver.take_sent(), b"x\x04");
        driver.wait();
        assert_eq!(driver.take_sent(), b"\x03");
        driver.input(said);
        if said.is_empty() {
            driver.wait();
        }
        assert!(
            matches!(
                driver.events.last(),
                Some(Event::Failed(Error::NotAccepted { .. }))
            ),
            "{:?}",
            driver.events
        );
        assert_eq!(driver.repl.is_unrun(), unrun, "{said:?}");
    }
}

/// What a user's program is taken to have printed and raised, if its end can be told, where the board
/// sends `said` after the program's end and then nothing.
fn heard_of(said: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut driver = Driver::entered();
    driver.execute(b"x", None);
    driver.input(b"R\x01\x80\x00\x01");
    driver.wait();
    driver.input(said);
    driver.wait();
    let mut output = Vec::new();
    for event in driver.events {
        match event {
            Event::Output(bytes) => output.extend(bytes),
            Event::Finished { traceback } => return Some((output, traceback)),
            Event::Failed(error) => {
                assert!(matches!(error, Error::NotEnded { .. }), "{error}");
                return None;
            }
            _ => {}
        }
    }
    unreachable!("the machine waits for something")
}

#[test]
fn a_program_whose_end_has_lost_a_mark_has_ended_nevertheless() {
    let traceback = b"Traceback (most recent call last):\r\nValueError: \r\n";
    let raised = [&b"\x04output\x04"[..], traceback, b">"].concat();
    let all = b"output".to_vec();
    let ended = Some((all.clone(), Vec::new()));
    assert_eq!(heard_of(b"\x04output\x04>"), ended);
    // The first of the three marks.
    assert_eq!(heard_of(b"output\x04\x04>"), ended);
    assert_eq!(heard_of(&raised), Some((all, traceback.to_vec())));
}

#[test]
fn an_end_that_may_mean_one_thing_or_another_is_an_error() {
    let traceback = b"Traceback (most recent call last):\r\nValueError: \r\n";
    // Raised, or printed by the program.
    let joined = [&b"\x04output"[..], traceback, b"\x04>"].concat();
    assert_eq!(heard_of(&joined), None);
    let unacknowledged = [&b"output\x04"[..], traceback, b"\x04>"].concat();
    assert_eq!(heard_of(&unacknowledged), None);
    // No prompt: it may go on.
    assert_eq!(heard_of(b"\x04output\x04more"), None);
    assert_eq!(heard_of(b"\x04output\x04"), None);
    assert_eq!(heard_of(b"\x04output\x04other>"), None);
}

#[test]
fn a_sign_of_life_shows_that_a_program_runs() {
    let mut driver = having_sent_a_users_program();
    driver.repl.note_life(driver.now);
    driver.collect();
    assert_eq!(driver.events, []);
    driver.repl.note_question(driver.now);
    driver.collect();
    assert_eq!(driver.events.last(), Some(&Event::Accepted));
    assert_eq!(driver.repl.poll_timeout(), None);
}

#[test]
fn a_program_that_is_alive_has_not_ended_whatever_damage_looks_like() {
    for quiet in [None, Some(Duration::from_secs(9))] {
        let mut driver = Driver::entered();
        driver.execute(b"x", quiet);
        driver.input(b"R\x01\x80\x00\x01");
        if quiet.is_none() {
            driver.wait();
        }
        driver.input(b"\x04");
        driver.events.clear();
        driver.input(b"\x04half a question");
        driver.repl.note_question(driver.now);
        driver.input(b"done\r\n\x04\x04>");
        let output = |text: &[u8]| Event::Output(text.to_vec());
        let finished = Event::Finished {
            traceback: Vec::new(),
        };
        let expected = [output(b"half a question"), output(b"done\r\n"), finished];
        assert_eq!(driver.events, expected);
    }
}

#[test]
fn the_end_of_a_users_program_goes_by_itself_also_on_a_slow_way() {
    for (answered, pause) in [(0, 1), (1, 1), (16, 8), (500, 20)] {
        let mut driver = Driver::entered();
        driver.now += Duration::from_millis(answered);
        driver.input(b"R\x01\x80\x00\x01");
        driver.execute(b"x", None);
        let expected = driver.now + Duration::from_millis(pause);
        assert_eq!(driver.repl.poll_timeout(), Some(expected));
    }
}

#[test]
fn a_traceback_beside_a_question_is_not_forgotten() {
    let mut driver = having_sent_a_users_program();
    driver.input(b"\x04\x04Traceback (most recent call ");
    driver.repl.note_question(driver.now);
    driver.input(b"last):\r\nValueError: \r\n\x04>");
    driver.wait();
    let end = driver.events.last();
    assert!(
        matches!(end, Some(Event::Failed(Error::NotEnded { .. }))),
        "{end:?}"
    );
}

#[test]
fn a_program_of_the_users_that_is_not_waited_for_any_more_is_sent_nothing() {
    let mut driver = having_sent_a_users_program();
    driver.input(b"\x04");
    driver.repl.interrupt();
    driver
        .repl
        .limit_silence(driver.now, Duration::from_secs(5));
    driver.wait();
    assert_eq!(driver.take_sent(), b"\x03");
    let end = driver.events.last();
    assert!(
        matches!(end, Some(Event::Failed(Error::Silent { .. }))),
        "{end:?}"
    );
}

#[test]
fn only_what_raw_paste_answers_is_never_the_same_twice() {
    let mut driver = Driver::entered();
    driver.execute(b"x", None);
    assert!(driver.repl.is_answer_due());
    driver.input(b"R\x01\x80\x00\x01");
    assert!(!driver.repl.is_answer_due());
    driver.wait();
    assert!(driver.repl.is_answer_due());
    driver.input(b"\x04");
    assert!(!driver.repl.is_answer_due());
    let mut typed = Driver::entered();
    typed.execute(b"x", None);
    typed.input(b"R\x00");
    assert_eq!(typed.take_sent(), b"x\x04");
    assert!(!typed.repl.is_answer_due());
}

#[test]
fn what_is_printed_before_a_reset_among_frames_is_output_however_it_is_cut() {
    let said = b"last words\r\nType \"help()\" for more information.\r\n>>> ";
    for size in 1..=said.len() {
        let mut driver = Driver::entered();
        driver.execute(b"x", None);
        driver.input(b"R\x01\x80\x00\x01\x04");
        driver.repl.expect_frames();
        driver.events.clear();
        for piece in said.chunks(size) {
            driver.input(piece);
        }
        assert_eq!(driver.events.pop(), Some(Event::Failed(Error::Restarted)));
        let output = driver.events.iter().flat_map(|event| match event {
            Event::Output(bytes) => bytes.clone(),
            other => panic!("{other:?}"),
        });
        assert_eq!(output.collect::<Vec<u8>>(), said, "{size}");
    }
}

proptest! {
    #[test]
    fn any_chunking_of_the_input_gives_the_same_conversation(
        cuts in proptest::collection::vec(1usize..40, 1..60),
    ) {
        let stream = b">R\x01\x20\x00\x01\x01\x01\x01\x04some output \x01 here\x04ValueError: x\x04>";
        let run = |sizes: &[usize]| {
            let mut driver = Driver::entered();
            driver.execute(&[b'p'; 140], None);
            let mut rest = &stream[..];
            for &size in sizes.iter().cycle() {
                let (now, later) = rest.split_at(size.min(rest.len()));
                driver.input(now);
                rest = later;
                if rest.is_empty() {
                    break;
                }
            }
            let output: Vec<u8> = driver.events.iter().flat_map(|event| match event {
                Event::Output(bytes) => bytes.clone(),
                _ => vec![],
            }).collect();
            (driver.sent.clone(), output, driver.events.last().cloned())
        };
        prop_assert_eq!(run(&[stream.len()]), run(&cuts));
    }

    #[test]
    fn no_input_makes_it_panic_or_grow(
        input in proptest::collection::vec(prop_oneof![Just(1u8), Just(4), Just(b'R'), Just(b'>'), any::<u8>()], 0..400),
        soft_reset in any::<bool>(),
    ) {
        let mut driver = Driver::new();
        driver.enter(soft_reset);
        driver.input(&input);
        let mut driver = Driver::entered();
        driver.execute(b"print(1)", Some(Duration::from_secs(1)));
        driver.input(&input);
        prop_assert!(driver.repl.seen.len() <= SEEN_LIMIT);
    }
}

#[test]
fn a_reset_ends_what_is_waited_for_but_not_what_a_program_of_the_users_prints() {
    let greeting = b"Type \"help()\" for more information.\r\n>>> ";
    for (quiet, is_restart) in [(Some(Duration::from_secs(9)), true), (None, false)] {
        let mut driver = Driver::entered();
        driver.execute(b"x", quiet);
        driver.input(b"R\x00OK");
        driver.events.clear();
        driver.input(&greeting[..20]);
        driver.input(&greeting[20..]);
        let told = driver.events.contains(&Event::Failed(Error::Restarted));
        assert_eq!(told, is_restart, "{:?}", driver.events);
        assert_eq!(driver.repl.is_entered(), !is_restart);
    }
}

#[test]
fn a_request_that_the_interrupted_program_has_read_is_made_again_when_that_ends() {
    let mut driver = Driver::new();
    driver.enter(false);
    driver.wait();
    driver.take_sent();
    driver.input(b"\x04Traceback\r\nKeyboardInterrupt: \r\n\x04>");
    let ended = driver.now;
    driver.wait();
    assert_eq!(driver.now - ended, ENDED_RETRY);
    assert_eq!(driver.take_sent(), INTERRUPT);
}

#[test]
fn a_board_that_may_wait_for_the_end_of_a_program_of_ours_after_all_gets_it_again() {
    // What was lost with its packet, the packet before in its place, made it a program that does not
    // compile: the board's word for that is the same as for an end.
    let mut driver = Driver::entered();
    driver.execute(b"x", Some(Duration::from_secs(15)));
    driver.input(b"R\x01\x80\x00\x01");
    driver.input(b"\x04");
    driver.take_sent();
    driver.wait();
    assert_eq!(driver.take_sent(), b"#\x04");
    driver.events.clear();
    driver.input(b"\x04SyntaxError: invalid syntax\r\n\x04>");
    assert_eq!(
        driver.events,
        [Event::Finished {
            traceback: b"SyntaxError: invalid syntax\r\n".to_vec()
        }]
    );
    assert!(driver.repl.is_unsettled());
    driver.enter(false);
    assert!(!driver.repl.is_unsettled());
}

#[test]
fn a_board_whose_word_that_a_program_of_ours_has_ended_was_lost_says_it_when_asked() {
    let mut driver = Driver::entered();
    driver.execute(b"x", Some(Duration::from_secs(15)));
    driver.input(b"R\x01\x80\x00\x01");
    driver.input(b"\x0412");
    driver.take_sent();
    driver.wait();
    assert_eq!(driver.take_sent(), b"#\x04");
    driver.events.clear();
    driver.input(b"OK\x04\x04>");
    let ended = Event::Finished {
        traceback: Vec::new(),
    };
    assert_eq!(driver.events, [Event::Output(b"OK".to_vec()), ended]);
    assert!(driver.repl.is_unsettled());
}

#[test]
fn a_program_of_the_users_may_be_silent_and_is_sent_nothing() {
    let mut driver = Driver::entered();
    driver.execute(b"x", None);
    driver.input(b"R\x01\x80\x00\x01");
    driver.wait();
    driver.input(b"\x04");
    driver.take_sent();
    assert_eq!(driver.repl.poll_timeout(), None);
}

/// A user's program that runs.
fn running_a_users_program() -> Driver {
    let mut driver = having_sent_a_users_program();
    driver.input(b"\x04");
    driver.events.clear();
    driver
}

/// What was printed, and the other events.
fn told(driver: &mut Driver) -> (Vec<u8>, Vec<Event>) {
    let mut output = Vec::new();
    let mut others = Vec::new();
    for event in driver.events.drain(..) {
        match event {
            Event::Output(bytes) => output.extend(bytes),
            other => others.push(other),
        }
    }
    (output, others)
}

fn finished(traceback: &[u8]) -> Event {
    let traceback = traceback.to_vec();
    Event::Finished { traceback }
}

#[test]
fn a_program_that_ends_the_interpreter_is_followed_to_the_next_prompt() {
    let said = [&b"bye\r\n\x04\x04MPY: soft reboot\r\nhello\r\n"[..], BANNER].concat();
    for size in 1..=said.len() {
        let mut driver = running_a_users_program();
        for piece in said.chunks(size) {
            driver.input(piece);
        }
        assert_eq!(
            told(&mut driver),
            (b"bye\r\n".to_vec(), vec![finished(b"")])
        );
        assert!(driver.repl.is_entered() && !driver.repl.is_busy(), "{size}");
        assert!(driver.repl.take_restart());
        assert_eq!(driver.take_sent(), b"");
    }
}

#[test]
fn a_byte_0x04_that_a_program_prints_is_output() {
    for (said, output) in [
        (&b"a\x04b\r\n\x04\x04>"[..], &b"a\x04b\r\n"[..]),
        (b"\x04\x04\x04>", b"\x04"),
        (b"\x04\x04\x04\x04>", b"\x04\x04"),
        (b"a\x04b\x04c\r\n\x04\x04>", b"a\x04b\x04c\r\n"),
        (b"\x04\x04x\r\n\x04\x04>", b"\x04\x04x\r\n"),
    ] {
        for size in 1..=said.len() {
            let mut driver = running_a_users_program();
            for piece in said.chunks(size) {
                driver.input(piece);
            }
            let expected = (output.to_vec(), vec![finished(b"")]);
            assert_eq!(told(&mut driver), expected, "{said:?} {size}");
            assert!(!driver.repl.is_busy());
        }
    }
    // Longer than a restart's first words: the program goes on.
    let mut driver = running_a_users_program();
    let long = [b'x'; 70];
    driver.input(&[b"\x04\x04", &long[..]].concat());
    assert_eq!(
        told(&mut driver),
        ([b"\x04\x04", &long[..]].concat(), vec![])
    );
    // And so does one that is silent behind them.
    let mut driver = running_a_users_program();
    driver.input(b"\x04\x04xy");
    driver.wait();
    assert_eq!(told(&mut driver), (b"\x04\x04xy".to_vec(), vec![]));
    assert!(driver.repl.is_busy());
}

#[test]
fn a_prompt_that_was_lost_is_asked_for_before_the_next_program() {
    for (quiet, behind) in [(None, &b""[..]), (None, b"?"), (Some(AT_ONCE), b"")] {
        let mut driver = Driver::entered();
        driver.execute(b"x", quiet);
        driver.input(b"R\x01\x80\x00\x01");
        if quiet.is_none() {
            driver.wait();
        }
        driver.input(b"\x04\x04\x04");
        driver.input(behind);
        driver.wait();
        assert_eq!(driver.events.last(), Some(&finished(b"")));
        assert!(driver.repl.is_busy());
        driver.take_sent();
        driver.wait();
        assert_eq!(driver.take_sent(), b"\x01");
        driver.input(BANNER);
        assert!(driver.repl.is_entered() && !driver.repl.is_busy());
        // That the board was asked shows no restart.
        assert!(!driver.repl.take_restart());
    }
}

#[test]
fn a_greeting_behind_a_users_program_is_the_boards_if_a_prompt_answers() {
    for (answer, is_restart) in [
        (&b" \x08\x1b[K"[..], true),
        (b" \x08 \x08", true),
        (b" \x08", false),
        (b"21 degrees\r\n", false),
    ] {
        for size in 1..=answer.len() {
            let mut driver = running_a_users_program();
            driver.input(b"x\r\nType \"help()\" ");
            driver.input(b"for more information.\r\n>>> ");
            assert_eq!(driver.take_sent(), b"");
            driver.wait();
            assert_eq!(driver.take_sent(), b" \x08");
            driver.events.clear();
            for piece in answer.chunks(size) {
                driver.input(piece);
            }
            let (output, others) = told(&mut driver);
            if is_restart {
                assert_eq!(output, b"");
                assert_eq!(others, [Event::Failed(Error::Restarted)]);
                assert!(!driver.repl.is_entered());
            } else {
                driver.input(b"\x04\x04>");
                let (rest, others) = told(&mut driver);
                assert_eq!([output, rest].concat(), answer);
                assert_eq!(others, [finished(b"")]);
            }
            assert_eq!(driver.repl.take_restart(), is_restart);
        }
    }
}

#[test]
fn a_greeting_that_more_output_follows_is_output() {
    let mut driver = running_a_users_program();
    driver.input(b"Type \"help()\" for more information.\r\n>>> ");
    driver.input(b"1+1\r\n");
    assert_eq!(driver.repl.poll_timeout(), None);
    assert_eq!(driver.take_sent(), b"");
}

/// Waits until the machine has sent `bytes` or failed, and returns how many Ctrl-C went before.
fn interrupts_until(driver: &mut Driver, bytes: &[u8]) -> usize {
    while driver.events.is_empty() && !driver.sent.ends_with(bytes) {
        driver.wait();
    }
    let sent = std::mem::take(&mut driver.sent);
    interrupts_in(&sent)
}

fn interrupts_in(sent: &[u8]) -> usize {
    sent.split(|&byte| byte == 3).count() - 1
}

fn flooding(driver: &mut Driver) {
    driver.repl.allow_flood(true);
    driver
        .repl
        .enter(driver.now, false, Duration::from_secs(10));
    driver.collect();
    while driver.sent != b"\r\x03\x01\x05A\x01\r\x03\x01\x03\x03" {
        driver.input(b"caught\r\n");
        driver.wait();
    }
    driver.sent.clear();
}

#[test]
fn a_program_that_catches_interrupts_is_ended_by_a_flood_of_them() {
    let mut driver = Driver::new();
    flooding(&mut driver);
    let start = driver.now;
    for _ in 0..100 {
        driver.wait();
    }
    assert_eq!(driver.now - start, Duration::from_millis(50));
    assert_eq!(driver.take_sent(), [3; 100]);
    driver.input(b"Traceback\r\nKeyboardInterrupt: \r\n>>> ");
    driver.input(b"\r\n>>> \r\n>>> ");
    driver.wait();
    assert_eq!(driver.take_sent(), b"\x01");
    driver.input(BANNER);
    driver.wait();
    driver.wait();
    assert_eq!(driver.events, [Event::Entered]);
    assert!(driver.repl.has_flooded());
}

#[test]
fn a_flood_ends_after_three_seconds_and_the_error_quotes_the_program() {
    let mut driver = Driver::new();
    flooding(&mut driver);
    let start = driver.now;
    let count = interrupts_until(&mut driver, b"\x01");
    assert!(driver.now - start < Duration::from_millis(3200));
    assert!((5990..=6000).contains(&count), "{count}");
    assert_eq!(interrupts_until(&mut driver, b"\r\x03"), 1);
    driver.input(b"caught again\r\n");
    interrupts_until(&mut driver, b"never");
    let Some(Event::Failed(error)) = driver.events.last() else {
        panic!("{:?}", driver.events);
    };
    let text = error.to_string();
    assert!(text.contains("catches Ctrl-C"), "{text}");
    assert!(text.contains("caught again"), "{text}");
    assert!(text.len() < 300, "{text}");
}

#[test]
fn no_flood_hits_what_answers_or_may_be_no_board() {
    // Not allowed; a prompt after each interrupt, whose banner is lost.
    for (is_allowed, answer) in [(false, &b"caught\r\n"[..]), (true, b"\r\n>>> ")] {
        let mut driver = Driver::new();
        driver.repl.allow_flood(is_allowed);
        driver
            .repl
            .enter(driver.now, false, Duration::from_secs(10));
        while driver.events.is_empty() {
            driver.collect();
            if driver.sent.ends_with(b"\x03") {
                driver.input(answer);
            }
            driver.wait();
        }
        let count = interrupts_in(&driver.sent);
        assert!(count < 10, "{count}");
        assert!(!driver.repl.has_flooded());
    }
}

#[test]
fn a_boot_py_that_does_not_end_is_interrupted() {
    let mut driver = Driver::new();
    driver.enter(true);
    driver.input(b"x");
    driver.input(BANNER);
    driver.input(b"OK\r\nMPY: soft reboot\r\n");
    let start = driver.now;
    driver.take_sent();
    while !driver.sent.contains(&3) {
        driver.wait();
    }
    assert_eq!(driver.now - start, Duration::from_secs(5));
    driver.input(b"Traceback\r\nKeyboardInterrupt: \r\n");
    driver.input(BANNER);
    while driver.events.is_empty() {
        driver.wait();
    }
    assert_eq!(driver.events, [Event::Entered]);
    assert!(driver.repl.has_interrupted_boot());
}
