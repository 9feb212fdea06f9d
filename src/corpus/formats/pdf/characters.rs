//! What each page draws, as characters with their places.

use std::collections::HashMap;
use std::panic;

use hayro_interpret::font::GlyphRun;
use hayro_interpret::hayro_cmap::BfString;
use hayro_interpret::hayro_syntax::{Pdf, page::Page};
use hayro_interpret::kurbo::{Affine, BezPath, Point, Rect};
use hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageDrawProps,
    InterpreterCache, InterpreterSettings, SoftMask, TransformExt, interpret_page,
};
use unicode_normalization::UnicodeNormalization;

use super::super::writer::symbol;

/// One character on a page, with x to the right and y downwards in points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Character {
    pub c: char,
    pub left: f32,
    pub right: f32,
    pub baseline: f32,
    /// Height of the font.
    pub size: f32,
}

/// The characters of one page in the order drawn, for each direction of writing: upright
/// first, then turned by one, two and three quarters. Each is turned so that it reads upright.
pub(super) type PageCharacters = [Vec<Character>; 4];

/// Thrown to stop the interpreter on a document that draws without end.
pub(super) struct TooMuchDrawn;

/// Operations in a document. Large maps have some millions.
const MOST_OPERATIONS: u64 = 50_000_000;

/// Characters in a document: some 2 000 pages of dense print.
const MOST_CHARACTERS: u64 = 5_000_000;

pub(super) fn of_pages(pdf: &Pdf) -> Vec<PageCharacters> {
    let cache = InterpreterCache::new();
    let mut collector = Collector::default();
    let mut pages = Vec::new();
    for page in pdf.pages().iter() {
        let mut context = Context::new(
            page.initial_transform(true).to_kurbo(),
            extent(page),
            &cache,
            pdf.xref(),
            // With annotations: what is filled into a form is the answer.
            InterpreterSettings::default(),
        );
        interpret_page(page, &mut context, &mut collector);
        pages.push(std::mem::take(&mut collector.page));
        collector.drawn.clear();
    }
    pages
}

fn extent(page: &Page<'_>) -> Rect {
    let (width, height) = page.render_dimensions();
    Rect::new(0.0, 0.0, f64::from(width), f64::from(height))
}

#[derive(Default)]
struct Collector {
    page: PageCharacters,
    /// Where each character has been drawn, by its rounded place.
    drawn: HashMap<(char, i32, i32), (f32, f32)>,
    operations: u64,
    characters: u64,
}

impl Collector {
    fn operation(&mut self) {
        self.operations += 1;
        if self.operations > MOST_OPERATIONS {
            panic::resume_unwind(Box::new(TooMuchDrawn));
        }
    }

    fn glyph(&mut self, unicode: Option<BfString>, advance: Option<f32>, place: Affine) {
        const UNITS_PER_EM: f64 = 1000.0;
        let origin = place * Point::ZERO;
        let advance = f64::from(advance.unwrap_or(500.0));
        let along = place * Point::new(advance.max(1.0), 0.0) - origin;
        let size = (place * Point::new(0.0, UNITS_PER_EM) - origin).hypot();
        if !(origin.is_finite() && along.is_finite() && size.is_finite()) || size < 0.1 {
            return;
        }
        let quarter = (along.angle().to_degrees() / 90.0).round().rem_euclid(4.0);
        let upright = match quarter as u8 {
            0 => origin,
            1 => Point::new(origin.y, -origin.x),
            2 => Point::new(-origin.x, -origin.y),
            _ => Point::new(-origin.y, origin.x),
        };
        let text: String = match unicode {
            Some(BfString::Char(c)) => c.to_string(),
            Some(BfString::String(text)) => text,
            None => char::REPLACEMENT_CHARACTER.to_string(),
        };
        let text: Vec<char> = text.chars().flat_map(as_written).collect();
        // A ligature is as many characters, side by side.
        let width = (along.hypot() * advance / advance.max(1.0)) as f32 / text.len().max(1) as f32;
        for (i, c) in text.into_iter().enumerate() {
            let left = upright.x as f32 + width * i as f32;
            let character = Character {
                c,
                left,
                right: left + width,
                baseline: upright.y as f32,
                size: size as f32,
            };
            if self.is_new(&character) {
                self.characters += 1;
                if self.characters > MOST_CHARACTERS {
                    panic::resume_unwind(Box::new(TooMuchDrawn));
                }
                self.page[usize::from(quarter as u8)].push(character);
            }
        }
    }

    /// False for a character that is drawn on top of itself, which is how some programs make
    /// text bold.
    fn is_new(&mut self, character: &Character) -> bool {
        let near = character.size * 0.1;
        let (x, y) = (character.left, character.baseline);
        let cell = |v: f32| v.round() as i32;
        for dx in -1..=1 {
            for dy in -1..=1 {
                let key = (
                    character.c,
                    cell(x).saturating_add(dx),
                    cell(y).saturating_add(dy),
                );
                if let Some((other_x, other_y)) = self.drawn.get(&key)
                    && (other_x - x).abs() < near
                    && (other_y - y).abs() < near
                {
                    return false;
                }
            }
        }
        self.drawn.insert((character.c, cell(x), cell(y)), (x, y));
        true
    }
}

/// Characters of fonts to characters of text: ligatures apart, one kind of hyphen and space.
fn as_written(c: char) -> impl Iterator<Item = char> {
    let ligature = matches!(c, '\u{FB00}'..='\u{FB06}');
    let plain = match c {
        // What is drawn is seen: a soft hyphen here stands at the end of a line.
        '\u{AD}' | '\u{2010}' => '-',
        '\u{A0}' | '\t' | '\n' | '\r' => ' ',
        c => symbol(c),
    };
    ligature
        .then(|| c.nfkc())
        .into_iter()
        .flatten()
        .chain((!ligature).then_some(plain))
        .filter(|c| !c.is_control())
}

impl<'a> Device<'a> for Collector {
    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, _: &DrawMode) {
        self.operation();
        for glyph in run.glyphs() {
            let advance = match &**glyph {
                hayro_interpret::font::Glyph::Outline(glyph) => glyph.advance_width(),
                hayro_interpret::font::Glyph::Type3(glyph) => glyph.advance_width(),
            };
            let place = props.transform * glyph.transform();
            self.glyph(glyph.as_unicode(), advance, place);
        }
    }

    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'a>, _: &DrawMode) {
        self.operation();
    }

    fn draw_rect(&mut self, _: &Rect, _: DrawProps<'a>, _: &DrawMode) {
        self.operation();
    }

    fn draw_image(&mut self, _: Image<'a, '_>, _: ImageDrawProps<'a>) {
        self.operation();
    }

    fn push_clip_path(&mut self, _: &ClipPath) {
        self.operation();
    }

    fn push_clip_rect(&mut self, _: &Rect) {
        self.operation();
    }

    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {
        self.operation();
    }

    fn pop_clip(&mut self) {}

    fn pop_transparency_group(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(collector: &mut Collector, c: char, place: Affine) {
        let scale = Affine::scale(12.0 / 1000.0);
        collector.glyph(Some(BfString::Char(c)), Some(500.0), place * scale);
    }

    #[test]
    fn a_character_drawn_on_itself_counts_once_and_a_double_letter_twice() {
        let mut collector = Collector::default();
        for x in [100.0, 100.4, 103.0] {
            draw(&mut collector, 'l', Affine::translate((x, 50.0)));
        }
        let lefts: Vec<_> = collector.page[0].iter().map(|c| c.left).collect();
        assert_eq!(lefts, [100.0, 103.0]);
    }

    #[test]
    fn ligatures_come_apart_and_hyphens_are_one_kind() {
        let mut collector = Collector::default();
        for (x, c) in [(0.0, 'ﬁ'), (6.0, '\u{AD}'), (12.0, '\u{2010}')] {
            draw(&mut collector, c, Affine::translate((x, 0.0)));
        }
        let text: String = collector.page[0].iter().map(|c| c.c).collect();
        assert_eq!(text, "fi--");
        assert_eq!(collector.page[0][1].left, 3.0);
    }

    #[test]
    fn turned_text_reads_upright_in_its_own_direction() {
        let mut collector = Collector::default();
        // y points down: a quarter turn clockwise runs down the page.
        for (i, c) in "ab".chars().enumerate() {
            let down = Affine::translate((300.0, 100.0 + 6.0 * i as f64));
            draw(
                &mut collector,
                c,
                down * Affine::rotate(90_f64.to_radians()),
            );
        }
        let turned = &collector.page[1];
        assert!((turned[1].left - turned[0].right).abs() < 0.01);
        assert_eq!(turned[0].baseline, turned[1].baseline);
    }
}
