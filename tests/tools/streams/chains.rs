//! Classic and own programs behind each other, in every order: no record is lost, none is changed.

use super::*;

/// Samples of version 3 with whole records only.
const SAMPLES: [&str; 6] = [
    "web.full.argus",
    "crafted.full.argus",
    "ipv6.full.argus",
    "icmp-tunnels.full.argus",
    "voip.full.argus",
    "geo.argus",
];

fn relay_of(file: &str) -> Running {
    ours("radium", &["-r", file, "--any-port"])
}

#[test]
fn the_classic_reader_gets_every_record_of_our_server() {
    for name in SAMPLES {
        let expected = read_file(&sample(name));
        let relay = relay_of(&sample(name));
        let reader = read_server(relay.port(), &[]);
        assert_eq!(records(&reader, expected.len()), expected, "{name}");
    }
}

#[test]
fn our_reader_gets_every_record_of_our_server() {
    let dir = scratch("own");
    let (copy, expected) = (dir.join("copy.argus"), read_file(&sample("web.full.argus")));
    let relay = relay_of(&sample("web.full.argus"));
    let server = format!("127.0.0.1:{}", relay.port());
    let reader = ours("radium", &["-S", &server, "-w", copy.to_str().expect("plain"), "--any-port"]);
    reader.port();
    wait_for_records(&copy, expected.len());
    assert_eq!(read_file(copy.to_str().expect("plain")), expected);
}

/// Waits until a growing file holds so many flow records.
pub(super) fn wait_for_records(path: &Path, count: usize) {
    for _ in 0..PATIENCE.as_millis() / 50 {
        if path.exists() && read_file(path.to_str().expect("plain")).len() >= count {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("{path:?} does not get its {count} records");
}

#[test]
fn version_5_records_arrive_as_version_3() {
    let expected = read_file(&sample("web.full.argus")).len();
    let relay = relay_of(&sample("web.full.v5.argus"));
    let reader = read_server(relay.port(), &[]);
    assert_eq!(records(&reader, expected).len(), expected);
}

#[test]
fn a_classic_filter_is_applied_by_our_server() {
    let all = read_file(&sample("web.full.argus"));
    let expected: Vec<_> = all.iter().filter(|l| l.split(',').nth(1) == Some("tcp")).cloned().collect();
    assert!(!expected.is_empty() && expected.len() < all.len());
    let relay = relay_of(&sample("web.full.argus"));
    // The second reader gets the same stream with another filter.
    let reader = read_server(relay.port(), &["-", "tcp"]);
    assert_eq!(records(&reader, expected.len()), expected);
}

#[test]
fn the_classic_aggregator_reads_our_server() {
    let file = sample("web.full.argus");
    let args = ["-n", "-L-1", "-c", ",", "-m", "proto", "-s", "proto", "spkts", "dpkts", "sbytes", "dbytes"];
    let direct = Command::new("racluster").args(["-X", "-r", &file]).args(args).output().expect("racluster");
    let mut expected: Vec<_> = String::from_utf8_lossy(&direct.stdout).lines().map(str::to_owned).collect();
    expected.sort();
    assert!(!expected.is_empty());
    let relay = relay_of(&file);
    let server = format!("127.0.0.1:{}", relay.port());
    // It prints when it leaves the server.
    let mut reader = classic("racluster", &[&["-S", &server, "-T", "3"][..], &args].concat());
    let lines = reader.wait("all sums", |lines| lines.len() >= expected.len());
    let mut lines: Vec<_> = lines.into_iter().filter(|l| l.contains(',')).collect();
    lines.sort();
    assert_eq!(lines, expected);
    reader.kill();
}

#[test]
fn own_then_classic_then_own_loses_nothing() {
    let dir = scratch("own_classic_own");
    let copy = dir.join("copy.argus");
    let expected = read_file(&sample("web.full.argus"));
    let (first, middle, last) = (free_port(), free_port(), copy.to_str().expect("plain"));
    // From the end backwards, so that everybody is there when the first record comes.
    let radium = classic_radium(&dir, first, middle);
    let own = ours("radium", &["-S", &format!("127.0.0.1:{middle}"), "-w", last]);
    radium.wait_for("connect from");
    own.wait_for("relaying");
    let _first = ours("radium", &["-r", &sample("web.full.argus"), "-P", &first.to_string()]);
    wait_for_records(&copy, expected.len());
    assert_eq!(read_file(last), expected);
}

#[test]
fn relays_of_relays_lose_nothing() {
    let dir = scratch("relays");
    let expected = read_file(&sample("voip.full.argus"));
    let (a, b, c) = (free_port(), free_port(), free_port());
    let port = |p: u16| p.to_string();
    let server = |p: u16| format!("127.0.0.1:{p}");
    let third = ours("radium", &["-S", &server(b), "-P", &port(c)]);
    let reader = {
        third.port();
        read_server(c, &[])
    };
    // Only a connection after a refusal is said.
    third.wait_for("trying again");
    let _second = classic_radium(&dir, a, b);
    third.wait_for("connected again");
    third.wait_for_clients(1);
    let _first = ours("radium", &["-r", &sample("voip.full.argus"), "-P", &port(a)]);
    assert_eq!(records(&reader, expected.len()), expected);
}

#[test]
fn many_readers_get_the_same() {
    let expected = read_file(&sample("web.full.argus"));
    let dir = scratch("many");
    let port = free_port();
    // The file waits for the first reader only, so the others read from a relay that is fed later.
    let relay = ours("radium", &["-S", &format!("127.0.0.1:{port}"), "--any-port"]);
    let serving = relay.port();
    let copies: Vec<PathBuf> = (0..8).map(|n| dir.join(format!("copy{n}.argus"))).collect();
    let server = format!("127.0.0.1:{serving}");
    let readers: Vec<Running> =
        copies.iter().map(|c| ours("radium", &["-S", &server, "-w", c.to_str().expect("plain")])).collect();
    readers.iter().for_each(|r| {
        r.wait_for("relaying");
    });
    let probe = read_server(serving, &[]);
    relay.wait_for_clients(copies.len() + 1);
    let _feed = ours("radium", &["-r", &sample("web.full.argus"), "-P", &port.to_string()]);
    assert_eq!(records(&probe, expected.len()), expected);
    for copy in &copies {
        wait_for_records(copy, expected.len());
        assert_eq!(read_file(copy.to_str().expect("plain")), expected);
    }
}

#[test]
fn several_sources_become_one_stream() {
    let mut expected = [read_file(&sample("web.full.argus")), read_file(&sample("ipv6.full.argus"))].concat();
    expected.sort();
    let relay = ours("radium", &["-r", &sample("web.full.argus"), &sample("ipv6.full.argus"), "--any-port"]);
    let reader = read_server(relay.port(), &[]);
    assert_eq!(records(&reader, expected.len()), expected);
}

/// The records of samples that the classic reader passes with a filter for each, sorted.
fn passing(wanted: &[(&str, &str)]) -> Vec<String> {
    let mut all = Vec::new();
    for (name, filter) in wanted {
        let some = read_file_with(&sample(name), &["-", filter]);
        assert!(!some.is_empty() && some.len() < read_file(&sample(name)).len(), "{name} has {filter} and others");
        all.extend(some);
    }
    all.sort();
    all
}

/// What a reader gets of three samples through a relay begun by `relay` from their ports: `count` records, and what may
/// come soon after them. The first sample passes a classic relay before.
fn relayed(test: &str, names: [&str; 3], count: usize, relay: impl Fn(&Path, [u16; 3]) -> Running) -> Vec<String> {
    let dir = scratch(test);
    let (feed, ports) = (free_port(), [free_port(), free_port(), free_port()]);
    let classic = classic_radium(&dir, feed, ports[0]);
    let relay = relay(&dir, ports);
    let reader = read_server(relay.port(), &[]);
    relay.wait_for_clients(1);
    classic.wait_for("connect from");
    let feed_of = |name: &str, port: u16| ours("radium", &["-r", &sample(name), "-P", &port.to_string()]);
    let _feeds = [feed_of(names[0], feed), feed_of(names[1], ports[1]), feed_of(names[2], ports[2])];
    records(&reader, count);
    std::thread::sleep(Duration::from_secs(1));
    records(&reader, count)
}

#[test]
fn each_source_of_our_relay_has_its_own_filter() {
    let names = ["web.full.argus", "ipv6.full.argus", "geo.argus"];
    let server = |port: u16| format!("127.0.0.1:{port}");
    let wanted = ["tcp", "udp", "port 443"];
    let expected = passing(&[(names[0], wanted[0]), (names[1], wanted[1]), (names[2], wanted[2])]);
    let by_option = relayed("filters", names, expected.len(), |_, ports| {
        let [a, b, c] = ports.map(server);
        ours("radium", &["-S", &a, wanted[0], "-S", &b, wanted[1], "-S", &c, wanted[2], "--any-port"])
    });
    assert_eq!(by_option, expected);

    let wanted = ["tcp and not port 443", "udp and not port 443", "not port 443"];
    let expected = passing(&[(names[0], wanted[0]), (names[1], wanted[1]), (names[2], wanted[2])]);
    let by_conf = relayed("filters-conf", names, expected.len(), |dir, ports| {
        let conf = dir.join("relay.conf");
        let [a, b, c] = ports.map(server);
        let text = format!(
            "RADIUM_ARGUS_SERVER={a} \"tcp\"\nRADIUM_ARGUS_SERVER={b} \"udp\"\nRADIUM_ARGUS_SERVER={c}\n\
             RADIUM_FILTER=\"not port 443\"\n"
        );
        std::fs::write(&conf, text).expect("written");
        ours("radium", &["-f", conf.to_str().expect("plain"), "--any-port"])
    });
    assert_eq!(by_conf, expected);
}

#[test]
fn a_lost_source_is_named_in_management_records() {
    let dir = scratch("lost");
    let (feed, middle, own) = (free_port(), free_port(), free_port());
    let mut theirs = classic_radium(&dir, feed, middle);
    let server = |port: u16| format!("127.0.0.1:{port}");
    let nobody = server(free_port());
    let begin_own = || ours("radium", &["-S", &nobody, "-e", "10.1.2.3", "-P", &own.to_string()]);
    let mut upstream = begin_own();
    let relay = ours("radium", &["-S", &server(middle), "-S", &server(own), "-e", "10.7.7.7", "--any-port"]);
    // A relay of the relay passes it on.
    let outer = ours("radium", &["-S", &server(relay.port()), "-e", "10.8.8.8", "--any-port"]);
    let fields = ["-L-1", "-n", "-c", ",", "-s", "stime", "proto", "srcid", "state", "-M", "man"];
    let watch = |port: u16| classic("ra", &[&["-S", &server(port)][..], &fields].concat());
    let watchers = [watch(relay.port()), watch(outer.port())];
    let reader = read_server(outer.port(), &[]);
    relay.wait_for_clients(2);
    outer.wait_for_clients(2);
    // Only who was connected can be lost.
    upstream.wait_for_clients(1);
    theirs.wait_for("connect from");
    let says = |what: &str| {
        for w in &watchers {
            w.wait(what, |lines| lines.iter().any(|l| l.contains(what)));
        }
    };
    upstream.kill();
    says("man,10.1.2.3,ERR");
    let _again = begin_own();
    says("man,10.1.2.3,CON");
    theirs.kill();
    says("man,10.9.8.7,ERR");
    let lines = watchers[0].printed.lines.lock().expect("lines");
    assert_eq!(lines.iter().filter(|l| l.ends_with(",ERR")).count(), 2, "said once each: {lines:?}");
    drop(lines);
    // The classic reader goes on reading.
    let expected = read_file(&sample("web.full.argus"));
    let _theirs = classic_radium(&dir, feed, middle);
    says("man,10.9.8.7,CON");
    let _feed = ours("radium", &["-r", &sample("web.full.argus"), "-P", &feed.to_string()]);
    assert_eq!(records(&reader, expected.len()), expected);
}

#[test]
fn a_relay_that_is_to_end_does_so_when_all_is_delivered() {
    let expected = read_file(&sample("web.full.argus"));
    let mut relay = ours("radium", &["-r", &sample("web.full.argus"), "--any-port", "-p"]);
    let reader = read_server(relay.port(), &[]);
    assert!(relay.end().success());
    assert_eq!(records(&reader, expected.len()), expected);
}

#[test]
fn labels_of_our_relay_are_shown_by_the_classic_reader() {
    let relay = ours("radium", &["-r", &sample("geo.argus"), "--any-port", "--label"]);
    let server = format!("127.0.0.1:{}", relay.port());
    let reader = classic("ra", &["-S", &server, "-L-1", "-c", ",", "-s", "sco", "dco", "das", "label"]);
    let count = read_file(&sample("geo.argus")).len();
    let lines = reader.wait("all records", |lines| lines.len() >= count);
    let labelled = lines.iter().filter(|l| l.contains("city=")).count();
    assert!(labelled * 2 > count, "most addresses of the sample are in the bundled databases:\n{}", lines.join("\n"));
}

#[test]
fn a_configuration_of_the_classic_relay_is_understood() {
    let dir = scratch("conf");
    let (feed, port) = (free_port(), free_port());
    let conf = dir.join("radium.conf");
    let text = format!(
        "# A relay.\nRADIUM_DAEMON=no\nRADIUM_MONITOR_ID=10.9.8.7 // its name\nRADIUM_ARGUS_SERVER=127.0.0.1:{feed}\n\
         RADIUM_ACCESS_PORT={port}\nRADIUM_BIND_IP=\"127.0.0.1\"\nRADIUM_FILTER=\"tcp\"\nRADIUM_NEW=1\n"
    );
    std::fs::write(&conf, text).expect("written");
    let relay = ours("radium", &["-f", conf.to_str().expect("plain")]);
    assert!(relay.wait_for("no effect").contains("RADIUM_NEW (line 8)"));
    assert_eq!(relay.port(), port);
    let reader = read_server(port, &[]);
    relay.wait_for_clients(1);
    let _feed = ours("radium", &["-r", &sample("web.full.argus"), "-P", &feed.to_string()]);
    let expected: Vec<_> =
        read_file(&sample("web.full.argus")).into_iter().filter(|l| l.split(',').nth(1) == Some("tcp")).collect();
    assert_eq!(records(&reader, expected.len()), expected);
    std::fs::write(&conf, "RADIUM_ACCESS_PORT=561\nRADIUM_MONITOR_ID=far too long\n").expect("written");
    let mut wrong = ours("radium", &["-f", conf.to_str().expect("plain")]);
    assert_eq!(wrong.end().code(), Some(2));
    wrong.wait_for("line 2: RADIUM_MONITOR_ID");
}
