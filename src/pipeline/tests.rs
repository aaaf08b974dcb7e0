//! The pipeline on scripted sources: without threads where the clock matters, with threads where they do.

use std::collections::VecDeque;
use std::path::Path;
use std::time::Duration;

use super::conductor::{Clocks, Conductor};
use super::moment::moment_of;
use super::reader::{Input, Message};
use super::run::{conductor, start_with};
use super::*;
use crate::base::{Timestamp, Warnings};
use crate::cache::{CacheConfig, HostId, PathId, Snapshot, SourceState};
use crate::filter::Filter;
use crate::geo::{LatLon, Origin};
use crate::record::{Batch, Far, RecordRef, SourceId};
use crate::source::{Source, SourceError, SourceInfo, Step};

/// Batches one after the other, then the end.
struct Script {
    batches: VecDeque<Vec<Vec<u8>>>,
    live: bool,
    panics: bool,
}

impl Source for Script {
    fn info(&self) -> SourceInfo {
        SourceInfo { name: "script".into(), kind: "argus file", live: self.live, dropped: 0, damaged: 0 }
    }

    fn poll(&mut self, batch: &mut Batch, _: &mut Warnings) -> Result<Step, SourceError> {
        assert!(!self.panics, "the script says so");
        match self.batches.pop_front() {
            Some(records) => {
                records.iter().for_each(|r| batch.push(r));
                Ok(Step::More)
            }
            None if self.live => Ok(Step::Idle(Duration::from_millis(10))),
            None => Ok(Step::End),
        }
    }
}

/// The records of a sample file as wire bytes.
fn sample(name: &str) -> Vec<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/argus").join(name);
    let bytes = std::fs::read(path).expect("a sample");
    let mut rest = bytes.as_slice();
    let mut records = Vec::new();
    while let Some(r) = RecordRef::new(rest) {
        records.push(r.bytes().to_vec());
        rest = &rest[r.bytes().len()..];
    }
    records
}

fn script(records: Vec<Vec<u8>>, size: usize) -> Script {
    Script { batches: records.chunks(size).map(<[_]>::to_vec).collect(), live: false, panics: false }
}

fn batches(records: &[Vec<u8>], size: usize) -> Vec<Message> {
    let batch = |part: &[Vec<u8>]| {
        let mut b = Batch::new(SourceId(0));
        part.iter().for_each(|r| b.push(r));
        Message::Batch(b)
    };
    records.chunks(size).map(batch).collect()
}

#[test]
fn a_mask_hides_who_it_was_and_nothing_else() {
    use crate::anonymize::{Mask, Settings};
    let wide = CacheConfig { window: Duration::from_secs(1_000_000), ..CacheConfig::default() };
    let moment = |mask: Option<Mask>, at: At| {
        let source: Box<dyn Source> = Box::new(script(sample("geo.ralabel.argus"), 7));
        moment_of(Plan { cache: wide, mask, ..plan() }, vec![source], at).expect("a moment")
    };
    let mask = |seed| Some(Mask::new(&Settings::display(Some(seed)), 0));
    let (real, shown) = (moment(None, At::END), moment(mask(1), At::END));
    assert!(real.addresses.len() > 5 && real.snapshot.hosts.iter().any(|h| h.place.asn.is_some()));
    assert_eq!(real.snapshot.totals, shown.snapshot.totals);
    assert_eq!(real.addresses.len(), shown.addresses.len());
    assert!(real.addresses.iter().all(|a| shown.addresses.iter().all(|b| a.addr != b.addr)));
    let places = |m: &Moment| {
        let mut at: Vec<_> =
            m.snapshot.hosts.iter().map(|h| (format!("{:?}", h.place.at), h.place.city.clone())).collect();
        at.sort();
        at
    };
    assert_eq!(places(&real), places(&shown));
    assert!(shown.snapshot.hosts.iter().all(|h| h.place.asn.is_none() && h.place.as_name.is_none()));
    let addrs = |m: &Moment| m.addresses.iter().map(|a| a.addr).collect::<Vec<_>>();
    assert_eq!(addrs(&shown), addrs(&moment(mask(1), At::END)));
    assert_ne!(addrs(&shown), addrs(&moment(mask(2), At::END)));
    // The way of the playhead gives nobody another replacement.
    let early = addrs(&moment(mask(1), At::START));
    assert!(!early.is_empty() && early.iter().all(|a| addrs(&shown).contains(a)));
}

fn plan() -> Plan {
    let cache = CacheConfig { window: Duration::from_secs(2), ..CacheConfig::default() };
    let geo = crate::geo::GeoConfig { home: LatLon::new(48.0, 11.0), ..Default::default() };
    Plan { cache, geo, ..Plan::default() }
}

fn clocks(steady: Duration) -> Clocks {
    Clocks { steady, wall: Timestamp::from_parts(2_000_000_000, 0) }
}

/// A conductor that has read a whole sample.
fn loaded(name: &str, plan: Plan, live: bool) -> Conductor {
    let info = SourceInfo { name: name.into(), kind: "argus file", live, dropped: 0, damaged: 0 };
    let mut c = conductor(plan, &[info]).expect("bundled databases");
    for m in batches(&sample(name), 7) {
        c.hear(m, clocks(Duration::ZERO));
    }
    c.hear(Message::State(SourceId(0), SourceState::Ended), clocks(Duration::ZERO));
    c
}

/// A picture without what depends on the way to it: numbers given by order of appearance.
fn bare(mut s: Snapshot) -> Snapshot {
    s.hosts.iter_mut().for_each(|h| h.id = HostId(0));
    s.paths.iter_mut().for_each(|p| p.id = PathId(0));
    s.health = Default::default();
    s
}

fn picture(c: &mut Conductor, steady: Duration) -> Snapshot {
    c.tick(clocks(steady));
    bare(c.snapshot())
}

#[test]
fn a_second_looks_the_same_at_any_speed_and_after_a_seek() {
    let mut records = 0;
    for name in ["web.full.argus", "voip.full.argus"] {
        let start = loaded(name, plan(), false).engine().span().expect("records").start;
        for second in [3u32, 6] {
            let goal = Duration::from_secs(second.into());
            let mut slow = loaded(name, plan(), false);
            for step in 0..second * 10 {
                let _ = picture(&mut slow, Duration::from_millis(u64::from(step) * 100));
            }
            let slow = picture(&mut slow, goal);
            let [fast, faster] = [60u32, 600].map(|speed| {
                let mut c = loaded(name, Plan { speed: speed.into(), ..plan() }, false);
                let _ = picture(&mut c, Duration::ZERO);
                picture(&mut c, goal / speed)
            });
            let mut sought = loaded(name, plan(), false);
            let _ = picture(&mut sought, Duration::from_millis(6_300));
            sought.obey(Control::Pause, clocks(Duration::from_millis(6_300)));
            sought.obey(Control::Seek(start + goal), clocks(Duration::from_millis(6_300)));
            let sought = picture(&mut sought, Duration::from_secs(30));
            assert_eq!(slow.now, start + goal);
            records += slow.totals.records;
            assert_eq!(slow, sought, "{name} {second}");
            assert_eq!(slow, fast, "{name} {second}");
            assert_eq!(slow, faster, "{name} {second}");
        }
    }
    assert!(records > 10);
}

#[test]
fn a_window_that_fills_bit_by_bit_ends_as_if_there_had_been_no_jump() {
    let name = "web.full.argus";
    let whole = Plan { start: Some(Start::Paused), cache: CacheConfig::default(), ..plan() };
    let end = loaded(name, whole.clone(), false).engine().span().expect("records").end;
    let seek = |c: &mut Conductor, at| {
        c.obey(Control::Seek(at), clocks(Duration::ZERO));
        picture(c, Duration::ZERO)
    };
    for at in [end, end - Duration::from_secs(2)] {
        let direct = seek(&mut loaded(name, whole.clone(), false), at);
        assert_eq!(direct.filled, None);
        for slice in [1, 7, 20] {
            let mut c = loaded(name, whole.clone(), false).in_slices(slice);
            let mut seen = vec![seek(&mut c, at)];
            while seen.last().is_some_and(|s| s.filled.is_some()) {
                assert!(seen.len() < 1000);
                seen.push(picture(&mut c, Duration::from_secs(1)));
            }
            assert!(seen.is_sorted_by_key(|s| s.totals.records));
            assert!(seen.is_sorted_by_key(|s| s.filled.unwrap_or(100)));
            assert!(slice < 20 || seen.len() > 1, "{}", seen.len());
            assert_eq!(seen.pop(), Some(direct.clone()), "{slice}");
            // Another wish on the way leaves nothing behind, and nothing out.
            let _ = seek(&mut c, end - Duration::from_secs(3));
            let _ = seek(&mut c, at);
            while c.is_filling() {
                let _ = picture(&mut c, Duration::from_secs(2));
            }
            assert_eq!(bare(c.snapshot()), direct, "{slice}");
        }
    }
}

#[test]
fn records_that_come_while_the_window_fills_count_once() {
    let whole = Plan { start: Some(Start::Paused), cache: CacheConfig::default(), ..plan() };
    let records = sample("web.full.argus");
    let direct = loaded("web.full.argus", whole.clone(), false);
    let end = direct.engine().span().expect("records").end;
    let info = SourceInfo { name: "x".into(), kind: "argus file", live: false, dropped: 0, damaged: 0 };
    let mut c = conductor(whole, &[info]).expect("bundled databases").in_slices(20);
    let mut parts = batches(&records, records.len().div_ceil(4)).into_iter();
    for message in parts.by_ref().take(3) {
        c.hear(message, clocks(Duration::ZERO));
    }
    c.obey(Control::Seek(end), clocks(Duration::ZERO));
    c.tick(clocks(Duration::ZERO));
    parts.for_each(|m| c.hear(m, clocks(Duration::ZERO)));
    c.obey(Control::Seek(end), clocks(Duration::ZERO));
    c.tick(clocks(Duration::ZERO));
    while c.is_filling() {
        c.tick(clocks(Duration::ZERO));
    }
    let flows = records.iter().filter(|r| RecordRef::new(r).and_then(Far::decode).is_some()).count();
    assert_eq!(c.snapshot().totals.records, flows as u64);
}

#[test]
fn replay_begins_at_the_first_record_and_stops_at_the_last() {
    let mut c = loaded("web.argus", plan(), false);
    let span = c.engine().span().expect("records");
    c.tick(clocks(Duration::ZERO));
    assert_eq!(c.playhead(clocks(Duration::ZERO)).now, span.start);
    c.tick(clocks(Duration::from_secs(1_000_000)));
    let end = c.playhead(clocks(Duration::from_secs(1_000_001)));
    assert_eq!((end.now, end.state), (span.end, PlayState::Paused));
    c.obey(Control::Resume, clocks(Duration::from_secs(1_000_002)));
    c.tick(clocks(Duration::from_secs(1_000_002)));
    let again = c.playhead(clocks(Duration::from_secs(1_000_002)));
    assert_eq!((again.now, again.state), (span.start, PlayState::Replay { speed: 1.0 }));
}

#[test]
fn a_start_time_is_kept_to() {
    for (at, start) in
        [("+5s", None), ("+5s", Some(Start::Paused)), ("-3s", Some(Start::Replay)), ("end", Some(Start::Paused))]
    {
        let at: At = at.parse().expect("a time");
        let mut c = loaded("web.argus", Plan { at: Some(at), start, ..plan() }, false);
        let span = c.engine().span().expect("records");
        assert_eq!(picture(&mut c, Duration::ZERO).now, at.resolve(span), "{at:?}");
    }
}

#[test]
fn seeks_stay_within_the_recording() {
    let mut c = loaded("web.argus", plan(), false);
    let span = c.engine().span().expect("records");
    for (to, at) in [(Timestamp::MIN, span.start), (Timestamp::MAX, span.end)] {
        c.obey(Control::Seek(to), clocks(Duration::ZERO));
        assert_eq!(picture(&mut c, Duration::ZERO).now, at);
    }
}

#[test]
fn another_window_shows_what_it_holds() {
    let mut c = loaded("web.argus", Plan { at: Some(At::END), start: Some(Start::Paused), ..plan() }, false);
    let narrow = picture(&mut c, Duration::ZERO).totals.records;
    c.obey(Control::Window(Duration::from_secs(86_400)), clocks(Duration::ZERO));
    let wide = picture(&mut c, Duration::ZERO);
    assert_eq!((wide.window, wide.totals.records), (Duration::from_secs(86_400), 42));
    assert!(narrow < 42);
}

#[test]
fn a_live_source_with_old_records_moves_the_playhead_to_them() {
    let mut c = loaded("web.argus", plan(), true);
    let span = c.engine().span().expect("records");
    let s = picture(&mut c, Duration::ZERO);
    assert!(s.now <= span.end && s.now + Duration::from_secs(10) >= span.end, "{} {}", s.now, span.end);
    assert_eq!(c.playhead(clocks(Duration::ZERO)).state, PlayState::Live);
    // Paused, the picture stands while records are taken in; afterwards it runs on behind the clock.
    c.obey(Control::Pause, clocks(Duration::ZERO));
    let paused = picture(&mut c, Duration::from_secs(5));
    for m in batches(&sample("http.argus"), 10) {
        c.hear(m, clocks(Duration::from_secs(6)));
    }
    assert_eq!(picture(&mut c, Duration::from_secs(9)).now, paused.now);
    assert_eq!(c.snapshot().health.accepted, 43);
    c.obey(Control::Resume, clocks(Duration::from_secs(9)));
    assert_eq!(picture(&mut c, Duration::from_secs(10)).now, paused.now + Duration::from_secs(1));
    c.obey(Control::Live, clocks(Duration::from_secs(10)));
    assert_eq!(c.playhead(clocks(Duration::from_secs(10))).state, PlayState::Live);
}

#[test]
fn a_paused_and_rewound_live_source_loses_no_record() {
    let mut c = loaded("web.argus", plan(), true);
    let _ = picture(&mut c, Duration::ZERO);
    c.obey(Control::Pause, clocks(Duration::ZERO));
    for m in batches(&sample("http.argus"), 3) {
        c.hear(m, clocks(Duration::from_secs(1)));
        let _ = picture(&mut c, Duration::from_secs(1));
    }
    let span = c.engine().span().expect("records");
    c.obey(Control::Seek(span.start), clocks(Duration::from_secs(2)));
    let _ = picture(&mut c, Duration::from_secs(2));
    c.obey(Control::Window(span.duration() + Duration::from_secs(1)), clocks(Duration::from_secs(2)));
    c.obey(Control::Seek(span.end), clocks(Duration::from_secs(3)));
    let all = picture(&mut c, Duration::from_secs(3));
    let flows = |name: &str| sample(name).iter().filter(|r| RecordRef::new(r).and_then(Far::decode).is_some()).count();
    assert_eq!(all.totals.records, (flows("web.argus") + flows("http.argus")) as u64);
    let health = c.snapshot().health;
    assert_eq!((health.history_records, health.history_refused), (all.totals.records, 0));
}

#[test]
fn a_part_is_played_over_and_over() {
    let mut c = loaded("web.argus", plan(), false);
    let start = c.engine().span().expect("records").start;
    let part = crate::base::Span::new(start + Duration::from_secs(2), start + Duration::from_secs(4));
    c.obey(Control::Loop(Some(part)), clocks(Duration::ZERO));
    let mut at = |millis| picture(&mut c, Duration::from_millis(millis)).now;
    assert_eq!(at(0), part.start);
    assert_eq!(at(1500), part.start + Duration::from_millis(1500));
    assert_eq!(at(2100), part.start);
    assert_eq!(at(3100), part.start + Duration::from_secs(1));
    c.obey(Control::Loop(None), clocks(Duration::from_millis(3100)));
    assert!(picture(&mut c, Duration::from_millis(6100)).now > part.end);
}

#[test]
fn backwards_each_second_looks_as_it_does_after_a_seek() {
    let name = "web.full.argus";
    let whole = Plan { start: Some(Start::Paused), cache: CacheConfig::default(), ..plan() };
    let span = loaded(name, whole.clone(), false).engine().span().expect("records");
    let mut c = loaded(name, whole.clone(), false).in_slices(20);
    let at = |millis: u64| clocks(Duration::from_millis(millis));
    c.obey(Control::Seek(span.end), at(0));
    c.obey(Control::Speed(-2.0), at(0));
    while c.is_filling() {
        c.tick(at(0));
    }
    let _ = c.snapshot();
    c.obey(Control::Resume, at(0));
    let (mut shown, mut partial) = (Vec::new(), 0);
    for millis in (25..).step_by(25) {
        c.tick(at(millis));
        if c.playhead(at(millis)).state == PlayState::Paused && !c.is_filling() {
            break;
        }
        // The playhead is where the picture is, and waits until that is whole.
        assert_eq!(c.playhead(at(millis)).now, c.engine().cache().now());
        partial += u32::from(c.is_filling());
        if !c.is_filling() && c.moved() {
            shown.push(bare(c.snapshot()));
        }
    }
    assert!(partial > 0 && shown.len() > 10, "{partial} {}", shown.len());
    assert!(shown.is_sorted_by(|a, b| a.now > b.now));
    for seen in shown.iter().step_by(7) {
        let mut direct = loaded(name, whole.clone(), false);
        direct.obey(Control::Seek(seen.now), at(0));
        assert_eq!(*seen, picture(&mut direct, Duration::ZERO));
    }
    // At the first record it stands; from there it begins at the last one.
    assert_eq!(c.playhead(at(0)).now, span.start);
    c.obey(Control::Resume, at(100_000));
    c.tick(at(100_000));
    assert_eq!(c.engine().cache().now(), span.end);
}

#[test]
fn a_part_is_played_backwards_over_and_over() {
    let mut c = loaded("web.argus", plan(), false);
    let start = c.engine().span().expect("records").start;
    let part = crate::base::Span::new(start + Duration::from_secs(2), start + Duration::from_secs(4));
    c.obey(Control::Loop(Some(part)), clocks(Duration::ZERO));
    assert_eq!(picture(&mut c, Duration::ZERO).now, part.start);
    c.obey(Control::Speed(-1.0), clocks(Duration::ZERO));
    let mut at = |millis| picture(&mut c, Duration::from_millis(millis)).now;
    assert_eq!(at(100), part.end);
    assert_eq!(at(1100), part.end - Duration::from_secs(1));
    assert_eq!(at(2200), part.start, "its beginning is shown");
    assert_eq!(at(2300), part.end);
}

#[test]
fn a_live_source_is_left_backwards_and_found_again_forwards() {
    let mut c = loaded("web.argus", plan(), true);
    c.tick(clocks(Duration::ZERO));
    assert_eq!(c.playhead(clocks(Duration::ZERO)).state, PlayState::Live);
    let edge = c.engine().cache().now();
    let _ = c.snapshot();
    c.obey(Control::Speed(-1.0), clocks(Duration::ZERO));
    c.tick(clocks(Duration::from_secs(1)));
    assert_eq!(c.playhead(clocks(Duration::from_secs(1))).state, PlayState::Replay { speed: -1.0 });
    assert_eq!(edge.since(c.engine().cache().now()), Duration::from_secs(1));
    c.obey(Control::Speed(100.0), clocks(Duration::from_secs(1)));
    c.tick(clocks(Duration::from_secs(2)));
    assert_eq!(c.playhead(clocks(Duration::from_secs(2))).state, PlayState::Live);
}

#[test]
fn silence_is_jumped_over_when_it_is_long_enough() {
    // Two recordings with days between them.
    let ends = |c: &Conductor| c.engine().span().expect("records");
    let (early, late) = (ends(&loaded("web.argus", plan(), false)), ends(&loaded("http.argus", plan(), false)));
    let (early, late) = if early.start < late.start { (early, late) } else { (late, early) };
    assert!(late.start.since(early.end) > Duration::from_secs(60), "the samples lie apart");
    let mut c = loaded("web.argus", plan(), false);
    batches(&sample("http.argus"), 9).into_iter().for_each(|m| c.hear(m, clocks(Duration::ZERO)));
    c.obey(Control::SkipIdle(Some(Duration::from_secs(60))), clocks(Duration::ZERO));
    c.obey(Control::Seek(early.end), clocks(Duration::ZERO));
    assert_eq!(picture(&mut c, Duration::ZERO).now, late.start);
    c.obey(Control::SkipIdle(None), clocks(Duration::ZERO));
    c.obey(Control::Seek(early.end), clocks(Duration::ZERO));
    assert_eq!(picture(&mut c, Duration::from_secs(1)).now, early.end + Duration::from_secs(1));
    // Backwards it ends where the last record before it ended; what is shorter is played.
    c.obey(Control::SkipIdle(Some(Duration::from_secs(60))), clocks(Duration::from_secs(1)));
    c.obey(Control::Seek(late.start), clocks(Duration::from_secs(1)));
    c.obey(Control::Speed(-1.0), clocks(Duration::from_secs(1)));
    let now = picture(&mut c, Duration::from_secs(2)).now;
    assert!(now >= early.end && now.since(early.end) <= Duration::from_millis(1), "{now:?} {early:?}");
    assert_eq!(now.since(picture(&mut c, Duration::from_secs(3)).now), Duration::from_secs(1));
}

#[test]
fn the_whole_recording_takes_the_time_asked_for() {
    let mut c = loaded("web.argus", Plan { fit: Some(Duration::from_secs(10)), ..plan() }, false);
    let span = c.engine().span().expect("records");
    assert_eq!(picture(&mut c, Duration::ZERO).now, span.start);
    let middle = picture(&mut c, Duration::from_secs(5)).now;
    let off = middle.since(span.start).as_secs_f64() / span.duration().as_secs_f64() - 0.5;
    assert!(off.abs() < 0.001, "{off}");
    assert_eq!(picture(&mut c, Duration::from_secs(11)).now, span.end);
}

#[test]
fn a_filter_of_the_picture_hides_and_gives_back() {
    let mut c = loaded("web.argus", Plan { at: Some(At::END), start: Some(Start::Paused), ..plan() }, false);
    c.obey(Control::Window(Duration::from_secs(86_400)), clocks(Duration::ZERO));
    let all = picture(&mut c, Duration::ZERO);
    let show = |text: &str| Control::Show(Some(Box::new(Show::parse(text).expect("a filter"))));
    c.obey(show("udp"), clocks(Duration::ZERO));
    let udp = picture(&mut c, Duration::ZERO);
    assert!(udp.totals.records > 0 && udp.flows.iter().all(|f| f.last.key.proto == 17));
    c.obey(show("not udp"), clocks(Duration::ZERO));
    let others = picture(&mut c, Duration::ZERO);
    assert_eq!(udp.totals.records + others.totals.records, all.totals.records);
    c.obey(Control::Show(None), clocks(Duration::ZERO));
    assert_eq!(picture(&mut c, Duration::ZERO), all);
}

#[test]
fn only_what_the_filter_lets_through_counts() {
    let filter = Filter::parse("udp").expect("a filter");
    let m = moment_of(Plan { filter: Some(filter), ..plan() }, vec![Box::new(script(sample("web.argus"), 5))], At::END);
    let s = m.expect("a moment").snapshot;
    assert!(s.health.accepted > 0 && s.health.rejected > 0);
    assert_eq!(s.health.accepted + s.health.rejected, 42);
    assert!(s.flows.iter().all(|f| f.last.key.proto == 17));
}

#[test]
fn labels_inside_records_place_addresses() {
    for name in ["geo.ralabel.argus", "geo.ralabel.v5.argus"] {
        let wide = CacheConfig { window: Duration::from_secs(86_400), ..CacheConfig::default() };
        let m = moment_of(Plan { cache: wide, ..plan() }, vec![Box::new(script(sample(name), 100))], At::END);
        let s = m.expect("a moment").snapshot;
        assert!(s.hosts.iter().any(|h| h.place.origin == Origin::Label), "{name}");
    }
}

#[test]
fn each_address_sums_what_its_records_say() {
    let records = sample("web.full.argus");
    let wide = CacheConfig { window: Duration::from_secs(86_400), ..CacheConfig::default() };
    let m = moment_of(Plan { cache: wide, ..plan() }, vec![Box::new(script(records.clone(), 9))], At::END).expect("ok");
    let mut sent = 0u64;
    for r in &records {
        let Some(f) = RecordRef::new(r).and_then(Far::decode).map(|f| f.summary()) else { continue };
        sent += if f.key.saddr.ip().is_some() { f.src.bytes } else { 0 };
        sent += if f.key.daddr.ip().is_some() { f.dst.bytes } else { 0 };
    }
    assert_eq!(m.addresses.iter().map(|a| a.sent.bytes).sum::<u64>(), sent);
    let t = m.snapshot.totals;
    assert_eq!(m.addresses.len() as u64, t.hosts);
    assert_eq!(t.hosts - t.unplaced_hosts, m.snapshot.hosts.len() as u64);
}

const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn threads_read_a_file_to_its_end_and_show_a_sought_time() {
    let input = Input::Open(Box::new(script(sample("web.argus"), 5)));
    let handle = start_with(plan(), vec![input]).expect("started");
    let read = handle.wait_for(PATIENCE, |s| s.health.sources.first().is_some_and(|x| x.state == SourceState::Ended));
    let span = read.expect("read").span.expect("records");
    assert!(handle.send(Control::Pause) && handle.send(Control::Seek(span.end)));
    let s = handle.wait_for(PATIENCE, |s| s.now == span.end).expect("sought");
    assert_eq!((s.health.history_records, s.health.sources[0].records), (42, 42));
    let same = moment_of(plan(), vec![Box::new(script(sample("web.argus"), 5))], At::END).expect("a moment").snapshot;
    assert_eq!(bare((*s).clone()), bare(same));
    assert_eq!(handle.playhead().state, PlayState::Paused);
    // A flow's records are told one by one, and none is lost or doubled.
    let row = s.flows.iter().max_by_key(|f| f.records).expect("a flow");
    assert!(handle.send(Control::Witness(row.last.key, row.source)) && handle.send(Control::Pause));
    let wanted = Some((row.last.key, row.source));
    let told = (0..1000).find_map(|_| {
        let _ = handle.wait_for(Duration::from_millis(20), |_| false);
        Some(handle.witness()).filter(|w| w.flow == wanted)
    });
    let told = told.expect("told");
    assert_eq!((told.count, told.records.len(), told.now), (row.records as usize, row.records as usize, span.end));
    let value = |name: &str| told.records[0].fields.iter().find(|(n, _)| *n == name).map(|(_, v)| v.as_str());
    assert_eq!(value("saddr"), Some(row.last.key.saddr.to_string().as_str()));
    assert!(value("stime").is_some() && value("sbytes").is_some() && told.records[0].fields.len() > 40);
    handle.stop().expect("no breakdown");
}

#[test]
fn replaced_addresses_have_no_records_to_look_at() {
    use crate::anonymize::{Mask, Settings};
    let witness = |mask: Option<Mask>| {
        let mut conductor = loaded("web.argus", Plan { mask, ..plan() }, false);
        conductor.stand_at(conductor.span().expect("records").end);
        let row = conductor.snapshot().flows.first().expect("a flow").clone();
        conductor.obey(Control::Witness(row.last.key, row.source), clocks(Duration::ZERO));
        conductor.witness().count
    };
    assert!(witness(None) > 0);
    assert_eq!(witness(Some(Mask::new(&Settings::display(Some(1)), 0))), 0);
}

#[test]
fn a_breakdown_of_a_reader_is_an_error_and_not_the_end() {
    let broken = Script { batches: VecDeque::new(), live: false, panics: true };
    let inputs = vec![Input::Open(Box::new(broken)), Input::Open(Box::new(script(sample("web.argus"), 5)))];
    let handle = start_with(Plan { start: Some(Start::Paused), ..plan() }, inputs).expect("started");
    let s = handle.wait_for(PATIENCE, |s| {
        let states: Vec<_> = s.health.sources.iter().map(|x| &x.state).collect();
        matches!(states[..], [SourceState::Failed(_), SourceState::Ended])
    });
    assert!(s.is_some_and(|s| s.health.accepted == 42));
    assert!(handle.health().warnings.iter().any(|w| w.contains("the script says so")));
    let error = handle.stop().expect_err("a breakdown").to_string();
    assert!(error.contains("src-0") && error.contains("the script says so"), "{error}");
}

#[test]
fn a_recording_larger_than_memory_shows_the_same() {
    let at = |history_bytes, at| {
        let plan = Plan { history_bytes: Some(history_bytes), ..plan() };
        moment_of(plan, vec![Box::new(script(sample("web.argus"), 5))], at).expect("a moment").snapshot
    };
    for time in [At::START, At::AfterFirst(Duration::from_secs(1)), At::END] {
        let (small, large) = (at(2000, time), at(1 << 20, time));
        assert_eq!((small.health.history_records, small.health.history_refused), (42, 0));
        assert!(large.totals.records > 0 || matches!(time, At::START));
        assert_eq!((&small.hosts, &small.paths, small.totals), (&large.hosts, &large.paths, large.totals));
    }
}

#[test]
fn records_without_a_plausible_time_do_not_stretch_the_recording() {
    // One of the sample's records has its times lost: it claims to last from 1970 to 2097.
    let m =
        moment_of(plan(), vec![Box::new(script(sample("icmp-tunnels.full.argus"), 10))], At::END).expect("a moment");
    let span = m.snapshot.span.expect("records");
    assert!(span.start > Timestamp::from_parts(86_400, 0) && span.end < Timestamp::from_parts(2_000_000_000, 0));
    assert_eq!(m.snapshot.health.accepted, 64);
    let bits: f64 = m.snapshot.series.bits.iter().sum();
    assert!(bits > 0.0 && m.snapshot.series.start <= span.start);
}

/// The sample's record with other times: a status interval of five seconds, `times` 1000 bytes a second each way.
fn report(from: i64, times: u16) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    let time = |secs: i64| (secs as u32).to_be_bytes();
    let mut r = crate::record::RecordBuilder::new(&mut out, 0x13, 0x20);
    r.dsr(0x02, 0x01, 0x01, |b| b.extend_from_slice(&[6, 1, 2, 192, 5, 1, 2, 192, 6, 0, 0xE9, 0xD0, 0, 80, 0, 0]));
    r.dsr(0x03, 0x02, 0x18, |b| [time(from), [0; 4], time(from + 5), [0; 4]].iter().for_each(|w| b.extend(w)));
    let [high, low] = (5000 * times).to_be_bytes();
    r.dsr(0x10, 0x01, 0x02, |b| b.extend_from_slice(&[0, 5, high, low, 0, 5, high, low]));
    assert!(r.finish());
    vec![out]
}

#[test]
fn a_live_flow_reported_every_five_seconds_has_a_steady_rate() {
    let info = SourceInfo { name: "x".into(), kind: "argus stream", live: true, dropped: 0, damaged: 0 };
    let mut c = conductor(plan(), &[info]).expect("bundled databases");
    let first = 1_700_000_000;
    let mut loads = Vec::new();
    for tenth in 0..400u32 {
        let steady = Duration::from_millis(100) * tenth;
        let now = Clocks { steady, wall: Timestamp::from_parts(first, 0) + steady };
        if tenth % 50 == 1 && tenth > 50 {
            batches(&report(first + i64::from(tenth / 50) * 5 - 5, 1), 1).into_iter().for_each(|m| c.hear(m, now));
        }
        c.tick(now);
        let s = c.snapshot();
        if tenth > 150 {
            loads.push(s.totals.load);
        }
    }
    assert!(loads.iter().all(|l| (l - 16_000.0).abs() < 1.0), "{loads:?}");
}

/// What the rules found, without the times that depend on when they looked.
fn subjects(c: &mut Conductor) -> Vec<(String, crate::alert::Subject)> {
    let mut found: Vec<_> = c.watch().alerts().iter().map(|a| (a.rule.to_string(), a.subject)).collect();
    found.sort();
    found
}

#[test]
fn rules_look_at_each_second_that_is_passed_between_two_pictures() {
    let rules = || vec!["address > 1k".parse().expect("a rule"), "new address after 1s".parse().expect("a rule")];
    let watched = |speed| loaded("web.full.argus", Plan { alerts: rules(), speed, ..plan() }, false);
    let (mut each, mut fast, mut shown) = (watched(1.0), watched(30.0), watched(1.0));
    let span = each.engine().span().expect("records");
    for second in span.start.nanos() / 1_000_000_000..=span.end.nanos() / 1_000_000_000 {
        each.stand_at(Timestamp::from_parts(second, 0).max(span.start));
        let _ = each.snapshot();
    }
    // Half a minute in each tick, and no picture on the way.
    let mut looks = 0;
    for tick in 0..=span.duration().as_secs() / 30 + 1 {
        looks += fast.tick(clocks(Duration::from_secs(tick)));
    }
    assert!(looks >= i64::try_from(span.duration().as_secs()).expect("short"), "{looks}");
    let found = subjects(&mut fast);
    assert!(subjects(&mut each).iter().all(|s| found.contains(s)), "{found:?}");
    assert!(fast.take_raised() && !fast.take_raised());
    // What is over before the picture at the end is not in it.
    shown.stand_at(span.end);
    let _ = shown.snapshot();
    assert!(subjects(&mut shown).len() < subjects(&mut fast).len());
    // A jump is no way: nothing is looked at in between.
    let mut sought = watched(1.0);
    sought.tick(clocks(Duration::ZERO));
    sought.obey(Control::Pause, clocks(Duration::ZERO));
    sought.obey(Control::Seek(span.end), clocks(Duration::ZERO));
    assert_eq!(sought.tick(clocks(Duration::from_millis(10))), 0);
}

#[test]
fn a_silent_source_is_noticed_while_the_picture_stands() {
    let plan = Plan { alerts: vec!["silent 30s".parse().expect("a rule")], ..plan() };
    let mut c = loaded("web.argus", plan, true);
    let _ = picture(&mut c, Duration::ZERO);
    c.obey(Control::Pause, clocks(Duration::ZERO));
    let _ = picture(&mut c, Duration::from_secs(1));
    let looks: i64 = (2..25).map(|s| c.tick(clocks(Duration::from_secs(s)))).sum();
    assert_eq!((looks, c.watch().alerts().len()), (23, 0), "once a second");
    for s in 25..40 {
        c.tick(clocks(Duration::from_secs(s)));
    }
    assert_eq!(c.watch().alerts().len(), 1);
    assert!(!c.changed(), "no picture is made for it");
}

#[test]
fn rules_go_on_at_the_live_edge_while_the_playhead_stands_or_is_in_the_past() {
    let info = SourceInfo { name: "x".into(), kind: "argus stream", live: true, dropped: 0, damaged: 0 };
    let first = 1_700_000_000;
    // Quiet for half a minute, ten times as loud from then on.
    let watched = |away: &[Control]| {
        let rules = vec!["total > 100k".parse().expect("a rule")];
        let mut c =
            conductor(Plan { alerts: rules, ..plan() }, std::slice::from_ref(&info)).expect("bundled databases");
        let mut found = Vec::new();
        for second in 0..60u32 {
            let steady = Duration::from_secs(second.into());
            let now = Clocks { steady, wall: Timestamp::from_parts(first, 0) + steady };
            if second % 5 == 1 && second > 5 {
                let times = if second > 30 { 10 } else { 1 };
                batches(&report(first + i64::from(second) - 6, times), 1).into_iter().for_each(|m| c.hear(m, now));
            }
            if second == 20 {
                away.iter().for_each(|wish| c.obey(wish.clone(), now));
            }
            c.tick(now);
            let _ = c.snapshot();
            if c.take_raised() {
                found.extend(c.watch().take_fresh().into_iter().map(|a| (second, a.held.start.secs() - first)));
            }
        }
        found
    };
    let live = watched(&[]);
    assert_eq!(live.len(), 1, "{live:?}");
    let back = Control::Seek(Timestamp::from_parts(first + 3, 0));
    for away in [vec![Control::Pause], vec![Control::Pause, back.clone()], vec![back, Control::Speed(0.1)]] {
        let found = watched(&away);
        assert_eq!(found.len(), 1, "{away:?}: {found:?}");
        assert!(found[0].0.abs_diff(live[0].0) <= 1 && found[0].1.abs_diff(live[0].1) <= 1, "{found:?} {live:?}");
    }
    assert_eq!(watched(&[Control::Pause, Control::Live]), live, "back at the edge nothing is told twice");
}
