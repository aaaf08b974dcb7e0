//! The server as a client on a raw socket sees it.

use super::*;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::base::Timestamp;
use crate::record::RecordBuilder;

const PATIENCE: Duration = Duration::from_secs(20);

fn quick(config: ServerConfig) -> Server {
    Server::start(ServerConfig { port: 0, ..config }).expect("a free port")
}

/// A client that reads and writes bytes.
struct Peer(TcpStream);

impl Peer {
    fn connect(server: &Server) -> Peer {
        let stream = TcpStream::connect(server.addrs()[0]).expect("connected");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        Peer(stream)
    }

    fn started(server: &Server) -> Peer {
        let before = server.stats().streaming;
        let mut peer = Peer::connect(server);
        peer.greeting();
        peer.say("START: ");
        assert!(server.shared.wait_until(PATIENCE, |c| c.iter().filter(|c| c.is_streaming()).count() > before));
        peer
    }

    fn say(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).expect("sent");
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut buf = vec![0; count];
        self.0.read_exact(&mut buf).expect("received");
        buf
    }

    fn greeting(&mut self) -> Vec<u8> {
        let mar = self.bytes(128);
        assert_eq!(mar[..4], [0x83, 0x10, 0, 0x20]);
        mar
    }

    fn rest(&mut self) -> Vec<u8> {
        let mut buf = Vec::new();
        // A reset instead of an end is an end too.
        let _ = self.0.read_to_end(&mut buf);
        buf
    }
}

/// A flow record of a given length.
fn record(words: usize, mark: u8) -> Vec<u8> {
    let mut out = Vec::new();
    let mut r = RecordBuilder::new(&mut out, 0x13, 0x10);
    r.raw(&[0x40, 0, 0, 1]);
    r.long_dsr(0x50, 0x80, |b| b.resize(b.len() + (words - 3) * 4, mark));
    assert!(r.finish());
    out
}

fn batch(records: &[Vec<u8>]) -> Batch {
    let mut batch = Batch::default();
    records.iter().for_each(|r| batch.push(r));
    batch
}

fn sensor_mar(cause: MarCause) -> Vec<u8> {
    let mut maker = MarMaker::new(Timestamp::from_micros(5));
    (maker.srcid, maker.next_seq) = (SrcId::Int(77), 9);
    let mut out = Vec::new();
    maker.write(cause, Timestamp::from_micros(6), &mut out);
    out
}

#[test]
fn records_flow_from_start_to_the_last_management_record() {
    let server = quick(ServerConfig::default());
    server.publish(&batch(&[sensor_mar(MarCause::Start), record(9, 0)]));
    let mut peer = Peer::connect(&server);
    let mar = peer.greeting();
    let mar = Mar::new(RecordRef::new(&mar).expect("whole")).expect("a management record");
    assert_eq!((mar.srcid(), mar.next_seq(), mar.sensor_start()), (SrcId::Int(77), 9, Timestamp::from_micros(5)));
    peer.say("START: ");
    assert!(server.wait_for_client(PATIENCE));
    let (one, two, status) = (record(9, 1), record(900, 2), sensor_mar(MarCause::Status));
    server.publish(&batch(&[one.clone(), sensor_mar(MarCause::Start), status.clone(), two.clone()]));
    let stats = server.stop();
    let got = peer.rest();
    let sent = [one, status, two].concat();
    assert_eq!(got[..sent.len()], sent);
    assert_eq!(got[sent.len()..][..4], [0x83, 0x30, 0, 0x20]);
    assert_eq!((got.len(), stats.clients, stats.accepted), (sent.len() + 128, 0, 1));
    assert_eq!(stats.records_sent, 4);
}

#[test]
fn a_sensors_last_word_is_not_repeated() {
    let server = quick(ServerConfig::default());
    let mut peer = Peer::started(&server);
    server.publish(&batch(&[sensor_mar(MarCause::Stop)]));
    server.stop();
    assert_eq!(peer.rest(), sensor_mar(MarCause::Stop));
}

#[test]
fn a_relay_speaks_for_itself_and_passes_reports_on() {
    let voice = Voice::Relay(SrcId::V4(Ipv4Addr::new(10, 9, 8, 7)));
    let server = quick(ServerConfig { voice, mar_interval_secs: 1, ..ServerConfig::default() });
    let mut peer = Peer::started(&server);
    server.note_lost(7);
    let status = sensor_mar(MarCause::Status);
    server.publish(&batch(&[sensor_mar(MarCause::Start), status.clone(), sensor_mar(MarCause::Stop)]));
    let mut own = Vec::new();
    while own.len() < 2 {
        let mar = peer.bytes(128);
        assert_eq!(mar[..2], [0x83, 0x20]);
        let mar = Mar::new(RecordRef::new(&mar).expect("whole")).expect("a management record");
        if mar.srcid() == SrcId::V4(Ipv4Addr::new(10, 9, 8, 7)) {
            own.push(mar.dropped());
        }
    }
    assert_eq!(own, [7, 0], "losses are told once");
}

#[test]
fn a_filter_is_answered_before_records_come() {
    let server = quick(ServerConfig::default());
    let mut peer = Peer::connect(&server);
    peer.greeting();
    peer.say("FILTER: man or (tcp and port 80)");
    assert_eq!(peer.bytes(2), b"OK");
    peer.say("START: ");
    assert!(server.wait_for_client(PATIENCE));
    let mut other = Peer::connect(&server);
    other.greeting();
    other.say("FILTER: man or (tcp and START: ");
    assert_eq!(other.rest(), b"SY");
    let mut both = Peer::connect(&server);
    both.greeting();
    both.say("FILTER: tcpSTART: ");
    assert_eq!(both.bytes(2), b"OK");
}

#[test]
fn a_client_that_has_had_enough_is_let_go() {
    let server = quick(ServerConfig::default());
    let mut peer = Peer::started(&server);
    peer.say("DONE: ");
    assert_eq!(peer.rest(), b"");
    assert!(server.shared.wait_until(PATIENCE, <[Arc<Client>]>::is_empty));
}

#[test]
fn one_client_too_many_is_told_so_in_one_word() {
    let server = quick(ServerConfig { max_clients: 2, ..ServerConfig::default() });
    let first = Peer::started(&server);
    let _second = Peer::started(&server);
    assert_eq!(Peer::connect(&server).rest(), [0x83, 0x82, 0, 1]);
    drop(first);
    assert!(server.shared.wait_until(PATIENCE, |c| c.len() == 1));
    Peer::connect(&server).greeting();
    assert_eq!(server.stats().refused, 1);
}

#[test]
fn who_does_not_ask_for_records_makes_place_for_others() {
    let config = ServerConfig { max_clients: 1, patience: Duration::ZERO, ..ServerConfig::default() };
    let server = quick(config);
    let mut idle = Peer::connect(&server);
    idle.greeting();
    let mut busy = Peer::started(&server);
    assert_eq!(idle.rest(), b"");
    server.publish(&batch(&[record(9, 3)]));
    assert_eq!(busy.bytes(36), record(9, 3));
    assert_eq!(Peer::connect(&server).rest(), [0x83, 0x82, 0, 1]);
}

#[test]
fn who_may_not_connect_is_told_so_in_one_word() {
    let allow = vec!["192.0.2.0/24".parse().expect("a network")];
    let server = quick(ServerConfig { allow, ..ServerConfig::default() });
    assert_eq!(Peer::connect(&server).rest(), [0x83, 0x81, 0, 1]);
    let allow = vec!["127.0.0.0/8".parse().expect("a network")];
    let server = quick(ServerConfig { allow, ..ServerConfig::default() });
    Peer::connect(&server).greeting();
}

#[test]
fn a_slow_client_is_cut_off_and_harms_nobody() {
    let server = quick(ServerConfig { queue_bytes: 1 << 20, ..ServerConfig::default() });
    let slow = Peer::started(&server);
    let fast = Peer::started(&server);
    let big = record(16_000, 7);
    let mut published = 0;
    let reader = std::thread::Builder::new()
        .spawn({
            let mut fast = fast;
            move || fast.rest().len()
        })
        .expect("a thread");
    // Only the slow one's queue fills for good: the other's is waited for.
    while server.stats().cut_off == 0 {
        assert!(published < 10_000, "sockets buffer far less than this");
        server.publish(&batch(std::slice::from_ref(&big)));
        published += 1;
        // Clients stand in the order of their coming, so the fast one is the last.
        assert!(server.shared.wait_until(PATIENCE, |c| c.last().is_none_or(|c| c.backlog() == 0)));
    }
    assert_eq!(server.stop().cut_off, 1);
    assert_eq!(reader.join().expect("the reader"), published * big.len() + 128);
    drop(slow);
}

#[test]
fn producers_that_can_wait_cost_nobody_the_connection() {
    let server = quick(ServerConfig { queue_bytes: 1 << 20, ..ServerConfig::default() });
    let mut peer = Peer::started(&server);
    let big = record(16_000, 7);
    let mut published = 0;
    while server.wait_for_room(Duration::from_millis(1)) {
        server.publish(&batch(std::slice::from_ref(&big)));
        published += 1;
        assert!(published < 10_000, "sockets buffer far less than this");
    }
    assert_eq!(server.stats().cut_off, 0);
    for _ in 0..published {
        assert_eq!(peer.bytes(big.len()), big);
    }
}

#[test]
fn any_bytes_of_a_client_leave_the_server_well() {
    let server = quick(ServerConfig { max_clients: 1000, ..ServerConfig::default() });
    let mut seed = 0x9E37_79B9_7F4A_7C15u64;
    let words = ["START: ", "FILTER: ", "DONE: ", "FILE: ", "man or (tcp)", "(((", "\0", "\n", "\u{ff}", "ST"];
    for _ in 0..200 {
        let mut peer = Peer::connect(&server);
        for _ in 0..20 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let pick = (seed >> 33) as usize;
            let text = match pick % 11 {
                10 => [(seed >> 20) as u8; 7].to_vec(),
                n => words[n].as_bytes().to_vec(),
            };
            // The server may have had enough.
            if peer.0.write_all(&text).is_err() {
                break;
            }
        }
    }
    // Clients of before may still stand at the door, so records are sent until ours has started.
    let mut peer = Peer::connect(&server);
    peer.greeting();
    peer.say("START: ");
    peer.0.set_read_timeout(Some(Duration::from_millis(100))).expect("a timeout");
    let mut got = [0; 36];
    let arrived = (0..200).any(|_| {
        server.publish(&batch(&[record(9, 3)]));
        peer.0.read_exact(&mut got).is_ok()
    });
    assert!(arrived, "the server still serves");
    assert_eq!(got[..], record(9, 3)[..]);
}

#[test]
fn a_port_in_use_is_named_with_a_remedy() {
    let server = quick(ServerConfig::default());
    let port = server.addrs()[0].port();
    let error = Server::start(ServerConfig { port, ..ServerConfig::default() }).expect_err("in use").to_string();
    assert!(error.contains(&port.to_string()) && error.contains("try another port"), "{error}");
}
