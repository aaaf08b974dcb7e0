//! Records in datagrams, between classic and own programs.

use super::*;

fn pcap() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/sample.pcap").to_str().expect("a plain path").to_owned()
}

#[test]
fn our_relay_receives_what_the_classic_sensor_sends() {
    let dir = scratch("udp_in");
    let (copy, direct) = (dir.join("copy.argus"), dir.join("direct.argus"));
    let port = free_udp_port();
    let place = format!("argus-udp://127.0.0.1:{port}");
    let text = |p: &PathBuf| p.to_str().expect("plain").to_owned();
    let sent = Command::new("argus").args(["-X", "-r", &sample_pcap(), "-w", &text(&direct)]).output().expect("argus");
    assert!(sent.status.success());
    let expected = read_file(&text(&direct)).len();
    assert!(expected > 5, "{expected}");
    let relay = ours("radium", &["-S", &place, "-w", &text(&copy)]);
    relay.wait_for("relaying");
    let sent = Command::new("argus").args(["-X", "-r", &sample_pcap(), "-w", &place]).output().expect("argus");
    assert!(sent.status.success());
    for _ in 0..PATIENCE.as_millis() / 50 {
        if copy.exists() && read_file(&text(&copy)).len() >= expected {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("{} of {expected} records have come", read_file(&text(&copy)).len());
}

#[test]
fn the_classic_reader_receives_what_our_sensor_sends() {
    let port = free_udp_port();
    let place = format!("argus-udp://127.0.0.1:{port}");
    let mut reader = classic("ra", &[&["-S", &place][..], &fields()].concat());
    // The reader says nothing when it listens, and what is sent before that is lost.
    let expected = records_of(&sample_pcap());
    for _ in 0..20 {
        let sent = ours("argus", &["-r", &sample_pcap(), "-w", &place]).end();
        assert!(sent.success());
        let lines = reader.printed.lines.lock().expect("lines");
        let (lines, _) = reader
            .printed
            .more
            .wait_timeout_while(lines, Duration::from_millis(500), |l| l.len() < expected)
            .expect("lines");
        if lines.len() >= expected {
            drop(lines);
            reader.kill();
            return;
        }
    }
    panic!("{:?}", reader.printed.lines.lock());
}

/// How many records our sensor makes of a capture.
fn records_of(capture: &str) -> usize {
    let out = scratch("udp_count").join("out.argus");
    let text = out.to_str().expect("plain");
    assert!(ours("argus", &["-r", capture, "-w", text]).end().success());
    read_file(text).len()
}

/// A small capture with a few dozen flows.
fn sample_pcap() -> String {
    pcap()
}

fn free_udp_port() -> u16 {
    UdpSocket::bind("127.0.0.1:0").and_then(|s| s.local_addr()).expect("a free port").port()
}

#[test]
fn the_classic_reader_gets_what_an_exporter_sends_to_our_relay() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/foreign/v5.nf5");
    let datagram = std::fs::read(sample).expect("sample");
    let place = format!("127.0.0.1:{}", free_udp_port());
    let relay = ours("radium", &["-C", &place, "--any-port"]);
    let reader = read_server(relay.port(), &["-", "src", "host", "192.168.1.10"]);
    relay.wait_for_clients(1);
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    socket.send_to(&datagram, &place).expect("sent");
    let rows = records(&reader, 1);
    let words: Vec<&str> = rows[0].split(',').collect();
    // Source and its port as the exporter's first flow has them; the exporter's address is the source id.
    assert_eq!((words[2], words[3]), ("192.168.1.10", "51000"));
    assert_eq!(words[12], "127.0.0.1");
}
