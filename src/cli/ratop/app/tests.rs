//! Keys pressed, commands written, and the screen that comes of it.

use clap::Parser as _;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::super::commands::COMMANDS;
use super::super::keys::KEYS;
use super::super::view::Picture;
use super::super::{Args, prepare, view};
use super::*;

#[derive(clap::Parser)]
struct Line {
    #[command(flatten)]
    args: Args,
}

fn sample(name: &str) -> String {
    format!("-r={}/tests/data/argus/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// The program when it has read a sample.
fn app(name: &str, options: &[&str], filter: Option<&str>) -> App {
    let file = sample(name);
    let words = ["ratop", &file, "-M=TZ=UTC"].into_iter().chain(options.iter().copied());
    let mut app = prepare(Line::parse_from(words).args, filter.map(str::to_owned)).unwrap().unwrap();
    read(&mut app);
    picture(&mut app);
    app
}

fn read(app: &mut App) {
    while !app.feed.has_ended() {
        app.read(Duration::from_millis(50), now());
    }
}

fn now() -> Instant {
    clock::steady_now()
}

fn picture(app: &mut App) -> Picture {
    app.picture(20, Timestamp::from_nanos(1_790_000_000_000_000_000), now())
}

/// Presses keys: `\n` is Enter, `\x1b` Escape, other controls their letters with control.
fn press(app: &mut App, keys: &str) -> Picture {
    for c in keys.chars() {
        let event = match c {
            '\n' => KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE),
            '\x1b' => KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE),
            '\x08' => KeyEvent::new(KeyCode::Backspace, KeyModifiers::NONE),
            c if c < ' ' => KeyEvent::new(KeyCode::Char((c as u8 + 96) as char), KeyModifiers::CONTROL),
            c => KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE),
        };
        app.press(&event);
    }
    if !app.feed.is_live() {
        read(app);
    }
    picture(app)
}

fn column(picture: &Picture, at: usize) -> Vec<&str> {
    picture.rows.iter().map(|r| r.split_whitespace().nth(at).unwrap_or("")).collect()
}

#[test]
fn the_screen_shows_what_the_classic_one_shows() {
    for (width, height) in [(80u16, 24u16), (300, 100)] {
        let mut app = app("web.argus", &[], None);
        let wall = Timestamp::from_nanos(1_779_906_937_000_000_000);
        let picture = app.picture(view::rows_in(height), wall, now());
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| view::draw(frame, &picture)).unwrap();
        let buffer = terminal.backend().buffer();
        let line = |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
        assert!(line(0).starts_with("ratop -r "), "{}", line(0));
        assert!(line(0).ends_with("2026/05/27.18:35:37 UTC"), "{}", line(0));
        assert!(line(1).starts_with("         StartTime      Flgs  Proto            SrcAddr  Sport   Dir"));
        assert!(line(2).starts_with("   19:06:08.855305  e           tcp    141.142.220.118.49996     ->"));
        let status = line(height - 2);
        assert!(status.starts_with("ProcessQueue     41 DisplayQueue     41 TotalRecords       44  Rate "), "{status}");
        if width == 300 {
            assert!(line(2).trim_end().ends_with("208.80.152.3.http         10       2580   CON"), "{}", line(2));
            assert!(status.contains(" rps   Status Idle   Sort pkts"), "{status}");
            assert!(line(42).contains("141.142.220.255") && line(43).trim().is_empty());
        }
    }
}

#[test]
fn a_wrong_filter_is_marked_at_its_place_and_can_be_put_right() {
    let mut app = app("web.argus", &[], None);
    let p = press(&mut app, ":f tcp and prot 80\n");
    assert_eq!(&p.bottom[p.wrong.clone().unwrap()], "prot");
    assert_eq!(p.caret, p.wrong.map(|w| w.start));
    let problem = p.problem.unwrap();
    assert!(problem.contains("'prot'") && problem.contains("did you mean 'port'"), "{problem}");
    // One deletes in front of the caret and writes the right word.
    let p = press(&mut app, "\x04\x04\x04\x04port\n");
    assert_eq!((&p.problem, p.bottom.as_str()), (&None, ""));
    assert!(p.title.ends_with("- display 'tcp and port 80'"), "{}", p.title);
    assert!(column(&p, 2).iter().all(|proto| *proto == "tcp") && p.rows.len() > 5);
    let p = press(&mut app, ":f display\n");
    assert!(p.rows.len() == 20 && !p.title.contains("display"));
}

#[test]
fn filters_are_applied_where_their_prefix_says() {
    let mut shown = app("web.argus", &[], Some("display udp"));
    let p = picture(&mut shown);
    assert!(
        p.title.ends_with("- display 'udp'")
            && p.status.unwrap().starts_with("ProcessQueue     41 DisplayQueue     24")
    );
    let mut taken = app("web.argus", &[], Some("udp"));
    let p = picture(&mut taken);
    assert!(
        p.title.ends_with("- remote 'udp'") && p.status.unwrap().starts_with("ProcessQueue     24 DisplayQueue     24")
    );
    let p = press(&mut taken, ":f local port 53\n");
    assert!(p.title.ends_with("- remote 'udp' local 'port 53'"), "{}", p.title);
    assert!(p.status.clone().unwrap().starts_with("ProcessQueue     14 DisplayQueue     14"));
    let p = press(&mut taken, ":f remote tcp\n:f local\n");
    assert!(column(&p, 2).iter().all(|proto| *proto == "tcp") && p.title.ends_with("- remote 'tcp'"), "{}", p.title);
}

#[test]
fn order_columns_and_keys_change_while_it_runs() {
    let mut app = app("web.argus", &[], None);
    let p = press(&mut app, ":s saddr bytes\n:P bytes\n");
    let bytes: Vec<u64> = column(&p, 1).iter().map(|b| b.parse().unwrap()).collect();
    assert!(bytes.windows(2).all(|w| w[0] >= w[1]) && bytes[0] == 2588, "{bytes:?}");
    let p = press(&mut app, "v");
    assert_eq!(column(&p, 1)[0], "60");
    assert!(p.status.unwrap().ends_with("Sort -v bytes"));
    let p = press(&mut app, "v:m proto\n:s proto pkts bytes trans\n");
    let rows: Vec<String> = p.rows.iter().map(|r| r.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(rows, ["tcp 78 19079 10", "udp 48 5581 24", "arp 6 360 6", "llc 4 240 2"]);
    assert!(p.title.ends_with("-m proto"));
    // A file is read again, so that what was merged comes apart.
    let p = press(&mut app, ":m\n\x15\n");
    assert!(p.status.clone().unwrap().starts_with("ProcessQueue     41"));
    let p = press(&mut app, ":s +dur\n");
    assert_eq!(p.header.split_whitespace().last(), Some("Dur"));
}

#[test]
fn what_is_not_in_the_keys_is_blank_unless_it_is_to_be_kept() {
    let first = |options: &[&str]| column(&picture(&mut app("web.argus", options, None)), 2)[0].to_owned();
    let fields = ["-m=saddr", "-s=proto", "-s=saddr", "-s=daddr"];
    assert_eq!(first(&fields), "0.0.0.0");
    assert_eq!(first(&[&fields[..], &["-M=preserve"]].concat()), "128.0.0.0");
}

#[test]
fn numbers_look_as_is_asked_for() {
    let mut app = app("web.argus", &["-s=saddr", "-s=dport", "-s=pkts", "-s=bytes"], None);
    let p = press(&mut app, ":%\n");
    assert_eq!(p.header.split_whitespace().last(), Some("pTotBytes"));
    // Of 25260 bytes the first row has 2580.
    assert!(column(&p, 3)[0].starts_with("10.21"), "{}", p.rows[0]);
    let p = press(&mut app, ":%\nH:p 2\n");
    assert!(column(&p, 3)[0].ends_with('K'), "{:?}", p.rows[0]);
    assert_eq!(column(&press(&mut app, ":n\n"), 1)[0], "80");
}

#[test]
fn a_search_goes_round_in_both_directions() {
    let mut app = app("web.argus", &["-s=saddr", "-s=stime", "-P=stime"], None);
    let marked = |p: &Picture| p.rows[p.cursor.unwrap()].clone();
    let first = marked(&press(&mut app, "/220.44\n"));
    assert!(first.contains("141.142.220.44"), "{first}");
    let again = marked(&press(&mut app, "n"));
    assert_eq!(first, again);
    let lower = marked(&press(&mut app, "g/FE80\n"));
    assert!(!lower.contains("fe80"), "capitals count: {lower}");
    assert!(press(&mut app, "x").bottom.is_empty());
    let back = marked(&press(&mut app, "?fe80\n"));
    assert!(back.contains("fe80"), "{back}");
    let other = marked(&press(&mut app, "n"));
    assert!(other.contains("fe80") && other != back);
    assert_eq!(marked(&press(&mut app, "N")), back);
    assert_eq!(press(&mut app, "/nowhere\n").bottom, "not found: nowhere");
}

#[test]
fn the_mark_moves_as_in_vi_and_stays_within_the_rows() {
    let mut app = app("web.argus", &["-s=rank"], None);
    let marked = |p: &Picture| p.rows[p.cursor.unwrap()].trim().to_owned();
    for (keys, row) in [
        ("k", "1"),
        ("jj", "3"),
        ("G", "41"),
        ("j", "41"),
        ("g", "1"),
        ("\x06", "21"),
        ("\x04", "31"),
        ("\x15", "21"),
        ("\x02", "1"),
        ("L", "20"),
        ("T", "1"),
        ("M", "11"),
    ] {
        assert_eq!(marked(&press(&mut app, keys)), row, "{keys:?}");
    }
    assert_eq!(press(&mut app, "ll").side, 16);
    assert_eq!(press(&mut app, "hhhh").side, 0);
}

#[test]
fn a_followed_flow_keeps_the_mark_when_the_order_turns() {
    let mut app = app("web.argus", &[], None);
    let before = press(&mut app, "jjf");
    let row = before.rows[before.cursor.unwrap()].clone();
    assert!(before.is_following);
    let after = press(&mut app, "v");
    assert_eq!(after.rows[after.cursor.unwrap()], row);
    assert_ne!(after.rows[0], before.rows[0]);
    let gone = press(&mut app, ":f display dst port 1\n");
    assert!(!gone.is_following && gone.bottom.contains("has left"), "{}", gone.bottom);
}

#[test]
fn a_picture_held_still_stays_when_everything_is_forgotten_meanwhile() {
    let mut app = app("web.argus", &[], None);
    let before = press(&mut app, " ");
    app.model.clear();
    let held = picture(&mut app);
    assert_eq!(held.rows, before.rows);
    assert!(held.status.unwrap().contains("Status Paused"));
    assert!(press(&mut app, " ").rows.is_empty());
}

#[test]
fn what_is_shown_is_written_to_a_file() {
    let dir = std::env::temp_dir().join(format!("argus-globe-ratop-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let path = dir.join("shown.argus");
    let mut first = app("web.argus", &[], None);
    let p = press(&mut first, &format!(":f udp\n:w {}\n", path.display()));
    assert!(p.bottom.starts_with("24 flows are written to "), "{}", p.bottom);
    let p = press(&mut first, &format!(":r {}\n:f display\n", path.display()));
    assert!(p.status.clone().unwrap().starts_with("ProcessQueue     24 DisplayQueue     24"));
    assert!(column(&p, 2).iter().all(|proto| *proto == "udp"));
    std::fs::remove_dir_all(&dir).unwrap();
}

#[test]
fn the_status_line_comes_and_goes() {
    let mut app = app("web.argus", &[], None);
    assert!(press(&mut app, "\x07").status.is_none());
    assert!(press(&mut app, "\x07").status.is_some());
    assert!(!app.is_over);
    press(&mut app, ":q\n");
    assert!(app.is_over);
}

#[test]
fn the_help_holds_every_command_and_key() {
    let mut app = app("web.argus", &[], None);
    let lines = press(&mut app, ":h\n").help.unwrap();
    assert_eq!(lines.len(), COMMANDS.len() + KEYS.len() + 2);
    assert!(COMMANDS.iter().all(|c| lines.iter().any(|(name, _)| name.starts_with(&format!(":{}", c.letter)))));
    assert!(press(&mut app, "j").help.unwrap().len() < lines.len());
    assert!(press(&mut app, "x").help.is_none());
}

#[test]
fn commands_with_any_words_are_refused_or_obeyed() {
    let mut app = app("crafted.full.argus", &[], None);
    let words = [
        "",
        "x",
        "-1",
        "0",
        "99999999999999999999",
        "saddr saddr saddr",
        "o3-1",
        "((((",
        "\u{202e}é\u{1F600}",
        "NaN",
        "s",
        "2011",
    ];
    for command in COMMANDS.iter().filter(|c| !matches!(c.letter, 'w' | 'R' | 'q')) {
        for word in words {
            let p = press(&mut app, &format!(":{} {word}\n\x1b", command.letter));
            assert!(p.bottom.chars().all(|c| !c.is_control()));
        }
    }
    for line in ["zz", "P", " ", "Pbytes", "é"] {
        press(&mut app, &format!(":{line}\n\x1b\x1b"));
    }
    assert!(!app.is_over);
}

#[test]
fn rows_hold_nothing_that_acts_on_a_terminal() {
    for name in ["crafted.full.argus", "http.full.argus", "geo.ralabel.argus", "icmp-tunnels.full.argus"] {
        let mut app = app(name, &["-s=all"], None);
        let p = picture(&mut app);
        assert!(!p.rows.is_empty());
        assert!(p.rows.iter().chain([&p.header, &p.title]).all(|r| r.chars().all(|c| !c.is_control())), "{name}");
    }
}

#[test]
fn damaged_input_is_told_at_the_bottom() {
    let mut app = app("web.truncated.argus", &[], None);
    let p = picture(&mut app);
    assert!(p.bottom.contains("web.truncated.argus"), "{}", p.bottom);
    assert!(p.rows.len() > 10);
}

#[test]
fn recorded_time_is_replayed_at_the_pace_asked_for() {
    let file = sample("web.argus");
    let line = Line::parse_from(["ratop", &file, "-M=TZ=UTC", "-M=rtime:2"]);
    let mut app = prepare(line.args, None).unwrap().unwrap();
    let start = now();
    let mut read_until = |secs: f64| {
        let at = start + Duration::from_secs_f64(secs);
        app.read(Duration::from_millis(50), at);
        while !app.feed.is_waiting() {
            app.read(Duration::from_millis(50), at);
        }
        app.read(Duration::ZERO, at);
        app.model.held()
    };
    // The sample lasts six seconds and begins with a handful of flows in its first tenth.
    let (early, late) = (read_until(0.05), read_until(1.5));
    assert!(early > 0 && early < late && late < 41, "{early} {late}");
    assert!(app.feed.is_live());
}
