//! Sensors on the loopback interface, ours and the classic one, serving; and what happens when somebody goes away.

use super::*;

/// Our sensor on the loopback interface.
fn sensor(args: &[&str]) -> Running {
    let running = ours("argus", &[&["-i", "lo", "-S", "1"][..], args].concat());
    let lines = running.wait("capturing", |l| l.iter().any(|l| l.contains("capturing") || l.contains("permission")));
    assert!(
        !lines.iter().any(|l| l.contains("no permission")),
        "these tests capture on the loopback interface; run them as a user who may: {lines:?}"
    );
    running
}

/// The classic sensor on the loopback interface.
fn classic_sensor(port: u16) -> Running {
    let running = classic("argus", &["-i", "lo", "-S", "1", "-P", &port.to_string(), "-e", "10.1.1.1"]);
    running.wait_for("interface lo is up");
    running
}

#[test]
fn the_classic_reader_sees_what_our_sensor_sees() {
    let target = Target::new();
    let sensor = sensor(&["--any-port"]);
    let reader = read_server(sensor.port(), &["-", &target.filter()]);
    // The reader says nothing when it is connected; flows are sent until the first one is seen.
    until_seen(&reader, &target);
    let before = reader.printed.lines.lock().expect("lines").len();
    target.send(20);
    let flows = records(&reader, before + 20);
    assert!(flows.iter().all(|l| l.contains(",udp,127.0.0.1,")), "{flows:?}");
}

/// Sends flows until a reader shows one.
fn until_seen(reader: &Running, target: &Target) {
    let needle = format!(",{},", target.addr().port());
    for _ in 0..PATIENCE.as_millis() / 200 {
        target.send(1);
        let lines = reader.printed.lines.lock().expect("lines");
        let seen = |l: &mut Vec<String>| l.iter().any(|l| l.contains(&needle));
        let (mut lines, _) =
            reader.printed.more.wait_timeout_while(lines, Duration::from_millis(200), |l| !seen(l)).expect("lines");
        if seen(&mut lines) {
            return;
        }
    }
    panic!("{}: nothing is seen", reader.name);
}

#[test]
fn classic_then_own_then_classic_loses_nothing() {
    let target = Target::new();
    let port = free_port();
    let _sensor = classic_sensor(port);
    let relay = ours("radium", &["-S", &format!("127.0.0.1:{port}"), "--any-port"]);
    let reader = read_server(relay.port(), &["-", &target.filter()]);
    until_seen(&reader, &target);
    let marked = Target::new();
    let second = read_server(relay.port(), &["-", "udp"]);
    until_seen(&second, &marked);
    let last = Target::new();
    last.send(300);
    let needle = format!(",{},", last.addr().port());
    let lines = second.wait("300 flows", |l| l.iter().filter(|l| l.contains(&needle)).count() >= 300);
    let mut flows: Vec<_> = lines.into_iter().filter(|l| l.contains(&needle)).collect();
    assert!(flows.iter().all(|l| l.contains("10.1.1.1")), "the sensor's identity stays: {:?}", flows.first());
    flows.sort();
    flows.dedup();
    assert_eq!(flows.len(), 300);
}

#[test]
fn a_sensor_that_comes_back_is_found_within_seconds() {
    let target = Target::new();
    let port = free_port();
    let mut first = classic_sensor(port);
    let relay = ours("radium", &["-S", &format!("127.0.0.1:{port}"), "--any-port"]);
    let reader = read_server(relay.port(), &["-", &target.filter()]);
    until_seen(&reader, &target);
    first.kill();
    relay.wait_for("trying again");
    let _second = sensor(&["-P", &port.to_string()]);
    relay.wait_for("connected again");
    let before = reader.printed.lines.lock().expect("lines").len();
    target.send(5);
    records(&reader, before + 1);
}

#[test]
fn what_was_missed_while_a_relay_was_away_is_counted() {
    let target = Target::new();
    let (port, middle) = (free_port(), free_port());
    let _sensor = classic_sensor(port);
    let upstream = format!("127.0.0.1:{port}");
    let args = ["-S", upstream.as_str(), "-P", &middle.to_string()];
    let mut relay = ours("radium", &args);
    relay.port();
    let end = ours("radium", &["-S", &format!("127.0.0.1:{middle}"), "--any-port"]);
    let reader = read_server(end.port(), &["-", &target.filter()]);
    until_seen(&reader, &target);
    relay.kill();
    end.wait_for("trying again");
    // These flows are reported while nobody passes them on; a reader of the sensor itself says when.
    let missed = Target::new();
    let witness = read_server(port, &["-", &missed.filter()]);
    until_seen(&witness, &missed);
    let relay = ours("radium", &args);
    relay.port();
    end.wait_for("connected again");
    let after = Target::new();
    let last = read_server(end.port(), &["-", &after.filter()]);
    until_seen(&last, &after);
    end.wait_for("were lost on the way");
}

#[test]
fn our_server_started_anew_is_found_by_the_classic_reader() {
    let target = Target::new();
    let port = free_port();
    let mut first = sensor(&["-P", &port.to_string()]);
    let reader = read_server(port, &["-", &target.filter()]);
    until_seen(&reader, &target);
    first.kill();
    let _second = sensor(&["-P", &port.to_string()]);
    // What is sent before the reader has come back is not for it; it comes back after 5 s.
    let before = reader.printed.lines.lock().expect("lines").len();
    let tries = PATIENCE.as_millis() / 200;
    let seen = (0..tries).any(|_| {
        target.send(1);
        let lines = reader.printed.lines.lock().expect("lines");
        let (lines, _) = reader
            .printed
            .more
            .wait_timeout_while(lines, Duration::from_millis(200), |l| l.len() <= before)
            .expect("lines");
        lines.iter().skip(before).any(|l| l.contains(",udp,"))
    });
    assert!(seen, "{:?}", reader.printed.lines.lock());
}

#[test]
fn the_classic_relay_reads_our_sensor() {
    let dir = scratch("relay_of_sensor");
    let target = Target::new();
    let sensor = sensor(&["--any-port", "-e", "77"]);
    let middle = free_port();
    let radium = classic_radium(&dir, sensor.port(), middle);
    let end = ours("radium", &["-S", &format!("127.0.0.1:{middle}"), "--any-port"]);
    radium.wait_for("connect from");
    let reader = read_server(end.port(), &["-", &target.filter()]);
    until_seen(&reader, &target);
    target.send(50);
    let flows = records(&reader, 51);
    assert!(flows.iter().all(|l| l.contains(",77,")), "the sensor's identity stays: {flows:?}");
}

#[test]
fn an_interrupted_sensor_reports_what_it_has_and_ends_well() {
    let target = Target::new();
    let dir = scratch("interrupted");
    let out = dir.join("out.argus");
    // Nothing is due for an hour, so that only the end can report it.
    let mut sensor = ours("argus", &["-i", "lo", "-S", "3600", "-w", out.to_str().expect("plain")]);
    sensor.wait_for("capturing");
    target.send(10);
    // The kernel hands packets on within a moment; a sensor that sees none of them has to be given more.
    for _ in 0..PATIENCE.as_millis() / 100 {
        std::thread::sleep(Duration::from_millis(100));
        if std::fs::metadata(&out).is_ok_and(|m| m.len() >= 128) {
            break;
        }
        target.send(1);
    }
    sensor.signal("TERM");
    assert!(sensor.end().success());
    let port = format!(",{},", target.addr().port());
    let flows = read_file(out.to_str().expect("plain")).into_iter().filter(|l| l.contains(&port)).count();
    assert!(flows >= 10, "{flows}");
    let bytes = std::fs::read(&out).expect("written");
    assert_eq!(bytes.get(bytes.len() - 128..bytes.len() - 126), Some(&[0x83, 0x30][..]), "ends with a stop record");
}
