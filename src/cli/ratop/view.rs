//! What the screen looks like: one picture drawn with the widgets of the terminal library.
//!
//! A [`Picture`] holds text only. All of it has been through `text`, so that nothing in it acts on the terminal.

use std::ops::Range;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph};

/// Everything that is on the screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Picture {
    /// What runs, as a command line.
    pub(super) title: String,
    /// Date and time.
    pub(super) clock: String,
    /// Titles of the columns.
    pub(super) header: String,
    /// One line per flow.
    pub(super) rows: Vec<String>,
    /// The row that is marked.
    pub(super) cursor: Option<usize>,
    /// Whether the marked row is followed.
    pub(super) is_following: bool,
    /// Columns of text cut off at the left.
    pub(super) side: usize,
    /// Counts and state; none if it is hidden.
    pub(super) status: Option<String>,
    /// Something that went wrong, in place of the status.
    pub(super) problem: Option<String>,
    /// The line at the bottom.
    pub(super) bottom: String,
    /// The part of it that is wrong, in bytes.
    pub(super) wrong: Option<Range<usize>>,
    /// Where one writes in it, in bytes.
    pub(super) caret: Option<usize>,
    /// Lines of help, from the first one shown on.
    pub(super) help: Option<Vec<(String, String)>>,
}

/// Lines that are not rows: title, header, status, bottom.
const FRAME_LINES: u16 = 4;

/// Rows that fit on a screen of a height.
pub(super) fn rows_in(height: u16) -> usize {
    usize::from(height.saturating_sub(FRAME_LINES))
}

/// Draws the picture.
pub(super) fn draw(frame: &mut Frame<'_>, picture: &Picture) {
    let [top, header, rows, status, bottom] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Min(0),
        Constraint::Length(1),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    title(frame, top, picture);
    let bold = Style::new().add_modifier(Modifier::BOLD);
    frame.render_widget(Paragraph::new(cut(&picture.header, picture.side)).style(bold), header);
    table(frame, rows, picture);
    if let Some(problem) = &picture.problem {
        frame.render_widget(Paragraph::new(problem.as_str()).style(Style::new().fg(Color::Red)), status);
    } else if let Some(text) = &picture.status {
        frame.render_widget(Paragraph::new(text.as_str()), status);
    }
    command(frame, bottom, picture);
    if let Some(lines) = &picture.help {
        help(frame, rows, lines);
    }
}

fn title(frame: &mut Frame<'_>, area: Rect, picture: &Picture) {
    frame.render_widget(Paragraph::new(picture.title.as_str()), area);
    let width = u16::try_from(Span::raw(&picture.clock).width()).unwrap_or(0);
    // The time is left out rather than the command line on a narrow screen.
    if width < area.width {
        let place = Rect { x: area.right() - width, width, ..area };
        frame.render_widget(Clear, Rect { x: place.x - 1, width: width + 1, ..area });
        frame.render_widget(Paragraph::new(picture.clock.as_str()), place);
    }
}

fn table(frame: &mut Frame<'_>, area: Rect, picture: &Picture) {
    for (i, (row, y)) in picture.rows.iter().zip(area.y..area.bottom()).enumerate() {
        let is_marked = picture.cursor == Some(i);
        let mut style = Style::new();
        if is_marked {
            style = style.add_modifier(Modifier::REVERSED);
        }
        if is_marked && picture.is_following {
            style = style.fg(Color::Yellow);
        }
        let place = Rect { y, height: 1, ..area };
        frame.render_widget(Paragraph::new(cut(row, picture.side)).style(style), place);
    }
}

/// The text without its first characters.
fn cut(text: &str, side: usize) -> &str {
    text.char_indices().nth(side).map_or("", |(at, _)| text.get(at..).unwrap_or(""))
}

fn command(frame: &mut Frame<'_>, area: Rect, picture: &Picture) {
    let text = picture.bottom.as_str();
    let wrong = picture.wrong.clone().unwrap_or(0..0);
    let (before, rest) = text.split_at_checked(wrong.start).unwrap_or((text, ""));
    let (marked, behind) = rest.split_at_checked(wrong.len()).unwrap_or((rest, ""));
    let bad = Style::new().fg(Color::White).bg(Color::Red);
    let line = Line::from(vec![Span::raw(before), Span::styled(marked, bad), Span::raw(behind)]);
    let Some(caret) = picture.caret else {
        return frame.render_widget(Paragraph::new(line), area);
    };
    // The line moves to the left so that the place where one writes is seen.
    let column = Span::raw(text.get(..caret).unwrap_or(text)).width();
    let hidden = (column + 1).saturating_sub(usize::from(area.width));
    let hidden = u16::try_from(hidden).unwrap_or(u16::MAX);
    frame.render_widget(Paragraph::new(line).scroll((0, hidden)), area);
    let x = area.x.saturating_add(u16::try_from(column).unwrap_or(u16::MAX).saturating_sub(hidden));
    frame.set_cursor_position((x.min(area.right().saturating_sub(1)), area.y));
}

fn help(frame: &mut Frame<'_>, area: Rect, lines: &[(String, String)]) {
    let wide = lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let text: Vec<Line<'_>> = lines
        .iter()
        .map(|(name, about)| {
            let style = if about.is_empty() { Style::new().add_modifier(Modifier::BOLD) } else { Style::new() };
            Line::styled(format!(" {name:wide$}  {about}"), style)
        })
        .collect();
    frame.render_widget(Clear, area);
    let block = Block::bordered().title(" help: j and k move, any other key ends it ");
    frame.render_widget(Paragraph::new(text).block(block), area);
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::*;

    /// The lines of a screen of that size.
    fn lines(width: u16, height: u16, picture: &Picture) -> Vec<String> {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(frame, picture)).unwrap();
        let buffer = terminal.backend().buffer();
        let line = |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned();
        (0..height).map(line).collect()
    }

    fn picture(rows: usize) -> Picture {
        Picture {
            title: "ratop -r file".into(),
            clock: "2026/05/24.18:35:37 UTC".into(),
            header: "   SrcAddr  TotPkts".into(),
            rows: (0..rows).map(|i| format!("10.0.0.{i:<3} {:>8}", 1000 - i)).collect(),
            cursor: Some(0),
            status: Some("ProcessQueue      4".into()),
            bottom: ":P bytes".into(),
            caret: Some(8),
            ..Picture::default()
        }
    }

    #[test]
    fn every_line_has_its_place_at_both_sizes() {
        for (width, height) in [(80, 24), (300, 100)] {
            let found = lines(width, height, &picture(rows_in(height)));
            let last = usize::from(height) - 1;
            assert!(found[0].starts_with("ratop -r file") && found[0].ends_with("2026/05/24.18:35:37 UTC"));
            assert_eq!(found[0].len(), usize::from(width));
            assert_eq!((found[1].as_str(), found[2].as_str()), ("   SrcAddr  TotPkts", "10.0.0.0       1000"));
            assert_eq!(found[last - 2], format!("10.0.0.{:<3} {:>8}", last - 4, 1004 - last));
            assert_eq!((found[last - 1].as_str(), found[last].as_str()), ("ProcessQueue      4", ":P bytes"));
        }
    }

    #[test]
    fn a_screen_of_any_size_is_drawn() {
        let mut p = picture(50);
        p.help = Some(vec![("x".into(), "y".into())]);
        for (width, height) in [(1, 1), (2, 3), (5, 2), (24, 4), (80, 5)] {
            lines(width, height, &p);
        }
    }

    #[test]
    fn rows_and_titles_move_sideways_together() {
        let p = Picture { side: 3, ..picture(1) };
        let found = lines(80, 24, &p);
        assert_eq!((found[1].as_str(), found[2].as_str()), ("SrcAddr  TotPkts", "0.0.0       1000"));
    }

    #[test]
    fn a_long_line_shows_the_place_where_one_writes() {
        let text = format!(":f {}end", "tcp or ".repeat(40));
        let p = Picture { caret: Some(text.len()), bottom: text, ..picture(1) };
        assert!(lines(80, 24, &p)[23].ends_with("tcp or end"));
    }

    #[test]
    fn what_is_wrong_is_marked_and_told() {
        let p = Picture {
            bottom: ":f tcp and prot 80".into(),
            wrong: Some(11..15),
            problem: Some("no such word".into()),
            ..picture(1)
        };
        let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
        terminal.draw(|frame| draw(frame, &p)).unwrap();
        let buffer = terminal.backend().buffer();
        let marked: String = (0..80)
            .map(|x| &buffer[(x, 23)])
            .filter(|c| c.bg == Color::Red)
            .map(ratatui::buffer::Cell::symbol)
            .collect();
        assert_eq!(marked, "prot");
        assert_eq!(lines(80, 24, &p)[22], "no such word");
    }
}
