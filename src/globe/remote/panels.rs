//! What the status tells of the panels, of the selection and of how things look.

use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use bevy::window::{PrimaryWindow, WindowMode};
use serde_json::{Value, json};

use crate::globe::camera::CameraRig;
use crate::globe::colouring::Colouring;
use crate::globe::feed::Feed;
use crate::globe::hud::Hud;
use crate::globe::inks::Theme;
use crate::globe::scale::RateShift;
use crate::globe::selection::Selection;
use crate::globe::timeline::Marks;
use crate::globe::wall::Wall;

/// What it is read from.
#[derive(SystemParam)]
pub(super) struct Panels<'w, 's> {
    hud: Res<'w, Hud>,
    selection: Res<'w, Selection>,
    rig: Res<'w, CameraRig>,
    theme: Res<'w, Theme>,
    colouring: Res<'w, Colouring>,
    shift: Res<'w, RateShift>,
    marks: Option<Res<'w, Marks>>,
    wall: Option<Res<'w, Wall>>,
    windows: Query<'w, 's, &'static Window, With<PrimaryWindow>>,
}

impl Panels<'_, '_> {
    /// All of it, as keys of the status.
    pub(super) fn state(&self, feed: &Feed) -> Value {
        let ends = self.selection.ends().into_iter();
        let selected: Vec<String> = ends.map(|a| feed.snapshot.name_of(a.into())).collect();
        let part = self.marks.as_ref().map(|m| m.ends().map(|end| end.map(|t| t.to_string())));
        json!({
            "selected": selected,
            "selected_things": self.selection.count(),
            "details": self.selection.details && self.selection.is_some(),
            "open": self.hud.open_parts(),
            "cards": self.hud.cards.len(),
            "message": self.hud.toast.as_ref().map(|t| &t.text),
            "theme": self.theme.title(),
            "colour": self.colouring.by.to_string(),
            "tour_of": self.wall.as_ref().map(|wall| wall.tour().to_string()),
            "rate_scale": self.shift.decades(),
            "projection": self.rig.projection().to_string(),
            "spin": self.rig.spin,
            "follow": self.rig.follows(),
            "part": part,
            "bookmarks": self.marks.as_ref().map_or(0, |m| m.bookmarks().len()),
            "full_screen": self.windows.iter().any(|w| w.mode != WindowMode::Windowed),
        })
    }
}
