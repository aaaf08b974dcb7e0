//! The table as a whole, and rows of one record.

use super::*;
use crate::base::Zone;
use crate::record::{RecordBuilder, RecordRef};

fn record() -> Vec<u8> {
    let mut out = Vec::new();
    let mut b = RecordBuilder::new(&mut out, 0x13, 0x10);
    let dsrs: [&[u8]; 4] = [
        &[1, 3, 1, 3, 10, 1, 2, 3, 0, 0, 0, 7],
        &[2, 1, 1, 5, 10, 0, 0, 1, 192, 168, 3, 4, 17, 0, 0xC0, 0, 0, 53, 0, 0],
        &[3, 2, 0x18, 5, 0x4D, 0x83, 0xAD, 0x1F, 0, 1, 0x86, 0xA0, 0x4D, 0x83, 0xAD, 0x21, 0, 0, 0, 5],
        &[0x10, 4, 2, 4, 0, 3, 1, 44, 0, 100, 0, 12, 7, 208, 0, 0],
    ];
    dsrs.iter().for_each(|d| b.raw(d));
    b.dsr(0x66, 0, 0, |o| o.extend_from_slice(b"a=x,\"y\""));
    assert!(b.finish());
    out
}

fn lines(fields: &str, shape: Shape, change: impl FnOnce(&mut Look)) -> String {
    let bytes = record();
    let far = Far::decode(RecordRef::new(&bytes).unwrap()).unwrap();
    let mut columns = Columns::default();
    columns.apply(fields).unwrap();
    let mut look = Look::new(Zone::utc(), Services::builtin());
    look.names = Names::Protocols;
    change(&mut look);
    let mut printer = Printer::new(columns, look, shape);
    let mut out = Vec::new();
    printer.header(&mut out);
    printer.row(&far, &Context { rank: 2, offset: 128, now: Timestamp::default() }, &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn names_are_unique_and_every_field_has_a_meaning() {
    for (i, f) in FIELDS.iter().enumerate() {
        assert!(!FIELDS[..i].iter().any(|g| g.name == f.name), "{} twice", f.name);
        assert!(!f.about.is_empty() && !f.header.is_empty() && f.width > 0, "{}", f.name);
    }
}

#[test]
fn columns_join_address_and_port_by_a_point() {
    assert_eq!(
        lines("stime saddr sport dir daddr dport spkts", Shape::Columns, |_| ()),
        "         StartTime            SrcAddr  Sport   Dir            DstAddr  Dport  SrcPkts \n   \
         19:06:07.100000           10.0.0.1.49152    <->        192.168.3.4.53            3\n"
    );
}

#[test]
fn long_cells_are_cut_with_a_star() {
    assert_eq!(lines("saddr:5 dur:4 srcid:9", Shape::Columns, |_| ()), "SrcAd  Dur     SrcId \n10.0* 1.9*  10.1.2.3\n");
}

#[test]
fn cells_may_be_delimited_or_quoted() {
    assert_eq!(
        lines("dur rank offset flgs label", Shape::Delimited(b';'), |_| ()),
        "Dur;Rank;Offset;Flgs;Label\n1.900005;2;128;          ;a=x,\"y\"\n"
    );
    assert_eq!(lines("spkts label", Shape::Csv, |_| ()), "SrcPkts,Label\n3,\"a=x,\"\"y\"\"\"\n");
}

#[test]
fn json_keeps_numbers_as_numbers_and_leaves_empty_cells_out() {
    let line = lines("stime dur sport saddr smac dir label", Shape::Json, |l| l.unix_time = true);
    assert_eq!(
        line,
        "{ \"type\":\"flow\",\"stime\":1300475167.100000,\"dur\":1.900005,\"sport\":49152,\"saddr\":\"10.0.0.1\",\
         \"dir\":\"<->\",\"label\":\"a=x,\\\"y\\\"\" }\n"
    );
}

#[test]
fn names_digits_and_abbreviations_follow_the_look() {
    assert_eq!(lines("dport proto", Shape::Delimited(b','), |l| l.names = Names::All), "Dport,Proto\ndomain,udp\n");
    assert_eq!(lines("dport proto", Shape::Delimited(b','), |l| l.names = Names::None), "Dport,Proto\n53,17\n");
    let short = |l: &mut Look| (l.abbreviate, l.digits) = (true, 1);
    assert_eq!(lines("dbytes dur", Shape::Delimited(b','), short), "DstBytes,Dur\n2.0K,1.9\n");
}

#[test]
fn every_field_prints_something_or_nothing_of_any_record() {
    proptest::proptest!(|(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 8..600))| {
        let mut whole = bytes.clone();
        let words = whole.len() / 4;
        whole.truncate(words * 4);
        whole[0] = if whole[0] & 1 == 0 { 0x13 } else { 0x15 };
        whole[2..4].copy_from_slice(&u16::try_from(words).unwrap().to_be_bytes());
        if let Some(far) = RecordRef::new(&whole).and_then(Far::decode) {
            let mut columns = Columns::default();
            columns.apply("all").unwrap();
            for shape in [Shape::Columns, Shape::Delimited(b','), Shape::Csv, Shape::Json] {
                let look = Look::new(Zone::utc(), Services::parse(""));
                let mut out = Vec::new();
                Printer::new(columns.clone(), look, shape).row(&far, &Context::default(), &mut out);
                proptest::prop_assert_eq!(out.last(), Some(&b'\n'));
            }
            for f in FIELDS {
                let _ = f.number(&far);
            }
        }
    });
}

#[test]
fn the_document_of_fields_is_fresh() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/fields.md");
    let fresh = markdown();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &fresh).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == fresh, "docs/fields.md is stale: run the tests once with UPDATE_DOCS=1");
}
