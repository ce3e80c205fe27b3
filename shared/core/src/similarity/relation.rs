//! How two words are related: by their form alone, no dictionary is at hand.

use alloc::{string::String, vec::Vec};

use super::{
    name::{Role, Word},
    words::{self, Representation, Unit},
};

/// How two words come to mean the same, surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Relation {
    /// The same stem.
    Same,
    /// A compound and its parts, or an acronym and its long form.
    LongForm,
    /// Forms of one verb: `updated` and `update`.
    Inflection,
    Abbreviation,
    Typo,
}

/// Relates two words that have neighbours: `in_company` is whether their names have other words that agree, which makes a short or
/// misspelt word surer.
pub(super) fn relate(a: &Word, b: &Word, in_company: bool, levenshtein: f64) -> Option<Relation> {
    if a.role == Role::Count || b.role == Role::Count {
        // `number of lots`, `n lots` and `lot count`; `lot number` is another thing.
        let counts = |word: &Word| word.role == Role::Count || word.representation() == Some(Representation::Count);
        return (counts(a) && counts(b)).then_some(Relation::Same);
    }
    if a.stem == b.stem {
        return Some(Relation::Same);
    }
    // `created at` and `creation date`.
    let is_when = |word: &Word| word.representation() == Some(Representation::When);
    let is_time = |word: &Word| word.representation().is_some_and(Representation::is_time);
    if is_when(a) && is_time(b) || is_time(a) && is_when(b) {
        return Some(Relation::LongForm);
    }
    // `valid from` and `valid start date`.
    if in_company && a.period.is_some() && a.period == b.period {
        return Some(Relation::LongForm);
    }
    // `is valid` and `valid flag`.
    let asks = |word: &Word| word.place == 0 && words::is_auxiliary(&word.text);
    if in_company && (b.says_yes_or_no() && asks(a) || a.says_yes_or_no() && asks(b)) {
        return Some(Relation::LongForm);
    }
    // Every rule below needs the same beginning, and most words fail here.
    if a.stem.chars().next() != b.stem.chars().next() || a.is_digits() || b.is_digits() {
        return None;
    }
    if let (Some(unit), Some(other)) = (Unit::of(&a.stem), Unit::of(&b.stem))
        && unit == other
    {
        return Some(Relation::Abbreviation);
    }
    if in_company && is_inflected(&a.stem, &b.stem) {
        return Some(Relation::Inflection);
    }
    let (short, long) = if a.stem.len() <= b.stem.len() { (a, b) } else { (b, a) };
    if is_abbreviation(short, long, in_company) {
        return Some(Relation::Abbreviation);
    }
    // As written too: the singular of `addres` has lost one letter more.
    (is_typo(&a.stem, &b.stem, levenshtein) || is_typo(&a.text, &b.text, levenshtein)).then_some(Relation::Typo)
}

/// Whether two words say of what kind a value is, in short and at length: `no`, `num`, `nr` and `number`; but `type` and `category` are two
/// words.
pub(super) fn are_one_term(a: &Word, b: &Word) -> bool {
    let (short, long) = if a.stem.len() <= b.stem.len() { (&*a.stem, &*b.stem) } else { (&*b.stem, &*a.stem) };
    a.representation().is_some()
        && a.representation() == b.representation()
        && (a.role == Role::Count) == (b.role == Role::Count)
        && match a.representation() {
            Some(Representation::Percent | Representation::Number) => true,
            // A `time` may be one of the day.
            Some(Representation::Time) => (short, long) != ("time", "datetime"),
            _ => abbreviates(short, long),
        }
}

/// Whether two words are forms of one English verb: a listing's date is that on which something was listed.
pub(super) fn are_of_one_verb(a: &str, b: &str) -> bool {
    let (of_a, of_b) = (verb_stems(a), verb_stems(b));
    // One at least has a verb's ending: `site` and `sit` are two words.
    of_a.contains(&bare(b)) || of_b.contains(&bare(a)) || of_a.iter().any(|stem| of_b.contains(stem))
}

/// Whether two words are forms of one English verb, and say the same of a thing.
///
/// Who is `referring` isn't `referred`; and a noun in `-ct` (`product`, `contract`, `object`) isn't what happens to it (`production`).
pub(crate) fn is_inflected(a: &str, b: &str) -> bool {
    let is_other_side = |a: &str, b: &str| {
        a.ends_with("ing") && b.ends_with("ed") || a.strip_suffix("ion").is_some_and(|noun| noun == b)
    };
    if is_other_side(a, b) || is_other_side(b, a) {
        return false;
    }
    if is_act_of(a, b) || is_act_of(b, a) || is_adjective_of(a, b) || is_adjective_of(b, a) {
        return true;
    }
    are_of_one_verb(a, b)
}

/// `histologic` and `histological`. Short words in `-ic` are nouns: `clinic`, `topic`, `music`.
fn is_adjective_of(long: &str, short: &str) -> bool {
    short.len() >= 8 && short.ends_with("ic") && long.strip_suffix("al") == Some(short)
}

/// How English names the act of a verb: the noun's ending, and what its participle has in that place before `-ed`. `arrival`, `arrived`;
/// and, from Latin, `admission`, `admitted`; `description`, `described`; `publication`, `published`.
const ACTS: [(&str, &str); 14] = [
    ("al", ""),
    ("ance", ""),
    ("ence", ""),
    ("ment", ""),
    ("ure", ""),
    ("ication", "i"),
    ("ication", "ish"),
    ("ission", "it"),
    ("iption", "ib"),
    ("eption", "eiv"),
    ("sion", "d"),
    ("ision", "id"),
    ("isition", "ir"),
    ("lution", "lv"),
];

/// Whether a noun is the act of a verb, in its past form or, where the noun isn't made of that by a mere ending, in any: `person` and
/// `personal`, `depart` and `department` are no such pairs.
fn is_act_of(noun: &str, verb: &str) -> bool {
    let (stem, is_participle) = match verb.strip_suffix("ed") {
        Some(stem) => (stem, true),
        None => (verb.strip_suffix('e').unwrap_or(verb), false),
    };
    if stem.len() < 3 || !stem.contains(is_vowel) {
        return false;
    }
    let mut letters = stem.chars().rev();
    let is_doubled = letters.next() == letters.next();
    // `shipp-ed`; but `assess-ed`.
    let single = if is_doubled { stem.get(..stem.len() - 1).unwrap_or(stem) } else { stem };
    ACTS.iter().filter(|(_, before)| is_participle || !before.is_empty()).any(|(ending, before)| {
        let root = noun.strip_suffix(ending).filter(|root| root.len() >= 3);
        root.is_some_and(|root| [stem, single].iter().any(|stem| stem.strip_prefix(root) == Some(before)))
    })
}

/// A verb as its endings meet it: `updat(ed)`, `modif(ied)`.
fn bare(word: &str) -> &str {
    word.strip_suffix('e').unwrap_or(word).trim_end_matches(['y', 'i'])
}

/// What may be left of a verb without its ending. `build` and `built` are verbs of a kind (bend, lend, send, spend).
fn verb_stems(word: &str) -> Vec<&str> {
    let mut stems = Vec::new();
    let mut push = |stem: &'_ str| {
        let end = word.len().min(stem.len());
        if stem.len() >= 3 {
            stems.extend(word.get(..end).map(|stem| stem.trim_end_matches(['y', 'i'])));
        }
    };
    for (ending, least) in [("ed", 3), ("ing", 3), ("ion", 5), ("ation", 5)] {
        if let Some(stem) = word.strip_suffix(ending).filter(|stem| stem.contains(is_vowel) && stem.len() >= least) {
            push(stem);
            // `stopped`: the consonant is doubled.
            let mut letters = stem.chars().rev();
            if let (Some(last), Some(before)) = (letters.next(), letters.next())
                && last == before
            {
                push(stem.get(..stem.len() - last.len_utf8()).unwrap_or(stem));
            }
        }
    }
    for ending in ["ld", "lt", "nd", "nt"] {
        if word.len() == 5 || word.len() == 4 {
            push(word.strip_suffix(ending).map_or("", |_| word.get(..word.len() - 1).unwrap_or_default()));
        }
    }
    stems
}

pub(super) const fn is_vowel(letter: char) -> bool {
    matches!(letter, 'a' | 'e' | 'i' | 'o' | 'u' | 'y')
}

/// Longest short form, in letters: `georef` in `georefMethod`, `config`; and the longest that ends as no word does.
const MAX_SHORT: usize = 6;
const MAX_CUT: usize = 8;

fn is_abbreviation(short: &Word, long: &Word, in_company: bool) -> bool {
    let (of_short, of_long, short_role) = (short.representation(), long.representation(), short.role);
    let (short, as_written, long) = (short.stem.as_str(), short.text.as_str(), long.stem.as_str());
    let length = as_written.chars().count();
    let limits = if in_company { 2..=MAX_SHORT } else { 3..=MAX_SHORT };
    // `consump` is cut off, however long it is.
    let is_cut_off = || in_company && length <= MAX_CUT && long.starts_with(as_written) && !may_be_word(as_written);
    let has_length = limits.contains(&length) || is_cut_off();
    let is_short_for_contrast = matches!(long, "previous" | "minimum" | "maximum" | "minute");
    if !has_length || words::is_contrast(short) && !is_short_for_contrast {
        return false;
    }
    // The subject is no short form of what begins like it.
    if short_role == Role::Subject {
        return false;
    }
    // `no` is a number, not a note; and a percentage is a `pct`, not a `per`.
    if of_short.is_some() && of_short != of_long || of_long == Some(Representation::Percent) {
        return false;
    }
    let is_short = |short: &str| {
        if in_company { abbreviates(short, long) || is_crossed(short, long) } else { abbreviates_alone(short, long) }
    };
    // `trans` is no plural.
    (is_short(short) || is_short(as_written)) && Unit::of(short).is_none() && Unit::of(long).is_none()
}

/// Whether `short` is cut or contracted from `long`, beside words that agree.
pub(crate) fn abbreviates(short: &str, long: &str) -> bool {
    // `usr`: without its vowel it is no word.
    let least_left_out = if short.len() >= 3 && !short.chars().skip(1).any(is_vowel) { 1 } else { 2 };
    if short.len() + least_left_out > long.len() {
        return false;
    }
    match long.strip_prefix(short) {
        Some(rest) => is_cut(short, rest),
        None => is_contraction(short, long),
    }
}

/// Whether an `x` stands for what was left out of `long`, as in prescriptions and ledgers: `dx`, `trx` and `txn`.
fn is_crossed(short: &str, long: &str) -> bool {
    let Some((start, end)) = short.split_once('x') else { return false };
    // `dx` is no death.
    let least = if end.is_empty() { short.len() + 5 } else { short.len() + 3 };
    (2..=4).contains(&short.len())
        && !short.contains(is_vowel)
        && !long.contains('x')
        && !start.is_empty()
        && long.len() >= least
        && long.strip_prefix(start).is_some_and(|rest| rest.ends_with(end))
}

/// As [`abbreviates`], with nothing beside it that agrees: then it must not be a word by itself. `loc`, but not `port` of `portfolio`.
fn abbreviates_alone(short: &str, long: &str) -> bool {
    let is_bare = may_be_contraction(short) && !short.ends_with('y');
    if !abbreviates(short, long) || !is_bare && short.len() + 3 > long.len() {
        return false;
    }
    // `cod` is a word, and comes out of `comedy` by chance.
    let may_be_chance = short.len() == 3 && short.chars().skip(1).any(|c| is_vowel(c) && c != 'y');
    let Some(rest) = long.strip_prefix(short) else { return !may_be_chance };
    if !may_be_word(short) {
        // `descr`, but not `trans` of `transport`, nor `org` of `organ`.
        return rest.len() >= 3 && (short.len() <= 4 || is_within_syllable(short, rest));
    }
    match short.len() {
        // `ten` is a word, of which `tenant` is made by chance; of `loc` and `lat` most of the word was cut off.
        3 => !words::is_short_word(short) && rest.len() >= 3,
        _ if short.ends_with('o') => true,
        // Many words have four letters: `part` and `partition`, `term` and `terminal`. Of `dest` more was cut off.
        4 => is_within_syllable(short, rest) && syllables(rest) >= 3 && !words::is_derivation(rest),
        _ => is_within_syllable(short, rest) && syllables(rest) >= 2 && !words::is_derivation(rest),
    }
}

/// Whether a word is `short` cut off before `rest`, and not a word that `rest` makes another word of.
fn is_cut(short: &str, rest: &str) -> bool {
    // What is put to a word says what kind of thing it is: `ap` and `apid`.
    if Representation::of(rest).is_some() {
        return false;
    }
    // One cuts after a consonant: `age` is no short form of `agent`.
    let ends_in_consonant = !short.ends_with(is_vowel);
    match short.len() {
        0 | 1 => false,
        // Hardly an English word ends in `o`, and many that are cut do: `repo`, `info`.
        4.. if short.ends_with('o') => rest.len() >= 3,
        // `tax` is none of `taxon`.
        3 if words::is_short_word(short) => rest.len() >= 5,
        2 | 3 => ends_in_consonant || rest.len() >= 4 || short.len() == 3 && short.ends_with('y'),
        _ if may_be_word(short) => {
            ends_in_consonant && rest.len() >= 3 && is_within_syllable(short, rest) && !words::is_suffix(rest)
        }
        _ => true,
    }
}

/// Whether the cut goes through a syllable (`dist|rict`, `prod|uct`), and not between two (`port|folio`, `part|ner`), where a word may
/// end. English syllables begin with as many consonants as can begin a word (the maximal onset principle).
fn is_within_syllable(short: &str, rest: &str) -> bool {
    let (last, first) = (short.chars().next_back(), rest.chars().next());
    first.is_some_and(is_vowel)
        || matches!(
            (last, first),
            (Some('b' | 'c' | 'd' | 'f' | 'g' | 'k' | 'p' | 't'), Some('r'))
                | (Some('b' | 'c' | 'f' | 'g' | 'k' | 'p'), Some('l'))
        )
}

/// How many syllables a word or its end has: its groups of vowels, but for a silent `e` at the end.
fn syllables(word: &str) -> usize {
    let spoken = word.strip_suffix('e').filter(|rest| !rest.ends_with(is_vowel)).unwrap_or(word);
    let before = core::iter::once(None).chain(spoken.chars().map(Some));
    spoken.chars().zip(before).filter(|&(letter, before)| is_vowel(letter) && !before.is_some_and(is_vowel)).count()
}

/// Whether an English word may look like that: a vowel, and at the end at most one consonant or a cluster that is common there. None ends
/// in `j`, `q` or `v`, and few in a doubled consonant but `s`, `l`, `f` and `z`.
fn may_be_word(word: &str) -> bool {
    if word.ends_with(['j', 'q', 'v']) {
        return false;
    }
    let mut letters = word.chars().rev();
    let (Some(last), Some(before)) = (letters.next(), letters.next()) else { return false };
    let ends_well = is_vowel(last)
        || is_vowel(before)
        || (last == before && matches!(last, 's' | 'l' | 'f' | 'z'))
        || matches!(
            (before, last),
            ('c' | 's' | 't', 'h')
                | ('l' | 'n' | 'r' | 's', 't' | 'd' | 'k' | 'm' | 'n' | 'p')
                | ('c', 'k' | 't')
                | ('f', 't')
        );
    ends_well && word.contains(is_vowel)
}

/// Whether a word is as short as a contraction and, like one, has no vowel inside. (Those that have one begin with three letters of the
/// long form.)
pub(super) fn may_be_contraction(word: &str) -> bool {
    word.len() <= MAX_SHORT && !word.chars().skip(1).any(|c| is_vowel(c) && c != 'y')
}

/// Whether `short` has the first letter of `long`, then only consonants of it in order, up to its last letter or leaving none out
/// before it stops: `qty`, `dept`, `vsl`, `src`.
fn is_contraction(short: &str, long: &str) -> bool {
    let mut letters = short.chars();
    if letters.next() != long.chars().next() {
        return false;
    }
    // A vowel inside makes it a word of its own, but for `y`, and for one that it begins with: `dept` is cut, then contracted.
    let tail = short.trim_start_matches(|c| !is_vowel(c)).trim_start_matches(is_vowel);
    let inner_vowels = short.chars().skip(1).filter(|&c| is_vowel(c) && c != 'y').count();
    let agrees = shared_prefix(short, long) >= short.len().saturating_sub(1).min(3);
    if inner_vowels > 0 && (!agrees || tail.contains(is_vowel)) {
        return false;
    }
    if !is_subsequence(short, long) {
        return false;
    }
    let skeleton: String = long.chars().take(1).chain(long.chars().skip(1).filter(|&c| !is_vowel(c))).collect();
    let last = short.chars().next_back();
    skeleton == short
        || (skeleton.starts_with(short) && short.len() >= 3)
        || last == long.chars().next_back()
        || last == skeleton.chars().next_back()
}

fn shared_prefix(a: &str, b: &str) -> usize {
    a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count()
}

fn is_subsequence(short: &str, long: &str) -> bool {
    let mut rest = long.chars();
    short.chars().all(|letter| rest.any(|other| other == letter))
}

/// Whether one of two words is misspelt: by optimal string alignment (the errors that Damerau counted in 1964, none of them within another), with limits by length.
///
/// Most words that differ in a letter are two words (`ordinal`, `cardinal`; `employer`, `employee`; `hypertension`, `hypotension`). So the
/// beginning and the last letter must agree, and what differs must be a letter here and there, not a part of the word.
fn is_typo(a: &str, b: &str, levenshtein: f64) -> bool {
    let (a_letters, b_letters): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let longest = a_letters.len().max(b_letters.len());
    let shortest = a_letters.len().min(b_letters.len());
    // `licensee`: whom something is done to.
    let is_person = a.ends_with("ee") != b.ends_with("ee");
    if shortest < 5 || a_letters.first() != b_letters.first() || is_person || words::are_confusable(a, b) {
        return false;
    }
    let distance = strsim::osa_distance(a, b);
    #[expect(clippy::cast_precision_loss, reason = "lengths of words")]
    let similarity = 1.0 - distance as f64 / longest as f64;
    let prefix = shared_prefix(a, b);
    let suffix = a_letters.iter().rev().zip(b_letters.iter().rev()).take_while(|(a, b)| a == b).count();
    match distance {
        1 if a_letters.len() == b_letters.len() => {
            let is_swapped = differing(&a_letters, &b_letters) == 2;
            // Two letters swapped are hardly ever another word; one replaced often is.
            is_swapped && prefix >= 2 && suffix + prefix + 2 == longest
                || (prefix >= 3 && suffix >= 1 && similarity >= levenshtein)
        }
        1 => {
            let is_doubled = is_doubling(&a_letters, &b_letters, prefix);
            prefix >= 2 && (is_doubled || (suffix >= 1 && similarity >= levenshtein))
        }
        // What differs is in two places, far from both ends.
        2 => {
            similarity >= levenshtein
                && prefix >= 2
                && suffix >= 2
                && longest - prefix.min(longest) - suffix.min(longest) > 3
        }
        _ => false,
    }
}

fn differing(a: &[char], b: &[char]) -> usize {
    a.iter().zip(b).filter(|(a, b)| a != b).count()
}

/// Whether the longer word has a letter twice that the other has once, at `place`.
fn is_doubling(a: &[char], b: &[char], place: usize) -> bool {
    let long = if a.len() > b.len() { a } else { b };
    let Some(before) = place.checked_sub(1) else { return false };
    long.get(before).is_some() && long.get(before) == long.get(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typo(a: &str, b: &str) -> bool {
        is_typo(a, b, 0.85)
    }

    #[test]
    fn letters_left_out_doubled_or_swapped_are_typos() {
        for (a, b) in [
            ("adress", "address"),
            ("tittle", "title"),
            ("lenght", "length"),
            ("calender", "calendar"),
            ("mangement", "management"),
        ] {
            assert!(typo(a, b) && typo(b, a), "{a} {b}");
        }
    }

    #[test]
    fn words_that_differ_in_a_part_are_two_words() {
        for (a, b) in [
            ("employer", "employee"),
            ("ordinal", "cardinal"),
            ("hypertension", "hypotension"),
            ("interstate", "intrastate"),
            ("registration", "deregistration"),
            ("contact", "contract"),
            ("microscopic", "macroscopic"),
            ("latitude", "altitude"),
            ("quality", "quantity"),
            ("religion", "region"),
            ("sender", "gender"),
            ("father", "mother"),
            ("licensee", "license"),
        ] {
            assert!(!typo(a, b), "{a} {b}");
        }
    }

    #[test]
    fn short_forms_are_beginnings_or_consonants() {
        for (short, long) in [
            ("tel", "telephone"),
            ("addr", "address"),
            ("qty", "quantity"),
            ("dept", "department"),
            ("vsl", "vessel"),
            ("amt", "amount"),
            ("loc", "location"),
            ("auth", "authorization"),
            ("src", "source"),
            ("lng", "longitude"),
            ("mgr", "manager"),
            ("yr", "year"),
        ] {
            assert!(abbreviates(short, long), "{short} {long}");
        }
    }

    #[test]
    fn a_word_is_no_short_form_of_its_derivations() {
        for (word, other) in [
            ("owner", "ownership"),
            ("document", "documentation"),
            ("port", "portside"),
            ("person", "personal"),
            ("form", "formal"),
            ("state", "status"),
            ("organ", "organist"),
            ("bik", "cik"),
            ("nation", "nationality"),
        ] {
            assert!(!abbreviates(word, other), "{word} {other}");
        }
    }

    #[test]
    fn acts_are_known_by_their_verbs() {
        for (noun, participle) in [
            ("arrival", "arrived"),
            ("departure", "departed"),
            ("shipment", "shipped"),
            ("issuance", "issued"),
            ("occurrence", "occurred"),
            ("admission", "admitted"),
            ("admission", "admit"),
            ("description", "describe"),
            ("publication", "published"),
            ("modification", "modified"),
            ("extension", "extended"),
            ("description", "described"),
            ("reception", "received"),
            ("decision", "decided"),
            ("acquisition", "acquired"),
            ("resolution", "resolved"),
        ] {
            assert!(is_inflected(noun, participle) && is_inflected(participle, noun), "{noun} {participle}");
        }
        for (noun, other) in
            [("department", "departure"), ("personal", "person"), ("mission", "missed"), ("apartment", "parted")]
        {
            assert!(!is_inflected(noun, other) && !is_inflected(other, noun), "{noun} {other}");
        }
    }

    #[test]
    fn an_x_stands_for_what_was_left_out() {
        for short in ["trx", "txn", "tx"] {
            assert!(is_crossed(short, "transaction"), "{short}");
        }
        assert!(is_crossed("dx", "diagnosis"));
        for (short, long) in
            [("dx", "death"), ("tax", "taxation"), ("rx", "transaction"), ("px", "pixels"), ("txt", "transaction")]
        {
            assert!(!is_crossed(short, long), "{short} {long}");
        }
    }

    #[test]
    fn verbs_are_known_in_their_forms() {
        for (a, b) in
            [("update", "updated"), ("mark", "marking"), ("stage", "staging"), ("build", "built"), ("stop", "stopped")]
        {
            assert!(is_inflected(a, b), "{a} {b}");
        }
        assert!(is_inflected("histologic", "histological"));
        assert!(!is_inflected("started", "stopped") && !is_inflected("clinic", "clinical"));
    }
}
