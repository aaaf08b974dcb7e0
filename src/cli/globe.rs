//! Show traffic on the globe.

use std::sync::Arc;

use anyhow::Context as _;

use super::{Outcome, Usage};
use crate::cache::Snapshot;
use crate::globe::{FeedInput, FixedSource, Headless, Layers, Orbit, Overrides, Setup, WindowOptions, window};

/// Options.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Render one picture into this PNG file instead of opening a window.
    #[arg(long, value_name = "FILE")]
    screenshot: Option<std::path::PathBuf>,
    /// Size of the picture or window in pixels.
    #[arg(long, value_name = "WxH", default_value = "1280x720")]
    size: String,
    /// Layers to show, joined by commas; with `+` or `-` before each name the default set is changed.
    #[arg(long, value_name = "LIST", allow_hyphen_values = true)]
    layers: Option<String>,
}

/// Runs the command.
pub(crate) fn run(args: Args, _filter: Option<String>) -> anyhow::Result<Outcome> {
    let size = parse_size(&args.size)?;
    let layers = match &args.layers {
        Some(list) => Layers::parse(list).map_err(|e| Usage(e.to_string()))?,
        None => Layers::default(),
    };
    let setup = Setup {
        feed: FeedInput::new(FixedSource::new(Arc::new(Snapshot::default()))),
        overrides: Arc::new(Overrides::default()),
        layers,
        orbit: Orbit::default(),
        extend: Vec::new(),
    };
    match &args.screenshot {
        Some(path) => {
            let mut globe = Headless::new(setup, size, 1.0)?;
            for _ in 0..4 {
                globe.frame()?;
            }
            let picture = globe.picture()?;
            picture.save_png(path).with_context(|| format!("writing {}", path.display()))?;
        }
        None => window(setup, &WindowOptions { size, ..WindowOptions::default() })?,
    }
    Ok(Outcome::Done)
}

/// `1920x1080`.
fn parse_size(text: &str) -> Result<(u32, u32), Usage> {
    let wrong = || Usage(format!("--size {text:?}: expected WIDTHxHEIGHT in pixels, each 16 to 16384"));
    let (w, h) = text.split_once(['x', 'X']).ok_or_else(wrong)?;
    let side = |s: &str| s.parse::<u32>().ok().filter(|v| (16..=16_384).contains(v));
    Ok((side(w).ok_or_else(wrong)?, side(h).ok_or_else(wrong)?))
}
