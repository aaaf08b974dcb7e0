//! A flow with everything that the picture holds of it.

use super::model::{DetailModel, where_text};
use crate::base::units::{grouped, si};
use crate::cache::{FlowRow, Snapshot};
use crate::globe::hud::text;
use crate::globe::table::FlowId;
use crate::record::{Cause, Counts, FlowKey, SrcId};

/// The details of a flow, with the names that argus gives its fields.
pub(super) fn of_flow(s: &Snapshot, id: FlowId) -> DetailModel {
    let key = &id.key;
    let title = format!("{} \u{2194} {}", s.name_of(key.saddr), s.name_of(key.daddr));
    let mut m = DetailModel { copy: title.clone(), title, ..DetailModel::default() };
    let Some(row) = s.flows.iter().find(|row| FlowId::of(row) == id) else { return m };
    m.present = true;
    m.flow = Some((id.key, id.source));
    m.filter = table_words(key);
    let r = &row.last;
    m.subtitle = format!("{} {} {}", r.proto_name, r.dir, r.state);
    m.argus = argus(row);
    let mut put = |name: &'static str, value: String| {
        if !value.is_empty() {
            m.rows.push((name, value));
        }
    };
    put("source", s.health.sources.iter().find(|x| x.id == row.source).map_or_else(String::new, |x| x.name.clone()));
    put("srcid", srcid(r.srcid));
    put("stime", text::date_time(row.seen.start));
    put("ltime", text::date_time(row.seen.end));
    put("dur", format!("{:.6} s", row.seen.duration().as_secs_f64()));
    put("saddr", end(s, row, true));
    put("daddr", end(s, row, false));
    if matches!(key.proto, 6 | 17 | 33 | 132) || key.sport != 0 || key.dport != 0 {
        put("sport", key.sport.to_string());
        put("dport", key.dport.to_string());
    }
    put("proto", format!("{} ({})", r.proto_name, key.proto));
    put("src", counts(row.src, row.load_src));
    put("dst", counts(row.dst, row.load_dst));
    put("trans", format!("{} in the window", records(row.records)));
    put("newest", format!("{}, seq {}", cause(r.cause), r.seq));
    put("", format!("{} to {}", text::time_millis(r.span.start), text::time_millis(r.span.end)));
    put("", format!("src {}, dst {}", counts_of(r.src), counts_of(r.dst)));
    m
}

fn records(n: u32) -> String {
    format!("{} record{}", grouped(n.into()), if n == 1 { "" } else { "s" })
}

/// Who an end is and where.
fn end(s: &Snapshot, row: &FlowRow, src: bool) -> String {
    let key = &row.last.key;
    let (addr, host) = if src { (key.saddr, row.src_host) } else { (key.daddr, row.dst_host) };
    let place = host.and_then(|i| s.hosts.get(i as usize)).map(|h| &h.place);
    match place {
        Some(p) => format!("{}  {}", s.name_of(addr), where_text(p)),
        None => s.name_of(addr),
    }
}

fn counts_of(c: Counts) -> String {
    format!("{} pkts, {}", grouped(c.pkts), text::bytes(c.bytes))
}

fn counts(c: Counts, load: f64) -> String {
    let app = if c.appbytes > 0 { format!(" ({} of applications)", text::bytes(c.appbytes)) } else { String::new() };
    format!("{}{app}, {}", counts_of(c), si(load, "bit/s"))
}

/// The sensor, if it has a name.
fn srcid(id: SrcId) -> String {
    match id {
        SrcId::Unset => String::new(),
        SrcId::V4(a) => a.to_string(),
        SrcId::V6(a) => a.to_string(),
        SrcId::Int(n) => n.to_string(),
        SrcId::Text(t) => String::from_utf8_lossy(&t).trim_end_matches('\0').to_owned(),
        SrcId::Uuid(b) => b.iter().map(|x| format!("{x:02x}")).collect(),
    }
}

fn cause(cause: Cause) -> String {
    match cause {
        Cause::Start => "begun".into(),
        Cause::Status => "goes on".into(),
        Cause::Stop => "ended".into(),
        Cause::Timeout => "idle for too long".into(),
        Cause::Flush => "flushed".into(),
        Cause::Shutdown => "sensor went down".into(),
        Cause::Closed => "closed".into(),
        Cause::Error => "error report".into(),
        Cause::Supplemental => "more data".into(),
        Cause::Unknown(n) => format!("cause {n:#x}"),
    }
}

/// The argus filter that only this flow passes.
pub(super) fn argus(row: &FlowRow) -> String {
    let key = &row.last.key;
    let (Some(a), Some(b)) = (key.saddr.ip(), key.daddr.ip()) else { return String::new() };
    let ends = format!("src host {a} and dst host {b}");
    match key.proto {
        6 | 17 => format!("{} and {ends} and src port {} and dst port {}", row.last.proto_name, key.sport, key.dport),
        _ => format!("{} and {ends}", row.last.proto_name),
    }
}

/// The text that shows this flow in the table, and others between the same ports.
pub(super) fn table_words(key: &FlowKey) -> String {
    format!("saddr={} daddr={} sport={} dport={}", key.saddr, key.daddr, key.sport, key.dport)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::globe::fixture;
    use crate::globe::selection::Picked;
    use crate::pipeline::Show;

    #[test]
    fn a_flow_is_told_whole_with_the_filter_that_it_alone_passes() {
        let s = fixture::snapshot();
        let m = DetailModel::new(&s, Picked::Flow(FlowId::of(&s.flows[1]))).expect("details");
        assert!(m.present && m.title.contains("129.132.1.1") && m.subtitle.contains("tcp"));
        let of = |name: &str| m.rows.iter().find(|(n, _)| *n == name).map_or("", |(_, v)| v.as_str());
        assert_eq!((of("dport"), of("sport"), of("proto")), ("443", "40000", "tcp (6)"));
        assert!(of("saddr").contains("Zurich, CH") && of("source") == "captures/today.pcap");
        assert!(of("src").contains("90.0 kB") && of("src").contains("bit/s"), "{}", of("src"));
        assert!(of("newest").contains("goes on, seq 1") && of("stime").starts_with("2013-03-07"));
        for row in s.flows.iter() {
            let m = DetailModel::new(&s, Picked::Flow(FlowId::of(row))).expect("details");
            Show::parse(&m.argus).expect("a filter");
        }
    }

    #[test]
    fn a_flow_that_left_the_window_is_named_and_empty() {
        let mut s = fixture::snapshot();
        let id = FlowId::of(&s.flows[1]);
        s.flows = Vec::new().into();
        let m = DetailModel::new(&s, Picked::Flow(id)).expect("details");
        assert!(!m.present && m.title.contains("193.0.6.139") && m.rows.is_empty());
    }
}
