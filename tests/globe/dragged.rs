//! A file dragged from another program of the desktop and dropped on the window: the whole exchange of the X server's
//! drag and drop (XDND, version 5), with this test as the other program.

use std::time::Duration;

use argus_globe::base::clock::steady_now;
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ClientMessageEvent, ConnectionExt as _, CreateWindowAux, EventMask, PropMode,
    SELECTION_NOTIFY_EVENT, SelectionNotifyEvent, Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use crate::window::{Globe, PATIENCE, SAMPLE};

/// The other program.
struct Source {
    conn: RustConnection,
    window: Window,
    target: Window,
}

impl Source {
    /// Takes hold of something over the globe's window.
    fn over(display: &str) -> Source {
        let (conn, screen) = x11rb::connect(Some(display)).expect("the X server");
        let root = conn.setup().roots[screen].root;
        let window = conn.generate_id().expect("a number");
        conn.create_window(0, window, root, 0, 0, 1, 1, 0, WindowClass::INPUT_OUTPUT, 0, &CreateWindowAux::new())
            .expect("a window");
        let mut source = Source { conn, window, target: 0 };
        source.target = source.aware(root).expect("the globe's window takes what is dropped");
        let owned = source.conn.set_selection_owner(window, source.atom("XdndSelection"), x11rb::CURRENT_TIME);
        owned.expect("sent").check().expect("the selection is ours");
        source
    }

    fn atom(&self, name: &str) -> Atom {
        self.conn.intern_atom(false, name.as_bytes()).expect("sent").reply().expect("an atom").atom
    }

    /// The first window below another that takes what is dropped.
    fn aware(&self, root: Window) -> Option<Window> {
        let aware = self.atom("XdndAware");
        let children = self.conn.query_tree(root).ok()?.reply().ok()?.children;
        children.into_iter().find_map(|child| {
            let held = self.conn.get_property(false, child, aware, AtomEnum::ATOM, 0, 1).ok()?.reply().ok()?;
            if held.value_len > 0 { Some(child) } else { self.aware(child) }
        })
    }

    fn tell(&self, name: &str, data: [u32; 4]) {
        let [a, b, c, d] = data;
        let event = ClientMessageEvent::new(32, self.target, self.atom(name), [self.window, a, b, c, d]);
        self.conn.send_event(false, self.target, EventMask::NO_EVENT, event).expect("sent");
        self.conn.flush().expect("sent");
    }

    /// Answers questions for what is dragged until the message comes; gives its data.
    fn until(&self, name: &str, dragged: &str) -> [u32; 5] {
        let (wanted, began) = (self.atom(name), steady_now());
        while began.elapsed() < PATIENCE {
            match self.conn.poll_for_event().expect("the X server") {
                Some(Event::ClientMessage(m)) if m.type_ == wanted => return m.data.as_data32(),
                Some(Event::SelectionRequest(r)) => {
                    let text = format!("{dragged}\r\n");
                    let put = self.conn.change_property8(
                        PropMode::REPLACE,
                        r.requestor,
                        r.property,
                        r.target,
                        text.as_bytes(),
                    );
                    put.expect("sent");
                    let done = SelectionNotifyEvent {
                        response_type: SELECTION_NOTIFY_EVENT,
                        sequence: 0,
                        time: r.time,
                        requestor: r.requestor,
                        selection: r.selection,
                        target: r.target,
                        property: r.property,
                    };
                    self.conn.send_event(false, r.requestor, EventMask::NO_EVENT, done).expect("sent");
                    self.conn.flush().expect("sent");
                }
                Some(_) => {}
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        }
        panic!("no {name} came");
    }

    /// Moves a file over the middle of the window and lets it go there.
    fn drop(&self, path: &str) {
        let uri = format!("file://{path}");
        let copy = self.atom("XdndActionCopy");
        self.tell("XdndEnter", [5 << 24, self.atom("text/uri-list"), 0, 0]);
        self.tell("XdndPosition", [0, 480 << 16 | 320, x11rb::CURRENT_TIME, copy]);
        let [_, accepts, ..] = self.until("XdndStatus", &uri);
        assert_eq!(accepts & 1, 1, "the window takes files");
        self.tell("XdndDrop", [0, x11rb::CURRENT_TIME, 0, 0]);
        self.until("XdndFinished", &uri);
    }
}

#[test]
fn a_file_dragged_onto_the_window_is_opened() {
    let mut globe = Globe::start(&SAMPLE);
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/argus/geo.argus");
    Source::over(globe.display()).drop(file);
    assert_eq!(globe.wait("opened"), format!("opened {file}"));
    // What is no recording is said, and leaves the globe as it was.
    let text = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    Source::over(globe.display()).drop(text);
    assert!(globe.wait("not opened").contains("README.md"));
}
