//! The thread that reads tiles.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use super::ASKED_AT_ONCE;
use super::model::TileId;
use crate::globe::maps::model::with_mips;
use crate::globe::maps::user::{read, tile};

/// What became of a tile that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The picture with its smaller levels, four channels.
    Picture(Arc<Vec<u8>>),
    /// There is none.
    Absent,
    /// There is a file, but no picture of the right size.
    Unusable(String),
}

/// The way to the thread and back; the thread ends with it.
pub(super) struct Reader {
    asks: SyncSender<TileId>,
    answers: Mutex<Receiver<(TileId, Answer)>>,
}

impl Reader {
    /// Starts the thread for tiles of a size below a folder.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(super) fn start(folder: PathBuf, side: u32) -> std::io::Result<Reader> {
        let (asks, inbox) = sync_channel::<TileId>(ASKED_AT_ONCE);
        let (outbox, answers) = sync_channel(ASKED_AT_ONCE);
        std::thread::Builder::new().name("tiles".into()).spawn(move || {
            while let Ok(tile) = inbox.recv() {
                if outbox.send((tile, answer(&folder, side, tile))).is_err() {
                    return;
                }
            }
        })?;
        Ok(Reader { asks, answers: Mutex::new(answers) })
    }

    /// Asks for a tile; false if too many are asked for already.
    pub(super) fn ask(&self, tile: TileId) -> bool {
        self.asks.try_send(tile).is_ok()
    }

    /// The next tile that has been read; waits for it or not.
    pub(super) fn take(&self, wait: bool) -> Option<(TileId, Answer)> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if wait { answers.recv().ok() } else { answers.try_recv().ok() }
    }
}

fn answer(folder: &Path, side: u32, id: TileId) -> Answer {
    let Some(path) = tile(&folder.join(id.level.to_string()), id.x, id.y) else { return Answer::Absent };
    match read(&path, true) {
        Ok(raw) if (raw.width, raw.height) == (side, side) => {
            Answer::Picture(Arc::new(with_mips(raw.pixels, side, side, raw.channels).0))
        }
        Ok(raw) => Answer::Unusable(format!(
            "{}: a tile of {side} by {side} pixels was expected, it has {} by {}",
            path.display(),
            raw.width,
            raw.height
        )),
        Err(error) => Answer::Unusable(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_are_read_and_what_is_no_tile_is_told() {
        let folder = std::env::temp_dir().join(format!("argus-globe-tile-thread-{}", std::process::id()));
        let column = folder.join("9/3");
        std::fs::create_dir_all(&column).expect("a folder");
        image::RgbImage::from_pixel(16, 16, image::Rgb([200, 100, 50])).save(column.join("1.png")).expect("written");
        image::RgbImage::new(8, 16).save(column.join("2.png")).expect("written");
        std::fs::write(column.join("3.jpg"), "no picture").expect("written");
        let reader = Reader::start(folder.clone(), 16).expect("a thread");
        let ask = |y: u32| {
            assert!(reader.ask(TileId { level: 9, x: 3, y }));
            reader.take(true).expect("an answer").1
        };
        let Answer::Picture(picture) = ask(1) else { panic!("a picture") };
        assert_eq!((picture.len(), &picture[..4]), ((256 + 64 + 16 + 4 + 1) * 4, &[200, 100, 50, 255][..]));
        assert!(matches!(ask(2), Answer::Unusable(p) if p.contains("16 by 16") && p.contains("8 by 16")));
        assert!(matches!(ask(3), Answer::Unusable(_)));
        assert_eq!(ask(4), Answer::Absent);
        std::fs::remove_dir_all(folder).expect("removed");
    }
}
