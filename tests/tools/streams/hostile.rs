//! Servers that send anything: nothing panics, nothing hangs, good records before the damage arrive.

use std::io::Write as _;

use argus_globe::base::Warnings;
use argus_globe::record::{Batch, SourceId};
use argus_globe::source::{self, SourceSpec, Step};

use super::*;

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

fn random(seed: &mut u64) -> usize {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) as usize
}

#[test]
fn streams_of_any_bytes_do_no_harm() {
    let good = std::fs::read(sample("web.full.argus")).expect("a sample");
    let mut seed = 7;
    let (addr, server) = serve(good.clone());
    let whole = drain(addr);
    assert!(whole > 40, "{whole}");
    server.join().expect("served");
    for round in 0..60 {
        let mut bytes = good.clone();
        for _ in 0..1 + random(&mut seed) % 6 {
            let at = random(&mut seed) % bytes.len();
            bytes[at] = random(&mut seed) as u8;
        }
        bytes.truncate(random(&mut seed) % (bytes.len() + 1));
        if round % 10 == 0 {
            bytes.iter_mut().skip(128).for_each(|b| *b = random(&mut seed) as u8);
        }
        let (addr, server) = serve(bytes);
        assert!(drain(addr) <= good.len() / 4);
        server.join().expect("served");
    }
}
