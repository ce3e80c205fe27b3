//! The comparison of two names.

use alloc::{format, string::String, vec::Vec};

use super::{
    Comparison,
    joint::Joint,
    name::{Name, Role, Word},
    pairing::Pairing,
    relation::Relation,
    words::{self, Representation, Unit},
};

/// Score of names that are one if a guess is right: values that agree make it so.
pub(super) const GUESS: f64 = 0.7;

/// Most words that qualify a name which means the same without them. More describe another thing.
const MAX_QUALIFIERS: usize = 2;

/// What a user may set.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Least similarity of two spellings of a word, by edit distance over length: the plan's normalised Levenshtein threshold.
    pub levenshtein: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self { levenshtein: 0.85 }
    }
}

/// Compares two names.
///
/// Symmetric: `compare(a, b)` equals `compare(b, a)`.
#[must_use]
pub fn compare(a: &Name, b: &Name) -> Comparison {
    compare_with(&Options::default(), a, b)
}

/// Compares two names with other thresholds.
#[must_use]
pub fn compare_with(options: &Options, a: &Name, b: &Name) -> Comparison {
    // In one order, so that ties fall the same way.
    let (a, b) = if (a.text(), &a.key) <= (b.text(), &b.key) { (a, b) } else { (b, a) };
    if a.is_placeholder() || b.is_placeholder() {
        return Comparison::new(0.0, "a name that says no more than which column it is");
    }
    if a.text() == b.text() && a.has_unit_column == b.has_unit_column {
        return Comparison::new(1.0, "same name");
    }
    if a.key == b.key && !a.key.is_empty() && a.has_unit_column == b.has_unit_column {
        return Comparison::new(0.99, "same name but for case, separators or accents");
    }
    if a.words.is_empty() || b.words.is_empty() {
        return Comparison::new(0.0, "a name without words says nothing");
    }
    Pairing::new(options.levenshtein, a, b).judge()
}

impl Pairing<'_> {
    fn judge(self) -> Comparison {
        if let (Some(a), Some(b)) = (self.a.unit, self.b.unit)
            && a != b
        {
            return Comparison::new(0.3, format!("different units: {} and {}", a.symbol, b.symbol));
        }
        if self.a.has_unit_column != self.b.has_unit_column {
            return Comparison::contradicted(0.5, "one is in units of another column");
        }
        let a = Rest::new(self.a, &self.left_a, self.b);
        let b = Rest::new(self.b, &self.left_b, self.a);
        if let Some(comparison) = self.contradiction(&a, &b) {
            return comparison;
        }
        if self.has_kinds_reordered() {
            return Comparison::new(GUESS, "what kind of value it is in another order");
        }
        let mut score = 1.0;
        let mut reasons: Vec<String> = Vec::new();
        self.explain_pairs(&mut score, &mut reasons);
        let anchor = self.anchor();
        for rest in [&a, &b] {
            if let Err(different) = rest.explain(&anchor, &mut score, &mut reasons) {
                return self.different(different);
            }
        }
        if self.a.unit != self.b.unit {
            let unit = self.a.unit.or(self.b.unit).map_or("", |unit| unit.symbol);
            score *= 0.93;
            reasons.push(format!("one gives the unit: {unit}"));
        }
        if reasons.is_empty() {
            // A stop word, or the rest of a term: `flag` and `flag state`.
            score *= 0.98;
            reasons.push(format!("they say the same: {} and {}", self.a.phrase(), self.b.phrase()));
        }
        let score = if self.has_joint(Joint::Initial) { GUESS } else { score.max(super::DUPLICATE) };
        let is_qualified = [&a, &b].into_iter().any(|rest| !rest.qualifiers().is_empty());
        Comparison::new(score, reasons.join("; ")).weak(is_qualified || !self.has_certain_word())
    }

    /// Words on both sides that answer to nothing.
    fn contradiction(&self, a: &Rest<'_>, b: &Rest<'_>) -> Option<Comparison> {
        if self.relations.is_empty() {
            return Some(Comparison::new(0.25, format!("no word in common: {} and {}", a.text(), b.text())));
        }
        let (mut words_a, mut words_b) = (a.significant(), b.significant());
        // `draught average (m)` and `average length`: the unit is the draught's. `trk_speed` and `wind_speed`: each says whose.
        match (words_a.is_empty(), words_b.is_empty()) {
            (true, false) => words_a = a.of_table_or_measured(),
            (false, true) => words_b = b.of_table_or_measured(),
            _ => {}
        }
        if !words_a.is_empty() && !words_b.is_empty() {
            let shared = self.relations.iter().filter(|(_, word, _)| word.role == Role::Content).count();
            let all = shared * 2 + words_a.len() + words_b.len();
            #[expect(clippy::cast_precision_loss, reason = "numbers of words")]
            let share = shared as f64 * 2.0 / all as f64;
            let score = if has_contrast(&words_a) || has_contrast(&words_b) { 0.3 } else { 0.25 + share / 2.0 };
            return Some(Comparison::contradicted(
                score.min(0.8),
                format!("different words: {} and {}", join(&words_a), join(&words_b)),
            ));
        }
        for role in [Role::Remark, Role::Circumstance] {
            let (of_a, of_b) = (a.of_role(role), b.of_role(role));
            if !of_a.is_empty() && !of_b.is_empty() {
                let reason = format!("different remarks or circumstances: {} and {}", join(&of_a), join(&of_b));
                return Some(Comparison::contradicted(0.5, reason));
            }
        }
        // `vessel type` and `event type`.
        let (of_a, of_b) = (a.subjects(), b.subjects());
        let is_of_table = of_a.iter().chain(&of_b).any(|word| word.role == Role::Table);
        if is_of_table && !of_a.is_empty() && !of_b.is_empty() && !self.anchor().has_noun() {
            let reason = format!("different subjects: {} and {}", join(&of_a), join(&of_b));
            return Some(Comparison::contradicted(0.5, reason));
        }
        // `vessel name` and `vessel number`: each says what it is, and they disagree.
        let (of_a, of_b) = (a.representation(), b.representation());
        if let (Some(of_a), Some(of_b)) = (of_a, of_b)
            && of_a.stem != of_b.stem
        {
            return Some(Comparison::new(0.3, format!("different things: {} and {}", of_a.text, of_b.text)));
        }
        None
    }

    fn different(&self, (score, reason): (f64, String)) -> Comparison {
        let uncertain = self.relations.iter().any(|(kind, ..)| *kind > Relation::Inflection);
        Comparison::new(if uncertain { score - 0.1 } else { score }, reason)
    }

    fn explain_pairs(&self, score: &mut f64, reasons: &mut Vec<String>) {
        for (joint, text) in &self.joints {
            let (factor, label) = match joint {
                Joint::Compound => (0.98, "written as one word"),
                Joint::Acronym => (0.92, "acronym"),
                Joint::Glued => (0.92, "short forms written as one word"),
                Joint::Initial => (0.9, "maybe an initial"),
            };
            *score *= factor;
            reasons.push(format!("{label}: {text}"));
        }
        for (kind, factor, label) in [
            (Relation::Inflection, 0.96, "forms of one word"),
            (Relation::Abbreviation, 0.94, "abbreviation"),
            (Relation::Typo, 0.9, "spelling"),
        ] {
            let of_kind: Vec<String> =
                self.relations.iter().filter(|(k, ..)| *k == kind).map(|(_, a, b)| pair_text(a, b)).collect();
            if !of_kind.is_empty() {
                *score *= factor;
                reasons.push(format!("{label}: {}", of_kind.join(", ")));
            }
        }
        let inflected = self.relations.iter().find(|(kind, a, b)| *kind == Relation::Same && a.text != b.text);
        if let Some((_, a, b)) = inflected {
            *score *= 0.97;
            reasons.push(format!("plural or spelling: {}", pair_text(a, b)));
        }
        if self.is_reordered() {
            *score *= 0.98;
            reasons.push("same words in another order".into());
        }
    }

    fn is_reordered(&self) -> bool {
        is_another_order(self.relations.iter().map(|(_, a, b)| (a.place, b.place)))
    }

    /// `type status` and `status type`: the last says what it is.
    fn has_kinds_reordered(&self) -> bool {
        let place = |name: &Name, word: &Word| name.words.iter().position(|other| core::ptr::eq(other, word));
        !self.relations.iter().any(|(_, word, _)| word.is_noun())
            && is_another_order(self.relations.iter().map(|(_, a, b)| (place(self.a, a), place(self.b, b))))
    }

    /// Whether a word is the same in both, or plainly another form of it.
    fn has_certain_word(&self) -> bool {
        let is_compound = self.has_joint(Joint::Compound);
        is_compound || self.relations.iter().any(|(kind, ..)| matches!(kind, Relation::Same | Relation::Inflection))
    }

    /// What the two names certainly share.
    fn anchor(&self) -> Anchor<'_> {
        let content: Vec<&Word> =
            self.relations.iter().map(|(_, a, b)| if a.stem.len() > b.stem.len() { *a } else { *b }).collect();
        Anchor { words: content, is_long_form: !self.joints.is_empty() }
    }
}

/// The shared words.
struct Anchor<'a> {
    words: Vec<&'a Word>,
    is_long_form: bool,
}

impl Anchor<'_> {
    fn content(&self) -> usize {
        self.words.iter().filter(|word| word.role == Role::Content).count() + usize::from(self.is_long_form)
    }

    /// Whether the shared words mean enough by themselves for a qualifier to be no more than that. `latitude` does, `date` doesn't.
    fn is_specific(&self) -> bool {
        let meaningful = self.words.iter().filter(|word| word.role == Role::Content && !word.is_contrast);
        let has_noun = meaningful.clone().any(|word| word.is_noun());
        if self.is_long_form || (has_noun && meaningful.clone().count() >= 2) {
            return true;
        }
        meaningful
            .clone()
            .any(|word| word.representation().is_none() && !words::is_agent(&word.stem) && is_technical(&word.stem))
    }

    /// Whether they share more than what kind of value it is.
    fn has_noun(&self) -> bool {
        self.is_long_form
            || self.words.iter().any(|word| word.role == Role::Content && word.is_noun() && !word.is_contrast)
    }

    /// Whether the one shared word names a thing: not a quantity, which is another one for each thing that is measured, nor what kind of
    /// value it is.
    fn is_thing(&self) -> bool {
        matches!(self.words.as_slice(), [word] if word.role == Role::Content
            && word.stem.len() >= 3
            && word.representation().is_none()
            && !word.is_contrast
            && !words::is_quantity(&word.stem)
            && !words::is_agent(&word.stem)
            && !words::is_temporal(&word.text))
    }

    fn has_agent(&self) -> bool {
        self.words.iter().any(|word| words::is_agent(&word.stem))
    }
}

/// Long words and those without vowels are technical terms, which one qualifies without changing what they mean. A letter is none.
fn is_technical(word: &str) -> bool {
    word.len() >= 8 || word.len() >= 2 && !word.contains(['a', 'e', 'i', 'o', 'u', 'y'])
}

/// The words of one name that answer to nothing in the other.
struct Rest<'a> {
    name: &'a Name,
    words: Vec<(usize, &'a Word)>,
    other: &'a Name,
}

impl<'a> Rest<'a> {
    fn new(name: &'a Name, left: &[usize], other: &'a Name) -> Self {
        let words = left.iter().filter_map(|&i| name.words.get(i).map(|word| (i, word))).collect();
        Self { name, words, other }
    }

    fn is_last(&self, place: usize) -> bool {
        self.name.words.iter().skip(place + 1).all(|word| word.role == Role::Remark || word.role == Role::Circumstance)
    }

    /// Words whose absence changes the meaning, as far as can be told without the other name.
    fn significant(&self) -> Vec<&'a Word> {
        let counts = |&&(place, word): &&(usize, &Word)| match word.role {
            Role::Content => {
                let is_default = word.representation().is_some_and(Representation::is_default);
                !(self.is_measured(word) || (is_default || self.answers(place, word)) && self.is_last(place))
            }
            Role::Count => true,
            Role::Subject | Role::Table | Role::Remark | Role::Circumstance => false,
        };
        self.words.iter().filter(counts).map(|&(_, word)| word).collect()
    }

    /// Words that may be left out unless the other name has words of its own.
    fn of_table_or_measured(&self) -> Vec<&'a Word> {
        self.those(|word| word.role == Role::Table || word.role == Role::Content && self.is_measured(word))
    }

    /// Words in front of the last that say which one it is.
    fn qualifiers(&self) -> Vec<&'a Word> {
        let is_one = |(place, word): &&(usize, &Word)| word.role == Role::Content && !self.is_last(*place);
        self.words.iter().filter(is_one).map(|&(_, word)| word).collect()
    }

    fn subjects(&self) -> Vec<&'a Word> {
        self.those(|word| matches!(word.role, Role::Subject | Role::Table))
    }

    fn of_role(&self, role: Role) -> Vec<&'a Word> {
        self.those(|word| word.role == role)
    }

    fn those(&self, is_one: impl Fn(&Word) -> bool) -> Vec<&'a Word> {
        self.words.iter().map(|&(_, word)| word).filter(|word| is_one(word)).collect()
    }

    fn representation(&self) -> Option<&'a Word> {
        let found = self.words.iter().find(|&&(place, word)| self.is_last(place) && word.representation().is_some());
        found.map(|&(_, word)| word)
    }

    /// Lowers the score for what is left over and says why, or says why it makes the names different.
    fn explain(&self, anchor: &Anchor<'_>, score: &mut f64, reasons: &mut Vec<String>) -> Result<(), (f64, String)> {
        if self.words.is_empty() {
            return Ok(());
        }
        if self.qualifiers().len() > MAX_QUALIFIERS {
            return Err((0.6, format!("one says much more: {}", self.text())));
        }
        for &(place, word) in &self.words {
            let (factor, reason) = self.explain_word(place, word, anchor)?;
            *score *= factor;
            reasons.push(reason);
        }
        if anchor.content() == 0 && !self.names_the_subject() {
            return Err((0.2, format!("only the subject is the same; {} is more", self.text())));
        }
        Ok(())
    }

    /// `vessel` and `vessel name`.
    fn names_the_subject(&self) -> bool {
        self.words.iter().all(|(_, word)| word.stem == "name")
    }

    fn explain_word(&self, place: usize, word: &Word, anchor: &Anchor<'_>) -> Result<(f64, String), (f64, String)> {
        let text = &word.text;
        match word.role {
            Role::Subject => return Ok((0.95, format!("one names its subject: {text}"))),
            Role::Table if anchor.has_noun() => return Ok((0.95, format!("one names its table: {text}"))),
            Role::Table => return Err((0.6, format!("one is of its table: {text}"))),
            Role::Remark => return Ok((0.97, format!("one has a remark: {text}"))),
            Role::Circumstance => return Ok((0.95, format!("one names the circumstances: {text}"))),
            Role::Count if anchor.words.len() >= 2 => return Ok((0.9, format!("one says that it counts: {text}"))),
            Role::Count => return Err((0.4, "one is a count".into())),
            Role::Content => {}
        }
        if word.is_digits() {
            return Err((0.3, format!("only one is numbered: {text}")));
        }
        if word.is_contrast {
            return Err((0.3, format!("only one says {text}")));
        }
        if words::is_statistic(text) {
            return Err((0.7, format!("one is a statistic: {text}")));
        }
        if self.is_measured(word) {
            return Ok((0.95, format!("one names the quantity, the other its unit: {text}")));
        }
        if self.is_last(place) {
            return match word.representation() {
                Some(kind) if kind.is_time() && self.follows_temporal(place) => {
                    Ok((0.95, format!("one says that it is a {text}")))
                }
                Some(Representation::Number) if self.other.unit.is_some() => {
                    Err((0.3, format!("one is a {text}, the other a measure")))
                }
                Some(kind) if kind.is_default() => Ok((0.94, format!("one says that it is a {text}"))),
                _ if self.answers(place, word) => Ok((0.94, format!("both are yes or no: {text}"))),
                Some(Representation::Percent) if self.follows(place, Representation::Rate) => {
                    Ok((0.93, format!("one says that it is a {text}")))
                }
                // What is measured or owed may go by the name of its value.
                Some(Representation::Value | Representation::Amount) => {
                    Err((0.68, format!("one says that it is a {text}")))
                }
                Some(Representation::Code) if self.follows_code(place) => {
                    Ok((0.94, "one says that it is a code".into()))
                }
                // Only the values say whether that without it holds codes too.
                Some(Representation::Code | Representation::Type) => {
                    Err((super::IN_DOUBT, format!("one is a {text} of the other")))
                }
                Some(_) => Err((0.45, format!("one is a {text} of the other"))),
                None => Err((0.45, format!("another thing: {text}"))),
            };
        }
        if word.stem == "period" && self.precedes_temporal(place) {
            return Ok((0.95, format!("one names the {text}")));
        }
        if word.representation().is_some_and(Representation::is_time) && self.precedes_temporal(place) {
            return Ok((0.95, format!("one says that it is a {text}")));
        }
        let is_leading = self.name.words.iter().all(|other| other.place >= word.place || !self.is_shared(other));
        // `has children`: whether, and not which.
        if words::is_stop(text) {
            return Err((0.45, format!("one asks: {text}")));
        }
        // The alias of a table, `o_orderkey`; but a coordinate is one of three.
        let is_alias = is_leading && text.len() == 1 && !matches!(text.as_str(), "e" | "x" | "y" | "z");
        if is_alias && (anchor.words.len() >= 2 || anchor.is_specific()) {
            return Ok((0.9, format!("one has a prefix: {text}")));
        }
        if words::is_agent(&word.stem) || anchor.has_agent() {
            return Err((0.5, format!("another one: {text}")));
        }
        // Of what a length is, its values may tell; of what a total is, they don't.
        let is_alone = self.of_role(Role::Content).len() == 1;
        let of_values = |score: f64| if anchor.has_noun() && is_alone { score } else { 0.6 };
        if !is_leading {
            return Err((of_values(0.7), format!("one is qualified: {text}")));
        }
        if anchor.is_specific() {
            return Ok((0.92, format!("one is qualified: {text}")));
        }
        if anchor.is_thing() && word.representation().is_none() && self.words.len() == 1 {
            return Ok((0.88, format!("one is qualified: {text}")));
        }
        Err((of_values(0.65), format!("one is qualified: {text}")))
    }

    /// Whether the other name gives the unit that the word names, or a unit of the quantity that it names.
    fn is_measured(&self, word: &Word) -> bool {
        self.other.unit.is_some_and(|unit| {
            let is_share = unit.quantity == "percent" && word.representation() == Some(Representation::Percent);
            is_share || unit.quantity == word.stem || Unit::of(&word.stem) == Some(unit)
        })
    }

    fn before(&self, place: usize) -> Option<&Word> {
        place.checked_sub(1).and_then(|place| self.name.words.get(place))
    }

    /// `deleted flag`: of what something is, or where the other name asks.
    fn answers(&self, place: usize, word: &Word) -> bool {
        let is_adjective = |before: &Word| words::is_adjective(&before.text) && !before.is_contrast;
        let is_asked = self.other.asks || self.before(place).is_some_and(is_adjective);
        is_asked && word.says_yes_or_no()
    }

    /// Whether the word before says when, so that a date goes without saying.
    fn follows_temporal(&self, place: usize) -> bool {
        let mut others = self.other.without_remarks();
        self.before(place).is_some_and(|before| words::is_temporal(&before.text))
            || matches!((others.next(), others.next()), (Some(only), None) if words::is_temporal(&only.text))
    }

    /// Whether the word before says that it is this kind of value: `interest rate pct`.
    fn follows(&self, place: usize, kind: Representation) -> bool {
        self.before(place).is_some_and(|before| before.representation() == Some(kind))
    }

    /// Whether the word before is the name of a code: `isin code`.
    fn follows_code(&self, place: usize) -> bool {
        self.before(place).is_some_and(|before| words::is_code(&before.text))
    }

    /// `date created`.
    fn precedes_temporal(&self, place: usize) -> bool {
        self.name.words.get(place + 1).is_some_and(|after| words::is_temporal(&after.text))
    }

    fn is_shared(&self, word: &Word) -> bool {
        !self.words.iter().any(|(_, left)| core::ptr::eq(*left, word))
    }

    fn text(&self) -> String {
        join(&self.those(|_| true))
    }
}

/// Whether things that have a place on either side stand there in different orders.
fn is_another_order<T: Ord>(places: impl Iterator<Item = (T, T)>) -> bool {
    let mut places: Vec<(T, T)> = places.collect();
    places.sort_unstable();
    !places.is_sorted_by(|(_, a), (_, b)| a <= b)
}

fn has_contrast(words: &[&Word]) -> bool {
    words.iter().any(|word| word.is_contrast || word.is_digits())
}

fn join(words: &[&Word]) -> String {
    words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
}

fn pair_text(a: &Word, b: &Word) -> String {
    let (short, long) = if (a.text.len(), &a.text) <= (b.text.len(), &b.text) { (a, b) } else { (b, a) };
    format!("{} ≈ {}", short.text, long.text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::similarity::{Context, Verdict};

    fn verdict(a: &str, b: &str) -> Verdict {
        compare(&Name::new(a), &Name::new(b)).verdict
    }

    #[track_caller]
    fn are_duplicates(pairs: &[(&str, &str)]) {
        for (a, b) in pairs {
            let comparison = compare(&Name::new(a), &Name::new(b));
            assert_eq!(comparison.verdict, Verdict::Duplicate, "{a} | {b}: {comparison:?}");
        }
    }

    #[track_caller]
    fn are_no_duplicates(pairs: &[(&str, &str)]) {
        for (a, b) in pairs {
            let comparison = compare(&Name::new(a), &Name::new(b));
            assert_ne!(comparison.verdict, Verdict::Duplicate, "{a} | {b}: {comparison:?}");
        }
    }

    #[test]
    fn case_separators_and_accents_do_not_tell_names_apart() {
        are_duplicates(&[("givenName", "GIVEN-NAME"), ("waterBody", "water body"), ("Ville d'étape", "ville_d_etape")]);
        are_duplicates(&[("creative-work", "creativework"), ("encounter.status", "encounter_status")]);
    }

    #[test]
    fn number_spelling_and_order_do_not_tell_names_apart() {
        are_duplicates(&[("criteria", "criterion"), ("colour", "color"), ("licence_number", "license numbers")]);
        are_duplicates(&[("name of product", "product_name"), ("departure_port", "port of departure")]);
        are_duplicates(&[("dosageInstruction", "dosage_instructions"), ("last_modified", "last modify")]);
    }

    #[test]
    fn short_forms_are_their_long_forms() {
        are_duplicates(&[("qty", "Quantity"), ("cust_id", "customer_id"), ("dept_name", "Department Name")]);
        are_duplicates(&[("invoice_nbr", "Invoice Number"), ("PO #", "PO number"), ("phone_no", "Phone Number")]);
        are_duplicates(&[("SSN", "Social Security Number"), ("DOB", "date of birth"), ("GT", "gross_tonnage")]);
    }

    #[test]
    fn typos_are_forgiven() {
        are_duplicates(&[("recieved_date", "received_date"), ("occurence_id", "occurrence_id"), ("lenght", "length")]);
    }

    #[test]
    fn a_unit_more_is_no_matter_and_another_unit_is() {
        are_duplicates(&[("depth", "depth_m"), ("Weight", "weight (kg)"), ("minimumDepthInMeters", "minimum depth")]);
        are_duplicates(&[("engine_kw", "engine power"), ("speed (km/h)", "speed")]);
        are_no_duplicates(&[("length_m", "length_ft"), ("power (kW)", "power (hp)"), ("amountUsd", "amountEur")]);
    }

    #[test]
    fn generic_words_and_remarks_may_be_left_out() {
        are_duplicates(&[
            ("owner", "owner_name"),
            ("iban", "IBAN number"),
            ("previous flag", "Previous flag (if any)"),
        ]);
        are_duplicates(&[("vessel_speed", "speed"), ("shipname_matched", "vessel_name"), ("age", "age_at_admission")]);
        are_no_duplicates(&[
            ("owner", "owner_code"),
            ("length", "length_type"),
            ("order", "order_date"),
            ("dose", "dose unit"),
        ]);
    }

    #[test]
    fn opposites_numbers_and_extremes_tell_names_apart() {
        are_no_duplicates(&[("start_date", "end_date"), ("street", "street2"), ("balance", "maxBalance")]);
        are_no_duplicates(&[("Authorization From", "Authorization To"), ("min_temp", "max_temp"), ("Q1", "Q2")]);
        are_no_duplicates(&[("lot number", "number of lots"), ("publicKey", "privateKey"), ("latitude", "longitude")]);
    }

    #[test]
    fn what_kind_of_value_it_is_depends_on_the_order() {
        are_no_duplicates(&[("typeStatus", "status_type"), ("date_code", "code date")]);
        are_duplicates(&[
            ("unitCost", "cost per unit"),
            ("vessel_type", "type of vessel"),
            ("value date", "date_of_value"),
        ]);
    }

    #[test]
    fn initials_may_be_a_part_of_the_name() {
        are_duplicates(&[("SysBP", "systolic_blood_pressure"), ("GT (ITC 69)", "gross_tonnage")]);
        are_duplicates(&[("EPS", "earnings per share")]);
        are_no_duplicates(&[("date_of_dx", "date_of_death"), ("dia_bp", "systolic blood pressure")]);
    }

    #[test]
    fn kinds_of_values_have_several_names() {
        are_duplicates(&[("VoyageNr", "voyage_no"), ("int_rate_pct", "interest_rate"), ("srcIp", "source_ip_address")]);
        are_duplicates(&[
            ("expiresAt", "expiry_date"),
            ("B/L number", "bill of lading no."),
            ("postCd", "postal_code"),
        ]);
        are_duplicates(&[("voyNo", "voyage_number"), ("consumpKwh", "consumption_kwh"), ("P.O. Box", "po_box")]);
        are_duplicates(&[("pos_time", "position_timestamp"), ("nav_stat_cd", "navigation_status_code")]);
        are_duplicates(&[
            ("listedOn", "listing_date"),
            ("date_listed", "listing date"),
            ("keelLaid", "keel_laid_date"),
        ]);
        are_no_duplicates(&[("listed_name", "listing_name"), ("player_stats", "player_status")]);
        are_no_duplicates(&[("int_rate_date", "interest_rate"), ("ip_owner", "ip")]);
    }

    #[test]
    fn a_question_is_its_flag() {
        are_duplicates(&[("is_valid", "valid_flag"), ("isMember", "member indicator"), ("is deleted", "deleted_flag")]);
        are_duplicates(&[("emailVerified", "is_email_verified")]);
        are_no_duplicates(&[("is_member", "member"), ("is_valid", "valid_from"), ("is_member", "member_number")]);
    }

    #[test]
    fn codes_go_by_their_names() {
        are_duplicates(&[("isin", "isinCode"), ("zip", "ZIP code"), ("icao", "ICAO code")]);
        are_no_duplicates(&[("country", "country code"), ("vat", "vat code")]);
    }

    #[test]
    fn one_end_of_a_period_has_several_words() {
        are_duplicates(&[("valid_from", "valid_start_date"), ("Authorization From", "Auth Start Date")]);
        are_duplicates(&[("contractPeriod_startDate", "contract_start_date")]);
        are_duplicates(&[("licence_until", "licence end date"), ("contract_to", "contract_expiry_date")]);
        are_duplicates(&[
            ("start_time", "begin_time"),
            ("pastFlags", "previous_flag"),
            ("dcterms:issued", "issue_date"),
        ]);
        are_no_duplicates(&[("valid_from", "valid_until"), ("valid_from", "valid_end_date"), ("from", "start")]);
        are_no_duplicates(&[("from_port", "to_port"), ("previous_flag", "current_flag")]);
    }

    #[test]
    fn words_that_look_alike_by_chance_are_two() {
        are_no_duplicates(&[("Travel Air", "additionalInformation"), ("NS cod", "Comedy"), ("WS anglers", "War")]);
        are_no_duplicates(&[
            ("Load weight average", "War"),
            ("State Name", "snStats"),
            ("average_length", "draught average (m)"),
        ]);
        are_no_duplicates(&[("site_count", "sit_count"), ("plan_type", "plane_type"), ("rats_seen", "rate_seen")]);
        are_no_duplicates(&[("x", "LNOx"), ("r", "Solar.R"), ("A1", "DQA.a1"), ("patent_no", "patient_no")]);
    }

    #[test]
    fn what_two_tables_say_of_themselves_tells_kinds_of_values_apart() {
        let table = |name| Context::of_table(name, []);
        let of = |file, name| Name::in_table(name, &table(file));
        let verdict = |a, b| compare(&a, &b).verdict;
        assert_ne!(verdict(of("events", "event_type"), of("ships", "Vessel type")), Verdict::Duplicate);
        assert_ne!(verdict(of("events", "event_type"), of("messages", "messageType")), Verdict::Duplicate);
        assert_ne!(verdict(of("imdb", "imdbRating"), of("products", "itemRating")), Verdict::Duplicate);
        assert_eq!(verdict(of("events", "event_latitude"), of("calls", "call_latitude")), Verdict::Duplicate);
    }

    #[test]
    fn columns_without_a_name_are_not_one_for_their_place() {
        are_no_duplicates(&[("", ""), ("column_3", "column_3"), ("Unnamed: 0", "unnamed_0"), ("column_1", "column")]);
        are_duplicates(&[("column_height", "columnHeight"), ("2019", "2019"), ("field_no", "field number")]);
    }

    #[test]
    fn another_bearer_of_a_role_is_someone_else() {
        are_no_duplicates(&[("owner", "operator"), ("owner", "beneficial owner"), ("patient_id", "parent_id")]);
        are_no_duplicates(&[("employer", "employee"), ("member", "membership"), ("sender", "sender account")]);
    }

    #[test]
    fn a_qualifier_is_one_of_names_that_say_enough_without_it() {
        are_duplicates(&[("latitude", "decimalLatitude"), ("hold capacity", "fish hold capacity")]);
        are_no_duplicates(&[("date", "birth date"), ("name", "file_name"), ("owner address", "billing address")]);
        assert_eq!(verdict("length", "overall length"), Verdict::InDoubt);
    }

    #[test]
    fn what_the_table_says_already_may_be_left_out() {
        let context = Context::of_table("acme_tracks", ["trk_speed", "trk_heading", "trk_id", "trk_point", "remark"]);
        let of_table = |name| Name::in_table(name, &context);
        assert_eq!(compare(&of_table("trk_speed"), &Name::new("speed")).verdict, Verdict::Duplicate);
        assert_eq!(compare(&of_table("trk_heading"), &Name::new("heading")).verdict, Verdict::Duplicate);
        assert_eq!(compare(&of_table("acme_heading"), &Name::new("heading")).verdict, Verdict::Duplicate);
        assert_ne!(compare(&Name::new("trk_speed"), &Name::new("speed")).verdict, Verdict::Duplicate);
    }

    #[test]
    fn values_with_their_units_beside_them_are_not_those_of_one_unit() {
        let context = Context::of_table("", ["engine_power", "power_unit", "power"]);
        let raw = Name::in_table("engine_power", &context);
        assert_ne!(compare(&raw, &Name::new("engine_power")).verdict, Verdict::Duplicate);
        assert_eq!(compare(&raw, &raw).verdict, Verdict::Duplicate);
    }

    #[test]
    fn the_threshold_decides_over_misspelt_words() {
        let (a, b) = (Name::new("enviroment"), Name::new("environment"));
        let of = |levenshtein| compare_with(&Options { levenshtein }, &a, &b).verdict;
        assert_eq!(of(0.85), Verdict::Duplicate);
        assert_ne!(of(0.95), Verdict::Duplicate);
    }

    #[test]
    fn reasons_say_what_agrees_and_what_does_not() {
        let reason = |a, b| compare(&Name::new(a), &Name::new(b)).reason;
        assert_eq!(reason("tel", "telephone"), "abbreviation: tel ≈ telephone");
        assert_eq!(reason("type of length", "length type"), "same words in another order");
        assert_eq!(reason("owner", "operator"), "no word in common: operator and owner");
    }
}
