//! What a page draws, as far as text is concerned: its glyphs and where they are, and whether it draws anything else.
//!
//! An interpreter of PDF's text operators ([ISO 32000-1](https://opensource.adobe.com/dc-acrobat-sdk-docs/pdfstandards/PDF32000_2008.pdf),
//! 9.3 and 9.4) over `hayro`'s parser and fonts. `hayro-interpret`, which draws everything, can't be stopped: this one counts operators,
//! depth and text, and unpacks no image.

use std::sync::Arc;

use hayro_cmap::BfString;
use hayro_font::{
    CMapResolverFn, Font, FontCache, FontGlyph, FontQuery, FontResolverFn, StandardFont, UNITS_PER_EM,
    kurbo::{Affine, Point, Vec2},
};
use hayro_syntax::{
    content::{TypedIter, ops::TypedInstruction},
    object::{
        Array, Dict, Name, Object, Rect, Stream,
        dict::keys::{ANNOTS, AP, AS, BBOX, CONTENTS, F, MATRIX, N, RECT, RESOURCES, SUBTYPE},
    },
    page::{Page, Resources},
};

use crate::{Error, MAX_CONTENT, MAX_DEPTH, MAX_OPERATORS, MAX_PAGE_TEXT, layout::Lines, stream::unpack};

/// Saved graphics states at most; more are not kept. The standard's own limit is 28.
const MAX_STATES: usize = 512;

/// Unpacked bytes of content of a page, forms each time they are drawn: four times what one stream may have.
const MAX_DRAWN: usize = 4 * MAX_CONTENT;

/// Flags of an annotation that isn't shown: hidden, or not to be viewed (ISO 32000-1, 12.5.3).
const NOT_SHOWN: u32 = 1 << 1 | 1 << 5;

/// Fonts by their dictionaries, and how those are found that the file doesn't have.
pub(crate) struct Fonts<'a> {
    cache: FontCache<'a>,
    resolver: FontResolverFn,
    cmaps: CMapResolverFn,
}

impl<'a> Fonts<'a> {
    pub(crate) fn new() -> Self {
        Self {
            cache: FontCache::new(),
            resolver: Arc::new(|query| {
                let font = match query {
                    FontQuery::Standard(font) => *font,
                    FontQuery::Fallback(fallback) => fallback.pick_standard_font(),
                };
                Some(font.get_font_data())
            }),
            cmaps: Arc::new(hayro_cmap::load_embedded),
        }
    }

    fn font(&self, dict: &Dict<'a>) -> Option<Font<'a>> {
        self.cache.font(dict, &self.resolver, &self.cmaps)
    }

    fn standard(&self) -> Option<Font<'a>> {
        self.cache.standard_font(StandardFont::Helvetica, &self.resolver)
    }
}

/// What a page draws.
#[derive(Debug, Default)]
pub(crate) struct Drawn<'a> {
    pub(crate) lines: Lines,
    /// Glyphs that aren't blanks.
    pub(crate) glyphs: u32,
    /// Of these, those whose character the file doesn't tell.
    pub(crate) unmapped: u32,
    /// Of all, those that are drawn without ink: the text layer that an OCR engine laid over a picture.
    pub(crate) invisible: u32,
    /// Images, and how much of the page they cover together, from 0 on.
    pub(crate) images: u32,
    pub(crate) covered: f64,
    /// The first of them, unless it stands in the content itself.
    pub(crate) image: Option<Stream<'a>>,
    /// Lines, areas or shadings.
    pub(crate) has_paths: bool,
}

/// Whether a glyph is nothing that a person wrote: no character is known for it, or one that stands for none.
fn is_unmapped(character: char) -> bool {
    matches!(character, '\u{fffd}' | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}' | '\0'..='\u{8}' | '\u{e}'..='\u{1f}')
}

/// Interprets a page: its content, then what is filled into its forms.
pub(crate) fn interpret<'a>(page: &Page<'a>, number: u32, fonts: &Fonts<'a>) -> Result<Drawn<'a>, Error> {
    let content = contents(page).ok_or(Error::Content { page: number })?;
    let crop = page.intersected_crop_box();
    let area = (crop.width() * crop.height()).abs();
    let mut interpreter = Interpreter {
        fonts,
        page: number,
        area: if area > 0.0 { area } else { f64::INFINITY },
        operators: 0,
        unpacked: 0,
        drawn: Drawn::default(),
    };
    interpreter.run(&content, page.resources(), State::default(), 0)?;
    for annotation in page.raw().get::<Array<'_>>(ANNOTS).iter().flat_map(Array::iter::<Dict<'_>>) {
        interpreter.annotation(&annotation, page.resources())?;
    }
    Ok(interpreter.drawn)
}

/// The content streams of a page as one. `None` if one of them is damaged or too large.
fn contents(page: &Page<'_>) -> Option<Vec<u8>> {
    let dict = page.raw();
    if let Some(stream) = dict.get::<Stream<'_>>(CONTENTS) {
        return unpack(&stream).map(std::borrow::Cow::into_owned);
    }
    let mut whole = Vec::new();
    for stream in dict.get::<Array<'_>>(CONTENTS).iter().flat_map(Array::iter::<Stream<'_>>) {
        whole.extend_from_slice(&unpack(&stream)?);
        if whole.len() > MAX_CONTENT {
            return None;
        }
        // A token ends with its stream.
        whole.push(b'\n');
    }
    Some(whole)
}

/// The part of the graphics state that text needs.
#[derive(Clone)]
struct State<'a> {
    ctm: Affine,
    font: Option<Font<'a>>,
    size: f64,
    character_space: f64,
    word_space: f64,
    /// 1 is none.
    horizontal_scaling: f64,
    leading: f64,
    rise: f64,
    invisible: bool,
}

impl Default for State<'_> {
    fn default() -> Self {
        Self {
            ctm: Affine::IDENTITY,
            font: None,
            size: 1.0,
            character_space: 0.0,
            word_space: 0.0,
            horizontal_scaling: 1.0,
            leading: 0.0,
            rise: 0.0,
            invisible: false,
        }
    }
}

/// Where the next glyph is, and where the line began.
#[derive(Debug, Clone, Copy)]
struct TextPlace {
    matrix: Affine,
    line: Affine,
}

impl TextPlace {
    const fn at(matrix: Affine) -> Self {
        Self { matrix, line: matrix }
    }

    fn next_line(&mut self, x: f64, y: f64) {
        *self = Self::at(self.line * Affine::translate((x, y)));
    }
}

struct Interpreter<'a, 'f> {
    fonts: &'f Fonts<'a>,
    page: u32,
    area: f64,
    operators: u32,
    unpacked: usize,
    drawn: Drawn<'a>,
}

impl<'a> Interpreter<'a, '_> {
    fn run(
        &mut self,
        content: &[u8],
        resources: &Resources<'a>,
        mut state: State<'a>,
        depth: u32,
    ) -> Result<(), Error> {
        if depth > MAX_DEPTH {
            return Err(Error::TooDeep { page: self.page });
        }
        self.unpacked += content.len();
        if self.unpacked > MAX_DRAWN {
            return Err(Error::Content { page: self.page });
        }
        let mut saved = Vec::new();
        let mut place = TextPlace::at(Affine::IDENTITY);
        let mut operators = TypedIter::new(content);
        while let Some(operator) = operators.next() {
            self.count()?;
            match operator {
                TypedInstruction::SaveState(_) if saved.len() < MAX_STATES => saved.push(state.clone()),
                TypedInstruction::RestoreState(_) => {
                    if let Some(before) = saved.pop() {
                        state = before;
                    }
                }
                TypedInstruction::Transform(m) => {
                    state.ctm *= Affine::new([m.0, m.1, m.2, m.3, m.4, m.5].map(|number| number.as_f64()));
                }
                TypedInstruction::BeginText(_) => place = TextPlace::at(Affine::IDENTITY),
                TypedInstruction::SetTextMatrix(m) => {
                    place = TextPlace::at(Affine::new([m.0, m.1, m.2, m.3, m.4, m.5].map(|number| number.as_f64())));
                }
                TypedInstruction::NextLine(to) => place.next_line(to.0.as_f64(), to.1.as_f64()),
                TypedInstruction::NextLineAndSetLeading(to) => {
                    state.leading = -to.1.as_f64();
                    place.next_line(to.0.as_f64(), to.1.as_f64());
                }
                TypedInstruction::NextLineUsingLeading(_) => place.next_line(0.0, -state.leading),
                TypedInstruction::TextFont(font) => {
                    state.font = resources.get_font(font.0).and_then(|dict| self.fonts.font(&dict));
                    state.size = font.1.as_f64();
                }
                TypedInstruction::CharacterSpacing(space) => state.character_space = space.0.as_f64(),
                TypedInstruction::WordSpacing(space) => state.word_space = space.0.as_f64(),
                TypedInstruction::HorizontalScaling(percent) => state.horizontal_scaling = percent.0.as_f64() / 100.0,
                TypedInstruction::TextLeading(leading) => state.leading = leading.0.as_f64(),
                TypedInstruction::TextRise(rise) => state.rise = rise.0.as_f64(),
                // 3 is neither filled nor stroked, 7 only clips what follows.
                TypedInstruction::TextRenderingMode(mode) => state.invisible = matches!(mode.0.as_i64(), 3 | 7),
                TypedInstruction::ShowText(text) => self.show(text.0.as_bytes(), &mut state, &mut place)?,
                TypedInstruction::NextLineAndShowText(text) => {
                    place.next_line(0.0, -state.leading);
                    self.show(text.0.as_bytes(), &mut state, &mut place)?;
                }
                TypedInstruction::ShowTextWithParameters(text) => {
                    state.word_space = text.0.as_f64();
                    state.character_space = text.1.as_f64();
                    place.next_line(0.0, -state.leading);
                    self.show(text.2.as_bytes(), &mut state, &mut place)?;
                }
                TypedInstruction::ShowTexts(texts) => {
                    for part in texts.0.iter::<Object<'_>>() {
                        match part {
                            Object::String(text) => self.show(text.as_bytes(), &mut state, &mut place)?,
                            Object::Number(back) => {
                                let back = -back.as_f64() / f64::from(UNITS_PER_EM) * state.size;
                                place.matrix *= Affine::translate(along(&state, back));
                            }
                            _ => {}
                        }
                    }
                }
                TypedInstruction::SetGraphicsState(name) => {
                    let font = resources.get_ext_g_state(name.0).and_then(|state| state.get::<Array<'_>>(b"Font"));
                    if let Some((font, size)) = font.and_then(|font| font_of(&font)) {
                        state.font = self.fonts.font(&font);
                        state.size = size;
                    }
                }
                TypedInstruction::XObject(name) => {
                    if let Some(object) = resources.get_x_object(name.0) {
                        self.x_object(&object, resources, &state, depth)?;
                    }
                }
                TypedInstruction::InlineImage(_) => self.image(None, &state),
                TypedInstruction::Shading(_)
                | TypedInstruction::StrokePath(_)
                | TypedInstruction::CloseAndStrokePath(_)
                | TypedInstruction::FillPathNonZero(_)
                | TypedInstruction::FillPathNonZeroCompatibility(_)
                | TypedInstruction::FillPathEvenOdd(_)
                | TypedInstruction::FillAndStrokeNonZero(_)
                | TypedInstruction::FillAndStrokeEvenOdd(_)
                | TypedInstruction::CloseFillAndStrokeNonZero(_)
                | TypedInstruction::CloseFillAndStrokeEvenOdd(_) => self.drawn.has_paths = true,
                _ => {}
            }
        }
        Ok(())
    }

    /// Counts an operator, or a glyph.
    fn count(&mut self) -> Result<(), Error> {
        self.operators += 1;
        if self.operators > MAX_OPERATORS { Err(Error::TooManyOperators { page: self.page }) } else { Ok(()) }
    }

    fn x_object(
        &mut self,
        object: &Stream<'a>,
        resources: &Resources<'a>,
        state: &State<'a>,
        depth: u32,
    ) -> Result<(), Error> {
        match object.dict().get::<Name<'_>>(SUBTYPE).as_deref() {
            Some(b"Image") => self.image(Some(object.clone()), state),
            Some(b"Form") => self.form(object, resources, state.clone(), depth)?,
            _ => {}
        }
        Ok(())
    }

    fn form(
        &mut self,
        form: &Stream<'a>,
        resources: &Resources<'a>,
        mut state: State<'a>,
        depth: u32,
    ) -> Result<(), Error> {
        // A form that can't be unpacked takes nothing with it but what it draws; whether that's text nobody can say.
        let Some(content) = unpack(form) else {
            return Err(Error::Content { page: self.page });
        };
        state.ctm *= matrix(form.dict());
        let own = form.dict().get::<Dict<'_>>(RESOURCES).map(Resources::new);
        self.run(&content, own.as_ref().unwrap_or(resources), state, depth + 1)
    }

    fn image(&mut self, image: Option<Stream<'a>>, state: &State<'a>) {
        // An image is drawn into the unit square.
        let [a, b, c, d, ..] = state.ctm.as_coeffs();
        self.drawn.covered += (a * d - b * c).abs() / self.area;
        if self.drawn.images == 0 {
            self.drawn.image = image;
        }
        self.drawn.images += 1;
    }

    /// The text that somebody filled into a form, or wrote beside the page's own.
    fn annotation(&mut self, annotation: &Dict<'a>, resources: &Resources<'a>) -> Result<(), Error> {
        if annotation.get::<u32>(F).unwrap_or(0) & NOT_SHOWN != 0 {
            return Ok(());
        }
        let (Some(form), Some(to)) = (appearance(annotation), annotation.get::<Rect>(RECT)) else {
            return Ok(());
        };
        // The appearance's box is put into the annotation's rectangle (ISO 32000-1, 12.5.5); for the order of text its corner is enough.
        let corner = form.dict().get::<Rect>(BBOX).map_or(Point::ZERO, |from| Point::new(from.x0, from.y0));
        let corner = matrix(form.dict()) * corner;
        let state = State { ctm: Affine::translate((to.x0 - corner.x, to.y0 - corner.y)), ..State::default() };
        self.form(&form, resources, state, 0)
    }

    /// Shows a string of codes, as the font reads them.
    fn show(&mut self, codes: &[u8], state: &mut State<'a>, place: &mut TextPlace) -> Result<(), Error> {
        if state.font.is_none() {
            // As viewers do where the font isn't there.
            state.font = self.fonts.standard();
        }
        let Some(font) = state.font.clone() else {
            return Ok(());
        };
        let mut next = 0;
        while next < codes.len() {
            self.count()?;
            let (code, length) = font.read_code(codes, next);
            next += length.max(1);
            let advance = advance(state, &font, code, length);
            let placed = state.ctm * place.matrix * Affine::translate((0.0, state.rise));
            let after = placed * Affine::translate(advance);
            self.glyph(
                unicode(&font, code),
                [placed, after].map(|m| m.translation().to_point()),
                height(placed, state.size),
                state,
            );
            if self.drawn.lines.len() > MAX_PAGE_TEXT {
                return Err(Error::TooMuchText { page: self.page });
            }
            place.matrix *= Affine::translate(advance);
        }
        Ok(())
    }

    fn glyph(&mut self, text: Option<String>, [from, to]: [Point; 2], height: f64, state: &State<'_>) {
        let text = match text {
            Some(text) if !text.chars().any(is_unmapped) => text,
            _ => {
                self.drawn.unmapped += 1;
                "\u{fffd}".to_owned()
            }
        };
        if !text.trim().is_empty() {
            self.drawn.glyphs += 1;
            self.drawn.invisible += u32::from(state.invisible);
        }
        self.drawn.lines.push(&text, from, to, height);
    }
}

/// The characters of a glyph, if the file tells them.
fn unicode(font: &Font<'_>, code: u32) -> Option<String> {
    let text = match font.glyph(font.map_code(code), code) {
        FontGlyph::Outline(glyph) => glyph.as_unicode(),
        FontGlyph::Type3(glyph) => glyph.as_unicode(),
    };
    text.map(|text| match text {
        BfString::Char(character) => character.to_string(),
        BfString::String(text) => text,
    })
}

/// How far a code takes the next one, in text space (ISO 32000-1, 9.4.4).
fn advance(state: &State<'_>, font: &Font<'_>, code: u32, length: usize) -> Vec2 {
    let em = font.code_advance(code) / f64::from(UNITS_PER_EM);
    let space = state.character_space + if code == 32 && length == 1 { state.word_space } else { 0.0 };
    if font.is_horizontal() {
        Vec2::new((em.x * state.size + space) * state.horizontal_scaling, 0.0)
    } else {
        Vec2::new(0.0, em.y * state.size + space)
    }
}

/// A distance along the line.
fn along(state: &State<'_>, distance: f64) -> Vec2 {
    if state.font.as_ref().is_none_or(Font::is_horizontal) {
        Vec2::new(distance * state.horizontal_scaling, 0.0)
    } else {
        Vec2::new(0.0, distance)
    }
}

/// The font's size as it comes out on the page.
fn height(placed: Affine, size: f64) -> f64 {
    let [_, _, c, d, ..] = placed.as_coeffs();
    c.hypot(d) * size.abs()
}

fn matrix(form: &Dict<'_>) -> Affine {
    Affine::new(form.get::<[f64; 6]>(MATRIX).unwrap_or([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]))
}

fn font_of<'a>(font: &Array<'a>) -> Option<(Dict<'a>, f64)> {
    let mut parts = font.iter::<Object<'_>>();
    Some((parts.next()?.into_dict()?, parts.next()?.into_number()?.as_f64()))
}

fn appearance<'a>(annotation: &Dict<'a>) -> Option<Stream<'a>> {
    match annotation.get::<Dict<'_>>(AP)?.get::<Object<'_>>(N)? {
        Object::Stream(stream) => Some(stream),
        Object::Dict(states) => states.get::<Stream<'_>>(annotation.get::<Name<'_>>(AS)?),
        _ => None,
    }
}
