//! Where the picture's numbers come from: the newest [`Snapshot`] and the playhead, once per frame.
//!
//! A running pipeline, one fixed snapshot or a made-up scene stand behind the same trait, so that window, headless
//! picture and measurement share all code behind it.

use std::sync::Arc;

use bevy::prelude::*;

use super::GlobeSet;
use crate::alert::Alert;
use crate::base::hash::{Map, Set};
use crate::cache::{By, HostId, Level, PathId, Snapshot};
use crate::pipeline::{Control, PlayState, Playhead, Witness};

/// What fills the [`Feed`].
pub trait FeedSource: Send + Sync + 'static {
    /// The newest snapshot, if there is one that was not handed out yet. Never waits.
    fn poll(&mut self) -> Option<Arc<Snapshot>>;

    /// Where the playhead stands and how it moves.
    fn playhead(&self) -> Playhead;

    /// What deserves attention, in the order in which it was raised.
    fn alerts(&self) -> Arc<[Alert]> {
        Arc::default()
    }

    /// The records of the flow that was asked for last.
    fn witness(&self) -> Arc<Witness> {
        Arc::default()
    }

    /// Passes a wish on; a source that cannot obey ignores it.
    fn send(&mut self, control: Control);
}

/// Looks that a made-up scene forces on single marks.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// Colour of pins, sRGB.
    pub pins: Map<HostId, [u8; 3]>,
    /// Colour of arcs, sRGB.
    pub arcs: Map<PathId, [u8; 3]>,
    /// Hosts that have no pin: they only are the end of an arc.
    pub hidden: Set<HostId>,
}

/// What all systems read.
#[derive(Resource, Clone, Debug)]
pub struct Feed {
    /// The picture of the moment.
    pub snapshot: Arc<Snapshot>,
    /// The picture before, where it was at another level.
    pub left: Option<Arc<Snapshot>>,
    /// Grows by one each time `snapshot` is replaced; 0 before the first.
    pub generation: u64,
    /// The one clock of the picture.
    pub playhead: Playhead,
    /// What deserves attention, in the order in which it was raised.
    pub alerts: Arc<[Alert]>,
    /// The records of the flow that was asked for last.
    pub witness: Arc<Witness>,
    /// Looks forced by a made-up scene; empty otherwise.
    pub overrides: Arc<Overrides>,
}

impl Default for Feed {
    fn default() -> Feed {
        let playhead = Playhead { now: crate::base::Timestamp::default(), state: PlayState::Paused, speed: 1.0 };
        Feed {
            snapshot: Arc::default(),
            left: None,
            generation: 0,
            playhead,
            alerts: Arc::default(),
            witness: Arc::default(),
            overrides: Arc::default(),
        }
    }
}

impl Feed {
    /// Whether a live source goes on while the playhead stands or is in the past.
    #[must_use]
    pub fn is_behind_live(&self) -> bool {
        self.playhead.state != PlayState::Live && self.snapshot.health.sources.iter().any(|s| s.live)
    }

    /// Replaces the snapshot.
    pub fn show(&mut self, snapshot: Arc<Snapshot>) {
        let before = std::mem::replace(&mut self.snapshot, snapshot);
        self.left = Some(before).filter(|s| self.generation > 0 && s.level != self.snapshot.level);
        self.generation += 1;
    }
}

/// The source behind the feed; wishes go through here.
#[derive(Resource)]
pub struct FeedInput(Box<dyn FeedSource>);

impl FeedInput {
    /// Wraps a source.
    #[must_use]
    pub fn new(source: impl FeedSource) -> FeedInput {
        FeedInput(Box::new(source))
    }

    /// Passes a wish on.
    pub fn send(&mut self, control: Control) {
        self.0.send(control);
    }
}

/// One snapshot that never changes but for its level.
#[derive(Clone, Debug)]
pub struct FixedSource {
    addresses: Arc<Snapshot>,
    next: Option<Arc<Snapshot>>,
    playhead: Playhead,
    alerts: Arc<[Alert]>,
}

impl FixedSource {
    /// Shows `snapshot`, a picture of addresses, for ever; the playhead stands at its time.
    #[must_use]
    pub fn new(snapshot: Arc<Snapshot>) -> FixedSource {
        let playhead = Playhead { now: snapshot.now, state: PlayState::Paused, speed: 1.0 };
        FixedSource { addresses: snapshot.clone(), next: Some(snapshot), playhead, alerts: Arc::default() }
    }

    /// The same with alerts.
    #[must_use]
    pub fn with_alerts(self, alerts: Arc<[Alert]>) -> FixedSource {
        FixedSource { alerts, ..self }
    }

    /// The same at a level.
    #[must_use]
    pub fn at_level(mut self, level: Level) -> FixedSource {
        self.next = Some(match level.by {
            By::Address => self.addresses.clone(),
            _ => Arc::new(Snapshot::clone(&self.addresses).at_level(level)),
        });
        self
    }
}

impl FeedSource for FixedSource {
    fn poll(&mut self) -> Option<Arc<Snapshot>> {
        self.next.take()
    }

    fn playhead(&self) -> Playhead {
        self.playhead
    }

    fn alerts(&self) -> Arc<[Alert]> {
        self.alerts.clone()
    }

    fn send(&mut self, control: Control) {
        if let Control::Level(level) = control {
            *self = self.clone().at_level(level);
        }
    }
}

/// Fills [`Feed`] from [`FeedInput`], if there is one.
pub struct FeedPlugin;

impl Plugin for FeedPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Feed>().add_systems(Update, take_snapshot.in_set(GlobeSet::Feed));
    }
}

fn take_snapshot(input: Option<ResMut<FeedInput>>, mut feed: ResMut<Feed>) {
    let Some(mut input) = input else { return };
    if let Some(snapshot) = input.0.poll() {
        feed.show(snapshot);
    }
    let alerts = input.0.alerts();
    if !Arc::ptr_eq(&alerts, &feed.alerts) && *alerts != *feed.alerts {
        feed.alerts = alerts;
    }
    let witness = input.0.witness();
    if !Arc::ptr_eq(&witness, &feed.witness) && *witness != *feed.witness {
        feed.witness = witness;
    }
    let playhead = input.0.playhead();
    if feed.playhead != playhead {
        feed.playhead = playhead;
    }
}
