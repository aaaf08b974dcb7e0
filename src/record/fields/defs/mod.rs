//! The table of fields, by theme.

mod counts;
mod flow;
mod ip;
mod meta;
mod rates;
mod tcp;
mod time;
mod timing;

use super::{Align, Field, Get, Unit};

pub(in crate::record::fields) use flow::srcid;
pub(in crate::record::fields) use time::single;

const GROUPS: [&[Field]; 9] = [
    time::FIELDS,
    flow::FIELDS,
    counts::FIELDS,
    counts::UDT_FIELDS,
    rates::FIELDS,
    ip::FIELDS,
    tcp::FIELDS,
    timing::FIELDS,
    meta::FIELDS,
];

const COUNT: usize = {
    let (mut n, mut g) = (0, 0);
    while g < GROUPS.len() {
        n += GROUPS[g].len();
        g += 1;
    }
    n
};

static ALL: [Field; COUNT] = {
    let mut all = [GROUPS[0][0]; COUNT];
    let (mut n, mut g) = (0, 0);
    while g < GROUPS.len() {
        let mut i = 0;
        while i < GROUPS[g].len() {
            all[n] = GROUPS[g][i];
            n += 1;
            i += 1;
        }
        g += 1;
    }
    all
};

/// Every field, by theme.
pub static FIELDS: &[Field] = &ALL;

/// A row whose cell stands at the right.
const fn row(name: &'static str, header: &'static str, width: u16, unit: Unit, get: Get, about: &'static str) -> Field {
    Field { name, header, width, about, unit, get, align: Align::Right, is_abbreviated: false }
}

impl Field {
    /// The same, abbreviated by `-H`.
    const fn short(mut self) -> Field {
        self.is_abbreviated = true;
        self
    }

    /// The same in another place of its column.
    const fn aligned(mut self, align: Align) -> Field {
        self.align = align;
        self
    }
}
