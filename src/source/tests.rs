//! Files, pipes and servers as a user meets them.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};

use super::*;
use crate::record::codec::{MarCause, MarMaker};
use crate::record::{Far, RecordKind, RecordRef};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/argus").join(name)
}

/// A file in a folder of its own that goes away with it.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, content: &[u8]) -> Scratch {
        let dir = std::env::temp_dir().join(format!("argus-globe-source-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&dir).expect("a temporary folder");
        std::fs::write(dir.join("file"), content).expect("a temporary file");
        Scratch(dir)
    }

    fn path(&self) -> PathBuf {
        self.0.join("file")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Everything a source gives, and how it ended.
fn read_all(source: &mut dyn Source) -> (Batch, Warnings, Result<(), SourceError>) {
    let (mut batch, mut warnings) = (Batch::new(SourceId(0)), Warnings::new());
    loop {
        match source.poll(&mut batch, &mut warnings) {
            Ok(Step::End) => return (batch, warnings, Ok(())),
            Ok(_) => {}
            Err(e) => return (batch, warnings, Err(e)),
        }
    }
}

fn read_file(path: &Path) -> Result<(usize, Result<(), SourceError>), SourceError> {
    let mut source = open(&SourceSpec::File(path.to_owned()), SourceId(0))?;
    let (batch, _, end) = read_all(source.as_mut());
    Ok((flows(&batch), end))
}

fn flows(batch: &Batch) -> usize {
    batch.iter().filter_map(RecordRef::new).filter(|r| Far::decode(*r).is_some()).count()
}

#[test]
fn packed_files_give_the_same_records_as_plain_ones() {
    for name in ["web.argus", "web.argus.gz", "web.argus.bz2"] {
        let (n, end) = read_file(&data(name)).expect("opens");
        assert!(end.is_ok(), "{name}: {end:?}");
        assert_eq!(n, 42, "{name}");
    }
}

#[cfg(feature = "codecs")]
#[test]
fn xz_and_zstd_are_read_with_the_codecs() {
    let web = std::fs::read(data("web.argus")).expect("sample");
    let zstd = Scratch::new("zstd", &::zstd::encode_all(web.as_slice(), 3).expect("packs"));
    for path in [data("web.argus.xz"), zstd.path()] {
        let (n, end) = read_file(&path).expect("opens");
        assert!(end.is_ok(), "{end:?}");
        assert_eq!(n, 42);
    }
}

#[cfg(not(feature = "codecs"))]
#[test]
fn without_the_codecs_xz_says_so() {
    let text = read_file(&data("web.argus.xz")).expect_err("no decoder").to_string();
    assert!(text.contains("xz") && text.contains("codecs"), "{text}");
}

#[test]
fn records_before_a_cut_are_delivered_and_its_place_is_told() {
    let (n, end) = read_file(&data("web.truncated.argus")).expect("opens");
    assert_eq!(n, 41);
    assert!(matches!(end, Err(SourceError::Damaged { offset: 4932, .. })), "{end:?}");
}

#[test]
fn a_packed_file_that_is_cut_or_broken_gives_what_could_be_unpacked() {
    let mut packed = std::fs::read(data("web.argus.gz")).expect("sample");
    let cut = Scratch::new("cut", packed.get(..1000).expect("long enough"));
    let (n, end) = read_file(&cut.path()).expect("opens");
    assert!(n > 5 && n < 42, "{n}");
    assert!(matches!(end, Err(SourceError::Damaged { offset, .. }) if offset > 1000), "{end:?}");
    packed[900] ^= 0xFF;
    let broken = Scratch::new("broken", &packed);
    let (_, end) = read_file(&broken.path()).expect("opens");
    assert!(matches!(end, Err(SourceError::Damaged { .. })), "{end:?}");
}

#[test]
fn files_one_behind_the_other_are_one_file() {
    let [a, b] = ["http.argus", "web.full.v5.argus"].map(|n| std::fs::read(data(n)).expect("sample"));
    let both = Scratch::new("both", &[&a[..], &[0; 12], &b].concat());
    let (n, end) = read_file(&both.path()).expect("opens");
    assert!(end.is_ok());
    assert_eq!(n, 43);
}

#[test]
fn foreign_content_is_refused_with_a_sentence() {
    for (name, content, says) in [
        ("empty", &b""[..], "the input is empty"),
        ("text", b"StartTime,Flgs,Proto\n", "looks like text that begins with \"StartTime,Flgs,Proto\""),
        ("garbage", &[0, 1, 2, 3, 4, 5, 6, 7, 8], "first bytes are 00 01 02 03"),
        ("headless", &[0x13, 0x10, 0, 2, 0, 0, 0, 0], "without the management record"),
        ("compress", &[0x1F, 0x9D, 0x90, 1], "compress (.Z)"),
        ("two", b"\x82\x10\x00\x20\x00\x00\x00\x00\xE5\x61\x7A\xCB", "argus 2.x"),
    ] {
        let file = Scratch::new(name, content);
        let text = match read_file(&file.path()) {
            Err(e) => e.to_string(),
            Ok((_, end)) => end.expect_err("refused").to_string(),
        };
        assert!(text.contains(says), "{name}: {text}");
    }
    let dir = read_file(Path::new(env!("CARGO_MANIFEST_DIR"))).expect_err("a directory").to_string();
    assert!(dir.contains("directory"), "{dir}");
    assert!(matches!(read_file(Path::new("/nonexistent/x")), Err(SourceError::Io { .. })));
}

#[test]
fn a_start_that_is_cut_is_damage_at_its_beginning() {
    let web = std::fs::read(data("web.argus")).expect("sample");
    for len in [6, 70, 127] {
        let file = Scratch::new(&format!("start{len}"), web.get(..len).expect("long enough"));
        let (n, end) = read_file(&file.path()).expect("opens");
        assert_eq!(n, 0);
        assert!(end.is_err(), "{len}");
    }
    let file = Scratch::new("start128", web.get(..128).expect("long enough"));
    assert!(matches!(read_file(&file.path()), Ok((0, Ok(())))));
}

#[test]
fn damaged_records_are_counted_and_reported_once() {
    let mut web = std::fs::read(data("web.argus")).expect("sample");
    // The length of the second DSR of the first two flow records.
    for start in [128, 128 + usize::from(web[131]) * 4] {
        web[start + 4 + 12 + 3] = 0;
    }
    let file = Scratch::new("damaged", &web);
    let mut source = open(&SourceSpec::File(file.path()), SourceId(0)).expect("opens");
    let (batch, warnings, end) = read_all(source.as_mut());
    assert!(end.is_ok());
    assert_eq!((flows(&batch), source.info().damaged, warnings.messages().len()), (42, 2, 1));
    assert!(warnings.messages()[0].contains("record at byte 128"), "{:?}", warnings.messages());
}

#[cfg(unix)]
#[test]
fn a_pipe_is_read_without_blocking_the_caller() {
    let dir = Scratch::new("pipe", b"");
    let fifo = dir.0.join("fifo");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().expect("mkfifo").success());
    let bytes = std::fs::read(data("web.argus.gz")).expect("sample");
    let path = fifo.clone();
    let writer = std::thread::Builder::new()
        .spawn(move || {
            let mut to = std::fs::File::create(path).expect("the pipe");
            for part in bytes.chunks(300) {
                to.write_all(part).expect("writes");
            }
        })
        .expect("a thread");
    let mut source = open(&SourceSpec::File(fifo), SourceId(0)).expect("opens");
    let (batch, _, end) = read_all(source.as_mut());
    writer.join().expect("the writer");
    assert!(end.is_ok(), "{end:?}");
    assert_eq!(flows(&batch), 42);
}

/// A server for one test: serves `connections` clients one after the other with `serve`.
fn server(
    serve: impl Fn(usize, TcpStream) + Send + 'static,
    connections: usize,
) -> (String, std::thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let host = listener.local_addr().expect("an address").to_string();
    let thread = std::thread::Builder::new()
        .spawn(move || {
            for n in 0..connections {
                serve(n, listener.accept().expect("a client").0);
            }
        })
        .expect("a thread");
    (host, thread)
}

fn expect_command(client: &mut TcpStream, command: &[u8]) {
    let mut buf = vec![0; command.len()];
    client.read_exact(&mut buf).expect("a command");
    assert_eq!(buf, command, "{}", String::from_utf8_lossy(&buf));
}

/// Polls until `until` says so; the pipeline would nap between, a test need not.
fn poll_until(
    source: &mut dyn Source,
    mut until: impl FnMut(&Batch) -> bool,
) -> (Batch, Warnings, Option<SourceError>) {
    let (mut batch, mut warnings) = (Batch::new(SourceId(0)), Warnings::new());
    loop {
        if until(&batch) {
            return (batch, warnings, None);
        }
        match source.poll(&mut batch, &mut warnings) {
            Ok(Step::Idle(_)) => std::thread::yield_now(),
            Ok(_) => {}
            Err(e) => return (batch, warnings, Some(e)),
        }
    }
}

#[test]
fn a_server_is_read_and_connected_to_again_after_it_closed() {
    let web = std::fs::read(data("web.argus")).expect("sample");
    let (host, thread) = server(
        move |_, mut client| {
            let (mar, rest) = web.split_at(128);
            for part in mar.chunks(50) {
                client.write_all(part).expect("writes");
            }
            expect_command(&mut client, b"START: ");
            for part in rest.chunks(700) {
                client.write_all(part).expect("writes");
            }
        },
        2,
    );
    let mut source = open(&SourceSpec::ArgusTcp(host), SourceId(0)).expect("opens");
    let mars = |b: &Batch| b.iter().filter_map(RecordRef::new).filter(|r| r.kind() == RecordKind::Mar).count();
    let (batch, warnings, error) = poll_until(source.as_mut(), |b| mars(b) == 4);
    assert!(error.is_none(), "{error:?}");
    assert!(warnings.messages()[0].contains("closed the connection"), "{:?}", warnings.messages());
    assert_eq!((flows(&batch), source.info().dropped), (84, 0));
    thread.join().expect("the server");
}

fn start_mar() -> Vec<u8> {
    let mut out = Vec::new();
    let now = crate::base::Timestamp::from_micros(1);
    MarMaker::new(now).write(MarCause::Start, now, &mut out);
    out
}

#[test]
fn a_filter_is_sent_alone_and_its_answer_awaited() {
    let (host, thread) = server(
        |_, mut client| {
            client.write_all(&start_mar()).expect("writes");
            expect_command(&mut client, b"FILTER: man or (tcp)");
            client.write_all(b"OK").expect("writes");
            expect_command(&mut client, b"START: ");
            client.write_all(&[0x13, 0x10, 0, 4, 1, 3, 0, 3, 0, 0, 0, 0, 0, 0, 0, 9]).expect("writes");
        },
        1,
    );
    let options = Options { filter: "tcp".into(), ..Options::default() };
    let mut source = open_with(&SourceSpec::ArgusTcp(host), SourceId(0), &options).expect("opens");
    let (batch, _, error) = poll_until(source.as_mut(), |b| b.len() == 2);
    assert!(error.is_none(), "{error:?}");
    assert_eq!(batch.get(1).map(<[u8]>::len), Some(16));
    thread.join().expect("the server");
}

#[test]
fn refusals_are_told() {
    for (answer, filter, says) in [
        (&[0x83, 0x81, 0, 1][..], "", "access denied"),
        (b"HTTP/1.1 400 Bad Request\r\n", "", "expected a management record"),
        (&[&start_mar()[..], b"SY"].concat(), "tpc", "rejects the filter \"tpc\""),
    ] {
        let answer = answer.to_vec();
        let (host, thread) = server(
            move |_, mut client| {
                client.write_all(answer.get(..128).unwrap_or(&answer)).expect("writes");
                if let Some(rest) = answer.get(128..) {
                    expect_command(&mut client, b"FILTER: man or (tpc)");
                    client.write_all(rest).expect("writes");
                }
                let _ = client.read(&mut [0; 9]);
            },
            1,
        );
        let options = Options { filter: filter.into(), ..Options::default() };
        let mut source = open_with(&SourceSpec::ArgusTcp(host), SourceId(0), &options).expect("opens");
        let (_, _, error) = poll_until(source.as_mut(), |_| false);
        let text = error.expect("an error").to_string();
        assert!(text.contains(says), "{text}");
        drop(source);
        thread.join().expect("the server");
    }
}

#[test]
fn a_full_server_and_none_at_all_are_tried_again() {
    let (host, thread) = server(
        |n, mut client| {
            let _ = if n == 0 { client.write_all(&[0x83, 0x82, 0, 1]) } else { client.write_all(&start_mar()) };
        },
        2,
    );
    let mut source = open(&SourceSpec::ArgusTcp(host.clone()), SourceId(0)).expect("opens");
    let (_, warnings, error) = poll_until(source.as_mut(), |b| !b.is_empty());
    assert!(error.is_none(), "{error:?}");
    assert!(warnings.messages()[0].contains("too many clients"), "{:?}", warnings.messages());
    thread.join().expect("the server");
    let mut source = open(&SourceSpec::ArgusTcp(host), SourceId(0)).expect("opens");
    let mut warnings = Warnings::new();
    while warnings.count() == 0 {
        source.poll(&mut Batch::new(SourceId(0)), &mut warnings).expect("tries again");
    }
    assert!(source.trouble().is_some_and(|t| t.contains("refused")), "{:?}", source.trouble());
}

#[test]
fn gaps_in_the_sequence_are_losses() {
    let record = |(cause, seq): (u8, u8)| [0x13, cause, 0, 4, 1, 3, 0, 3, 0, 0, 0, 0, 0, 0, 0, seq];
    let (host, thread) = server(
        move |_, mut client| {
            client.write_all(&start_mar()).expect("writes");
            expect_command(&mut client, b"START: ");
            // Two lost, a later record of an old flow, a sensor that began again, one lost.
            let records = [(0x10, 7), (0x10, 8), (0x10, 11), (0x20, 7), (0x10, 1), (0x10, 3)].map(record);
            client.write_all(&records.concat()).expect("writes");
        },
        1,
    );
    let mut source = open(&SourceSpec::ArgusTcp(host), SourceId(0)).expect("opens");
    poll_until(source.as_mut(), |b| b.len() == 7);
    assert_eq!(source.info().dropped, 3);
    thread.join().expect("the server");
}
