//! One sheet that is filled from the top, and what its cells look like.

use crate::Language;
use crate::codebook::Stance;
use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError};
use std::borrow::Cow;

/// The most UTF-16 units that a cell holds (Excel specifications and limits).
const LONGEST: usize = 32_767;
const CUT: &str = " […]";

/// The looks of cells. A workbook holds each only once.
pub struct Looks {
    head: Format,
    text: Format,
    percent: Format,
    number: Format,
    stances: [Format; Stance::ALL.len()],
    alarm: Format,
}

impl Looks {
    pub fn new(language: Language) -> Self {
        let text = Format::new().set_text_wrap().set_align(FormatAlign::Top);
        let filled = |background: u32, foreground: u32| {
            text.clone()
                .set_background_color(Color::RGB(background))
                .set_font_color(Color::RGB(foreground))
                .set_border(FormatBorder::Thin)
                .set_border_color(Color::RGB(0xFF_FFFF))
        };
        Self {
            head: filled(0x1D_3A57, 0xFF_FFFF).set_bold(),
            // Nothing is called certain: what would round to 100 % is not written so.
            percent: text.clone().set_num_format(
                language.choose("[>=0.995]\"över 99 %\";0 %", "[>=0.995]\"over 99%\";0%"),
            ),
            number: text.clone().set_num_format("#,##0"),
            stances: Stance::ALL.map(|stance| match stance {
                Stance::Supports => filled(0x0B_5B7C, 0xFF_FFFF),
                Stance::SupportsWithReservations => filled(0xB5_DAE8, 0x0B_2E40),
                Stance::Mixed => filled(0xF5_DF9C, 0x3D_2E00),
                Stance::Opposes => filled(0xA3_3A12, 0xFF_FFFF),
                Stance::NoPosition => filled(0xE1_E5EA, 0x26_2F3A),
                Stance::NotAddressed => text.clone().set_font_color(Color::RGB(0x5B_6673)),
            }),
            alarm: filled(0xFB_E3DA, 0x7A_2406),
            text,
        }
    }
}

/// What is written in a cell. Text is always text: nothing that a respondent wrote is a formula.
pub enum Cell<'a> {
    Text(Cow<'a, str>),
    /// The words of a stance on its colour.
    Stance(Stance, Cow<'a, str>),
    Alarm(Cow<'a, str>),
    /// A probability, 0 to 1.
    Probability(f64),
    Number(f64),
    Empty,
}

impl<'a> Cell<'a> {
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Cell::Text(text.into())
    }
}

/// A sheet in constant-memory mode: rows are written once, from the top.
pub struct Sheet {
    sheet: Worksheet,
    columns: u16,
    next: u32,
}

impl Sheet {
    /// A sheet whose first row holds `heads`, each with the width of its column in characters.
    /// That row and `frozen` columns stay in sight.
    pub fn new<'a>(
        workbook: &mut Workbook,
        looks: &Looks,
        name: &str,
        frozen: u16,
        heads: impl IntoIterator<Item = (&'a str, f64)>,
    ) -> Result<Self, XlsxError> {
        let mut sheet = workbook.new_worksheet_with_constant_memory()?;
        sheet.set_name(name)?;
        sheet
            .set_landscape()
            .set_paper_size(9)
            .set_print_fit_to_pages(1, 0);
        sheet.set_repeat_rows(0, 0)?;
        sheet.set_freeze_panes(1, frozen)?;
        let mut columns = 0;
        for (head, width) in heads {
            sheet.set_column_width(columns, width)?;
            sheet.write_string_with_format(0, columns, head, &looks.head)?;
            columns += 1;
        }
        let next = 1;
        Ok(Self {
            sheet,
            columns,
            next,
        })
    }

    pub fn row<'a>(
        &mut self,
        looks: &Looks,
        cells: impl IntoIterator<Item = Cell<'a>>,
    ) -> Result<(), XlsxError> {
        for (column, cell) in (0..).zip(cells) {
            let at = (self.next, column);
            match cell {
                Cell::Text(text) => self.string(at, &text, &looks.text)?,
                Cell::Stance(stance, text) => {
                    self.string(at, &text, &looks.stances[stance as usize])?;
                }
                Cell::Alarm(text) => self.string(at, &text, &looks.alarm)?,
                Cell::Probability(value) => self.number(at, value, &looks.percent)?,
                Cell::Number(value) => self.number(at, value, &looks.number)?,
                Cell::Empty => {}
            }
        }
        self.next += 1;
        Ok(())
    }

    fn string(&mut self, at: (u32, u16), text: &str, look: &Format) -> Result<(), XlsxError> {
        self.sheet
            .write_string_with_format(at.0, at.1, shorten(text), look)?;
        Ok(())
    }

    fn number(&mut self, at: (u32, u16), value: f64, look: &Format) -> Result<(), XlsxError> {
        self.sheet
            .write_number_with_format(at.0, at.1, value, look)?;
        Ok(())
    }

    /// Puts the sheet last in the workbook, with a filter on every column.
    pub fn finish(mut self, workbook: &mut Workbook) -> Result<(), XlsxError> {
        if self.next > 1 {
            self.sheet
                .autofilter(0, 0, self.next - 1, self.columns - 1)?;
        }
        workbook.push_worksheet(self.sheet);
        Ok(())
    }
}

/// `text` in what a cell holds; what is cut off is marked.
fn shorten(text: &str) -> Cow<'_, str> {
    if text.len() <= LONGEST || text.encode_utf16().count() <= LONGEST {
        return Cow::Borrowed(text);
    }
    let room = LONGEST - CUT.encode_utf16().count();
    let mut units = 0;
    let kept: String = text
        .chars()
        .take_while(|character| {
            units += character.len_utf16();
            units <= room
        })
        .collect();
    Cow::Owned(kept + CUT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_to_what_a_cell_holds_and_marked() {
        let long = "å😀".repeat(20_000);
        let short = shorten(&long);
        assert!(short.encode_utf16().count() <= LONGEST);
        assert!(short.ends_with(CUT));
        assert_eq!(shorten("kort"), "kort");
    }
}
