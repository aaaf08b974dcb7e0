//! Text of the tools turned back into records.

use super::folder::{Folder, sample};
use std::process::Output;

fn text(out: &Output) -> String {
    String::from_utf8_lossy(&out.stdout).into_owned()
}

const ALL: &str = "stime ltime dur saddr daddr sport dport proto dir spkts dpkts pkts sbytes dbytes bytes smac dmac \
                   state flgs srcid seq sttl dttl stos dtos sco dco sas das label";

/// Arguments of `ra` for a style of output.
fn style(words: &'static str) -> Vec<&'static str> {
    words.split(' ').filter(|w| !w.is_empty()).collect()
}

#[test]
fn what_is_printed_again_is_what_was_printed() {
    let folder = Folder::new("convert-round");
    for name in
        ["web.argus", "http.argus", "geo.ralabel.argus", "web.racluster.argus", "ipv6.full.argus", "web.radium.argus"]
    {
        let input = sample(name);
        for look in ["-u -nn -c ,", "-u -c ;", "-u -n -M json"] {
            let args = [&["ra", "-X", "-r", &input][..], &style(look), &["-s"], &style(ALL)].concat();
            let printed = text(&folder.ours(&args));
            assert!(!printed.is_empty(), "{name}");
            std::fs::write(folder.0.join("x.txt"), &printed).expect("written");
            let _ = std::fs::remove_file(folder.0.join("y.argus"));
            let out = folder.ours(&["raconvert", "-r", "x.txt", "-w", "y.argus"]);
            assert_eq!(out.status.code(), Some(0), "{name} {look}: {}", String::from_utf8_lossy(&out.stderr));
            let again = [&["ra", "-X", "-r", "y.argus"][..], &style(look), &["-s"], &style(ALL)].concat();
            assert_eq!(text(&folder.ours(&again)), printed, "{name} {look}");
        }
    }
}

#[test]
fn the_classic_reader_prints_the_same_rows() {
    let folder = Folder::new("convert-classic");
    for name in ["web.argus", "http.argus", "geo.ralabel.argus"] {
        let input = sample(name);
        let fields = "stime saddr daddr sport dport proto dir spkts dpkts sbytes dbytes state flgs label";
        let args = |file| [&["-X", "-L0", "-u", "-nn", "-c", ",", "-r", file, "-s"][..], &style(fields)].concat();
        let printed = text(&folder.run("ra", &args(&input)));
        assert!(printed.lines().count() > 1, "{name}");
        std::fs::write(folder.0.join("x.csv"), &printed).expect("written");
        let _ = std::fs::remove_file(folder.0.join("y.argus"));
        let out = folder.ours(&["raconvert", "-r", "x.csv", "-w", "y.argus"]);
        assert_eq!(out.status.code(), Some(0), "{name}: {}", String::from_utf8_lossy(&out.stderr));
        assert_eq!(text(&folder.run("ra", &args("y.argus"))), printed, "{name}");
    }
}

#[test]
fn the_default_columns_suffice() {
    let folder = Folder::new("convert-default");
    for name in ["web.argus", "http.argus"] {
        let input = sample(name);
        let print = |file: &str| text(&folder.ours(&["ra", "-X", "-nn", "-c", ",", "-r", file]));
        std::fs::write(folder.0.join("x.csv"), print(&input)).expect("written");
        let _ = std::fs::remove_file(folder.0.join("y.argus"));
        let out = folder.ours(&["raconvert", "-r", "x.csv", "-w", "y.argus"]);
        assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
        assert_eq!(print("y.argus"), print(&input), "{name}");
    }
}

#[test]
fn rows_that_are_none_are_skipped_and_named() {
    let folder = Folder::new("convert-bad");
    let csv = "StartTime,Proto,SrcAddr,Sport,DstAddr,Dport,TotPkts,TotBytes,State\n\
        100.5,tcp,10.0.0.1,1024,10.0.0.2,http,3,180,CON\n100.5,tcp,nonsense,1,10.0.0.2,80,1,60,REQ\n\
        too,few\n101.5,udp,10.0.0.1,1024,10.0.0.2,53,1,60,INT\n";
    std::fs::write(folder.0.join("x.csv"), csv).expect("written");
    let out =
        folder.ours(&["raconvert", "-r", "x.csv", "-nn", "-u", "-c", ",", "-s", "stime", "proto", "dport", "state"]);
    assert_eq!(text(&out), "StartTime,Proto,Dport,State\n100.500000,6,80,CON\n101.500000,17,53,INT\n");
    let message = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.code() == Some(3) && message.contains("x.csv:3: SrcAddr: expected an address"), "{message}");
    std::fs::write(folder.0.join("y.csv"), "this is no table\n").expect("written");
    let out = folder.ours(&["raconvert", "-r", "y.csv"]);
    let message = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.code() == Some(1) && message.contains("expected titles"), "{message}");
}
