//! Files that change on the disk while the window is open.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use crate::window::{Globe, SAMPLE};

/// How long a change of a file may take to be seen.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn a_theme_and_a_view_that_change_on_the_disk_are_taken_over() {
    let folder = std::env::temp_dir().join(format!("argus-globe-reload-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = |name: &str| -> PathBuf { folder.join(name) };
    let write = |name: &str, text: &str| std::fs::write(path(name), text).expect("written");
    write("config.toml", "fps = 20\n");
    write("mine.toml", "base = \"dark\"\n");
    let words = ["config.toml", "mine.toml", "control.sock"].map(|n| path(n).to_str().expect("plain").to_owned());
    let [config, theme, control] = &words;
    let mut all = vec!["--config", config, "--theme", theme, "--control", control];
    all.extend(SAMPLE);
    let mut globe = Globe::start(&all);
    globe.xdotool(&["mousemove", "480", "20"]);
    let dark = globe.still();
    write("mine.toml", "base = \"light\"\n");
    globe.changed_from(&dark, 200_000, "a theme's file");
    let mut remote = UnixStream::connect(control).expect("the globe listens");
    remote.set_read_timeout(Some(PATIENCE)).expect("a limit");
    let mut answers = BufReader::new(remote.try_clone().expect("a handle")).lines();
    let mut ask = |line: &str| {
        writeln!(remote, "{line}").expect("written");
        answers.next().expect("an answer").expect("a line")
    };
    assert!(ask(r#"{"view":"office"}"#).contains("office"), "it is not there yet");
    write("views.toml", "office = \"-33.9,151.2,4000\"\n");
    let known = (0..600).any(|_| ask(r#"{"view":"office"}"#).contains("\"ok\":true"));
    assert!(known, "a view written into the file is known");
    globe.wait("camera -33.90 151.20");
    drop(globe);
    std::fs::remove_dir_all(folder).expect("removed");
}
