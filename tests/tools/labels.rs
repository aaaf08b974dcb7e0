//! Labels against the classic labeller.

use super::folder::{Folder, sample};
use std::process::Output;

const CONFIGURATIONS: &[(&str, &str)] = &[
    ("addresses", "RALABEL_IANA_ADDRESS=yes\nRALABEL_IANA_ADDRESS_FILE=\"addresses.txt\"\n"),
    ("countries", "RALABEL_ARIN_COUNTRY_CODES=yes\nRA_DELEGATED_IP=\"delegated.txt\"\n"),
    ("ports", "RALABEL_IANA_PORT=yes\nRALABEL_IANA_PORT_FILE=\"ports.txt\"\n"),
    ("flows", "# rules\nRALABEL_ARGUS_FLOW=yes\nRALABEL_ARGUS_FLOW_FILE=\"flows.txt\"\n"),
];

/// A folder with tables and configurations.
fn prepared(name: &str) -> Folder {
    let folder = Folder::new(&format!("labels-{name}"));
    folder.write(
        "addresses.txt",
        "# networks\n0.0.0.0/1\tlow\n128/1 high half\n141.142.220.100 - 141.142.220.130\toffice\n10.0.0.0/8 ten\n",
    );
    folder.write(
        "delegated.txt",
        "2|arin|20200101|4|19830101|20200101|-0500\narin|US|ipv4|141.142.0.0|65536|19900101|assigned\n\
             ripencc|DE|ipv4|192.0.0.0|1000|20170101|allocated\narin|CA|ipv4|141.142.220.0|256|20190718|allocated\n",
    );
    folder.write("ports.txt", "domain 53/udp Names\nhttp 80/tcp\nhigh 40000-65535/tcp\nmdns 5353/udp\n");
    folder.write(
        "flows.txt",
        "filter=\"udp and port domain\" label=\"dns\" cont\nfilter=\"udp\" label=\"any udp\"\n\
             filter=\"tcp and dst port 80\" label=\"web\"\nfilter=\"\" label=\"other\"\n",
    );
    for (name, text) in CONFIGURATIONS {
        folder.write(&format!("{name}.conf"), text);
    }
    let all: String = CONFIGURATIONS.iter().map(|(_, text)| *text).collect();
    folder.write("all.conf", &all);
    folder
}

fn lines(out: &Output) -> Vec<String> {
    String::from_utf8_lossy(&out.stdout).lines().map(|l| l.trim_end().to_owned()).collect()
}

const FIELDS: &[&str] = &["-s", "stime", "proto", "saddr", "sport", "daddr", "dport", "sco", "dco", "label:200"];

#[test]
fn records_get_the_labels_that_the_classic_labeller_gives() {
    let folder = prepared("classic");
    let configurations = CONFIGURATIONS.iter().map(|(name, _)| *name).chain(["all"]);
    for conf in configurations.map(|name| format!("{name}.conf")) {
        for name in ["web.argus", "web.racluster.argus", "http.full.argus", "voip.full.argus"] {
            let input = sample(name);
            let (own, classic) = (format!("own-{name}"), format!("classic-{name}"));
            let out = folder.ours(&["ralabel", "-f", &conf, "-r", &input, "-w", &own, "-", "ip"]);
            assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
            folder.run("ralabel", &["-X", "-f", &conf, "-r", &input, "-w", &classic, "-", "ip"]);
            // The classic reader shows both. Countries without names of networks were not asked for.
            let fields: Vec<&str> =
                FIELDS.iter().copied().filter(|f| conf != "addresses.conf" || !f.ends_with("co")).collect();
            let read =
                |file| {
                    lines(&folder.run(
                        "ra",
                        &[&["-X", "-nn", "-r", file], &fields[..], &["-", "ip", "and", "not", "ipv6"]].concat(),
                    ))
                };
            let (found, expected) = (read(&own), read(&classic));
            assert!(expected.len() > 1, "{name}");
            assert_eq!(found, expected, "{conf} {name}");
            for file in [own, classic] {
                std::fs::remove_file(folder.0.join(file)).expect("removed");
            }
        }
    }
}

#[test]
fn labelling_twice_says_nothing_twice() {
    let folder = prepared("twice");
    let input = sample("web.argus");
    for (from, to) in [(input.as_str(), "once"), ("once", "twice")] {
        let out = folder.ours(&["ralabel", "-f", "all.conf", "-r", from, "-w", to]);
        assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
    }
    let flows = |name: &str| lines(&folder.ours(&[&["ra", "-X", "-nn", "-r", name], FIELDS].concat()));
    let once = flows("once");
    assert!(once.iter().any(|l| l.contains("flow=dns:flow=any udp")), "{once:?}");
    assert_eq!(once, flows("twice"));
}

#[test]
fn places_come_from_the_databases() {
    let folder = prepared("places");
    folder.write("city.conf", "RALABEL_GEOIP_CITY=\"saddr,daddr:lat/long,cco,cont,area\"\nRALABEL_GEOIP_ASN=yes\n");
    let input = sample("geo.argus");
    let out = folder.ours(&["ralabel", "-f", "city.conf", "-r", &input, "-w", "x.argus", "-", "tcp"]);
    assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
    let rows = lines(&folder.run("ra", &["-X", "-nn", "-c", ";", "-r", "x.argus", "-s", "saddr", "sas", "label"]));
    let london = rows.iter().find(|l| l.starts_with("81.2.69.142;")).expect("a flow from London");
    let parts: Vec<&str> = london.split(';').collect();
    assert!(parts[1].parse::<u32>().is_ok_and(|n| n > 0), "{london}");
    let place: Vec<&str> =
        parts[2].split(':').next().expect("an entry").trim_start_matches("scity=").split(',').collect();
    assert_eq!((place.len(), &place[2..]), (5, &["GB", "EU", "(null)"][..]), "{london}");
    assert!(place[0].parse::<f64>().is_ok_and(|lat| (50.0..53.0).contains(&lat)), "{london}");
}

#[test]
fn a_relay_labels_by_the_same_configuration() {
    let folder = prepared("relay");
    let input = sample("web.argus");
    folder.write("radium.conf", "RADIUM_CLASSIFIER_FILE=\"all.conf\"\nRADIUM_OUTPUT_FILE=\"relayed\"\n");
    let out = folder.ours(&["radium", "-f", "radium.conf", "-r", &input, "-p"]);
    assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
    folder.ours(&["ralabel", "-f", "all.conf", "-r", &input, "-w", "labelled"]);
    let read = |name: &str| lines(&folder.ours(&[&["ra", "-X", "-nn", "-r", name], FIELDS].concat()));
    let labelled = read("labelled");
    assert!(labelled.iter().any(|l| l.contains("saddr=high,office")), "{labelled:?}");
    assert_eq!(read("relayed"), labelled);
}

#[test]
fn mistakes_end_with_file_and_line() {
    let folder = prepared("mistakes");
    let input = sample("web.argus");
    folder.write("bad.conf", "RALABEL_ARGUS_FLOW=yes\nRALABEL_ARGUS_FLOW_FILE=rules.txt\n");
    folder.write("rules.txt", "filter=\"udp\" label=\"a\"\nfilter=\"prot x\" label=\"b\"\n");
    for (conf, sentence) in
        [("bad.conf", "rules.txt:2: "), ("nosuch.conf", "\"nosuch.conf\""), ("rules.txt", "rules.txt:1: ")]
    {
        let out = folder.ours(&["ralabel", "-f", conf, "-r", &input]);
        let message = String::from_utf8_lossy(&out.stderr);
        assert_eq!((out.status.code(), out.stdout.len()), (Some(1), 0), "{message}");
        assert!(message.contains(sentence), "{message}");
    }
    let out = folder.ours(&["ralabel", "-f", "all.conf", "-r", &input, "-", "igmp"]);
    assert_eq!((out.status.code(), out.stdout.len()), (Some(0), 0));
}
