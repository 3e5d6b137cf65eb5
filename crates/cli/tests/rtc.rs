//! `rtc`: the board's clock.

mod support;

use support::{PORT, TestBoard};

#[test]
fn rtc_sets_the_local_time_of_the_users_zone() {
    let board = TestBoard::start();
    let clock = "import machine\nclass RTC:\n def datetime(self, time):\n  global noted\n  noted = time\nmachine.RTC = RTC";
    let hour = |zone| {
        let line = [
            "connect",
            PORT,
            "exec",
            clock,
            "rtc",
            "--set",
            "eval",
            "noted[4] * 60 + noted[5]",
        ];
        let outcome = board.mpwire_with(&[("TZ", zone)], &line);
        assert_eq!(outcome.code, Some(0), "{outcome}");
        outcome.text().trim().parse::<i32>().expect("minutes")
    };
    // Between the two runs a minute may begin.
    let ahead = (hour("Asia/Kolkata") - hour("UTC")).rem_euclid(24 * 60);
    assert!((329..=330).contains(&ahead), "{ahead}");
    let ahead = (hour("XYZ-3:15") - hour("UTC0")).rem_euclid(24 * 60);
    assert!((194..=195).contains(&ahead), "{ahead}");
}

#[test]
fn rtc_leaves_nothing_behind_and_says_what_is_missing() {
    let board = TestBoard::with(&["link=fast", "missing=machine"]);
    let outcome = board.mpwire(&["rtc"]);
    assert_eq!(outcome.code, Some(1), "{outcome}");
    let error = "mpwire: this board's firmware has no machine.RTC\n";
    assert_eq!(outcome.stderr, error);

    let board = TestBoard::start();
    let before = board.globals();
    assert_eq!(board.mpwire(&["rtc", "-s", "rtc"]).code, Some(0));
    assert_eq!(board.globals(), before);
}

#[test]
fn rtc_sets_utc_on_request() {
    let board = TestBoard::start();
    let clock = "import machine\nclass RTC:\n def datetime(self, time):\n  global noted\n  noted = time\nmachine.RTC = RTC";
    let minutes = |zone, options: &[&str]| {
        let line = [
            &["connect", PORT, "exec", clock, "rtc"],
            options,
            &["eval", "noted[4] * 60 + noted[5]"],
        ]
        .concat();
        let outcome = board.mpwire_with(&[("TZ", zone)], &line);
        assert_eq!(outcome.code, Some(0), "{outcome}");
        outcome.text().trim().parse::<i32>().expect("minutes")
    };
    let utc = minutes("UTC0", &["--set"]);
    let later = minutes("Asia/Kolkata", &["--set", "--utc"]);
    // A minute or two may have begun on a busy computer.
    assert!((later - utc).rem_euclid(24 * 60) <= 2, "{utc} {later}");
    let outcome = board.mpwire(&["rtc", "--utc"]);
    assert_eq!(outcome.code, Some(2), "{outcome}");
}
