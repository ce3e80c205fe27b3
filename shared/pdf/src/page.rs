//! What a page says, or why an OCR engine has to be asked.

use crate::content::Drawn;

/// A page whose images cover this much of it is a scan, from 0 to 1, and…
pub(crate) const SCAN_COVER: f64 = 0.7;

/// … with fewer visible glyphs than this its text layer is a stamp on the scan, not its text.
const STAMP_GLYPHS: u32 = 200;

/// Glyphs without a known character that a text layer may have, of a hundred.
const MAX_UNMAPPED_PERCENT: u64 = 20;

/// A page.
#[derive(Debug, Clone, PartialEq)]
pub enum Page {
    /// It has a text layer that can be read.
    Text(TextLayer),
    /// Nothing is drawn on it.
    Blank,
    /// Only an OCR engine can say what it says.
    Picture {
        /// Why its text layer doesn't do.
        why: Why,
    },
}

/// The text layer of a page.
#[derive(Debug, Clone, PartialEq)]
pub struct TextLayer {
    /// Lines end with `\n`.
    pub text: String,
    /// The share of glyphs whose characters the file tells, from 0 to 1. `None` where the text is invisible: some OCR engine laid it over a
    /// picture, and nobody knows how well it read.
    pub confidence: Option<f64>,
}

/// Why a text layer doesn't do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    #[error("it has no text layer")]
    NoText,
    #[error("its text layer doesn't say which characters {unmapped} of its {glyphs} glyphs are")]
    Unmapped { unmapped: u32, glyphs: u32 },
    #[error("its text layer is only a stamp of {glyphs} glyphs on a scan")]
    Stamp { glyphs: u32 },
}

impl Page {
    pub(crate) fn of(drawn: Drawn<'_>) -> Self {
        let Drawn { lines, glyphs, unmapped, invisible, images, covered, has_paths, .. } = drawn;
        if glyphs == 0 {
            let is_blank = images == 0 && !has_paths;
            return if is_blank { Self::Blank } else { Self::Picture { why: Why::NoText } };
        }
        if u64::from(unmapped) * 100 > u64::from(glyphs) * MAX_UNMAPPED_PERCENT {
            return Self::Picture { why: Why::Unmapped { unmapped, glyphs } };
        }
        if covered >= SCAN_COVER && glyphs - invisible < STAMP_GLYPHS && invisible == 0 {
            return Self::Picture { why: Why::Stamp { glyphs } };
        }
        let confidence =
            (invisible * 2 <= glyphs).then(|| f64::from(glyphs - unmapped.min(glyphs)) / f64::from(glyphs));
        Self::Text(TextLayer { text: lines.finish(), confidence })
    }
}
