//! A window that exists only in memory: tests draw panels into it, click, and read the text that was painted.

use bevy_egui::egui::{
    self, Context, Event, Modifiers, PointerButton, Pos2, RawInput, Rect, Shape, Ui, epaint::ClippedShape, vec2,
};

use super::theme;

/// The window.
pub(crate) struct Probe {
    ctx: Context,
    size: egui::Vec2,
    painted: Vec<(String, Rect)>,
    time: f64,
}

impl Probe {
    /// A window of a size in points, with the program's theme.
    pub(crate) fn new(width: f32, height: f32) -> Probe {
        let ctx = Context::default();
        theme::apply(&ctx);
        let mut probe = Probe { ctx, size: vec2(width, height), painted: Vec::new(), time: 0.0 };
        // Fonts and sizes settle in the first frame.
        probe.frame(None, |_| {});
        probe
    }

    /// Draws one frame, with a click of the left button at a point if one is given.
    pub(crate) fn frame(&mut self, click: Option<Pos2>, mut draw: impl FnMut(&mut Ui)) {
        match click {
            Some(pos) => self.click(pos, Modifiers::NONE, &mut draw),
            None => self.run(Vec::new(), &mut draw),
        }
    }

    /// Draws what a click of the left button with some modifiers needs.
    pub(crate) fn click(&mut self, pos: Pos2, modifiers: Modifiers, draw: &mut impl FnMut(&mut Ui)) {
        let button = |pressed| Event::PointerButton { pos, button: PointerButton::Primary, pressed, modifiers };
        let held = Event::ModifiersChanged;
        for events in [vec![held(modifiers), Event::PointerMoved(pos)], vec![button(true)], vec![button(false)]] {
            self.run(events, draw);
        }
        if modifiers != Modifiers::NONE {
            self.run(vec![held(Modifiers::NONE)], draw);
        }
    }

    /// Draws one frame with the given events.
    pub(crate) fn run(&mut self, events: Vec<Event>, draw: &mut impl FnMut(&mut Ui)) {
        self.time += 1.0 / 60.0;
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, self.size)),
            time: Some(self.time),
            events,
            ..RawInput::default()
        };
        let output = self.ctx.run_ui(input, |ui| draw(ui));
        self.painted.clear();
        for ClippedShape { clip_rect, shape } in &output.shapes {
            collect(shape, *clip_rect, &mut self.painted);
        }
        output.drop_without_applying_deltas();
    }

    /// All texts painted in the last frame.
    pub(crate) fn texts(&self) -> Vec<&str> {
        self.painted.iter().map(|(t, _)| t.as_str()).collect()
    }

    /// Whether some text painted in the last frame contains a piece.
    pub(crate) fn shows(&self, piece: &str) -> bool {
        self.painted.iter().any(|(t, _)| t.contains(piece))
    }

    /// The middle of the first text that is exactly this.
    pub(crate) fn find(&self, text: &str) -> Option<Pos2> {
        self.painted.iter().find(|(t, _)| t == text).map(|(_, r)| r.center())
    }

    /// The middles of all texts that are exactly this, in the order they were painted.
    pub(crate) fn places_of(&self, text: &str) -> Vec<Pos2> {
        self.painted.iter().filter(|(t, _)| t == text).map(|(_, r)| r.center()).collect()
    }

    /// Pairs of texts of the last frame that lie on each other.
    pub(crate) fn overlaps(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for (i, (a, ra)) in self.painted.iter().enumerate() {
            for (b, rb) in &self.painted[..i] {
                if ra.shrink(1.5).intersects(rb.shrink(1.5)) {
                    found.push((b.clone(), a.clone()));
                }
            }
        }
        found
    }

    /// Texts of the last frame that reach out of the window.
    pub(crate) fn clipped(&self) -> Vec<String> {
        let window = Rect::from_min_size(Pos2::ZERO, self.size).expand(0.5);
        self.painted.iter().filter(|(_, r)| !window.contains_rect(*r)).map(|(t, _)| t.clone()).collect()
    }
}

fn collect(shape: &Shape, clip: Rect, into: &mut Vec<(String, Rect)>) {
    match shape {
        Shape::Vec(shapes) => shapes.iter().for_each(|s| collect(s, clip, into)),
        Shape::Text(t) if !t.galley.text().trim().is_empty() => {
            let rect = t.galley.rect.translate(t.pos.to_vec2()).intersect(clip);
            if rect.is_positive() {
                into.push((t.galley.text().to_owned(), rect));
            }
        }
        _ => {}
    }
}
