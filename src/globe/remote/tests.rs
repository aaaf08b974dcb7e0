//! Lines from outside through the app, without a window.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use bevy::input::InputPlugin as Devices;
use bevy::prelude::*;
use serde_json::Value;

use super::{Errand, RemotePlugin, RemoteSource};
use crate::globe::camera::CameraRig;
use crate::globe::feed::{FeedInput, FixedSource};
use crate::globe::input::InputPlugin;
use crate::globe::layers::{LayerId, Layers};
use crate::globe::picking::PickingPlugin;
use crate::globe::{GlobePlugins, fixture};

type Lines = Arc<Mutex<VecDeque<String>>>;

struct Bench {
    app: App,
    lines: Lines,
    answers: Lines,
}

impl Bench {
    fn new() -> Bench {
        let (lines, answers) = (Lines::default(), Lines::default());
        let (from, to) = (lines.clone(), answers.clone());
        let poll = move || {
            let to = to.clone();
            let line = from.lock().expect("not poisoned").pop_front()?;
            Some(Errand { line, answer: Box::new(move |a| to.lock().expect("not poisoned").push_back(a)) })
        };
        let mut app = App::new();
        app.add_plugins((MinimalPlugins, Devices, GlobePlugins, PickingPlugin, InputPlugin, RemotePlugin))
            .insert_resource(FeedInput::new(FixedSource::new(Arc::new(fixture::snapshot()))))
            .insert_resource(RemoteSource::new(Box::new(poll)));
        app.update();
        Bench { app, lines, answers }
    }

    /// Sends lines and gives their answers.
    fn ask(&mut self, lines: &[&str]) -> Vec<Value> {
        self.lines.lock().expect("not poisoned").extend(lines.iter().map(|l| (*l).to_owned()));
        self.app.update();
        self.app.update();
        let answers = std::mem::take(&mut *self.answers.lock().expect("not poisoned"));
        answers.iter().map(|a| serde_json::from_str(a).expect("JSON")).collect()
    }
}

#[test]
fn lines_do_what_keys_do_and_the_status_tells() {
    let mut bench = Bench::new();
    bench.app.world_mut().resource_mut::<CameraRig>().reduced_motion = true;
    let answers = bench.ask(&[
        r#"{"view":{"lat":48.1,"lon":11.6,"alt_km":2500}}"#,
        r#"{"layer":{"clouds":false,"table":true}}"#,
        r#"{"filter":"tcp and port 443"}"#,
    ]);
    assert!(answers.len() == 3 && answers.iter().all(|a| a["ok"] == true), "{answers:?}");
    let layers = *bench.app.world().resource::<Layers>();
    assert!(!layers.is_on(LayerId::Clouds) && layers.is_on(LayerId::Table));
    let status = &bench.ask(&[r#"{"status":true}"#])[0];
    assert_eq!(status["ok"], true);
    assert!((status["view"]["lat"].as_f64().expect("a number") - 48.1).abs() < 1e-9, "{status}");
    assert!((status["view"]["alt_km"].as_f64().expect("a number") - 2500.0).abs() < 1e-6, "{status}");
    assert_eq!((&status["filter"], &status["state"]), (&"tcp and port 443".into(), &"paused".into()));
    assert_eq!(status["hosts"], 6);
}

#[test]
fn a_mistake_is_answered_and_changes_nothing() {
    let mut bench = Bench::new();
    let before = bench.app.world().resource::<CameraRig>().orbit;
    let answers = bench.ask(&["nonsense", r#"{"view":"nowhere"}"#, r#"{"screenshot":"/tmp/none.png"}"#]);
    let errors: Vec<&str> = answers.iter().map(|a| a["error"].as_str().expect("an error")).collect();
    assert!(errors.iter().any(|e| e.contains("no JSON")), "{errors:?}");
    assert!(errors.iter().any(|e| e.contains("no saved view \"nowhere\"")), "{errors:?}");
    assert!(errors.iter().any(|e| e.contains("no window is open")), "{errors:?}");
    assert_eq!(bench.app.world().resource::<CameraRig>().orbit, before);
}
