//! What is in force, as keys and values of a configuration. No Bevy systems here.

use std::collections::BTreeMap;
use std::time::Duration;

use bevy::prelude::Resource;

use crate::cache::By;
use crate::globe::camera::Projection;
use crate::globe::colouring::ColourBy;
use crate::globe::inks::Theme;
use crate::globe::layers::Layers;
use crate::globe::scale::RateShift;
use crate::globe::timeline::TimeScale;
use crate::globe::wall::TourWish;

/// Where a value came from at the start; the later one counts where several say something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Nobody said anything.
    #[default]
    Default,
    /// The configuration file.
    File,
    /// The command line.
    CommandLine,
}

impl Origin {
    /// For people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Origin::Default => "default",
            Origin::File => "configuration",
            Origin::CommandLine => "command line",
        }
    }
}

/// Where the values of keys came from; what is not named is at its default.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins(pub BTreeMap<String, Origin>);

impl Origins {
    /// Of a key.
    #[must_use]
    pub fn of(&self, key: &str) -> Origin {
        self.0.get(key).copied().unwrap_or_default()
    }
}

/// All settings that can be changed while the globe runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Values {
    /// Colours of everything.
    pub theme: Theme,
    /// Size of text and panels relative to the normal one.
    pub ui_scale: f32,
    /// Length of the window.
    pub window: Duration,
    /// What one pin stands for.
    pub level: By,
    /// What the colour of pins says.
    pub colour: ColourBy,
    /// Which layers are on.
    pub layers: Layers,
    /// Nothing moves that need not.
    pub reduced_motion: bool,
    /// Times in the machine's zone.
    pub local_time: bool,
    /// Scale of the bars of the time line.
    pub time_scale: TimeScale,
    /// Globe or flat map.
    pub projection: Projection,
    /// By how much the scale of rates is moved.
    pub rate_shift: RateShift,
    /// The full picture, however busy the machine is.
    pub full: bool,
    /// The wall's tour.
    pub tour: TourWish,
}

impl Values {
    /// All of it as keys and values of a configuration, in the order of the panel.
    #[must_use]
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let text = |value: &str| serde_json::Value::String(value.to_owned()).to_string();
        let theme = self.theme.file().map_or_else(|| self.theme.to_string(), |file| file.display().to_string());
        vec![
            ("theme", text(&theme)),
            ("ui-scale", format!("{:.2}", self.ui_scale)),
            ("local-time", self.local_time.to_string()),
            ("reduced-motion", self.reduced_motion.to_string()),
            ("quality", text(if self.full { "full" } else { "auto" })),
            ("projection", text(&self.projection.to_string())),
            ("level", text(self.level.word())),
            ("colour", text(&self.colour.to_string())),
            ("rate-scale", self.rate_shift.to_string()),
            ("time-scale", text(&self.time_scale.to_string())),
            ("window", text(&format!("{}s", self.window.as_secs_f64()))),
            ("tour", text(&self.tour.to_string())),
            ("layers", text(&self.layers.names())),
        ]
    }
}

/// Keys whose values are others than before, with these values.
#[must_use]
pub fn changed(before: &Values, now: &Values) -> Vec<(&'static str, String)> {
    let before = before.pairs();
    now.pairs().into_iter().zip(before).filter(|(now, before)| now != before).map(|(now, _)| now).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::globe::layers::LayerId;

    pub(in crate::globe) fn values() -> Values {
        Values {
            theme: Theme::Dark,
            ui_scale: 1.0,
            window: Duration::from_secs(120),
            level: By::Address,
            colour: ColourBy::Rate,
            layers: Layers::default(),
            reduced_motion: false,
            local_time: false,
            time_scale: TimeScale::default(),
            projection: Projection::Globe,
            rate_shift: RateShift::PLAIN,
            full: false,
            tour: TourWish::default(),
        }
    }

    #[test]
    fn only_what_was_changed_is_told_as_toml() {
        let before = values();
        assert_eq!(changed(&before, &before), []);
        let mut now = Values {
            theme: Theme::Light,
            ui_scale: 1.5,
            window: Duration::from_millis(1500),
            colour: ColourBy::Rule("dport=22 \"x\"".into()),
            rate_shift: RateShift::of(-2).expect("two decades"),
            reduced_motion: true,
            ..before.clone()
        };
        now.layers.set(LayerId::Table, true);
        let told = changed(&before, &now);
        let of = |key: &str| told.iter().find(|(k, _)| *k == key).map(|(_, v)| v.as_str());
        assert_eq!((of("theme"), of("ui-scale"), of("window")), (Some("\"light\""), Some("1.50"), Some("\"1.5s\"")));
        assert_eq!((of("colour"), of("rate-scale")), (Some("\"rule:dport=22 \\\"x\\\"\""), Some("-2")));
        assert_eq!((of("reduced-motion"), of("level"), of("tour")), (Some("true"), None, None));
        assert!(of("layers").is_some_and(|l| l.contains("table")));
        assert_eq!(told.len(), 7);
    }
}
