//! Where a relay reads from, and what it wants of each.

use std::ffi::OsString;

use clap::{ArgMatches, Command};

use super::super::Usage;
use super::super::service::{pair_arg, pairs, place_and_filter};
use crate::filter::Filter;
use crate::pipeline::Upstream;
use crate::secure::TlsFiles;
use crate::source::SourceSpec;

/// Customary port of flow exports.
const EXPORT_PORT: u16 = 9995;

/// `-S host[:port] [filter]` and `-C [host]:port [filter]`, repeated; each keeps its own filter.
#[derive(Clone, Debug, Default)]
pub(super) struct Remotes {
    /// Place and filter of each server.
    servers: Vec<(String, String)>,
    /// Place and filter of each receiver of flow exports.
    exports: Vec<(String, String)>,
}

impl Remotes {
    /// Whether no server is named.
    pub(super) fn has_no_server(&self) -> bool {
        self.servers.is_empty()
    }

    /// Adds a server from the words of a setting: `host[:port]`, or `host[:port] "filter"`.
    ///
    /// # Errors
    /// The text is no place or no filter.
    pub(super) fn add_server(&mut self, value: &str) -> Result<(), String> {
        let (place, filter) = place_and_filter(value);
        SourceSpec::from_remote(&place)?;
        Filter::parse(&filter).map_err(|e| format!("{place}: {e}"))?;
        self.servers.push((place, filter));
        Ok(())
    }

    /// Adds a receiver of flow exports from the words of a setting, likewise.
    ///
    /// # Errors
    /// The text is no place or no filter.
    pub(super) fn add_export(&mut self, value: &str) -> Result<(), String> {
        let (place, filter) = place_and_filter(value);
        SourceSpec::from_export(&place, EXPORT_PORT)?;
        Filter::parse(&filter).map_err(|e| format!("{place}: {e}"))?;
        self.exports.push((place, filter));
        Ok(())
    }

    /// What to read, each with its own filter and `common`: a record has to pass both.
    ///
    /// # Errors
    /// A text is no place or no filter.
    pub(super) fn upstreams(&self, common: &str, tls: &TlsFiles) -> Result<Vec<Upstream>, Usage> {
        let mut found = Vec::new();
        for (place, filter) in &self.servers {
            let spec = SourceSpec::from_remote(place).map_err(Usage)?.with_tls_files(tls);
            found.push(upstream("-S", place, spec, filter, common)?);
        }
        for (place, filter) in &self.exports {
            let spec = SourceSpec::from_export(place, EXPORT_PORT).map_err(Usage)?;
            found.push(upstream("-C", place, spec, filter, common)?);
        }
        Ok(found)
    }
}

fn upstream(option: &str, place: &str, spec: SourceSpec, own: &str, common: &str) -> Result<Upstream, Usage> {
    Filter::parse(own).map_err(|e| Usage(format!("{option} {place}: {e}")))?;
    Ok(Upstream { spec, filter: both(common, own) })
}

/// The text of a filter that passes what both pass.
fn both(common: &str, own: &str) -> String {
    match (common.trim(), own.trim()) {
        (one, "") | ("", one) => one.to_owned(),
        (common, own) => format!("({common}) and ({own})"),
    }
}

impl clap::Args for Remotes {
    fn augment_args(command: Command) -> Command {
        command
            .arg(pair_arg("servers", 'S', "HOST[:PORT]").long("server").help(
                "Read from an argus server or relay, or from datagrams with argus-udp://; a filter for this source may \
                 follow; may be repeated",
            ))
            .arg(pair_arg("exports", 'C', "[HOST]:PORT").help(
                "Receive NetFlow, IPFIX or sFlow in datagrams; a filter for this source may follow; may be repeated",
            ))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Remotes::augment_args(command)
    }
}

impl clap::FromArgMatches for Remotes {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Remotes, clap::Error> {
        Ok(Remotes { servers: pairs(matches, "servers"), exports: pairs(matches, "exports") })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Remotes::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Files named on the command line, with the filter of all sources.
pub(super) fn files(paths: &[OsString], common: &str) -> Vec<Upstream> {
    paths.iter().map(|p| Upstream { spec: SourceSpec::from_file(p), filter: common.trim().to_owned() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        remotes: Remotes,
        #[arg(short)]
        x: bool,
    }

    fn shown(remotes: &Remotes, common: &str) -> Vec<(String, String)> {
        let found = remotes.upstreams(common, &TlsFiles::default()).unwrap();
        found.into_iter().map(|u| (u.spec.to_string(), u.filter)).collect()
    }

    #[test]
    fn every_source_keeps_its_own_filter() {
        let words = ["p", "-S", "a", "udp", "-S", "b:9", "-x", "-C", ":2055", "port 80 or port 443", "-S", "c", "tcp"];
        let line = <Line as clap::Parser>::parse_from(words);
        assert!(line.x);
        let own = [("a:561", "udp"), ("b:9", ""), ("c:561", "tcp"), ("cisco://0.0.0.0:2055", "port 80 or port 443")];
        assert_eq!(shown(&line.remotes, ""), own.map(|(a, b)| (a.to_owned(), b.to_owned())));
        let with = shown(&line.remotes, "host 1.2.3.4 or icmp");
        let filters: Vec<_> = with.iter().map(|(_, f)| f.as_str()).collect();
        let common = "(host 1.2.3.4 or icmp) and ";
        let expected = [format!("{common}(udp)"), "host 1.2.3.4 or icmp".into(), format!("{common}(tcp)")];
        assert_eq!(filters.get(..3).unwrap(), expected.each_ref().map(String::as_str));
        assert_eq!(*filters.last().unwrap(), format!("{common}(port 80 or port 443)"));
        assert!(filters.iter().all(|f| Filter::parse(f).is_ok()));
    }

    #[test]
    fn a_filter_that_is_none_is_told_with_its_source() {
        let line = <Line as clap::Parser>::parse_from(["p", "-S", "a", "tcp and ("]);
        let Err(Usage(text)) = line.remotes.upstreams("", &TlsFiles::default()) else { panic!("taken") };
        assert!(text.starts_with("-S a: "), "{text}");
    }

    #[test]
    fn a_setting_names_a_place_and_perhaps_a_filter() {
        let mut remotes = Remotes::default();
        remotes.add_server("probe:9 \"tcp and port 80\"").unwrap();
        remotes.add_server("\"other\"").unwrap();
        remotes.add_export("9996 'udp'").unwrap();
        let expected = [("probe:9", "tcp and port 80"), ("other:561", ""), ("cisco://0.0.0.0:9996", "udp")];
        assert_eq!(shown(&remotes, ""), expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
        assert!(remotes.add_server("probe \"tcp and (\"").is_err());
        assert!(remotes.add_server("probe:0").is_err());
        assert!(remotes.add_export("9996 \"tcp and (\"").is_err());
    }
}
