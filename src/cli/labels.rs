//! The configuration of labels (ralabel.conf), and the tables and databases that it names.
//!
//! A mistake is told with the file and the line in which it stands. Names of files are looked up from the working folder.

pub(super) mod hosts;
mod tables;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};

use super::tools::reader::say;
use crate::base::Warnings;
use crate::base::nearest;
use crate::base::rc::{self, Setting};
use crate::geo::{AddressNames, Database, Delegations, find_data};
use crate::pipeline::{CityItem, CityRule, Ends, LabelRules, NameOf};
use hosts::{Hosts, Part};
use tables::{address_names, flow_rules, port_names, text_of};

/// Reads a configuration with everything that it names. What can be worked around is said on standard error.
pub(super) fn read(path: &Path) -> anyhow::Result<LabelRules> {
    let text = text_of(path, rc::MAX_LEN as u64)?;
    let settings = rc::parse(&text)
        .map_err(|e| anyhow!("{}:{}: expected KEY=value, found {:?}", path.display(), e.line, e.found))?;
    let mut conf = Conf::default();
    for setting in &settings {
        conf.take(setting).map_err(|problem| at(path, setting.line, &setting.key, &problem))?;
    }
    let mut warnings = Warnings::new();
    let rules = conf.rules(path, &mut warnings);
    warnings.messages().iter().for_each(|text| say(text));
    rules
}

/// The networks of a table of addresses.
pub(super) fn networks(path: &Path) -> anyhow::Result<AddressNames> {
    let (mut names, mut warnings) = (AddressNames::default(), Warnings::new());
    address_names(path, &mut names, &mut warnings, 0)?;
    warnings.messages().iter().for_each(|text| say(text));
    Ok(names)
}

/// What writes the countries of a list of delegations into records.
pub(super) fn countries(path: &Path) -> anyhow::Result<LabelRules> {
    let mut warnings = Warnings::new();
    let table = Delegations::parse(&text_of(path, tables::MAX_TABLE)?, &path.display().to_string(), &mut warnings);
    warnings.messages().iter().for_each(|text| say(text));
    let mut rules = LabelRules::default();
    rules.countries = Some(table);
    Ok(rules)
}

/// Takes `text` as a configuration, without reading what it names: how many settings it has, or nothing if it is none.
pub(super) fn drive_conf(text: &str) -> Option<usize> {
    let mut conf = Conf::default();
    let settings = rc::parse(text).ok()?;
    settings.iter().try_for_each(|setting| conf.take(setting)).ok().map(|()| settings.len())
}

fn at(path: &Path, line: usize, key: &str, problem: &str) -> anyhow::Error {
    anyhow!("{}:{line}: {key}: {problem}", path.display())
}

/// Something that is switched on by one setting and described by files.
#[derive(Debug, Default)]
struct Source {
    /// Line of the setting that switches it on.
    on: Option<usize>,
    files: Vec<(usize, PathBuf)>,
}

impl Source {
    fn switch(&mut self, setting: &Setting) -> Result<(), String> {
        self.on = is_yes(setting)?.then_some(setting.line);
        Ok(())
    }

    fn file(&mut self, setting: &Setting) {
        if !value(setting).is_empty() {
            self.files.push((setting.line, value(setting).into()));
        }
    }
}

#[derive(Debug, Default)]
struct Conf {
    addresses: Source,
    countries: Source,
    ports: Source,
    flows: Source,
    systems: Source,
    city: Source,
    city_of: Option<(Ends, Vec<CityItem>)>,
    hosts: Option<Ends>,
    part: Part,
    /// Seconds for which a name is believed; `None` for ever.
    name_secs: Option<u64>,
}

/// All settings, to name the nearest one when another is met.
const KEYS: &[&str] = &[
    "RALABEL_IANA_ADDRESS",
    "RALABEL_IANA_ADDRESS_FILE",
    "RALABEL_ARIN_COUNTRY_CODES",
    "RA_DELEGATED_IP",
    "RALABEL_BIND_NAME",
    "RALABEL_BIND_NON_BLOCKING",
    "RALABEL_PRINT_DOMAINONLY",
    "RALABEL_PRINT_LOCALONLY",
    "RALABEL_DNS_NAME_CACHE_TIMEOUT",
    "RALABEL_IANA_PORT",
    "RALABEL_IANA_PORT_FILE",
    "RALABEL_ARGUS_FLOW",
    "RALABEL_ARGUS_FLOW_FILE",
    "RALABEL_GEOIP_ASN",
    "RALABEL_GEOIP_ASN_FILE",
    "RALABEL_GEOIP_CITY",
    "RALABEL_GEOIP_CITY_FILE",
];

impl Conf {
    fn take(&mut self, s: &Setting) -> Result<(), String> {
        match s.key.as_str() {
            "RALABEL_IANA_ADDRESS" => self.addresses.switch(s)?,
            "RALABEL_IANA_ADDRESS_FILE" => self.addresses.file(s),
            "RALABEL_ARIN_COUNTRY_CODES" => self.countries.switch(s)?,
            "RA_DELEGATED_IP" => self.countries.file(s),
            "RALABEL_IANA_PORT" => self.ports.switch(s)?,
            "RALABEL_IANA_PORT_FILE" => self.ports.file(s),
            "RALABEL_ARGUS_FLOW" => self.flows.switch(s)?,
            "RALABEL_ARGUS_FLOW_FILE" => self.flows.file(s),
            "RALABEL_GEOIP_ASN" => self.systems.switch(s)?,
            "RALABEL_GEOIP_ASN_FILE" | "RALABEL_GEOIP_V4_ASN_FILE" | "RALABEL_GEOIP_V6_ASN_FILE" => {
                self.systems.file(s);
            }
            "RALABEL_GEOIP_CITY" => {
                self.city_of = city(value(s))?;
                self.city.on = self.city_of.is_some().then_some(s.line);
            }
            "RALABEL_GEOIP_CITY_FILE" | "RALABEL_GEOIP_V4_CITY_FILE" | "RALABEL_GEOIP_V6_CITY_FILE" => {
                self.city.file(s);
            }
            "RALABEL_BIND_NAME" => {
                self.hosts = match rc::yes(value(s)) {
                    Some(yes) => yes.then_some(Ends::ALL),
                    None => Some(ends(value(s))?),
                };
            }
            // Every look-up is waited for.
            "RALABEL_BIND_NON_BLOCKING" => {
                is_yes(s)?;
            }
            "RALABEL_PRINT_DOMAINONLY" if is_yes(s)? => self.part = Part::Domain,
            "RALABEL_PRINT_LOCALONLY" if is_yes(s)? => self.part = Part::Local,
            "RALABEL_PRINT_DOMAINONLY" | "RALABEL_PRINT_LOCALONLY" => {}
            "RALABEL_DNS_NAME_CACHE_TIMEOUT" => {
                let secs: i64 = value(s).parse().map_err(|_| "expected a number of seconds, or -1".to_owned())?;
                self.name_secs = u64::try_from(secs).ok();
            }
            key if key.starts_with("RALABEL_") => {
                let hint =
                    nearest::nearest(key, KEYS.iter().copied()).map_or(String::new(), |k| format!("; is {k} meant?"));
                return Err(format!("there is no such setting{hint}"));
            }
            // Settings of all clients may stand here too.
            key if key.starts_with("RA_") => {}
            _ => return Err("expected a setting that begins with RALABEL_".into()),
        }
        Ok(())
    }

    fn rules(self, path: &Path, warnings: &mut Warnings) -> anyhow::Result<LabelRules> {
        let needed = |source: &Source, key: &str| match source.on {
            Some(line) if source.files.is_empty() => Err(at(path, line, key, &format!("{key}_FILE is missing"))),
            on => Ok(on.is_some()),
        };
        let mut rules = LabelRules::default();
        let context = |line: usize| format!("{}:{line}", path.display());
        if needed(&self.addresses, "RALABEL_IANA_ADDRESS")? {
            let names = rules.addresses.get_or_insert_default();
            for (line, file) in &self.addresses.files {
                address_names(file, names, warnings, 0).with_context(|| context(*line))?;
            }
        }
        if let Some(line) = self.countries.on {
            let (line, file) = self.countries.files.last().ok_or_else(|| {
                at(path, line, "RALABEL_ARIN_COUNTRY_CODES", "RA_DELEGATED_IP, the list of delegations, is missing")
            })?;
            let text = text_of(file, tables::MAX_TABLE).with_context(|| context(*line))?;
            rules.countries = Some(Delegations::parse(&text, &file.display().to_string(), warnings));
        }
        if needed(&self.ports, "RALABEL_IANA_PORT")? {
            for (line, file) in &self.ports.files {
                let text = text_of(file, tables::MAX_TABLE).with_context(|| context(*line))?;
                port_names(&text, rules.ports.get_or_insert_default());
            }
        }
        if needed(&self.flows, "RALABEL_ARGUS_FLOW")? {
            for (line, file) in &self.flows.files {
                rules.flows.extend(flow_rules(file).with_context(|| context(*line))?);
            }
        }
        if let Some((ends, items)) = self.city_of {
            let databases = databases(path, &self.city, "geo-city.mmdb", warnings)?;
            rules.city = Some(CityRule { ends, items, databases });
        }
        if self.systems.on.is_some() {
            rules.systems = databases(path, &self.systems, "geo-asn.mmdb", warnings)?;
        }
        if let Some(ends) = self.hosts {
            let mut hosts = Hosts::of_the_system(self.part, self.name_secs);
            rules.hosts = Some((ends, Box::new(move |addr| hosts.name(addr)) as NameOf));
        }
        Ok(rules)
    }
}

/// The value of a setting without stray quotation marks.
fn value(setting: &Setting) -> &str {
    setting.value.trim_matches(['"', '\'']).trim()
}

fn is_yes(setting: &Setting) -> Result<bool, String> {
    rc::yes(value(setting)).ok_or_else(|| format!("expected yes or no, found {:?}", value(setting)))
}

/// The databases of a source, or the bundled one.
fn databases(
    path: &Path,
    source: &Source,
    bundled: &'static str,
    warnings: &mut Warnings,
) -> anyhow::Result<Vec<Database>> {
    let mut out = Vec::new();
    for (line, file) in &source.files {
        // The format of old, which nobody publishes any more.
        if file.extension().is_some_and(|e| e.eq_ignore_ascii_case("dat")) {
            let text = "files in the old GeoIP format are not read; the bundled database is used instead of";
            warnings.add(format!("{}:{line}: {text} {file:?}; name one in MaxMind's format (.mmdb)", path.display()));
            continue;
        }
        out.push(Database::open(file).with_context(|| format!("{}:{line}", path.display()))?);
    }
    if out.is_empty() {
        out.push(Database::open(&find_data("geo", bundled)?)?);
    }
    Ok(out)
}

/// `addresses:items`; `None` for nothing, which switches it off.
fn city(text: &str) -> Result<Option<(Ends, Vec<CityItem>)>, String> {
    if rc::yes(text) == Some(false) {
        return Ok(None);
    }
    let (of, what) = text
        .split_once(':')
        .ok_or_else(|| format!("expected addresses:items, such as saddr,daddr:lat,lon, found {text:?}"))?;
    let items = parts(what).map(item).collect::<Result<Vec<_>, _>>()?;
    if items.is_empty() {
        return Err(format!("no items behind the colon of {text:?}"));
    }
    Ok(Some((ends(of)?, items)))
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', '/']).map(str::trim).filter(|p| !p.is_empty())
}

fn ends(text: &str) -> Result<Ends, String> {
    let mut ends = Ends::default();
    for part in parts(text) {
        match part {
            "saddr" => ends.src = true,
            "daddr" => ends.dst = true,
            "inode" => ends.inode = true,
            "*" | "all" | "yes" => ends = Ends::ALL,
            _ => return Err(format!("expected saddr, daddr, inode or *, found {part:?}")),
        }
    }
    if ends == Ends::default() { Err("no address is named".into()) } else { Ok(ends) }
}

/// Items as the manual names them, as the shipped file names them, and as people write them.
const ITEMS: &[(&str, CityItem)] = &[
    ("cco", CityItem::Country),
    ("country_code", CityItem::Country),
    ("cco3", CityItem::Country3),
    ("country_code3", CityItem::Country3),
    ("cname", CityItem::CountryName),
    ("country_name", CityItem::CountryName),
    ("reg", CityItem::Region),
    ("region", CityItem::Region),
    ("city", CityItem::City),
    ("pcode", CityItem::PostalCode),
    ("postal_code", CityItem::PostalCode),
    ("lat", CityItem::Lat),
    ("latitude", CityItem::Lat),
    ("lon", CityItem::Lon),
    ("long", CityItem::Lon),
    ("longitude", CityItem::Lon),
    ("metro", CityItem::Metro),
    ("metro_code", CityItem::Metro),
    ("area", CityItem::Area),
    ("area_code", CityItem::Area),
    ("cont", CityItem::Continent),
    ("continent_code", CityItem::Continent),
    ("off", CityItem::Offset),
    ("time_offset", CityItem::Offset),
    ("netmask", CityItem::Netmask),
];

fn item(text: &str) -> Result<CityItem, String> {
    match ITEMS.iter().find(|(name, _)| *name == text) {
        Some((_, item)) => Ok(*item),
        None => {
            let hint = nearest::nearest(text, ITEMS.iter().map(|(n, _)| *n))
                .map_or(String::new(), |n| format!("; is {n} meant?"));
            Err(format!("there is no item {text:?}{hint}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_asked_for_in_both_spellings() {
        let both = Ends { src: true, dst: true, inode: false };
        assert_eq!(city("saddr,daddr:lat/long"), Ok(Some((both, vec![CityItem::Lat, CityItem::Lon]))));
        assert_eq!(city("saddr/daddr:lat,lon"), Ok(Some((both, vec![CityItem::Lat, CityItem::Lon]))));
        let all = vec![CityItem::City, CityItem::Region, CityItem::Region, CityItem::CountryName];
        assert_eq!(city("*:city,region,reg,cname"), Ok(Some((Ends::ALL, all))));
        assert_eq!(city("no"), Ok(None));
        for bad in ["lat,lon", "saddr:", ":lat", "saddr:lat,latt", "sadr:lat"] {
            assert!(city(bad).is_err(), "{bad}");
        }
        assert_eq!(city("saddr:cit").map_err(|e| e.contains("is city meant")), Err(true));
    }

    #[test]
    fn mistakes_are_named_with_file_and_line() {
        let folder = std::env::temp_dir().join(format!("argus-globe-labels-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let path = folder.join("l.conf");
        for (text, message) in [
            ("\nnonsense", "l.conf:2: expected KEY=value, found \"nonsense\""),
            (
                "RALABEL_IANA_ADRESS=yes",
                "l.conf:1: RALABEL_IANA_ADRESS: there is no such setting; is RALABEL_IANA_ADDRESS meant?",
            ),
            ("RALABEL_IANA_ADDRESS=maybe", "l.conf:1: RALABEL_IANA_ADDRESS: expected yes or no, found \"maybe\""),
            ("#\nRALABEL_IANA_PORT=yes", "l.conf:2: RALABEL_IANA_PORT: RALABEL_IANA_PORT_FILE is missing"),
            ("RALABEL_ARGUS_FLOW=yes\nRALABEL_ARGUS_FLOW_FILE=/nosuch/f", "l.conf:2: reading \"/nosuch/f\": "),
            ("RALABEL_GEOIP_CITY=\"saddr:lat\"\nRALABEL_GEOIP_CITY_FILE=\"/nosuch/c.mmdb\"", "l.conf:2: cannot read"),
            ("RALABEL_DNS_NAME_CACHE_TIMEOUT=x", "l.conf:1: RALABEL_DNS_NAME_CACHE_TIMEOUT: expected a number"),
        ] {
            std::fs::write(&path, text).expect("written");
            let error = format!("{:#}", read(&path).expect_err(text));
            assert!(error.contains(message), "{error}");
        }
        let shipped = "RA_TZ=UTC\nRALABEL_BIND_NON_BLOCKING=\"no\"\"\nRALABEL_IANA_ADDRESS=no\n";
        std::fs::write(&path, shipped).expect("written");
        assert!(read(&path).is_ok());
        std::fs::remove_dir_all(&folder).expect("removed");
    }
}
