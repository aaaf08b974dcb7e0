//! Names of countries and cities on the globe: painted on the screen below all panels, never one over another.
//!
//! Which names are shown follows the height of the eye; among those that would overlap the more important one stays.

mod model;

use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use bevy_egui::{EguiContexts, EguiPrimaryContextPass, egui};
pub use model::{Label, LabelKind, Placer, labels, wanted};

use super::PaintSet;
use super::camera::{FreeRect, SceneView};
use super::hud::Hud;
use super::inks::inks;
use super::layers::{LayerId, Layers};
use super::maps::AssetNotes;
use super::quality::Drawn;
use super::tags::Tags;
use crate::geo::{countries, find_data, parse_cities};

/// All names, most important first.
#[derive(Resource, Clone, Debug, Default)]
pub(super) struct Names(Vec<Label>);

/// Paints names.
pub struct NamesPlugin;

impl Plugin for NamesPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Names>()
            .add_systems(Startup, load_names)
            .add_systems(EguiPrimaryContextPass, paint_names.in_set(PaintSet::Names));
    }
}

fn load_names(mut names: ResMut<Names>, mut notes: ResMut<AssetNotes>) {
    let cities = find_data("assets", "cities.csv").map_err(|e| e.to_string()).and_then(|path| {
        let text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        parse_cities(&text).map_err(|e| e.to_string())
    });
    let cities = cities.unwrap_or_else(|problem| {
        notes.tell(format!("no cities are named: {problem}"));
        Vec::new()
    });
    names.0 = labels(countries(), &cities);
}

/// What panels and cards leave free for names: one that is cut off or shines through says nothing.
#[derive(SystemParam)]
pub(super) struct Room<'w> {
    free: Option<Res<'w, FreeRect>>,
    hud: Option<Res<'w, Hud>>,
}

impl Room<'_> {
    pub(super) fn placer(&self, ctx: &egui::Context) -> Placer {
        let zoom = ctx.zoom_factor().max(0.1);
        let free = self.free.as_ref().and_then(|free| free.0);
        let mut placer = Placer::within(free.map(|r| [r.min.x, r.min.y, r.max.x, r.max.y].map(|v| v / zoom)));
        for rect in self.hud.iter().flat_map(|hud| hud.taken.iter().copied().chain(hud.cards.rects())) {
            placer.keep_free([rect.min.x, rect.min.y, rect.max.x, rect.max.y]);
        }
        placer
    }
}

pub(super) fn paint_names(
    mut contexts: EguiContexts,
    (names, tags, room): (Res<Names>, Res<Tags>, Room),
    (scene, layers, drawn): (Res<SceneView>, Res<Layers>, Res<Drawn>),
) -> Result {
    if !layers.is_on(LayerId::Names) {
        return Ok(());
    }
    let ctx = contexts.ctx_mut()?;
    let painter = ctx.layer_painter(egui::LayerId::background());
    let points_per_pixel = 1.0 / f64::from(ctx.pixels_per_point().max(0.1));
    let view = &scene.view;
    let mut placer = room.placer(ctx);
    tags.areas.iter().for_each(|area| placer.keep_free(*area));
    let mut shown = 0;
    for label in names.0.iter().filter(|l| wanted(l, view.height())) {
        if shown >= drawn.0.most_names() {
            break;
        }
        let Some((pixel, strength)) = model::on_screen(label, view) else { continue };
        let at = egui::pos2((pixel[0] * points_per_pixel) as f32, (pixel[1] * points_per_pixel) as f32);
        let (text, size, alpha) = match label.kind {
            LabelKind::Country => (label.text.to_uppercase(), 10.0, 0.86),
            LabelKind::City { capital: true } => (label.text.clone(), 11.5, 0.98),
            LabelKind::City { capital: false } => (label.text.clone(), 11.0, 0.92),
        };
        let ink = inks().name.gamma_multiply(alpha * strength);
        let shade = inks().name_edge.gamma_multiply(strength);
        let galley = painter.layout_no_wrap(text, egui::FontId::proportional(size), ink);
        let corner = match label.kind {
            LabelKind::Country => at - galley.size() / 2.0,
            LabelKind::City { .. } => at + egui::vec2(6.0, -galley.size().y / 2.0),
        };
        let area = egui::Rect::from_min_size(corner, galley.size());
        if !placer.place([area.min.x, area.min.y, area.max.x, area.max.y]) {
            continue;
        }
        shown += 1;
        if matches!(label.kind, LabelKind::City { .. }) {
            painter.circle(at, 2.0, ink, egui::Stroke::new(1.0, shade));
        }
        for offset in [egui::vec2(1.0, 0.0), egui::vec2(-1.0, 0.0), egui::vec2(0.0, 1.0), egui::vec2(0.0, -1.0)] {
            painter.galley_with_override_text_color(corner + offset, galley.clone(), shade);
        }
        painter.galley(corner, galley, ink);
    }
    Ok(())
}
