//! What is known of an address or a path: the card under the pointer and the details that stay.

mod ask;
mod cards;
mod course;
mod flow;
mod model;
mod several;
mod ui;

pub(crate) use ask::ask_witness;
pub use cards::{CARD, Card, CardModel, Cards, MOST_CARDS};
pub use model::{DetailModel, HoverModel, Peer};
pub use several::{SeveralModel, several_ui};
pub use ui::{card_ui, detail_ui, hover_ui};
