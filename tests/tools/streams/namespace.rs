//! Both sensors on one interface of a network of our own: two network namespaces joined by a cable.

use std::collections::BTreeMap;

use super::*;

/// The two ends; taken away when a test is over.
pub(super) struct Network {
    names: [String; 2],
}

fn ip(args: &str) -> std::io::Result<std::process::Output> {
    Command::new("ip").args(args.split(' ')).output()
}

impl Network {
    /// Nothing, with a word to the reader of the test, where this user or machine may have no namespaces.
    pub(super) fn new() -> Option<Network> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let id = format!("ag{}x{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let net = Network { names: [format!("{id}a"), format!("{id}b")] };
        let [a, b] = &net.names;
        let steps = [
            format!("netns add {a}"),
            format!("netns add {b}"),
            format!("-n {a} link add eth0 type veth peer name eth0 netns {b}"),
        ];
        for step in steps {
            match ip(&step) {
                Ok(out) if out.status.success() => {}
                other => {
                    println!("skipped: no network namespaces here: ip {step}: {other:?}");
                    return None;
                }
            }
        }
        for (name, n) in net.names.iter().zip(1..) {
            net.must(&format!("-n {name} address add 10.77.0.{n}/24 dev eth0"));
            net.must(&format!("-n {name} address add fd77::{n}/64 dev eth0 nodad"));
            net.must(&format!("-n {name} link set lo up"));
            net.must(&format!("-n {name} link set eth0 up"));
        }
        Some(net)
    }

    fn must(&self, args: &str) {
        let out = ip(args).expect("ip");
        assert!(out.status.success(), "ip {args}: {}", String::from_utf8_lossy(&out.stderr));
    }

    /// Name of one end.
    pub(super) fn name(&self, end: usize) -> &str {
        &self.names[end]
    }

    /// A command within one end.
    pub(super) fn within(&self, end: usize, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.names[end], program]).env("TZ", "UTC");
        command
    }

    /// Our sensor on the cable.
    fn ours(&self, args: &[&str]) -> Running {
        let mut command = self.within(0, env!("CARGO_BIN_EXE_argus-globe"));
        command.args(["argus", "-i", "eth0", "-S", "1"]).args(args).env("ARGUS_LOG", "argus_globe=info");
        let sensor = Running::start(&mut command);
        sensor.wait_for("capturing");
        sensor
    }

    /// Answers on the other end.
    pub(super) fn answering(&self) -> Running {
        let server = Running::start(self.within(1, "python3").args(["-u", "-c", ANSWER]));
        server.wait_for("answering");
        server
    }

    pub(super) fn talk(&self, script: &str) {
        let out = self.within(0, "python3").args(["-c", script]).output().expect("python3");
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for name in &self.names {
            let _ = ip(&format!("netns delete {name}"));
        }
    }
}

const ANSWER: &str = r#"
import socket, threading
def tcp(family, host):
    s = socket.socket(family, socket.SOCK_STREAM); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((host, 8080)); s.listen(64)
    while True:
        c, _ = s.accept()
        def talk(c):
            while True:
                data = c.recv(65536)
                if not data: break
                c.sendall(data)
            c.close()
        threading.Thread(target=talk, args=(c,), daemon=True).start()
def udp(family, host, port):
    s = socket.socket(family, socket.SOCK_DGRAM); s.bind((host, port))
    while True:
        data, who = s.recvfrom(65536); s.sendto(data, who)
for family, host in [(socket.AF_INET, '10.77.0.2'), (socket.AF_INET6, 'fd77::2')]:
    threading.Thread(target=tcp, args=(family, host), daemon=True).start()
    for port in [53, 4000, 4001]:
        threading.Thread(target=udp, args=(family, host, port), daemon=True).start()
import time
def bound():
    try:
        for host in ['10.77.0.2', 'fd77::2']: socket.create_connection((host, 8080)).close()
        return True
    except OSError: return False
while not bound(): time.sleep(0.05)
print('answering'); threading.Event().wait()
"#;

pub(super) const TALK: &str = r#"
import socket
for n in range(12):
    family, host = [(socket.AF_INET, '10.77.0.2'), (socket.AF_INET6, 'fd77::2')][n % 2]
    with socket.create_connection((host, 8080)) as c:
        for _ in range(1 + n % 3):
            c.sendall(b'x' * (100 + 700 * n)); left = 100 + 700 * n
            while left: left -= len(c.recv(65536))
        c.shutdown(socket.SHUT_WR); assert c.recv(1) == b''
    with socket.socket(family, socket.SOCK_DGRAM) as u:
        u.settimeout(20); u.connect((host, [53, 4000, 4001][n % 3]))
        for size in range(1 + n % 4): u.send(bytes([n, size]) * 30); u.recv(9000)
# A large datagram that travels in fragments, a closed port, and nobody.
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as u:
    u.settimeout(20); u.connect(('10.77.0.2', 4000)); u.send(b'f' * 4000); u.recv(9000)
for port in (1, 2):
    try: socket.create_connection(('10.77.0.2', port))
    except OSError: pass
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as u: u.sendto(b'closed', ('10.77.0.2', 9))
"#;

/// One datagram to a port that says that all before it has been seen.
const MARK: &str =
    "import socket\nsocket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'mark', ('10.77.0.2', 40000))";

/// Sends marks until both files show one.
fn until_marked(net: &Network, files: &[&Path]) {
    for _ in 0..PATIENCE.as_millis() / 500 {
        net.talk(MARK);
        std::thread::sleep(Duration::from_millis(250));
        let shown = |f: &&Path| f.exists() && read_file(text(f)).iter().any(|l| l.contains(",40000,"));
        if files.iter().all(shown) {
            return;
        }
    }
    panic!("{files:?}: not all of them show the last flow");
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

/// Packets and bytes of both directions by flow, whatever records they came in.
fn flows(path: &Path) -> BTreeMap<String, [u64; 4]> {
    let mut flows: BTreeMap<String, [u64; 4]> = BTreeMap::new();
    for line in read_file(text(path)) {
        let words: Vec<&str> = line.split(',').collect();
        let (key, counts) = (words[1..6].join(","), &words[6..10]);
        // Neighbours may look for each other before both sensors are there.
        let ours = ["tcp", "udp", "icmp"].contains(&words[1]) && !line.contains(",40000,");
        if ours {
            let sums = flows.entry(key).or_default();
            for (sum, count) in sums.iter_mut().zip(counts) {
                *sum += count.parse::<u64>().expect("a count");
            }
        }
    }
    flows
}

#[test]
fn both_sensors_see_the_same_flows_on_one_interface() {
    let Some(net) = Network::new() else { return };
    let dir = scratch("namespace");
    let (own, real) = (dir.join("own.argus"), dir.join("real.argus"));
    let _server = net.answering();
    let mut classic = net.within(0, "argus");
    let mut theirs = Running::start(classic.args(["-X", "-i", "eth0", "-S", "1", "-w", text(&real)]));
    theirs.wait_for("interface eth0 is up");
    let mut ours = net.ours(&["-w", text(&own)]);
    until_marked(&net, &[&own, &real]);
    net.talk(TALK);
    // The first mark is in the files already.
    let mark = MARK.replace("40000", "40001");
    let wanted = |f: &Path| read_file(text(f)).iter().any(|l| l.contains(",40001,"));
    for _ in 0..PATIENCE.as_millis() / 500 {
        net.talk(&mark);
        std::thread::sleep(Duration::from_millis(250));
        if wanted(&own) && wanted(&real) {
            break;
        }
    }
    ours.signal("TERM");
    assert!(ours.end().success());
    theirs.signal("TERM");
    theirs.end();
    let strip = |flows: BTreeMap<String, [u64; 4]>| -> Vec<_> {
        flows.into_iter().filter(|(key, _)| !key.ends_with(",40001")).collect()
    };
    let (found, expected) = (strip(flows(&own)), strip(flows(&real)));
    assert!(expected.len() > 25, "{expected:?}");
    assert_eq!(found, expected);
}

#[test]
fn an_interface_that_goes_and_comes_back_is_captured_again() {
    let Some(net) = Network::new() else { return };
    let dir = scratch("down");
    let own = dir.join("own.argus");
    let mut sensor = net.ours(&["-w", text(&own)]);
    until_marked(&net, &[&own]);
    let [a, b] = &net.names;
    net.must(&format!("-n {a} link set eth0 down"));
    net.must(&format!("-n {a} link set eth0 up"));
    let seen = |mark: &str| {
        for _ in 0..PATIENCE.as_millis() / 500 {
            net.talk(&MARK.replace("40000", mark));
            std::thread::sleep(Duration::from_millis(250));
            if read_file(text(&own)).iter().any(|l| l.contains(&format!(",{mark},"))) {
                return true;
            }
        }
        false
    };
    assert!(seen("40002"), "captured after it went down");
    // Gone for good, and another one of the same name.
    net.must(&format!("-n {a} link delete eth0"));
    sensor.wait_for("waiting for the interface to come back");
    net.must(&format!("-n {a} link add eth0 type veth peer name eth0 netns {b}"));
    for (name, n) in net.names.iter().zip(1..) {
        net.must(&format!("-n {name} address add 10.77.0.{n}/24 dev eth0"));
    }
    net.must(&format!("-n {a} link set eth0 up"));
    net.must(&format!("-n {b} link set eth0 up"));
    sensor.wait_for("the interface is back");
    assert!(seen("40003"), "captured after it was replaced");
    sensor.signal("TERM");
    sensor.end();
}

#[test]
fn a_sensor_gives_up_root_when_everything_is_open() {
    use std::os::unix::fs::MetadataExt as _;
    let Some(net) = Network::new() else { return };
    // Below a folder that everybody may pass: the build's own may lie in a home that only its owner may enter.
    let dir = std::env::temp_dir().join(format!("argus-globe-user-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).expect("a folder for the test");
    let (own, pid) = (dir.join("own.argus"), dir.join("pid"));
    std::os::unix::fs::chown(&dir, Some(65534), Some(65534)).expect("root may");
    let args = ["-u", "nobody", "-g", "nogroup", "--pid-file", text(&pid), "-w", text(&own)];
    let mut sensor = net.ours(&args);
    let id = std::fs::read_to_string(&pid).expect("a process id");
    let status = std::fs::read_to_string(format!("/proc/{}/status", id.trim())).expect("a process");
    let line = |name: &str| status.lines().find(|l| l.starts_with(name)).unwrap_or_default().to_owned();
    assert_eq!(line("Uid:"), "Uid:\t65534\t65534\t65534\t65534");
    assert_eq!(line("Gid:"), "Gid:\t65534\t65534\t65534\t65534");
    assert_eq!(line("Groups:").split_whitespace().collect::<Vec<_>>(), ["Groups:", "65534"]);
    assert!(line("CapEff:").ends_with("0000000000000000"), "{}", line("CapEff:"));
    until_marked(&net, &[&own]);
    let owner = std::fs::metadata(&own).expect("written");
    assert_eq!((owner.uid(), owner.gid()), (65534, 65534));
    sensor.signal("TERM");
    assert!(sensor.end().success());
    let mut wrong = Running::start(net.within(0, env!("CARGO_BIN_EXE_argus-globe")).args([
        "argus",
        "-i",
        "eth0",
        "-u",
        "no such user",
        "-w",
        text(&own),
    ]));
    wrong.wait_for("there is no such user");
    assert_eq!(wrong.end().code(), Some(2));
    let _ = std::fs::remove_dir_all(&dir);
}

/// Adds a second cable and says what is put on which of them: `(cable, frame)`.
fn inject(net: &Network, script: &str) {
    let out = net.within(1, "python3").args(["-c", &format!("{INJECT}{script}")]).output().expect("python3");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
}

/// Frames made by hand, put on one cable or the other from the far end.
const INJECT: &str = r#"
import socket, struct
def wire(name):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind((name, 0)); return s
wires = [wire(n) for n in ('eth0', 'eth1') if n in [i[1] for i in socket.if_nameindex()]]
def send(on, src, dst, sport, dport):
    body = struct.pack('!HHHH', sport, dport, 28, 0) + b'x' * 20
    ip = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + len(body), 1, 0, 64, 17, 0, socket.inet_aton(src), socket.inet_aton(dst))
    a, b = (b'\2\0\0\0\0\1', b'\2\0\0\0\0\2') if sport < dport else (b'\2\0\0\0\0\2', b'\2\0\0\0\0\1')
    wires[on].send(b + a + b'\x08\0' + ip + body)
"#;

impl Network {
    /// A second cable between the two ends, and a sensor at the near one.
    fn with_two(&self, interfaces: &[&str], out: &Path) -> Running {
        let [a, b] = &self.names;
        if !ip(&format!("-n {a} link show eth1")).expect("ip").status.success() {
            self.must(&format!("-n {a} link add eth1 type veth peer name eth1 netns {b}"));
            for name in &self.names {
                self.must(&format!("-n {name} link set eth1 up"));
            }
        }
        let mut command = self.within(0, env!("CARGO_BIN_EXE_argus-globe"));
        command.arg("argus").args(interfaces).args(["-S", "1", "-M", "1", "-w", text(out)]);
        let sensor = Running::start(command.env("ARGUS_LOG", "argus_globe=info"));
        sensor.wait_for("capturing");
        sensor
    }
}

/// Rows of a file that hold `needle`, once there are any.
fn rows_with(net: &Network, path: &Path, needle: &str, again: &str) -> Vec<String> {
    for _ in 0..PATIENCE.as_millis() / 500 {
        inject(net, again);
        std::thread::sleep(Duration::from_millis(250));
        let rows: Vec<_> = read_file(text(path)).into_iter().filter(|l| l.contains(needle)).collect();
        if !rows.is_empty() {
            return rows;
        }
    }
    panic!("{path:?} shows no {needle}");
}

/// Questions on one cable, answers on the other, three times; the answer follows at once.
const ASK: &str = "
for n in range(3):
    send(0, '10.9.0.1', '10.9.0.2', 1111, 2222); send(1, '10.9.0.2', '10.9.0.1', 2222, 1111)
";
/// A flow on each cable that says that the sensor is there.
const MARKS: &str = "send(0, '10.9.0.3', '10.9.0.4', 3333, 4440); send(1, '10.9.0.3', '10.9.0.4', 3333, 4441)";

#[test]
fn two_interfaces_have_a_sensor_each_or_one_together() {
    let Some(net) = Network::new() else { return };
    let dir = scratch("two");
    for (kind, interfaces) in [
        ("each", &["-i", "eth0/1", "-i", "eth1/2"][..]),
        ("together", &["-i", "bond:eth0,eth1/3"]),
        ("any", &["-i", "any"]),
    ] {
        let out = dir.join(format!("{kind}.argus"));
        let mut sensor = net.with_two(interfaces, &out);
        for mark in [",4440,", ",4441,"] {
            rows_with(&net, &out, mark, MARKS);
        }
        inject(&net, ASK);
        let quiet = |n| format!("send({n}, '10.9.0.5', '10.9.0.6', 5555, 6660 + {n})");
        rows_with(&net, &out, ",6660,", &quiet(0));
        rows_with(&net, &out, ",6661,", &quiet(1));
        sensor.signal("TERM");
        assert!(sensor.end().success());
        let mut seen: Vec<_> = read_file(text(&out))
            .iter()
            .filter(|l| l.contains(",1111,"))
            .map(|l| l.split(',').map(str::to_owned).collect::<Vec<_>>())
            .map(|w| (w[2].clone(), w[6].clone(), w[7].clone()))
            .collect();
        seen.sort();
        let row = |from: &str, sent: &str, answered: &str| (from.to_owned(), sent.to_owned(), answered.to_owned());
        let expected = match kind {
            "each" => vec![row("10.9.0.1", "3", "0"), row("10.9.0.2", "3", "0")],
            _ => vec![row("10.9.0.1", "3", "3")],
        };
        assert_eq!(seen, expected, "{kind}");
        let ids = if kind == "each" { vec!["1", "2"] } else { vec![] };
        for id in ids {
            let rows = read_file(text(&out));
            assert!(rows.iter().any(|l| l.split(',').any(|w| w == id)), "{kind}: {id} {rows:?}");
        }
    }
}

#[test]
fn an_interface_of_two_that_goes_away_does_not_silence_the_other() {
    let Some(net) = Network::new() else { return };
    let dir = scratch("one_of_two");
    let out = dir.join("out.argus");
    let mut sensor = net.with_two(&["-i", "bond:eth0,eth1"], &out);
    rows_with(&net, &out, ",4441,", MARKS);
    let [a, b] = &net.names;
    net.must(&format!("-n {a} link delete eth1"));
    sensor.wait_for("waiting for the interface to come back");
    rows_with(&net, &out, ",4450,", "send(0, '10.9.0.3', '10.9.0.4', 3333, 4450)");
    net.must(&format!("-n {a} link add eth1 type veth peer name eth1 netns {b}"));
    for name in &net.names {
        net.must(&format!("-n {name} link set eth1 up"));
    }
    sensor.wait_for("the interface is back");
    rows_with(&net, &out, ",4460,", "send(1, '10.9.0.3', '10.9.0.4', 3333, 4460)");
    sensor.signal("TERM");
    sensor.end();
}

/// Floods the cable with datagrams of 1200 bytes to nobody.
const FLOOD: &str = "
import socket
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for n in range(20000):
    try: u.sendto(b'x' * 1200, ('10.77.0.2', 50000 + n % 10000))
    except OSError: pass
";

/// Packets that the management records of a file say were dropped.
fn dropped(path: &Path) -> u64 {
    use argus_globe::record::RecordRef;
    use argus_globe::record::codec::Mar;
    let bytes = std::fs::read(path).expect("written");
    let (mut rest, mut sum) = (&bytes[..], 0);
    while let Some(record) = RecordRef::new(rest).filter(|r| !r.bytes().is_empty()) {
        sum += Mar::new(record).map_or(0, |mar| u64::from(mar.dropped()));
        rest = &rest[record.bytes().len()..];
    }
    sum
}

#[test]
fn what_the_kernel_had_no_room_for_is_told_in_a_management_record() {
    let Some(net) = Network::new() else { return };
    let dir = scratch("drops");
    let (own, conf) = (dir.join("own.argus"), dir.join("argus.conf"));
    std::fs::write(&conf, "ARGUS_PCAP_BUF_SIZE=128K\nARGUS_MAR_STATUS_INTERVAL=1\n").expect("written");
    let mut sensor = net.ours(&["-F", text(&conf), "-w", text(&own)]);
    until_marked(&net, &[&own]);
    // A busy machine may have lost one or the other already.
    let before = dropped(&own);
    assert!(before < 1_000, "{before}");
    // Nobody reads what arrives while the sensor stands still.
    sensor.signal("STOP");
    net.talk(FLOOD);
    sensor.signal("CONT");
    let told = (0..PATIENCE.as_millis() / 250).any(|_| {
        std::thread::sleep(Duration::from_millis(250));
        dropped(&own) > before + 1_000
    });
    assert!(told, "no management record tells of packets that were lost");
    sensor.signal("TERM");
    assert!(sensor.end().success());
    let lost = dropped(&own) - before;
    // Most of the flood, and no more than there was.
    assert!((10_000..50_000).contains(&lost), "{lost}");
}
