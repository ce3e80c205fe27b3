//! Glyphs into lines, in the order in which the page draws them.
//!
//! The order of drawing is the writer's own, and keeps columns apart; sorting by place would mix them.

use hayro_font::kurbo::Point;

/// Less between two glyphs is within a word, in heights of the type. Word spaces are a quarter of it on average, and seldom under a sixth.
const WORD_GAP: f64 = 0.17;

/// A glyph that far above or below the last one isn't on its line, in heights of the type. Superscripts stay below it.
const LINE_GAP: f64 = 0.5;

/// A glyph that far back is on a line of its own, in heights of the type. Kerning and accents go back less.
const BACK: f64 = 1.0;

/// Lines that far apart have a blank one between them, in heights of the type.
const PARAGRAPH_GAP: f64 = 2.2;

/// Text in the making.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    text: String,
    last: Option<Last>,
}

/// The glyph before.
#[derive(Debug, Clone, Copy)]
struct Last {
    from: Point,
    to: Point,
    height: f64,
}

impl Lines {
    /// Bytes so far.
    pub(crate) const fn len(&self) -> usize {
        self.text.len()
    }

    /// Adds the characters of a glyph that goes from one point to another, with the height of its type, all in one space.
    pub(crate) fn push(&mut self, characters: &str, from: Point, to: Point, height: f64) {
        let glyph = Last { from, to, height };
        let separation = self.last.map_or(Separation::None, |last| last.separation(&glyph));
        if characters.chars().all(char::is_whitespace) {
            // A blank that isn't right behind a glyph says nothing that its place doesn't.
            if self.last.is_some() && matches!(separation, Separation::None | Separation::Space) {
                self.space();
                self.last = Some(glyph);
            }
            return;
        }
        match separation {
            Separation::None => {}
            Separation::Space => self.space(),
            Separation::Line => self.line(1),
            Separation::Paragraph => self.line(2),
        }
        for character in characters.chars() {
            self.character(character);
        }
        self.last = Some(glyph);
    }

    fn character(&mut self, character: char) {
        match character {
            // The letters of a ligature (Unicode's compatibility mappings): annotations are of letters.
            '\u{fb00}' => self.text.push_str("ff"),
            '\u{fb01}' => self.text.push_str("fi"),
            '\u{fb02}' => self.text.push_str("fl"),
            '\u{fb03}' => self.text.push_str("ffi"),
            '\u{fb04}' => self.text.push_str("ffl"),
            '\u{fb05}' | '\u{fb06}' => self.text.push_str("st"),
            '\u{a0}' => self.space(),
            '\u{ad}' => self.text.push('-'),
            character if character.is_whitespace() => self.space(),
            character => self.text.push(character),
        }
    }

    fn space(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with([' ', '\n']) {
            self.text.push(' ');
        }
    }

    fn line(&mut self, breaks: usize) {
        self.text.truncate(self.text.trim_end_matches(' ').len());
        let there = self.text.len() - self.text.trim_end_matches('\n').len();
        if !self.text.is_empty() {
            self.text.extend(std::iter::repeat_n('\n', breaks.saturating_sub(there)));
        }
    }

    /// The text, with lines ended by `\n` but for the last.
    pub(crate) fn finish(mut self) -> String {
        self.text.truncate(self.text.trim_end().len());
        self.text
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Separation {
    None,
    Space,
    Line,
    Paragraph,
}

impl Last {
    /// What is between this glyph and the next.
    fn separation(&self, next: &Self) -> Separation {
        let way = self.to - self.from;
        let length = way.hypot();
        // A glyph without width goes as the page does.
        let (x, y) = if length > f64::EPSILON { (way.x / length, way.y / length) } else { (1.0, 0.0) };
        let gap = next.from - self.to;
        let along = gap.x * x + gap.y * y;
        let across = (gap.y * x - gap.x * y).abs();
        let height = self.height.max(next.height);
        // Places that are no numbers, or type of no size, tell nothing.
        if !(along.is_finite() && across.is_finite() && height > 0.0) {
            return Separation::Space;
        }
        if across > PARAGRAPH_GAP * height {
            Separation::Paragraph
        } else if across > LINE_GAP * height || along < -BACK * height {
            Separation::Line
        } else if along > WORD_GAP * self.height.min(next.height).max(height / 4.0) {
            Separation::Space
        } else {
            Separation::None
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Words of type of 10 with glyphs of 5, each at its place.
    fn lines(words: &[(f64, f64, &str)]) -> String {
        let mut lines = Lines::default();
        for (x, y, word) in words {
            for (n, character) in (0_u32..).zip(word.chars()) {
                let from = Point::new(x + 5.0 * f64::from(n), *y);
                lines.push(&character.to_string(), from, from + (5.0, 0.0), 10.0);
            }
        }
        lines.finish()
    }

    #[test]
    fn gaps_make_words_lines_and_paragraphs() {
        assert_eq!(lines(&[(0.0, 100.0, "ab"), (13.0, 100.0, "cd")]), "ab cd");
        assert_eq!(lines(&[(0.0, 100.0, "ab"), (10.5, 100.0, "cd")]), "abcd");
        assert_eq!(lines(&[(0.0, 100.0, "ab"), (0.0, 88.0, "cd"), (0.0, 60.0, "ef")]), "ab\ncd\n\nef");
        assert_eq!(lines(&[(50.0, 100.0, "ab"), (0.0, 100.0, "cd")]), "ab\ncd", "another column's line");
    }

    #[test]
    fn a_superscript_stays_on_its_line() {
        assert_eq!(lines(&[(0.0, 100.0, "m"), (5.0, 104.0, "2")]), "m2");
    }

    #[test]
    fn blanks_are_one_and_none_at_the_ends() {
        assert_eq!(lines(&[(0.0, 100.0, "  a  b  ")]), "a b");
        assert_eq!(lines(&[(0.0, 100.0, "a "), (0.0, 88.0, " b")]), "a\nb");
        assert_eq!(lines(&[]), "");
    }

    #[test]
    fn ligatures_are_their_letters() {
        assert_eq!(lines(&[(0.0, 0.0, "of\u{fb01}ce\u{a0}x")]), "office x");
    }

    proptest! {
        #[test]
        fn any_places_and_characters_make_a_text(
            glyphs in proptest::collection::vec((".{0,3}", any::<[f64; 5]>()), 0..40)
        ) {
            let mut lines = Lines::default();
            for (text, [a, b, c, d, height]) in &glyphs {
                lines.push(text, Point::new(*a, *b), Point::new(*c, *d), *height);
            }
            let text = lines.finish();
            prop_assert_eq!(text.trim(), &text);
            prop_assert!(!text.contains("\n\n\n") && !text.contains("  "));
        }
    }
}
