//! The terminal: taken over, drawn to, and given back whatever happens.

use std::io;
#[cfg(unix)]
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, KeyEventKind};

use super::app::App;
use super::view;
use crate::base::clock;
use crate::cli::service::Signals;

/// Longest wait for records before keys are looked at.
const PATIENCE: Duration = Duration::from_millis(25);
/// Longest stretch of reading before keys are looked at.
const STRETCH: Duration = Duration::from_millis(50);

/// A terminal that is given back when this goes.
struct Screen {
    terminal: DefaultTerminal,
}

impl Screen {
    /// Takes the terminal over. A breakdown of the program gives it back before it is reported.
    fn open() -> io::Result<Screen> {
        Ok(Screen { terminal: ratatui::try_init()? })
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.terminal.show_cursor();
        // Nothing more can be done for a terminal that has gone.
        let _ = ratatui::try_restore();
    }
}

/// Shows records until the user ends it or a signal does.
///
/// # Errors
/// The terminal cannot be used.
pub(super) fn run(app: &mut App) -> anyhow::Result<()> {
    let signals = Signals::install()?;
    end_with_terminal().context("installing the signal handlers")?;
    let mut screen = Screen::open().context("taking over the terminal")?;
    let mut due = clock::steady_now();
    let mut second = 0;
    while !app.is_over && !signals.must_stop() {
        let pressed = keys(app, &mut screen)?;
        if app.wants_shell {
            app.wants_shell = false;
            suspend(&mut screen)?;
        }
        if std::mem::take(&mut app.wants_redraw) {
            screen.terminal.clear()?;
        }
        let came = records(app, due);
        let (wall, now) = (clock::wall_now(), clock::steady_now());
        app.pass_time(wall);
        if pressed || (now >= due && (came || app.is_dirty || wall.secs() != second)) {
            draw(app, &mut screen)?;
            (second, app.is_dirty) = (wall.secs(), false);
            due = after(due, app.update, now);
        } else {
            app.is_dirty |= came;
        }
    }
    Ok(())
}

/// When the picture after one that was due is due. Pictures keep step: one that comes late does not delay the next
/// ones, and one that comes very late is not made up for.
fn after(due: Instant, update: Duration, now: Instant) -> Instant {
    let (on_time, latest) = (due + update, now + update);
    if on_time > now { on_time.min(latest) } else { latest }
}

/// Ends the process when its terminal has gone: there is nothing to give back then, and the library that reads keys
/// never returns from reading a terminal that is no more.
fn end_with_terminal() -> io::Result<()> {
    #[cfg(unix)]
    signal_hook::flag::register_conditional_shutdown(signal_hook::consts::SIGHUP, 129, Arc::new(true.into()))?;
    Ok(())
}

fn draw(app: &mut App, screen: &mut Screen) -> anyhow::Result<()> {
    let height = screen.terminal.size()?.height;
    let picture = app.picture(view::rows_in(height), clock::wall_now(), clock::steady_now());
    screen.terminal.draw(|frame| view::draw(frame, &picture)).context("drawing on the terminal")?;
    Ok(())
}

/// Obeys all keys that have been pressed; whether anything calls for a picture.
fn keys(app: &mut App, screen: &mut Screen) -> anyhow::Result<bool> {
    let mut any = false;
    while event::poll(Duration::ZERO).context("reading keys")? {
        any = true;
        match event::read().context("reading keys")? {
            event::Event::Key(key) if key.kind != KeyEventKind::Release => app.press(&key),
            event::Event::Resize(..) => screen.terminal.autoresize()?,
            _ => {}
        }
        if app.is_over || app.wants_shell {
            break;
        }
    }
    Ok(any)
}

/// Takes records for a short while, but not beyond the next picture that is `due`; whether any came.
fn records(app: &mut App, due: Instant) -> bool {
    let mut now = clock::steady_now();
    let end = if due > now { due.min(now + STRETCH) } else { now + STRETCH };
    let mut any = false;
    while now < end {
        if !app.read(PATIENCE.min(end.saturating_duration_since(now)), now) {
            break;
        }
        any = true;
        now = clock::steady_now();
    }
    any
}

/// Gives the terminal back and stops, as the shell expects it, until the shell lets it go on.
fn suspend(screen: &mut Screen) -> anyhow::Result<()> {
    #[cfg(unix)]
    {
        ratatui::try_restore()?;
        signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP)?;
        screen.terminal = ratatui::try_init()?;
    }
    screen.terminal.clear()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_keep_step_with_the_clock() {
        let (began, update) = (clock::steady_now(), Duration::from_millis(250));
        let at = |ms| began + Duration::from_millis(ms);
        assert_eq!(after(at(0), update, at(30)), at(250), "a little late");
        assert_eq!(after(at(250), update, at(100)), at(350), "early, after a key");
        assert_eq!(after(at(0), update, at(900)), at(1150), "very late");
    }
}
