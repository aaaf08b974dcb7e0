//! The dialog of files: a window within the window, so that it needs no portal and no tool of the desktop.

use std::fmt;
use std::path::Path;

use bevy_egui::egui::{self, Context, Event, Id, vec2};
use egui_file_dialog::{DialogState, FileDialog, Filter};

use super::MOST_AT_ONCE;
use super::model::is_recording;
use crate::globe::actions::Action;
use crate::globe::inks::inks;

/// What the list shows at first.
const RECORDINGS: &str = "Packets and flow records";
/// Largest size of the dialog, in points.
const SIZE: egui::Vec2 = vec2(820.0, 520.0);

/// Files are chosen in it, one or several at once.
#[derive(Default)]
pub struct Chooser {
    /// Made when it is opened first; later it begins in the folder that the last choice came from.
    dialog: Option<Box<FileDialog>>,
    /// It has not been drawn yet since it was opened.
    fresh: bool,
}

impl fmt::Debug for Chooser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chooser").field("is_open", &self.is_open()).finish()
    }
}

impl Chooser {
    /// Opens it in the folder of the last choice, at first in the one that the program was started in.
    pub fn open(&mut self) {
        let dialog = self.dialog.get_or_insert_with(|| Box::new(made()));
        dialog.pick_multiple();
        self.fresh = true;
    }

    /// The same in a folder.
    pub fn open_in(&mut self, folder: &Path) {
        self.dialog = Some(Box::new(made().initial_directory(folder.to_owned())));
        self.open();
    }

    /// Closes it.
    pub fn close(&mut self) {
        self.dialog = None;
    }

    /// Whether it is open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.dialog.as_ref().is_some_and(|d| *d.state() == DialogState::Open)
    }

    /// Draws it while it is open; the action opens what was chosen.
    pub fn show(&mut self, ctx: &Context) -> Option<Action> {
        if !self.is_open() {
            return None;
        }
        let dialog = self.dialog.as_mut()?;
        let room = ctx.viewport_rect().size() - vec2(48.0, 80.0);
        let config = dialog.config_mut();
        config.default_size = SIZE.min(room);
        config.max_size = Some(room);
        config.min_size = vec2(400.0, 200.0).min(room);
        config.modal_overlay_color = inks().shade;
        if std::mem::take(&mut self.fresh) {
            // The letter of Ctrl+O, whose Ctrl may be up again within a slow frame, is no part of a name.
            ctx.input_mut(|i| i.events.retain(|e| !matches!(e, Event::Text(t) if t.eq_ignore_ascii_case("o"))));
        }
        dialog.update(ctx);
        let names: Vec<String> =
            dialog.take_picked_multiple()?.iter().filter_map(|p| p.to_str().map(str::to_owned)).collect();
        (!names.is_empty()).then_some(Action::Open(names))
    }
}

fn made() -> FileDialog {
    FileDialog::new()
        .id(Id::new("files"))
        .title("Open packets or flow records")
        .anchor(egui::Align2::CENTER_CENTER, vec2(0.0, 0.0))
        .movable(false)
        .max_selections(MOST_AT_ONCE)
        .show_new_folder_button(false)
        .show_system_files_option(false)
        .add_file_filter(RECORDINGS, Filter::new(is_recording))
        .default_file_filter(RECORDINGS)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use bevy_egui::egui::{Key, Modifiers, PointerButton, Ui, pos2};

    use super::*;
    use crate::globe::hud::probe::Probe;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("argus-globe-dialog-{name}-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("archive")).expect("a folder");
        for file in ["today.pcap", "week.argus.gz", "notes.txt"] {
            std::fs::write(folder.join(file), "x").expect("a file");
        }
        folder.canonicalize().expect("it is there")
    }

    fn key(key: Key) -> Event {
        Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers: Modifiers::NONE }
    }

    struct Screen {
        probe: Probe,
        chooser: Chooser,
        done: Vec<Action>,
    }

    impl Screen {
        fn open(folder: &Path) -> Screen {
            let mut chooser = Chooser::default();
            chooser.open_in(folder);
            Screen { probe: Probe::new(960.0, 640.0), chooser, done: Vec::new() }
        }

        fn frame(&mut self, events: Vec<Event>) {
            let Screen { probe, chooser, done } = self;
            probe.run(events, &mut |ui: &mut Ui| done.extend(chooser.show(ui.ctx())));
        }

        /// The folder is read by a thread of its own.
        fn wait_for(&mut self, text: &str) {
            for _ in 0..1_000 {
                self.frame(Vec::new());
                if self.probe.shows(text) {
                    return;
                }
                std::thread::yield_now();
            }
            panic!("{text} is not shown: {:?}", self.probe.texts());
        }

        fn click(&mut self, text: &str, modifiers: Modifiers) {
            let line = self.probe.texts().into_iter().find(|t| t.contains(text)).map(str::to_owned);
            let at = line.and_then(|l| self.probe.find(&l)).unwrap_or_else(|| panic!("no {text}"));
            let button = |pressed| Event::PointerButton { pos: at, button: PointerButton::Primary, pressed, modifiers };
            self.frame(vec![Event::PointerMoved(at)]);
            self.frame(vec![button(true)]);
            self.frame(vec![button(false)]);
            self.frame(vec![Event::PointerMoved(pos2(2.0, 2.0))]);
        }
    }

    #[test]
    fn files_are_chosen_and_only_what_can_be_read_is_listed() {
        let folder = folder("choose");
        let mut screen = Screen::open(&folder);
        screen.wait_for("today.pcap");
        assert!(screen.probe.shows("archive") && screen.probe.shows("week.argus.gz"));
        assert!(!screen.probe.shows("notes.txt"), "{:?}", screen.probe.texts());
        screen.click("today.pcap", Modifiers::NONE);
        screen.frame(vec![key(Key::Enter)]);
        screen.frame(Vec::new());
        let path = folder.join("today.pcap").to_str().expect("text").to_owned();
        assert_eq!(screen.done, [Action::Open(vec![path])]);
        assert!(!screen.chooser.is_open());
        std::fs::remove_dir_all(folder).expect("removed");
    }

    #[test]
    fn the_keyboard_alone_is_enough_and_escape_closes() {
        let folder = folder("keys");
        let mut screen = Screen::open(&folder);
        screen.wait_for("today.pcap");
        // The folder comes first, then the files.
        for _ in 0..3 {
            screen.frame(vec![key(Key::ArrowDown)]);
        }
        screen.frame(vec![key(Key::Enter)]);
        screen.frame(Vec::new());
        let path = folder.join("week.argus.gz").to_str().expect("text").to_owned();
        assert_eq!(screen.done, [Action::Open(vec![path])]);
        screen.chooser.open();
        screen.wait_for("today.pcap");
        screen.frame(vec![key(Key::Escape)]);
        screen.frame(Vec::new());
        assert!(!screen.chooser.is_open() && screen.done.len() == 1);
        std::fs::remove_dir_all(folder).expect("removed");
    }
}
