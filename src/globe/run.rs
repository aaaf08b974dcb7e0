//! How the globe runs: in a window, or headless into an image. Both build the same app from the same plugins.
//!
//! Headless there is neither winit nor pipelining: one [`Headless::frame`] is one update, awaited to its last pixel, and
//! time advances by a fixed step. So the same scene gives the same bytes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bevy::app::{PluginsState, SubApps};
use bevy::camera::{CameraMainTextureUsages, RenderTarget};
use bevy::core_pipeline::tonemapping::{DebandDither, Tonemapping};
use bevy::ecs::entity::EntityHashMap;
use bevy::log::LogPlugin;
use bevy::prelude::*;
use bevy::render::error_handler::{ErrorType, RenderErrorHandler, RenderErrorPolicy};
use bevy::render::pipelined_rendering::PipelinedRenderingPlugin;
use bevy::render::render_resource::{PollType, TextureFormat, TextureUsages};
use bevy::render::renderer::{RenderAdapterInfo, RenderDevice};
use bevy::render::settings::{Backends, RenderCreation, WgpuSettings};
use bevy::render::view::screenshot::{Screenshot, ScreenshotCaptured};
use bevy::render::{RenderApp, RenderPlugin};
use bevy::time::TimeUpdateStrategy;
use bevy::window::{ExitCondition, PresentMode, PrimaryWindow, WindowResolution};
use bevy::winit::{UpdateMode, WinitPlugin, WinitSettings};
use bevy_egui::{EguiGlobalSettings, EguiInput, EguiPlugin, EguiPreUpdateSet, PrimaryEguiContext, egui};

use super::camera::{CameraRig, Orbit};
use super::feed::{Feed, FeedInput, Overrides};
use super::inks::Vision;
use super::layers::Layers;
use super::roles::{RoleWindow, RolesPlugin, Screen, Wanted};
use super::{Canvas, GlobePlugins};

/// Seconds of scene time per headless frame.
pub const HEADLESS_STEP: Duration = Duration::from_millis(40);
/// Most seconds that one frame moves the scene's clock: a machine that draws slowly still tells time rightly, one that
/// slept does not jump.
const LONGEST_FRAME: Duration = Duration::from_secs(10);
/// How many updates a picture may take to come back from the graphics device.
const PICTURE_PATIENCE: usize = 200;

/// Why the globe cannot run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// No graphics device, not even a software one.
    #[error(
        "no graphics adapter found; install a driver (Debian: mesa-vulkan-drivers brings a software one) and try again"
    )]
    NoAdapter,
    /// No display server, or it refused the window.
    #[error(
        "no display to open a window on ({0}); set DISPLAY or WAYLAND_DISPLAY, or render one picture with --screenshot FILE"
    )]
    NoDisplay(String),
    /// The graphics device stopped working while a frame was awaited.
    #[error("the graphics device failed: {0}")]
    Device(String),
    /// The sources gave nothing to show.
    #[error("no address with a place came from the sources within half a minute; name a file with traffic by -r")]
    NoTraffic,
    /// What a measurement waits for did not come.
    #[error("{what} does not come; give -r FILE with a recording longer than the window")]
    NeverThere {
        /// What it waits for.
        what: &'static str,
    },
    /// A picture did not arrive.
    #[error("the picture did not come back from the graphics device after {PICTURE_PATIENCE} frames")]
    NoPicture,
    /// The window ended with an error.
    #[error("the window ended with status {0}")]
    Window(u8),
}

/// Adds plugins or resources to the app.
pub type Extension = Box<dyn FnOnce(&mut App)>;

/// What to show at first.
pub struct Setup {
    /// Where snapshots come from.
    pub feed: FeedInput,
    /// Looks forced by a made-up scene.
    pub overrides: Arc<Overrides>,
    /// Which layers are on.
    pub layers: Layers,
    /// Where the eye is.
    pub orbit: Orbit,
    /// Further plugins, added last.
    pub extend: Vec<Extension>,
}

/// The window's size and behaviour.
#[derive(Clone, Debug)]
pub struct WindowOptions {
    /// Width and height in logical pixels.
    pub size: (u32, u32),
    /// Whether it fills the screen.
    pub fullscreen: bool,
    /// Most frames per second.
    pub fps: f64,
    /// The screen it belongs to; none: where the system puts it.
    pub screen: Option<Screen>,
    /// Windows beside it, each with a role; at most [`MOST_WINDOWS`](super::roles::MOST_WINDOWS) are opened.
    pub windows: Vec<RoleWindow>,
}

impl Default for WindowOptions {
    fn default() -> WindowOptions {
        WindowOptions { size: (1280, 720), fullscreen: false, fps: 60.0, screen: None, windows: Vec::new() }
    }
}

/// Shows the globe in a window until it is closed.
///
/// # Errors
/// [`RunError::NoDisplay`], [`RunError::NoAdapter`], or the window ended with an error.
pub fn window(setup: Setup, options: &WindowOptions) -> Result<(), RunError> {
    let has = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty());
    if cfg!(target_os = "linux") && !has("DISPLAY") && !has("WAYLAND_DISPLAY") && !has("WAYLAND_SOCKET") {
        return Err(RunError::NoDisplay("neither DISPLAY nor WAYLAND_DISPLAY is set".into()));
    }
    // OpenGL would be found, but no window can be opened with it: the libraries do not tell it the display.
    let render = WgpuSettings { backends: named_backends().or(Some(Backends::PRIMARY)), ..default() };
    let plugins = DefaultPlugins
        .set(WindowPlugin {
            primary_window: Some(window_of(options)),
            exit_condition: ExitCondition::OnPrimaryClosed,
            ..default()
        })
        .set(RenderPlugin { render_creation: RenderCreation::Automatic(Box::new(render)), ..default() })
        .disable::<LogPlugin>();
    let said = Heard::default();
    let mut app = guarded(&said, move || {
        let mut app = App::new();
        app.add_plugins(plugins);
        app
    })
    .map_err(|message| {
        if message.contains("event loop") {
            RunError::NoDisplay("the display server did not answer".into())
        } else {
            start_error(message)
        }
    })?;
    let mode = UpdateMode::Reactive {
        wait: Duration::from_secs_f64(1.0 / options.fps.clamp(1.0, 240.0)),
        react_to_device_events: false,
        react_to_user_events: true,
        react_to_window_events: true,
    };
    // A display on a wall often has no focus: both modes are the same.
    app.insert_resource(WinitSettings { focused_mode: mode, unfocused_mode: mode });
    add_globe(&mut app, setup);
    if let Some(mut time) = app.world_mut().get_resource_mut::<Time<Virtual>>() {
        time.set_max_delta(LONGEST_FRAME);
    }
    app.add_systems(Startup, |mut commands: Commands| {
        commands.spawn(camera_parts());
    });
    app.add_systems(First, read_canvas);
    let (windows, main) = (options.windows.clone(), options.screen.clone());
    app.add_plugins(RolesPlugin(Wanted { windows, main, fill: options.fullscreen }));
    match guarded(&said, move || app.run()).map_err(start_error)? {
        AppExit::Success => Ok(()),
        // Systems that panic end the app with a status only.
        AppExit::Error(code) => match said.take() {
            text if text.is_empty() => Err(RunError::Window(code.get())),
            text => Err(start_error(text)),
        },
    }
}

fn window_of(options: &WindowOptions) -> Window {
    Window {
        title: "argus-globe".into(),
        name: Some("argus-globe".into()),
        resolution: WindowResolution::new(options.size.0, options.size.1),
        present_mode: PresentMode::AutoVsync,
        ..default()
    }
}

/// The text of the first panic.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<String>>);

impl Heard {
    fn take(&self) -> String {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Runs something that may panic inside the graphics libraries; gives the panic's text.
fn guarded<T>(said: &Heard, f: impl FnOnce() -> T) -> Result<T, String> {
    let hook = std::panic::take_hook();
    let heard = said.clone();
    std::panic::set_hook(Box::new(move |info| {
        tracing::debug!("{info}");
        let mut said = heard.0.lock().unwrap_or_else(PoisonError::into_inner);
        // What follows from the first one says less.
        if said.is_empty() {
            *said = info.to_string();
        }
    }));
    let result = catch_unwind(AssertUnwindSafe(f));
    std::panic::set_hook(hook);
    result.map_err(|_| said.take())
}

/// The interfaces to graphics devices that the environment names (`WGPU_BACKEND`), if it does.
fn named_backends() -> Option<Backends> {
    WgpuSettings::default().backends.filter(|b| *b != Backends::all())
}

/// Names the cause of a panic at start.
fn start_error(message: String) -> RunError {
    if message.contains("find a GPU") { RunError::NoAdapter } else { RunError::Device(message) }
}

/// What every camera of the globe consists of, but for its target.
fn camera_parts() -> impl Bundle {
    (
        Camera3d::default(),
        Camera { clear_color: ClearColorConfig::Custom(Color::srgb_u8(5, 8, 14)), ..default() },
        // The layers' canvas is copied into the camera's picture.
        CameraMainTextureUsages::default().with(TextureUsages::COPY_DST),
        Tonemapping::None,
        DebandDither::Disabled,
        Msaa::Off,
    )
}

fn add_globe(app: &mut App, setup: Setup) {
    app.insert_resource(RenderErrorHandler(|error, main, _| match error.ty {
        ErrorType::DeviceLost => RenderErrorPolicy::Recover(RenderCreation::Automatic(Box::default())),
        _ => {
            tracing::error!("the graphics device failed: {:?}", error.ty);
            main.write_message(AppExit::error());
            RenderErrorPolicy::StopRendering
        }
    }));
    app.add_plugins(EguiPlugin::default())
        .insert_resource(EguiGlobalSettings { enable_absorb_bevy_input_system: false, ..default() })
        .add_systems(
            PreUpdate,
            drop_idle_modifiers.after(EguiPreUpdateSet::ProcessInput).before(EguiPreUpdateSet::BeginPass),
        )
        // Without any system in this schedule the egui plugin panics.
        .add_systems(bevy_egui::EguiPrimaryContextPass, || {})
        .add_plugins(GlobePlugins)
        .insert_resource(setup.layers)
        .insert_resource(CameraRig::at(setup.orbit))
        .insert_resource(Feed { overrides: setup.overrides, ..default() })
        .insert_resource(setup.feed);
    for extend in setup.extend {
        extend(app);
    }
}

/// The egui plugin reports the modifier keys in every frame, which asks for another frame for ever; only changes pass.
fn drop_idle_modifiers(
    mut inputs: Query<(Entity, &mut EguiInput)>,
    mut last: Local<EntityHashMap<Option<egui::Modifiers>>>,
) {
    last.retain(|window, _| inputs.contains(*window));
    for (window, mut input) in &mut inputs {
        let last = last.entry(window).or_default();
        let mut seen = *last;
        input.0.events.retain(|event| match event {
            egui::Event::ModifiersChanged(modifiers) => {
                let changed = seen != Some(*modifiers);
                seen = Some(*modifiers);
                changed
            }
            _ => true,
        });
        *last = seen;
    }
}

fn read_canvas(windows: Query<&Window, With<PrimaryWindow>>, mut canvas: ResMut<Canvas>) {
    let Some(window) = windows.iter().next() else { return };
    let next = Canvas {
        width: f64::from(window.physical_width().max(1)),
        height: f64::from(window.physical_height().max(1)),
        scale: f64::from(window.scale_factor()),
    };
    if *canvas != next {
        *canvas = next;
    }
}

/// One picture: rows from the top, four bytes (red, green, blue, alpha in sRGB) per pixel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// `width` × `height` × 4 bytes.
    pub rgba: Vec<u8>,
}

impl Picture {
    /// Replaces every colour by what some eyes make of it.
    pub fn see_as(&mut self, vision: Vision) {
        for [r, g, b, _] in self.rgba.as_chunks_mut().0 {
            [*r, *g, *b] = vision.sees([*r, *g, *b]);
        }
    }

    /// Writes it as PNG.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save_png(&self, path: &std::path::Path) -> std::io::Result<()> {
        image::save_buffer_with_format(
            path,
            &self.rgba,
            self.width,
            self.height,
            image::ExtendedColorType::Rgba8,
            image::ImageFormat::Png,
        )
        .map_err(std::io::Error::other)
    }
}

#[derive(Resource, Clone, Default)]
struct PictureSlot(Arc<Mutex<Option<Picture>>>);

/// Bevy without a window on the first adapter that works: the modern interfaces, then OpenGL. OpenGL is not even asked
/// when it is not needed; its libraries take long and complain about missing displays.
fn headless_app() -> Result<App, RunError> {
    let tries = named_backends().map_or_else(|| vec![Backends::PRIMARY, Backends::all()], |named| vec![named]);
    let mut result = Err(RunError::NoAdapter);
    for backends in tries {
        let settings = WgpuSettings { backends: Some(backends), ..default() };
        let render = RenderPlugin {
            render_creation: RenderCreation::Automatic(Box::new(settings)),
            synchronous_pipeline_compilation: true,
            ..default()
        };
        result = guarded(&Heard::default(), move || {
            let mut app = App::new();
            let window = WindowPlugin { primary_window: None, exit_condition: ExitCondition::DontExit, ..default() };
            app.add_plugins(
                DefaultPlugins
                    .set(window)
                    .set(render)
                    .disable::<WinitPlugin>()
                    .disable::<PipelinedRenderingPlugin>()
                    .disable::<LogPlugin>(),
            );
            app
        })
        .map_err(start_error);
        if !matches!(result, Err(RunError::NoAdapter)) {
            break;
        }
    }
    result
}

/// The globe without a window.
pub struct Headless {
    apps: SubApps,
    target: Handle<Image>,
}

impl Headless {
    /// Builds the app with a canvas of `size` physical pixels (1 to 16,384 each way) and `scale` physical pixels per
    /// logical pixel.
    ///
    /// # Errors
    /// [`RunError::NoAdapter`] or a failure of the graphics device.
    pub fn new(setup: Setup, size: (u32, u32), scale: f32) -> Result<Headless, RunError> {
        let size = (size.0.clamp(1, 16_384), size.1.clamp(1, 16_384));
        let mut app = headless_app()?;
        guarded(&Heard::default(), move || {
            app.insert_resource(TimeUpdateStrategy::ManualDuration(HEADLESS_STEP));
            add_globe(&mut app, setup);
            let scale_f64 = f64::from(scale);
            app.insert_resource(Canvas { width: size.0.into(), height: size.1.into(), scale: scale_f64 });
            app.init_resource::<PictureSlot>().init_resource::<super::maps::WaitForMaps>();
            let mut image = Image::new_target_texture(size.0, size.1, TextureFormat::Rgba8UnormSrgb, None);
            image.texture_descriptor.usage |= TextureUsages::COPY_SRC;
            let target = app.world_mut().resource_mut::<Assets<Image>>().add(image);
            let render_target =
                RenderTarget::Image(bevy::camera::ImageRenderTarget { handle: target.clone(), scale_factor: scale });
            app.insert_resource(super::remote::PictureOf(target.clone()));
            app.world_mut().spawn((camera_parts(), render_target, PrimaryEguiContext));
            while app.plugins_state() == PluginsState::Adding {
                bevy::tasks::tick_global_task_pools_on_main_thread();
            }
            app.finish();
            app.cleanup();
            Headless { apps: std::mem::take(app.sub_apps_mut()), target }
        })
        .map_err(start_error)
    }

    /// The main world, to look at and to change.
    pub fn world(&mut self) -> &mut World {
        self.apps.main.world_mut()
    }

    /// Name of the graphics adapter and whether it is a software renderer on llvmpipe.
    #[must_use]
    pub fn adapter(&self) -> (String, bool) {
        let Some(info) = self.apps.main.world().get_resource::<RenderAdapterInfo>() else {
            return (String::new(), false);
        };
        (info.name.clone(), info.name.contains("llvmpipe"))
    }

    /// One frame, finished before this returns.
    ///
    /// # Errors
    /// The graphics device failed.
    pub fn frame(&mut self) -> Result<(), RunError> {
        self.apps.update();
        let device = self.world().resource::<RenderDevice>().clone();
        device.wgpu_device().poll(PollType::wait_indefinitely()).map_err(|e| RunError::Device(e.to_string()))?;
        Ok(())
    }

    /// The picture of the scene as it is now: draws frames until one has come back. The scene's clock stands meanwhile.
    ///
    /// # Errors
    /// The graphics device failed or the picture never came.
    pub fn picture(&mut self) -> Result<Picture, RunError> {
        let slot = self.world().resource::<PictureSlot>().0.clone();
        let frozen = std::mem::replace(&mut self.world().resource_mut::<super::SceneClock>().frozen, true);
        let target = self.target.clone();
        let into = Arc::clone(&slot);
        self.world().spawn(Screenshot::image(target)).observe(move |shot: On<ScreenshotCaptured>| {
            let size = shot.image.texture_descriptor.size;
            let rgba = shot.image.data.clone().unwrap_or_default();
            let picture = Picture { width: size.width, height: size.height, rgba };
            *into.lock().unwrap_or_else(PoisonError::into_inner) = Some(picture);
        });
        let mut result = Err(RunError::NoPicture);
        for _ in 0..PICTURE_PATIENCE {
            self.frame()?;
            if let Some(picture) = slot.lock().unwrap_or_else(PoisonError::into_inner).take() {
                result = Ok(picture);
                break;
            }
        }
        self.world().resource_mut::<super::SceneClock>().frozen = frozen;
        result
    }

    /// The render world, to look at.
    pub fn render_world(&mut self) -> Option<&mut World> {
        self.apps.sub_apps.get_mut(&bevy::app::AppLabel::intern(&RenderApp)).map(bevy::app::SubApp::world_mut)
    }
}
