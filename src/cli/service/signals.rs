//! Orders from outside: stop (INT, TERM), reopen output files (HUP).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;

/// Orders that have come.
#[derive(Clone, Debug, Default)]
pub(crate) struct Signals {
    stop: Arc<AtomicBool>,
    reopen: Arc<AtomicBool>,
}

impl Signals {
    /// Listens from now on. A second interrupt ends the process at once.
    ///
    /// # Errors
    /// The system refuses.
    #[cfg(unix)]
    pub(crate) fn install() -> anyhow::Result<Signals> {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
        let signals = Signals::default();
        let install = || -> std::io::Result<()> {
            // This one looks before the next one sets what it looks at.
            signal_hook::flag::register_conditional_shutdown(SIGINT, 130, Arc::clone(&signals.stop))?;
            signal_hook::flag::register(SIGINT, Arc::clone(&signals.stop))?;
            signal_hook::flag::register(SIGTERM, Arc::clone(&signals.stop))?;
            signal_hook::flag::register(SIGHUP, Arc::clone(&signals.reopen))?;
            Ok(())
        };
        install().context("installing the signal handlers")?;
        Ok(signals)
    }

    /// Listens from now on; output files are not reopened on this system.
    ///
    /// # Errors
    /// The system refuses.
    #[cfg(not(unix))]
    pub(crate) fn install() -> anyhow::Result<Signals> {
        let signals = Signals::default();
        let stop = Arc::clone(&signals.stop);
        ctrlc::set_handler(move || stop.store(true, Ordering::SeqCst)).context("installing the signal handler")?;
        Ok(signals)
    }

    /// Whether to stop.
    pub(crate) fn must_stop(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    /// Whether to reopen output files; true once per order.
    pub(crate) fn must_reopen(&self) -> bool {
        self.reopen.swap(false, Ordering::SeqCst)
    }
}
