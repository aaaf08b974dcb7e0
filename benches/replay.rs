//! How a recording larger than memory is read, shown and searched.
//!
//! `cargo bench --bench replay [-- RECORDS [PER_SECOND]]` makes a file of RECORDS (4,000,000) flow records of
//! PER_SECOND (50,000) each second, lets the pipeline read it with its window of 120 s, and prints: how long reading
//! took, how long the first and the complete pictures of times here and there took to come, on the clock and of the
//! processors, and the most memory that was used. With RECORDS 6,000,000 all of them lie in the window at the end.
//!
//! `cargo bench --bench replay -- RECORDS PER_SECOND FILE [CONVERSATIONS]` only makes the file, for `argus-globe globe
//! -r FILE --bench-load 30`, which measures frames while such records run in. They are status records of CONVERSATIONS
//! (300,000); otherwise each record is one of its own.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Duration;

use argus_globe::base::{Timestamp, clock};
use argus_globe::pipeline::{Control, Pipeline, Plan, Start};
use argus_globe::source::SourceSpec;

/// Moments that are looked for.
const SEEKS: u64 = 20;
const SAMPLE: &[u8] = include_bytes!("../tests/data/argus/web.full.argus");
/// Seconds since 1970 of the first record.
const BEGIN: u64 = 1_700_000_000;

type Failure = Box<dyn std::error::Error>;

/// The first TCP record over IPv4 of the sample, and where its DSRs of flow and time begin.
fn pattern() -> Result<(Vec<u8>, usize, usize), Failure> {
    let mut at = 0;
    while let Some(head) = SAMPLE.get(at..at + 4) {
        let len = 4 * usize::from(u16::from_be_bytes([head[2], head[3]])).max(1);
        let record = SAMPLE.get(at..at + len).ok_or("a cut sample")?;
        if let (true, Some(found)) = (record[0] >> 4 == 1, dsrs(record)) {
            return Ok((record.to_vec(), found.0, found.1));
        }
        at += len;
    }
    Err("the sample has no record of TCP over IPv4".into())
}

fn dsrs(record: &[u8]) -> Option<(usize, usize)> {
    let (mut at, mut flow, mut time) = (4, None, None::<usize>);
    while let Some(&[kind, subtype, qualifier, words]) = record.get(at..)?.first_chunk::<4>() {
        match kind {
            2 if subtype & 0x3F == 1 && qualifier & 0x1F == 1 && record.get(at + 12) == Some(&6) => flow = Some(at),
            3 if words >= 5 => time = Some(at),
            _ => {}
        }
        let words = if subtype & 0x80 != 0 { u16::from_be_bytes([qualifier, words]) } else { u16::from(words) };
        at += 4 * usize::from(words).max(1);
        if at >= record.len() {
            break;
        }
    }
    Some((flow?, time?))
}

/// Records one after the other, of so many conversations between addresses all over the world.
fn write(path: &Path, records: u64, per_second: u64, conversations: u64) -> Result<u64, Failure> {
    let (mut record, flow, time) = pattern()?;
    let words = usize::from(record[time + 3]);
    let mut out = BufWriter::new(File::create(path)?);
    out.write_all(&SAMPLE[..128])?;
    for n in 0..records {
        let talk = n % conversations.max(1);
        let host = talk.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let [a, b] = [(host >> 40) as u32 % 20_000, (host >> 20) as u32 % 20_000];
        // Spread over the space of unicast addresses.
        let address = |n: u32| (0x0100_0000 + n * 180_000).to_be_bytes();
        record[flow + 4..flow + 8].copy_from_slice(&address(a));
        record[flow + 8..flow + 12].copy_from_slice(&address(b));
        record[flow + 14..flow + 16].copy_from_slice(&(1024 + (talk % 60_000) as u16).to_be_bytes());
        let (secs, micros) = (BEGIN + n / per_second, n % per_second * 1_000_000 / per_second);
        for stamp in (time + 4..time + 4 * words).step_by(8) {
            record[stamp..stamp + 4].copy_from_slice(&(secs as u32).to_be_bytes());
            record[stamp + 4..stamp + 8].copy_from_slice(&(micros as u32).to_be_bytes());
        }
        out.write_all(&record)?;
    }
    out.flush()?;
    Ok(128 + records * record.len() as u64)
}

/// Processor time of this process so far in ms, all threads, good to 10 ms; 0 where the system does not tell.
fn cpu() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
    fields.skip(11).take(2).filter_map(|f| f.parse::<u64>().ok()).sum::<u64>() * 10
}

fn say(out: &mut impl Write, what: &str, took: &mut [Duration]) -> std::io::Result<()> {
    took.sort();
    let [fastest, median, slowest] =
        [0, took.len() / 2, took.len() - 1].map(|i| took.get(i).map_or(0.0, |d| d.as_secs_f64() * 1000.0));
    writeln!(out, "{what}: fastest {fastest:.0} ms, median {median:.0} ms, slowest {slowest:.0} ms")
}

/// The most memory that this process has used so far, in MiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) / 1024
}

fn main() -> Result<(), Failure> {
    let words: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let mut numbers = words.iter().filter_map(|a| a.parse::<u64>().ok());
    let (records, per_second) = (numbers.next().unwrap_or(4_000_000), numbers.next().unwrap_or(50_000).max(1));
    let mut out = std::io::stdout();
    if let Some(path) = words.get(2) {
        let talks = words.get(3).map_or(Ok(300_000), |w| w.parse())?;
        let bytes = write(Path::new(path), records, per_second, talks)?;
        writeln!(out, "{path}: {records} records of {talks} conversations, {per_second}/s, {} MB", bytes / 1_000_000)?;
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("recording.argus");
    let bytes = write(&path, records, per_second, records)?;
    writeln!(out, "{records} records, {per_second} per second of the recording, {} MB", bytes / 1_000_000)?;
    let before = peak();
    let began = clock::steady_now();
    let sources = vec![SourceSpec::from_file(path.as_os_str())];
    let plan = Plan { sources, start: Some(Start::Paused), ..Plan::default() };
    let handle = Pipeline::start(plan)?;
    let hour = Duration::from_secs(3600);
    let all = |h: &argus_globe::cache::Health| h.accepted + h.rejected >= records;
    handle.wait_for(hour, |s| all(&s.health)).ok_or("not read within an hour")?;
    let health = handle.health();
    writeln!(
        out,
        "read in {:.2} s; {} held, {} not held; {} MiB ({before} before)",
        began.elapsed().as_secs_f64(),
        health.history_records,
        health.history_refused,
        peak()
    )?;
    let length = records / per_second;
    let (mut first, mut complete) = (Vec::new(), Vec::new());
    let before = cpu();
    for n in 0..SEEKS {
        let at = Timestamp::from_parts((BEGIN + (n * 7 + 3) % SEEKS * length / SEEKS) as i64, 500_000_000);
        let asked = clock::steady_now();
        handle.send(Control::Seek(at));
        handle.wait_for(hour, |s| s.now == at).ok_or("no picture within an hour")?;
        first.push(asked.elapsed());
        handle.wait_for(hour, |s| s.now == at && s.filled.is_none()).ok_or("no complete picture within an hour")?;
        complete.push(asked.elapsed());
    }
    let cpu_each = (cpu() - before) / SEEKS;
    writeln!(out, "{SEEKS} seeks: {cpu_each} ms of processor time each; {} MiB", peak())?;
    say(&mut out, "  first picture", &mut first)?;
    say(&mut out, "  complete picture", &mut complete)?;
    handle.send(Control::Seek(Timestamp::from_parts((BEGIN + length) as i64, 0)));
    let last = handle
        .wait_for(hour, |s| s.now.secs() >= (BEGIN + length) as i64 - 1 && s.filled.is_none())
        .ok_or("no picture of the end")?;
    writeln!(
        out,
        "window at the end: {} records, {} addresses; {} MiB",
        last.totals.records,
        last.hosts.len(),
        peak()
    )?;
    handle.stop()?;
    Ok(())
}
