//! Takes configurations from a stranger, of every kind: for tests and fuzzers.

use crate::aggregate::{Rules, parse_rules};
use crate::anonymize::Settings;
use crate::filter::Names;
use crate::record::fields::Services;

/// Kinds of configuration files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conf {
    /// Of the sensor.
    Argus,
    /// Of the relay.
    Radium,
    /// Of all clients (`.rarc`).
    Ra,
    /// Of the aggregator.
    Racluster,
    /// Of the labeler.
    Ralabel,
    /// Of the anonymizer.
    Ranonymize,
}

impl Conf {
    /// All kinds.
    pub const ALL: [Conf; 6] = [Conf::Argus, Conf::Radium, Conf::Ra, Conf::Racluster, Conf::Ralabel, Conf::Ranonymize];

    /// Takes `text` as such a configuration; whether it is one. No file that it names is opened, no name looked up. Must
    /// never panic, whatever the text.
    #[must_use]
    pub fn drive(self, text: &str) -> bool {
        match self {
            Conf::Argus => super::argus::drive_conf(text).is_some(),
            Conf::Radium => super::radium::drive_conf(text).is_some(),
            Conf::Ra => super::tools::drive_rarc(text),
            Conf::Racluster => {
                let services = Services::builtin();
                parse_rules(text, &Rules::default(), &Names { services: &services, resolve: None }).is_ok()
            }
            Conf::Ralabel => super::labels::drive_conf(text).is_some(),
            Conf::Ranonymize => Settings::parse(text).is_ok(),
        }
    }
}
