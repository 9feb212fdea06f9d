//! The text as lines: where the visible part of each stands, how wide it is, on which page.

use crate::corpus::Span;

/// One line of the stored text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    /// From the first visible character to the last; empty where there is none.
    pub span: Span,
    /// Characters from the margin to the last visible one. The indent counts: a list is set
    /// narrower than the text around it, and ends at the same right margin.
    pub width: usize,
    /// Index of the page in the file's order.
    pub page: Option<usize>,
}

impl Line {
    pub fn is_blank(&self) -> bool {
        self.span.start == self.span.end
    }

    pub fn text<'t>(&self, text: &'t str) -> &'t str {
        &text[self.span.start..self.span.end]
    }
}

/// Whether a character shows nothing on paper: white space, soft hyphens, zero-width characters.
pub(super) fn invisible(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}'
        )
}

/// `span` without invisible characters at either end.
pub(super) fn trim(text: &str, span: Span) -> Span {
    let outer = &text[span.start..span.end];
    let inner = outer.trim_start_matches(invisible);
    let start = span.end - inner.len();
    Span::new(start, start + inner.trim_end_matches(invisible).len())
}

/// The lines of the stretch `within`, blank ones included.
pub(super) fn split(text: &str, within: Span, pages: &[Span]) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut start = within.start;
    let mut page = 0;
    for raw in text[within.start..within.end].split('\n') {
        let whole = Span::new(start, start + raw.len());
        while page < pages.len() && pages[page].end <= start {
            page += 1;
        }
        let span = trim(text, whole);
        lines.push(Line {
            span,
            width: text[whole.start..span.end].chars().count(),
            page: pages
                .get(page)
                .is_some_and(|span| span.start <= whole.end)
                .then_some(page),
        });
        start = whole.end + 1;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_exclude_what_does_not_show() {
        let text = "  Ärendet \u{ad}\n\n\tBeslut\n";
        let lines = split(text, Span::new(0, text.len()), &[]);
        let shown: Vec<_> = lines
            .iter()
            .map(|line| (line.text(text), line.width))
            .collect();
        assert_eq!(shown, [("Ärendet", 9), ("", 0), ("Beslut", 7), ("", 0)]);
    }

    #[test]
    fn each_line_knows_its_page() {
        let text = "ett\ntvå\ntre";
        let pages = [Span::new(0, 7), Span::new(8, 11)];
        let pages: Vec<_> = split(text, Span::new(0, text.len()), &pages)
            .iter()
            .map(|line| line.page)
            .collect();
        assert_eq!(pages, [Some(0), Some(0), Some(1)]);
    }

    #[test]
    fn a_stretch_keeps_the_positions_of_the_whole() {
        let text = "före\nmitt\nefter";
        let lines = split(text, Span::new(6, 10), &[]);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].text(text), "mitt");
    }
}
