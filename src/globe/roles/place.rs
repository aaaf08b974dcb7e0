//! Which window stands where: opens them once the screens are known, and makes them fill their screens.

use bevy::camera::RenderTarget;
use bevy::core_pipeline::tonemapping::{DebandDither, Tonemapping};
use bevy::prelude::*;
use bevy::window::{
    Monitor, OnMonitor, PresentMode, PrimaryMonitor, PrimaryWindow, WindowMode, WindowPosition, WindowRef,
    WindowResolution,
};
use bevy_egui::EguiSchedule;

use super::model::{Found, choose, corner};
use super::{MOST_WINDOWS, RoleCamera, RolePass, Wanted};
use crate::globe::SceneClock;
use crate::globe::trace::Trace;

/// Seconds after which windows are opened although no screen is known.
const PATIENCE: f64 = 1.0;

/// A window that fills a screen, and how far that is.
#[derive(Component)]
pub(super) struct Fill {
    /// The screen; none: the one it appears on.
    on: Option<Entity>,
    /// When it was asked for, in seconds of the scene's clock.
    asked: Option<f64>,
    done: bool,
}

impl Fill {
    fn on(on: Option<Entity>) -> Fill {
        Fill { on, asked: None, done: false }
    }
}

type Screens<'w, 's> = Query<'w, 's, (Entity, &'static Monitor, Has<PrimaryMonitor>)>;

/// Opens all windows, once, and puts the main one on its screen.
pub(super) fn place_windows(
    (clock, wanted, trace): (Res<SceneClock>, Res<Wanted>, Res<Trace>),
    monitors: Screens,
    mut main: Query<(Entity, &mut Window), With<PrimaryWindow>>,
    mut commands: Commands,
    mut done: Local<bool>,
) {
    if *done || (monitors.is_empty() && clock.elapsed < PATIENCE) {
        return;
    }
    *done = true;
    let entities: Vec<Entity> = monitors.iter().map(|(entity, ..)| entity).collect();
    let screens: Vec<Found> = monitors
        .iter()
        .map(|(_, m, primary)| Found {
            name: m.name.as_deref(),
            primary,
            at: m.physical_position.to_array(),
            size: [m.physical_width, m.physical_height],
        })
        .collect();
    if let Ok((entity, mut window)) = main.single_mut() {
        let (index, missing) = choose(&screens, wanted.main.as_ref());
        if let Some(problem) = missing {
            tracing::warn!("globe: {problem}; it opens on the primary screen");
        }
        let named = index.filter(|_| wanted.main.is_some());
        if let Some(screen) = named.and_then(|i| screens.get(i)) {
            let [x, y] = corner(screen, window.physical_size().to_array(), 0);
            window.position = WindowPosition::At(IVec2::new(x, y));
        }
        if wanted.fill {
            commands.entity(entity).insert(Fill::on(named.and_then(|i| entities.get(i).copied())));
        }
    }
    for (slot, role_window) in wanted.windows.iter().take(MOST_WINDOWS).enumerate() {
        let role = role_window.role;
        let (index, missing) = choose(&screens, role_window.screen.as_ref());
        if let Some(problem) = &missing {
            tracing::warn!("{}: {problem}; its window opens on the primary screen", role.name());
        }
        let [width, height] = role.size();
        let mut window = Window {
            title: format!("argus-globe: {}", role.title()),
            name: Some("argus-globe".into()),
            resolution: WindowResolution::new(width, height),
            // The main window waits for the screen; waiting for several would add up.
            present_mode: PresentMode::AutoNoVsync,
            ..default()
        };
        if let Some(screen) = index.and_then(|i| screens.get(i)) {
            let [x, y] = corner(screen, [width, height], slot + 1);
            window.position = WindowPosition::At(IVec2::new(x, y));
        }
        trace.line(format_args!(
            "window {}{}",
            role.name(),
            if missing.is_some() { " on the primary screen" } else { "" }
        ));
        let entity = commands.spawn(window).id();
        // One that was put on a screen for itself fills it; others share theirs.
        if wanted.fill && role_window.screen.is_some() && missing.is_none() {
            commands.entity(entity).insert(Fill::on(index.and_then(|i| entities.get(i).copied())));
        }
        commands.spawn((
            Camera2d,
            RenderTarget::Window(WindowRef::Entity(entity)),
            EguiSchedule::new(RolePass(slot)),
            Tonemapping::None,
            DebandDither::Disabled,
            Msaa::Off,
            RoleCamera { role, slot, window: entity },
        ));
    }
}

/// Makes windows fill their screens, step by step: asks for it once the window stands; where no window manager answers
/// (a bare X server) gives it the screen's size.
pub(super) fn fill_screens(clock: Res<SceneClock>, mut windows: Query<(&mut Window, &mut Fill)>, monitors: Screens) {
    /// Time for a window manager to do it, in seconds.
    const MANAGER: f64 = 1.0;
    for (mut window, mut fill) in &mut windows {
        match fill.asked {
            _ if fill.done => {}
            None => {
                let on = fill.on.map_or(MonitorSelection::Current, MonitorSelection::Entity);
                window.mode = WindowMode::BorderlessFullscreen(on);
                fill.asked = Some(clock.elapsed);
            }
            Some(since) if clock.elapsed - since > MANAGER => {
                fill.done = true;
                let named = fill.on.and_then(|on| monitors.get(on).ok());
                let Some((_, monitor, _)) = named.or_else(|| monitors.iter().max_by_key(|(.., primary)| *primary))
                else {
                    continue;
                };
                let size = UVec2::new(monitor.physical_width, monitor.physical_height);
                if window.mode != WindowMode::Windowed && window.physical_size().cmplt(size).any() {
                    window.position.set(monitor.physical_position);
                    window.resolution.set_physical_resolution(size.x, size.y);
                }
            }
            Some(_) => {}
        }
    }
}

/// A screen that is switched off takes its windows with it, by the relation of the two; without the relation they stay.
pub(super) fn keep_window(on: On<Insert, OnMonitor>, mut commands: Commands) {
    commands.entity(on.entity).remove::<OnMonitor>();
}
