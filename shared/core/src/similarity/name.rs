//! A name, taken apart.

use alloc::{
    borrow::ToOwned,
    collections::BTreeSet,
    string::{String, ToString},
    vec::Vec,
};

use super::{
    fold, joint,
    relation::{abbreviates, is_vowel},
    words::{self, Representation, Unit},
};

/// Words of a name that are looked at. Longer names are sentences.
const MAX_WORDS: usize = 32;

/// Letters of a word that are looked at.
const MAX_LETTERS: usize = 64;

/// Words for what the rows of the project's tables are about. In a table of vessels the vessel's name is the name.
const SUBJECTS: [&str; 3] = ["vessel", "ship", "boat"];

/// A name of a column or an entity type, taken apart into words.
#[derive(Debug, Clone, PartialEq)]
pub struct Name {
    text: String,
    pub(super) key: String,
    /// Words in the order of English compounds: the last says what the thing is. `type of vessel` is `vessel`, `type`.
    pub(super) words: Vec<Word>,
    pub(super) unit: Option<Unit>,
    /// All words in the order of the text, those without meaning too: what acronyms are made of.
    pub(super) sequence: Vec<String>,
    /// Whether its values are in units that another column gives.
    pub(super) has_unit_column: bool,
    /// Whether it's a question: `is deleted`.
    pub(super) asks: bool,
}

/// A word of a name.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Word {
    /// Folded.
    pub(super) text: String,
    /// In the singular and in one spelling.
    pub(super) stem: String,
    pub(super) role: Role,
    /// Place in the sequence.
    pub(super) place: usize,
    representation: Option<Representation>,
    pub(super) is_contrast: bool,
    /// The end of a period that it stands for.
    pub(super) period: Option<&'static str>,
}

/// What a word does in its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// It has a meaning of its own.
    Content,
    /// It names what all tables are about.
    Subject,
    /// It says what its own table is about or where that comes from, as most of the table's names or the file's do.
    Table,
    /// A remark in brackets, an alternative after `or`, or a mark of processing: the name means the same without it.
    Remark,
    /// The circumstances under which the value was taken.
    Circumstance,
    /// `number of …`.
    Count,
}

impl Word {
    fn new(text: String, stem: String, role: Role, place: usize) -> Self {
        let (representation, is_contrast) = (Representation::of(&stem), words::is_contrast(&text));
        let period = words::period(&text);
        Self { text, stem, role, place, representation, is_contrast, period }
    }

    pub(super) const fn representation(&self) -> Option<Representation> {
        self.representation
    }

    /// Whether it names a thing by itself; words such as `date` and `code` need another.
    pub(super) fn is_noun(&self) -> bool {
        self.representation().is_none_or(|kind| kind == Representation::Place)
    }

    /// `deleted flag`, `active yn`.
    pub(super) fn says_yes_or_no(&self) -> bool {
        self.representation == Some(Representation::Indicator) || self.stem == "flag"
    }

    pub(super) fn is_digits(&self) -> bool {
        self.stem.bytes().all(|b| b.is_ascii_digit())
    }
}

/// What is known of the table in which a column stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    /// Words that mean nothing at the beginning of the table's column names: folded, singular.
    subjects: BTreeSet<String>,
    /// Columns that have their units in the next column.
    with_unit_column: BTreeSet<String>,
}

impl Context {
    /// The context of a table or file, from its name and the names of all its columns. The words of the table's own name, and a first
    /// word that at least half of the columns (and four) share, say where a column is from, not what it holds.
    ///
    /// A column named for a unit, `power unit` after `engine power`, says that the values before it are in several units.
    pub fn of_table<'a>(table: &str, columns: impl IntoIterator<Item = &'a str>) -> Self {
        let mut with_unit_column = BTreeSet::new();
        let mut before: Option<(&str, Vec<String>)> = None;
        let mut first_words = alloc::collections::BTreeMap::<String, usize>::new();
        let mut count = 0;
        for column in columns {
            count += 1;
            let tokens = tokens(column);
            if let [first, _, ..] = tokens.as_slice() {
                *first_words.entry(stem(&folded(&first.text))).or_default() += 1;
            }
            let stems: Vec<String> = tokens.iter().map(|token| stem(&folded(&token.text))).collect();
            if let (Some((name, words)), Some((last, rest))) = (&before, stems.split_last())
                && Representation::of(last) == Some(Representation::Unit)
                && !rest.is_empty()
                && rest.iter().all(|word| words.contains(word))
            {
                with_unit_column.insert((*name).to_owned());
            }
            before = Some((column, stems));
        }
        let shared = first_words.into_iter().filter(|&(_, n)| n >= 4 && n * 2 >= count).map(|(word, _)| word);
        let of_name = tokens(table).into_iter().map(|token| stem(&folded(&token.text)));
        // Short words of a file's name are more often its version than its source.
        let of_name = of_name.filter(|word| word.len() >= 3 && Representation::of(word).is_none());
        Self { subjects: of_name.chain(shared).collect(), with_unit_column }
    }
}

impl Name {
    /// Takes a name apart that stands alone.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self::in_table(text, &Context::default())
    }

    /// Takes the name of a column of a table apart.
    #[must_use]
    pub fn in_table(text: &str, context: &Context) -> Self {
        let tokens = tokens(text);
        let asks = asks(&tokens);
        let mut reader = Reader::new(context, asks);
        for (i, token) in tokens.iter().enumerate() {
            reader.take(token, tokens.get(i + 1));
        }
        let (words, unit, sequence) = reader.finish();
        Self {
            text: text.to_owned(),
            key: tokens.iter().map(|token| folded(&token.text)).collect(),
            words,
            unit,
            sequence,
            has_unit_column: context.with_unit_column.contains(text),
            asks,
        }
    }

    /// The name as it was given.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The name as a phrase, `call sign` of `callSign`: what to ask an embedding for.
    #[must_use]
    pub fn phrase(&self) -> String {
        self.sequence.join(" ")
    }

    /// Whether it's what readers call a column that has no name: by its place (`column_3`, `Unnamed: 3`).
    pub(super) fn is_placeholder(&self) -> bool {
        match self.sequence.as_slice() {
            [word, number] => words::is_column(word) && number.bytes().all(|byte| byte.is_ascii_digit()),
            _ => self.text.trim().is_empty(),
        }
    }

    /// The words that the name doesn't mean the same without.
    pub(super) fn without_remarks(&self) -> impl Iterator<Item = &Word> {
        self.words.iter().filter(|word| word.role != Role::Remark)
    }

    /// The name without case, accents and separators. Equal keys are equal names.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// A run of letters or of digits.
#[derive(Debug, PartialEq)]
struct Token {
    text: String,
    in_brackets: bool,
    /// Whether a colon follows: `dc` of `dc:title` says where the name is from.
    is_namespace: bool,
}

impl Token {
    const fn new(text: String, in_brackets: bool) -> Self {
        Self { text, in_brackets, is_namespace: false }
    }
}

fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    text.chars().take(MAX_LETTERS).for_each(|letter| fold::push(letter, &mut out));
    out
}

/// A folded word in the singular and in one spelling.
pub(crate) fn stem(word: &str) -> String {
    fold::spelling(&fold::singular(word))
}

/// Whether a name asks what something is: `is deleted`, `is email verified`. Of a noun it would be another thing: `is member` is no member.
fn asks(tokens: &[Token]) -> bool {
    let is_adjective = |token: &Token| words::is_adjective(&folded(&token.text));
    match tokens {
        [first, rest @ ..] if words::is_auxiliary(&folded(&first.text)) => {
            rest.first().is_some_and(is_adjective) || rest.last().is_some_and(is_adjective)
        }
        _ => false,
    }
}

/// Splits at separators, between letters and digits, and where the case says that a word begins.
fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut chunk = String::new();
    let mut depth = 0u32;
    // Whether the chunk is initials so far: `B/L`, `P.O.`.
    let mut is_initials = false;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter.is_alphanumeric() || ('\u{300}'..='\u{36f}').contains(&letter) {
            chunk.push(letter);
            continue;
        }
        let is_initial = chunk.len() == 1 && chunk.starts_with(|initial: char| initial.is_ascii_uppercase());
        is_initials = depth == 0
            && matches!(letter, '/' | '&' | '.')
            && (is_initial || is_initials)
            && begins_with_initial(letters.clone());
        if is_initials {
            continue;
        }
        push_chunk(&chunk, depth > 0, &mut tokens);
        chunk.clear();
        match letter {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ':' if letters.peek().is_some_and(|next| next.is_alphabetic()) => {
                for token in &mut tokens {
                    token.is_namespace = true;
                }
            }
            '#' | '№' => tokens.push(Token::new("number".to_owned(), false)),
            '%' => tokens.push(Token::new("percent".to_owned(), depth > 0)),
            _ => {}
        }
    }
    push_chunk(&chunk, depth > 0, &mut tokens);
    tokens.truncate(MAX_WORDS);
    tokens
}

/// Whether a capital follows that is no part of a word.
fn begins_with_initial(mut letters: impl Iterator<Item = char>) -> bool {
    letters.next().is_some_and(|letter| letter.is_ascii_uppercase())
        && !letters.next().is_some_and(char::is_alphanumeric)
}

fn push_chunk(chunk: &str, in_brackets: bool, tokens: &mut Vec<Token>) {
    let letters: Vec<char> = chunk.chars().collect();
    // Two letters are a symbol whatever their case: `kW`, `pH`; so are units with an exponent: `m3`.
    let is_symbol = letters.len() <= 2 && letters.first().is_some_and(|first| !first.is_numeric());
    let mut word = String::new();
    for (i, &letter) in letters.iter().enumerate() {
        let back = |n: usize| i.checked_sub(n).and_then(|i| letters.get(i)).copied();
        let after = letters.get(i + 1..).unwrap_or_default();
        if !is_symbol && back(1).is_some_and(|before| begins_word(back(2), before, letter, after)) {
            tokens.push(Token::new(core::mem::take(&mut word), in_brackets));
        }
        word.push(letter);
    }
    if !word.is_empty() {
        tokens.push(Token::new(word, in_brackets));
    }
}

/// Whether a word begins with `letter`, which follows `before` and is followed by `after`.
fn begins_word(two_before: Option<char>, before: char, letter: char, after: &[char]) -> bool {
    if before.is_numeric() != letter.is_numeric() {
        return true;
    }
    if letter.is_uppercase() {
        // `callSign`; and `DWCTerm` before its last capital.
        return before.is_lowercase()
            || (before.is_uppercase() && after.len() >= 2 && after.first().is_some_and(|next| next.is_lowercase()));
    }
    // `LOAm` is a symbol and its unit, `URLs` more than one. `Id` is a word.
    before.is_uppercase() && two_before.is_some_and(char::is_uppercase) && letter.is_lowercase() && after.is_empty()
}

/// Puts words into their order, with their roles.
struct Reader<'a> {
    context: &'a Context,
    /// Parts between `of`, in the order of the text.
    parts: Vec<Vec<Word>>,
    unit: Option<Unit>,
    sequence: Vec<String>,
    in_circumstance: bool,
    after_or: bool,
    asks: bool,
}

impl<'a> Reader<'a> {
    fn new(context: &'a Context, asks: bool) -> Self {
        let parts = alloc::vec![Vec::new()];
        Self { context, parts, unit: None, sequence: Vec::new(), in_circumstance: false, after_or: false, asks }
    }

    fn take(&mut self, token: &Token, next: Option<&Token>) {
        let text = folded(&token.text);
        let stem = stem(&text);
        let place = self.sequence.len();
        self.sequence.push(text.clone());
        if token.in_brackets {
            self.take_bracketed(&text, &stem, place);
            return;
        }
        if token.is_namespace || words::is_type_prefix(&text) && place == 0 && next.is_some() {
            self.push(text, Role::Remark, place);
            return;
        }
        // The plural of a symbol: `IDs`. Or `engine's`. But `duration_s` is in seconds.
        if text == "s" && place > 0 && !self.is_measured_in(&text) {
            return;
        }
        // `cost per unit` is a unit's cost; `km per h` is a unit.
        let is_of_each = || next.is_some_and(|next| Unit::of(&stem_of(&folded(&next.text))).is_none());
        if text == "of" || text == "per" && is_of_each() {
            self.take_of();
            return;
        }
        if matches!(text.as_str(), "at" | "on") && next.is_none() && self.is_after_temporal() {
            self.push("when".to_owned(), Role::Content, place);
            return;
        }
        // With nothing behind it, it's an adverb: `amount in`.
        if words::begins_circumstance(&text) && self.has_words() && (next.is_some() || text != "in") {
            self.in_circumstance = true;
            return;
        }
        if self.asks && place == 0 {
            return;
        }
        if words::is_stop(&text) && self.has_words() | matches!(text.as_str(), "the" | "a" | "an") {
            self.after_or |= text == "or";
            return;
        }
        if self.is_repeated(&stem) || self.completes_term(&stem) {
            self.after_or = false;
            return;
        }
        let role = self.role(&text, &stem);
        self.after_or = false;
        if let Some(long) = words::long_form(&text) {
            for word in long {
                self.push((*word).to_owned(), role, place);
            }
            return;
        }
        match split_glued(&text) {
            Some((first, last)) => {
                let role_of_first = self.role(&first, &stem_of(&first));
                self.push(first, role_of_first, place);
                self.push(last, role, place);
            }
            None => self.push(text, role, place),
        }
    }

    /// In brackets stand units and remarks, or the same in short: `Gross Tonnage (GT)`.
    fn take_bracketed(&mut self, text: &str, stem: &str, place: usize) {
        let before: Vec<&str> =
            self.sequence.iter().take(place).map(String::as_str).filter(|word| !words::is_stop(word)).collect();
        if joint::is_acronym(text, &before) {
            return;
        }
        let is_meaning = Representation::of(stem).is_some_and(|kind| !kind.is_default()) || words::is_contrast(text);
        let role = if is_meaning { Role::Content } else { Role::Remark };
        let unit = Unit::in_brackets(text)
            .or_else(|| Unit::in_brackets(stem))
            .map(|unit| self.unit.and_then(|before| before.per(text)).unwrap_or(unit));
        match unit {
            Some(unit) => self.unit = Some(unit),
            None if text == "s" || text == "es" => {}
            None => self.parts.iter_mut().last().into_iter().for_each(|part| {
                part.push(Word::new(text.to_owned(), stem.to_owned(), role, place));
            }),
        }
    }

    /// `number of lots` counts, and `lot number` doesn't. Else the words after `of` stand before those in front of it.
    fn take_of(&mut self) {
        let Some(part) = self.parts.last_mut() else { return };
        if let Some(word) = part.last_mut()
            && matches!(word.representation(), Some(Representation::Number | Representation::Count))
        {
            word.role = Role::Count;
        }
        self.parts.push(Vec::new());
    }

    fn is_after_temporal(&self) -> bool {
        let before = self.parts.last().and_then(|part| part.last());
        before.is_some_and(|before| words::is_temporal(&before.stem))
    }

    /// Whether a symbol is the unit of a word before it.
    fn is_measured_in(&self, symbol: &str) -> bool {
        Unit::ambiguous(symbol).is_some_and(|unit| self.parts.iter().flatten().any(|word| unit.measures(&word.stem)))
    }

    fn has_words(&self) -> bool {
        self.parts.iter().any(|part| !part.is_empty())
    }

    fn is_repeated(&self, stem: &str) -> bool {
        !stem.bytes().all(|b| b.is_ascii_digit()) && self.parts.iter().flatten().any(|word| word.stem == stem)
    }

    fn completes_term(&self, stem: &str) -> bool {
        let before = self.parts.last().and_then(|part| part.last());
        before.is_some_and(|before| {
            let is_last = |last: &str| last == stem || abbreviates(stem, last);
            words::TERMS.iter().any(|&(first, last)| first == before.stem && is_last(last))
        })
    }

    fn role(&self, text: &str, stem: &str) -> Role {
        if self.in_circumstance {
            Role::Circumstance
        } else if words::is_processing(text) && self.has_words() || self.after_or {
            Role::Remark
        } else if is_subject(stem) {
            Role::Subject
        } else if !self.has_words() && self.context.subjects.contains(stem) {
            Role::Table
        } else {
            Role::Content
        }
    }

    fn push(&mut self, text: String, role: Role, place: usize) {
        if let Some(part) = self.parts.last_mut() {
            // `fishing vessel` is the vessel.
            if role == Role::Subject
                && let Some(before) = part.last_mut()
                && before.role == Role::Content
                && before.text.ends_with("ing")
            {
                before.role = Role::Subject;
            }
            let stem = stem(&text);
            part.push(Word::new(text, stem, role, place));
        }
    }

    fn finish(mut self) -> (Vec<Word>, Option<Unit>, Vec<String>) {
        self.take_unit();
        let mut words: Vec<Word> = self.parts.into_iter().rev().flatten().collect();
        // `num_employees` counts them.
        if let [first, .., last] = words.as_mut_slice()
            && (first.representation() == Some(Representation::Number) || first.text == "n")
            && last.text != last.stem
        {
            first.role = Role::Count;
        }
        // What `product in event id` identifies isn't the product.
        let names_another = words.last().is_some_and(|last| {
            last.role == Role::Circumstance && last.representation().is_some_and(Representation::is_attribute)
        });
        if names_another {
            words.iter_mut().filter(|word| word.role == Role::Circumstance).for_each(|word| word.role = Role::Content);
        }
        // A word by itself is the meaning, whatever it does elsewhere.
        let mut meaning = words.iter_mut().filter(|word| word.role != Role::Remark);
        if let (Some(only), None) = (meaning.next(), meaning.next()) {
            only.role = Role::Content;
        }
        (words, self.unit, self.sequence)
    }

    /// A unit may stand at the end without brackets, if something is left that it measures.
    fn take_unit(&mut self) {
        let count: usize = self.parts.iter().map(Vec::len).sum();
        let Some(part) = self.parts.last_mut() else { return };
        if self.unit.is_some() || count < 2 {
            return;
        }
        let [measured @ .., before, last] = part.as_slice() else { return };
        // `km` and `h`, `m` and `3` were split; `horse` and `power` are one word elsewhere.
        if count > 2
            && let Some(unit) = Unit::of(&(before.text.clone() + &last.text))
        {
            part.truncate(part.len() - 2);
            self.unit = Some(unit);
        } else if let Some(unit) = Unit::ambiguous(&last.text)
            && measured.iter().chain([before]).any(|word| unit.measures(&word.stem))
        {
            part.pop();
            self.unit = Some(unit);
        } else if let Some(unit) = Unit::of(&last.text).or_else(|| Unit::of(&last.stem))
            && (last.text.len() < 4
                || !last.text.contains(is_vowel)
                || last.text != last.stem
                || last.role == Role::Circumstance
                || words::is_only_unit(&last.text))
        {
            // In words, and not as a symbol, units stand in the plural: a `degree` is a title, `degrees` are an angle.
            part.pop();
            self.unit = Some(unit);
        }
    }
}

fn is_subject(stem: &str) -> bool {
    SUBJECTS.contains(&stem) || stem.len() >= 3 && SUBJECTS.iter().any(|subject| abbreviates(stem, subject))
}

fn stem_of(text: &str) -> String {
    stem(text)
}

/// `shipname` is `ship` and `name`: words that say what kind of thing a value is are often written to their noun.
fn split_glued(text: &str) -> Option<(String, String)> {
    ["name", "type", "code"].into_iter().find_map(|last| {
        let first = text.strip_suffix(last).filter(|first| first.len() >= 3)?;
        Some((first.to_owned(), last.to_string()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> String {
        let name = Name::new(text);
        let mut words: Vec<&str> = name.words.iter().map(|word| word.stem.as_str()).collect();
        words.extend(name.unit.map(|unit| unit.symbol));
        words.join(" ")
    }

    #[test]
    fn words_begin_at_separators_capitals_and_digits() {
        for (text, expected) in [
            ("callSign", "call sign"),
            ("CALL_SIGN", "call sign"),
            ("DWCTermID", "dwc term id"),
            ("street2", "street 2"),
            ("Gross Tonnage (GT)", "gross tonnage"),
            ("Length (m)", "length m"),
            ("IMO#", "imo number"),
            ("URLs", "url"),
            ("  ", ""),
            ("état-civil", "etat civil"),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn a_noun_with_of_stands_where_its_compound_has_it() {
        assert_eq!(words("Type of vessel"), "vessel type");
        assert_eq!(words("Name of the owner or owners"), "owner name");
        assert_eq!(words("date_of_end_of_contract"), "contract end date");
    }

    #[test]
    fn units_are_taken_off() {
        for (text, expected) in [
            ("Length (m)", "length m"),
            ("length_m", "length m"),
            ("LOAm", "overall length m"),
            ("Fish hold volume (m3)", "fish hold volume m3"),
            ("engine_power_kW", "engine power kw"),
            ("speed (km/h)", "speed km/h"),
            ("tumor_size_cm", "tumor size cm"),
            ("m", "m"),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn the_first_word_of_most_columns_says_nothing() {
        let context = Context::of_table("gfw_ffa", ["track_speed", "track_course", "track_id", "track_time", "note"]);
        let roles = |text: &str| Name::in_table(text, &context).words.iter().map(|w| w.role).collect::<Vec<_>>();
        assert_eq!(roles("track_speed"), [Role::Table, Role::Content]);
        assert_eq!(roles("ffa_ENGINE"), [Role::Table, Role::Content]);
        assert_eq!(roles("engine_ffa"), [Role::Content, Role::Content]);
    }
}
