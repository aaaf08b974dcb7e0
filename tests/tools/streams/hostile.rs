//! Servers and clients that send anything: nothing panics, nothing hangs, others are not harmed.

use std::io::Write as _;

use argus_globe::base::Warnings;
use argus_globe::record::{Batch, SourceId};
use argus_globe::sink::{Server, ServerConfig};
use argus_globe::source::{self, SourceSpec, Step};

use super::*;
use crate::robust::Rng;

/// Serves bytes to one client, then closes.
fn serve(bytes: Vec<u8>) -> (SocketAddr, std::thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = listener.local_addr().expect("bound");
    let work = move || {
        let (mut stream, _) = listener.accept().expect("a client");
        // The client may have had enough.
        let _ = stream.write_all(&bytes);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut rest = Vec::new();
        let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
        let _ = stream.read_to_end(&mut rest);
    };
    (addr, std::thread::Builder::new().spawn(work).expect("a thread"))
}

/// Reads a server to its first end; how many records came.
fn drain(addr: SocketAddr) -> usize {
    let mut source = source::open(&SourceSpec::ArgusTcp(addr.to_string()), SourceId(0)).expect("opens");
    let (mut batch, mut warnings) = (Batch::default(), Warnings::new());
    let mut count = 0;
    for _ in 0..100_000 {
        batch.clear();
        let step = source.poll(&mut batch, &mut warnings);
        count += batch.len();
        match step {
            // Trouble means that the server has gone; the source would come back.
            Ok(_) if source.trouble().is_some() => return count,
            Ok(Step::More) => {}
            Ok(Step::Idle(_)) => std::thread::sleep(Duration::from_millis(1)),
            Ok(Step::End) | Err(_) => return count,
        }
    }
    panic!("the source does not see the end");
}

#[test]
fn streams_of_any_bytes_do_no_harm() {
    let good = std::fs::read(sample("web.full.argus")).expect("a sample");
    let mut rng = Rng(7);
    let (addr, server) = serve(good.clone());
    let whole = drain(addr);
    assert!(whole > 40, "{whole}");
    server.join().expect("served");
    for round in 0..60 {
        let mut bytes = good.clone();
        rng.damage(&mut bytes);
        bytes.truncate(rng.below(bytes.len() + 1));
        if round % 10 == 0 {
            bytes.iter_mut().skip(128).for_each(|b| *b = rng.below(256) as u8);
        }
        let (addr, server) = serve(bytes);
        assert!(drain(addr) <= good.len() / 4);
        server.join().expect("served");
    }
}

/// Clients that say anything, each in pieces, many at once.
fn pester(addr: SocketAddr, seed: u64) {
    use std::io::Read as _;
    let mut rng = Rng(seed);
    for _ in 0..25 {
        let Ok(mut stream) = std::net::TcpStream::connect(addr) else { continue };
        let _ = stream.set_read_timeout(Some(Duration::from_millis(200)));
        let mut said: Vec<u8> = (0..rng.below(6000)).map(|_| rng.below(256) as u8).collect();
        for word in ["FILTER: tcp and ((((", "START:", "FILTER: man or (udp)", "DONE", "GET / HTTP/1.1\r\n"] {
            if rng.below(3) == 0 {
                let at = rng.below(said.len() + 1);
                said.splice(at..at, word.bytes());
            }
        }
        for piece in said.chunks(1 + rng.below(3000)) {
            if stream.write_all(piece).is_err() {
                break;
            }
        }
        // Some listen for a moment, some leave at once.
        if rng.below(2) == 0 {
            let _ = stream.read(&mut [0; 512]);
        }
    }
}

#[test]
fn clients_that_say_anything_do_no_harm_to_others() {
    let config = ServerConfig { port: 0, max_clients: 64, ..ServerConfig::default() };
    let server = Server::start(config).expect("a free port");
    let addr = server.addrs()[0];
    let good = std::fs::read(sample("web.full.argus")).expect("a sample");
    let mut batch = Batch::default();
    let mut framer = argus_globe::record::codec::Framer::new();
    framer.push(&good);
    while let Ok(Some((_, record))) = framer.next_record() {
        batch.push(record.bytes());
    }
    // Its management records are not repeated.
    let flows = batch.iter().filter(|r| r[0] & 0x80 == 0).count();
    let mut reader = source::open(&SourceSpec::ArgusTcp(addr.to_string()), SourceId(0)).expect("opens");
    let (mut got, mut warnings) = (Batch::default(), Warnings::new());
    let mut poll = |reader: &mut Box<dyn source::Source>| {
        got.clear();
        assert!(reader.poll(&mut got, &mut warnings).is_ok(), "{warnings:?}");
        got.iter().filter(|r| r[0] & 0x80 == 0).count()
    };
    while server.stats().streaming == 0 {
        poll(&mut reader);
    }
    let crowd: Vec<_> =
        (0..4).map(|n| std::thread::Builder::new().spawn(move || pester(addr, 100 + n)).expect("a thread")).collect();
    let (mut published, mut read) = (0, 0);
    while crowd.iter().any(|t| !t.is_finished()) {
        if published - read < 10 * flows {
            server.publish(&batch);
            published += flows;
        }
        read += poll(&mut reader);
    }
    crowd.into_iter().for_each(|t| t.join().expect("a client"));
    for _ in 0..1_000_000 {
        if read >= published {
            break;
        }
        read += poll(&mut reader);
    }
    assert_eq!(read, published, "every record arrives");
    assert!(reader.trouble().is_none());
    assert!(server.stats().accepted > 50, "{:?}", server.stats());
}
