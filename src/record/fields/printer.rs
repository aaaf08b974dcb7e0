//! Rows: columns, delimited text, or JSON objects.

use super::look::{AsNumbers, UserData};
use super::{Align, Column, Columns, Field, Get, Look, man, number, xml};
use crate::base::Timestamp;
use crate::record::{Far, FlowForm, Payload};

/// How a row is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Columns of fixed width joined by blanks; address and port by a point.
    Columns,
    /// As columns, without the blanks that fill them.
    Variable,
    /// Cells joined by a byte, as the classic clients do: nothing is quoted unless [`Look::quote`] says so.
    Delimited(u8),
    /// Comma-separated values with quotation marks where they are needed.
    ///
    /// # Source
    /// RFC 4180.
    Csv,
    /// One JSON object per line, empty cells left out.
    Json,
    /// One XML document with an element for every record.
    Xml,
}

/// What a row needs besides its record.
#[derive(Clone, Copy, Debug, Default)]
pub struct Context {
    /// Number of the row in the output, from 1.
    pub rank: u64,
    /// Byte offset of the record in its file.
    pub offset: u64,
    /// The time it is.
    pub now: Timestamp,
}

/// Writes rows of chosen fields.
#[derive(Debug)]
pub struct Printer {
    columns: Columns,
    look: Look,
    shape: Shape,
    cell: Vec<u8>,
    /// Other titles of fields.
    titles: Vec<(&'static str, &'static str)>,
    /// Fields that print as percent of a total.
    shares: Vec<(&'static str, f64)>,
}

impl Printer {
    /// For columns in a shape and with a look.
    #[must_use]
    pub fn new(columns: Columns, look: Look, shape: Shape) -> Printer {
        let (cell, titles, shares) = (Vec::with_capacity(256), Vec::new(), Vec::new());
        let mut printer = Printer { columns: Columns::none(), look, shape, cell, titles, shares };
        printer.set_columns(columns);
        printer
    }

    /// Prints other fields from now on.
    pub fn set_columns(&mut self, columns: Columns) {
        self.look.names_broadcast = columns.as_slice().iter().any(|c| matches!(c.field.name, "smac" | "dmac"));
        self.columns = columns;
    }

    /// How values look from now on.
    pub fn look_mut(&mut self) -> &mut Look {
        &mut self.look
    }

    /// Gives fields other titles, as pairs of name and title.
    pub fn set_titles(&mut self, titles: &[(&'static str, &'static str)]) {
        self.titles = titles.to_vec();
    }

    /// Prints fields as percent of totals, as pairs of name and total.
    pub fn set_shares(&mut self, shares: Vec<(&'static str, f64)>) {
        self.shares = shares;
    }

    /// The fields printed, in order.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        self.columns.as_slice()
    }

    fn title_of(&self, field: &Field) -> &'static str {
        self.titles.iter().find(|(name, _)| *name == field.name).map_or(field.header, |(_, title)| title)
    }

    /// How values look.
    #[must_use]
    pub fn look(&self) -> &Look {
        &self.look
    }

    /// Whether rows have titles.
    #[must_use]
    pub fn has_header(&self) -> bool {
        !matches!(self.shape, Shape::Json | Shape::Xml)
    }

    /// Appends what stands before the first line, titles included.
    pub fn prologue(&self, out: &mut Vec<u8>) {
        if self.shape == Shape::Xml {
            out.extend_from_slice(
                b"<?xml version =\"1.0\" encoding=\"UTF-8\"?>\n<ArgusDataStream MajorVersion = \"3\" MinorVersion = \"0\">\n\n",
            );
        }
    }

    /// Appends what stands behind the last row.
    pub fn epilogue(&self, out: &mut Vec<u8>) {
        if self.shape == Shape::Xml {
            out.extend_from_slice(b"</ArgusDataStream>\n");
        }
    }

    /// Appends the line of titles.
    pub fn header(&self, out: &mut Vec<u8>) {
        let separator = match self.shape {
            Shape::Json | Shape::Xml => return,
            Shape::Columns | Shape::Variable => b' ',
            Shape::Csv => b',',
            Shape::Delimited(byte) => byte,
        };
        for (i, column) in self.columns.as_slice().iter().enumerate() {
            if self.shape == Shape::Columns {
                title(out, self.title_of(column.field), column.field.align, self.width(*column));
                out.push(b' ');
            } else {
                if i > 0 {
                    out.push(separator);
                }
                let quote = self.look.quote.filter(|_| matches!(self.shape, Shape::Delimited(_)));
                out.extend(quote);
                out.extend_from_slice(self.title_of(column.field).as_bytes());
                out.extend(quote);
            }
        }
        if self.shape == Shape::Variable {
            out.push(b' ');
        }
        out.push(b'\n');
    }

    /// Appends the row of a record.
    pub fn row(&mut self, far: &Far<'_>, context: &Context, out: &mut Vec<u8>) {
        match self.shape {
            Shape::Columns | Shape::Variable => self.columns_row(far, context, out),
            Shape::Delimited(byte) => self.delimited_row(far, context, byte, out),
            Shape::Csv => self.csv_row(far, context, out),
            Shape::Json => self.json_row(far, context, out),
            Shape::Xml => self.xml_row(far, context, out),
        }
    }

    /// Appends the value of one field, whether it is among the columns or not.
    pub fn cell(&self, field: &'static Field, far: &Far<'_>, context: &Context, out: &mut Vec<u8>) {
        self.value(far, context, Column { field, width: field.width }, out);
    }

    fn columns_row(&mut self, far: &Far<'_>, context: &Context, out: &mut Vec<u8>) {
        let start = out.len();
        let mut cell = std::mem::take(&mut self.cell);
        let mut before = "";
        let is_man = far.management().is_some();
        let joins_port = self.look.joins_port && !is_man;
        for column in self.columns.as_slice() {
            if self.is_dumped(*column) {
                continue;
            }
            cell.clear();
            self.value(far, context, *column, &mut cell);
            if cell.len() == 4 && column.field.name == "dir" {
                // The arrow to the left stands in the place it has in `<->`.
                cell.push(b' ');
            }
            let is_port = matches!((before, column.field.name), ("saddr", "sport") | ("daddr", "dport"));
            if joins_port && is_port && !cell.is_empty() {
                // The blank behind the address becomes a point.
                if let Some(last) = out.last_mut() {
                    *last = b'.';
                }
            }
            if self.shape == Shape::Variable {
                if cell.is_empty() && is_port {
                    // Flows without ports keep their place.
                    cell.resize(self.width(*column), b' ');
                }
                out.extend_from_slice(&cell);
            } else {
                let align = if is_man { Align::Right } else { column.field.align };
                place(out, &cell, align, self.width(*column));
            }
            out.push(b' ');
            before = column.field.name;
        }
        self.cell = cell;
        while out.len() > start && out.last() == Some(&b' ') {
            out.pop();
        }
        out.push(b'\n');
        self.dumps(far, out);
    }

    /// Whether a column is shown below the row instead of in it.
    fn is_dumped(&self, column: Column) -> bool {
        self.look.user_data == UserData::Hex && matches!(column.field.get, Get::User(_))
    }

    /// Appends the dumps of captured bytes.
    fn dumps(&self, far: &Far<'_>, out: &mut Vec<u8>) {
        for column in self.columns.as_slice() {
            if let (true, Get::User(src)) = (self.is_dumped(*column), column.field.get) {
                let payload = far.payload();
                if let Some(p) = if src { payload.src } else { payload.dst } {
                    dump(out, p.data.get(..usize::from(column.width)).unwrap_or(p.data));
                }
            }
        }
    }

    fn delimited_row(&mut self, far: &Far<'_>, context: &Context, separator: u8, out: &mut Vec<u8>) {
        let shown = self.columns.as_slice().iter().filter(|c| !self.is_dumped(**c));
        for (i, column) in shown.enumerate() {
            if i > 0 {
                out.push(separator);
            }
            let start = out.len();
            self.value(far, context, *column, out);
            if let Some(quote) = self.look.quote {
                quoted(out, start, separator, quote);
            }
            match column.field.name {
                // As the clients have it: a tenth blank, and none behind the last option.
                "flgs" => out.push(b' '),
                "tcpopt" | "dir" => while out.pop_if(|c| *c == b' ').is_some() {},
                _ => {}
            }
        }
        out.push(b'\n');
        self.dumps(far, out);
    }

    fn xml_row(&mut self, far: &Far<'_>, context: &Context, out: &mut Vec<u8>) {
        let mut cell = std::mem::take(&mut self.cell);
        let element = match far.management() {
            Some(_) => "ArgusManagementRecord",
            None if far.is_event() => "ArgusEventRecord",
            None => "ArgusFlowRecord",
        };
        out.extend_from_slice(b" <");
        out.extend_from_slice(element.as_bytes());
        out.push(b' ');
        let is_man = far.management().is_some();
        for column in self.columns.as_slice() {
            if is_man && matches!(column.field.name, "saddr" | "sport" | "dir" | "daddr" | "dport") {
                continue;
            }
            cell.clear();
            match column.field.get {
                Get::Time(_) if is_man && !self.look.unix_time => {
                    let mar = far.management();
                    self.look.date_time(&mut cell, mar.map(|m| man::time(&m, column.field)).unwrap_or_default());
                }
                Get::Time(get) if !self.look.unix_time => self.look.date_time(&mut cell, get(far).unwrap_or_default()),
                _ => self.value(far, context, *column, &mut cell),
            }
            let shown = match column.field.get {
                // The quotation marks say where it begins and ends.
                Get::User(_) => cell.iter().position(|b| *b == b'=').map_or(0, |at| at + 1),
                _ => 0,
            };
            out.push(b' ');
            xml::name(out, column.field);
            out.extend_from_slice(b" = \"");
            let shown = cell.get(shown..).unwrap_or_default();
            xml::text(out, if column.field.name == "dir" { shown.trim_ascii() } else { shown });
            out.push(b'"');
        }
        out.extend_from_slice(b"></");
        out.extend_from_slice(element.as_bytes());
        out.extend_from_slice(b">\n");
        self.cell = cell;
    }

    fn csv_row(&mut self, far: &Far<'_>, context: &Context, out: &mut Vec<u8>) {
        let mut cell = std::mem::take(&mut self.cell);
        for (i, column) in self.columns.as_slice().iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            cell.clear();
            self.value(far, context, *column, &mut cell);
            if cell.iter().any(|b| matches!(b, b',' | b'"' | b'\n' | b'\r')) {
                out.push(b'"');
                for byte in &cell {
                    if *byte == b'"' {
                        out.push(b'"');
                    }
                    out.push(*byte);
                }
                out.push(b'"');
            } else {
                out.extend_from_slice(&cell);
            }
        }
        self.cell = cell;
        out.push(b'\n');
    }

    fn json_row(&mut self, far: &Far<'_>, context: &Context, out: &mut Vec<u8>) {
        let mut cell = std::mem::take(&mut self.cell);
        out.extend_from_slice(match far.management() {
            Some(_) => b"{ \"type\":\"man\"",
            None if far.is_event() => b"{ \"type\":\"event\"",
            None => b"{ \"type\":\"flow\"",
        });
        for column in self.columns.as_slice() {
            cell.clear();
            self.value(far, context, *column, &mut cell);
            let field = column.field;
            if field.name == "dir" {
                // Three characters; the blanks before them only fill the column.
                cell.drain(..cell.len().min(2));
                cell.truncate(cell.trim_ascii_end().len());
            } else if matches!(field.name, "sport" | "dport") {
                self.json_port(far, field, &mut cell);
            } else if field.name == "flgs" {
                // The later release, whose form this is, has a tenth column.
                cell.push(b' ');
            }
            if cell.is_empty() {
                continue;
            }
            out.extend_from_slice(b",\"");
            out.extend_from_slice(field.name.as_bytes());
            out.extend_from_slice(b"\":");
            if self.is_json_number(field, &cell) { out.extend_from_slice(&cell) } else { json_text(out, &cell) }
        }
        out.extend_from_slice(b" }\n");
        self.cell = cell;
    }

    /// Makes a port a number where it is shown by its name: who reads objects counts on one type.
    fn json_port(&self, far: &Far<'_>, field: &Field, cell: &mut Vec<u8>) {
        let key = &far.flow().key;
        let has_number = match far.flow().form {
            FlowForm::V4 | FlowForm::V6 => matches!(key.proto, 6 | 17),
            form => form == FlowForm::Ether,
        };
        if has_number && far.management().is_none() && !cell.is_empty() {
            cell.clear();
            number::uint(cell, u64::from(if field.name == "sport" { key.sport } else { key.dport }));
        }
    }

    /// Whether a cell can stand in JSON without quotation marks.
    fn is_json_number(&self, field: &Field, cell: &[u8]) -> bool {
        let is_decimal = |cell: &[u8]| cell.len() < 20 && cell.iter().all(u8::is_ascii_digit);
        match field.get {
            Get::Uint(_) if self.look.as_numbers != AsNumbers::Plain && is_as_number(field) => false,
            // `nan` and `inf` are no numbers there, nor are abbreviated ones.
            Get::Uint(_) | Get::Int(_) | Get::Single(_) | Get::Double(_) | Get::Rank | Get::Offset | Get::Idle => {
                cell.last().is_some_and(u8::is_ascii_digit)
            }
            Get::Time(_) => self.look.unix_time,
            Get::Text(_) => matches!(field.name, "sport" | "dport") && is_decimal(cell),
            Get::Hex(_) | Get::User(_) | Get::Empty => false,
        }
    }

    fn width(&self, column: Column) -> usize {
        let width = usize::from(column.width);
        match column.field.align {
            Align::Time => self.look.time_width(width),
            Align::User => {
                let shown = match self.look.user_data {
                    UserData::Ascii | UserData::Obfuscated | UserData::Hex => width,
                    UserData::Digits | UserData::Base64 => width * 2,
                };
                let digits = width.checked_ilog10().unwrap_or(0) as usize + 1;
                shown + digits + 7
            }
            _ => width,
        }
    }

    /// Appends the value's text.
    #[inline]
    fn value(&self, far: &Far<'_>, context: &Context, column: Column, out: &mut Vec<u8>) {
        let field = column.field;
        let digits = self.look.digits;
        if let Some(mar) = far.management() {
            return man::value((far, &mar), field, &self.look, context, out);
        }
        if !self.shares.is_empty()
            && let Some((_, total)) = self.shares.iter().find(|(name, _)| *name == field.name)
        {
            return float(out, field.number(far).map(|v| share(v, *total)), digits, false);
        }
        // A number in an object stays one.
        let short = self.look.abbreviate && field.is_abbreviated && self.shape != Shape::Json;
        match field.get {
            Get::Uint(get) => match get(far) {
                #[expect(clippy::cast_precision_loss, reason = "three digits remain of it")]
                Some(v) if short => number::abbreviated(out, v as f64, digits),
                Some(v) if self.look.as_numbers != AsNumbers::Plain && is_as_number(field) => {
                    as_number(out, v, self.look.as_numbers);
                }
                Some(v) => number::uint(out, v),
                None => {}
            },
            Get::Int(get) => match get(far) {
                #[expect(clippy::cast_precision_loss, reason = "three digits remain of it")]
                Some(v) if short => number::abbreviated(out, v as f64, digits),
                Some(v) => number::int(out, v),
                None => {}
            },
            Get::Single(get) => float(out, get(far).map(f64::from), digits, short),
            Get::Double(get) => float(out, get(far), digits, short),
            Get::Hex(get) => {
                if let Some(v) = get(far) {
                    number::hex16(out, v);
                }
            }
            Get::Time(get) => match get(far) {
                Some(at) => self.look.time(out, at),
                None => self.look.time(out, Timestamp::default()),
            },
            Get::Text(write) => write(far, &self.look, out),
            Get::User(src) => {
                let payload = far.payload();
                if let Some(p) = if src { payload.src } else { payload.dst } {
                    self.user(out, &p, if src { b's' } else { b'd' }, usize::from(column.width));
                }
            }
            Get::Rank => number::uint(out, context.rank),
            Get::Offset => number::uint(out, context.offset),
            Get::Idle => {
                number::float(out, context.now.as_secs_f64() - far.times().span.end.as_secs_f64(), digits);
            }
            Get::Empty => {}
        }
    }

    /// Appends captured bytes as `s[LEN]=TEXT`.
    fn user(&self, out: &mut Vec<u8>, payload: &Payload<'_>, side: u8, width: usize) {
        let data = payload.data.get(..width).unwrap_or(payload.data);
        if data.is_empty() {
            return;
        }
        let len = match self.look.user_data {
            UserData::Ascii | UserData::Obfuscated => data.len(),
            UserData::Hex | UserData::Digits => data.len() * 2,
            UserData::Base64 => data.len().div_ceil(3) * 4,
        };
        out.extend_from_slice(&[side, b'[']);
        number::uint(out, len as u64);
        out.extend_from_slice(b"]=");
        match self.look.user_data {
            UserData::Ascii => out.extend(data.iter().map(|b| printable(*b))),
            UserData::Obfuscated => {
                let start = out.len();
                out.extend(data.iter().map(|b| printable(*b)));
                hide_passwords(out.get_mut(start..).unwrap_or_default(), data);
            }
            UserData::Hex | UserData::Digits => {
                for byte in data {
                    out.extend(
                        [byte >> 4, byte & 15]
                            .map(|n| b"0123456789ABCDEF".get(usize::from(n)).copied().unwrap_or(b'0')),
                    );
                }
            }
            UserData::Base64 => base64(out, data),
        }
    }
}

/// Puts what begins at `start` into quotation marks if it holds the separator or such a mark, which is doubled.
fn quoted(out: &mut Vec<u8>, start: usize, separator: u8, quote: u8) {
    let cell = out.get(start..).unwrap_or_default();
    if !cell.iter().any(|b| *b == separator || *b == quote || *b == b'\n') {
        return;
    }
    let cell = out.split_off(start);
    out.push(quote);
    for byte in cell {
        if byte == quote {
            out.push(quote);
        }
        out.push(byte);
    }
    out.push(quote);
}

/// Percent of a total, in single precision.
fn share(value: f64, total: f64) -> f64 {
    if total > 0.0 { f64::from((value * 100.0 / total) as f32) } else { 0.0 }
}

fn is_as_number(field: &Field) -> bool {
    matches!(field.name, "sas" | "das" | "ias")
}

/// Appends the number of an autonomous system, upper and lower half joined by a point where that is wanted.
fn as_number(out: &mut Vec<u8>, value: u64, style: AsNumbers) {
    if style == AsNumbers::DotPlus || value > 0xFFFF {
        number::uint(out, value >> 16);
        out.push(b'.');
        number::uint(out, value & 0xFFFF);
    } else {
        number::uint(out, value);
    }
}

#[inline]
fn float(out: &mut Vec<u8>, value: Option<f64>, digits: u8, short: bool) {
    match value {
        Some(v) if short => number::abbreviated(out, v, digits),
        Some(v) => number::float(out, v, digits),
        None => {}
    }
}

/// Appends a cell in its column.
#[inline]
fn place(out: &mut Vec<u8>, cell: &[u8], align: Align, width: usize) {
    let room = width.saturating_sub(cell.len());
    match align {
        // Numbers are never cut, names are.
        Align::Left if cell.len() > width && !cell.iter().all(u8::is_ascii_digit) => cut(out, cell, width),
        Align::Left | Align::User => {
            out.extend_from_slice(cell);
            out.resize(out.len() + room, b' ');
        }
        _ if cell.len() > width => cut(out, cell, width),
        _ => {
            out.resize(out.len() + room, b' ');
            out.extend_from_slice(cell);
        }
    }
}

/// Appends the first characters of a text that is too long, and a star.
fn cut(out: &mut Vec<u8>, cell: &[u8], width: usize) {
    let mut len = width.saturating_sub(1);
    // Never within a character.
    while len > 0 && cell.get(len).is_some_and(|b| b & 0xC0 == 0x80) {
        len -= 1;
    }
    out.extend_from_slice(cell.get(..len).unwrap_or(cell));
    out.push(b'*');
}

/// Appends a title in its column, cut when it is too long. The widths of the centred ones are those of the classic
/// clients, which miss the column by one here and there.
fn title(out: &mut Vec<u8>, text: &str, align: Align, width: usize) {
    let text = text.as_bytes();
    let room = width.saturating_sub(text.len());
    let (left, right) = match align {
        Align::Middle => ((room / 2).max(1), (room / 2 + room % 2).max(1)),
        Align::MiddleShort => ((room / 2).max(1), (room / 2).saturating_sub(room % 2)),
        Align::MiddleLong => ((room / 2).max(1), (room / 2 + 1 - room % 2).max(1)),
        Align::User => (room / 2, room - room / 2),
        _ => {
            place_title(out, text, width, room);
            return;
        }
    };
    out.resize(out.len() + left, b' ');
    out.extend_from_slice(text);
    out.resize(out.len() + right, b' ');
}

fn place_title(out: &mut Vec<u8>, text: &[u8], width: usize, room: usize) {
    out.resize(out.len() + room, b' ');
    out.extend_from_slice(text.get(..width).unwrap_or(text));
}

fn printable(byte: u8) -> u8 {
    if (0x20..0x7F).contains(&byte) { byte } else { b'.' }
}

/// Words behind which a password stands up to the end of the line, in FTP, POP, IMAP and HTTP.
const BEFORE_PASSWORDS: [&[u8]; 4] = [b"PASS ", b"LOGIN ", b"AUTH PLAIN ", b"Authorization: Basic "];

/// Overwrites with `x` what looks like a password.
fn hide_passwords(shown: &mut [u8], data: &[u8]) {
    for word in BEFORE_PASSWORDS {
        let mut from = 0;
        while let Some(at) =
            data.get(from..).and_then(|d| d.windows(word.len()).position(|w| w.eq_ignore_ascii_case(word)))
        {
            from += at + word.len();
            for (to, byte) in shown.iter_mut().zip(data).skip(from).take_while(|(_, b)| !matches!(**b, b'\r' | b'\n')) {
                if *byte != b' ' {
                    *to = b'x';
                }
            }
        }
    }
}

/// Appends sixteen bytes a line in hexadecimal, with their characters, and an empty line.
fn dump(out: &mut Vec<u8>, data: &[u8]) {
    for (n, line) in data.chunks(16).enumerate() {
        out.extend_from_slice(b"      ");
        number::hex16(out, u16::try_from(n * 16).unwrap_or(u16::MAX));
        out.extend_from_slice(b"\t ");
        let start = out.len();
        for (i, byte) in line.iter().enumerate() {
            if i > 0 && i % 2 == 0 {
                out.push(b' ');
            }
            number::hex8(out, *byte);
        }
        out.resize(start + 39, b' ');
        out.push(b'\t');
        out.extend(line.iter().map(|b| if *b == b' ' { b'.' } else { printable(*b) }));
        out.push(b'\n');
    }
    if !data.is_empty() {
        out.push(b'\n');
    }
}

/// Appends bytes as base 64 text.
///
/// # Source
/// RFC 4648.
fn base64(out: &mut Vec<u8>, data: &[u8]) {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for group in data.chunks(3) {
        let bits = group.iter().fold(0u32, |bits, b| bits << 8 | u32::from(*b)) << (8 * (3 - group.len()));
        for i in 0..4 {
            let letter = LETTERS.get((bits >> (18 - 6 * i)) as usize & 63).copied().unwrap_or(b'=');
            out.push(if i <= group.len() { letter } else { b'=' });
        }
    }
}

/// Appends a JSON string; bytes that are no UTF-8 are read as Latin-1.
fn json_text(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    let valid = std::str::from_utf8(text).is_ok();
    for &byte in text {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0..0x20 | 0x7F => {
                out.extend_from_slice(b"\\u00");
                number::hex8(out, byte);
            }
            0x80.. if !valid => {
                let mut buffer = [0; 4];
                out.extend_from_slice(char::from(byte).encode_utf8(&mut buffer).as_bytes());
            }
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}
