//! One word on one side, several on the other: compounds, acronyms, and short forms written together.

use alloc::{string::String, vec::Vec};

use super::{
    name::{Name, Role, Word},
    relation::{abbreviates, is_vowel},
    words::{self, Representation},
};

/// Most words that one word is made of.
const MAX_PARTS: usize = 6;

/// Fewest letters of a short form that is written together with others: `custid`, but not `grid` for a group's id.
const MIN_SHORT: usize = 3;

/// Longest acronym.
const MAX_ACRONYM: usize = 8;

/// Fewest letters of the word to which an initial is written: `fname`.
const MIN_AFTER_INITIAL: usize = 4;

/// How one word is made of several, surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Joint {
    /// `callsign`.
    Compound,
    /// `IRCS`.
    Acronym,
    /// `custid`, `regno`.
    Glued,
    /// `fname`: many words have that initial, so it's no more than a guess.
    Initial,
}

/// What the letters of a part are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Segment {
    Whole,
    Short,
    Initial,
}

/// The words of `many`, among those left over, that `word` is made of: their places in `many`, and how.
pub(super) fn find(word: &Word, many: &Name, left: &[usize]) -> Option<(Vec<usize>, Joint)> {
    if word.is_digits() || word.role == Role::Count {
        return None;
    }
    let together: Vec<(Vec<usize>, Joint)> = runs(left, |before, after| after == before + 1)
        .filter_map(|run| written_together(&word.stem, &parts(many, &run)).map(|joint| (run, joint)))
        .collect();
    let sure = together.iter().find(|(_, joint)| *joint != Joint::Initial).cloned();
    sure.or_else(|| acronym(word, many, left)).or_else(|| together.into_iter().next())
}

/// Runs of two numbers and more in which each follows the one before it, the longest first.
fn runs(numbers: &[usize], follows: impl Fn(usize, usize) -> bool) -> impl Iterator<Item = Vec<usize>> {
    let is_run = move |run: &[usize]| run.windows(2).all(|pair| matches!(pair, [a, b] if follows(*a, *b)));
    let lengths = (2..=numbers.len().min(MAX_PARTS)).rev();
    lengths.flat_map(|length| numbers.windows(length)).filter(move |run| is_run(run)).map(<[usize]>::to_vec)
}

fn parts<'a>(name: &'a Name, places: &[usize]) -> Vec<&'a Word> {
    places.iter().filter_map(|&at| name.words.get(at)).collect()
}

/// Whether a word is other words, or short forms of them, written together.
fn written_together(word: &str, parts: &[&Word]) -> Option<Joint> {
    let mut segments = Vec::new();
    if !divide(word, parts, &mut segments) {
        return None;
    }
    let count = |kind| segments.iter().filter(|segment| **segment == kind).count();
    let (whole, initials) = (count(Segment::Whole), count(Segment::Initial));
    if initials == 0 {
        let is_whole = whole == segments.len();
        return Some(if is_whole { Joint::Compound } else { Joint::Glued });
    }
    let last =
        parts.last().filter(|last| segments.last() == Some(&Segment::Whole) && last.text.len() >= MIN_AFTER_INITIAL);
    (initials == 1 && segments.len() == 2 && last.is_some()).then_some(Joint::Initial)
}

/// Divides letters into what stands for each part, in order: the surest way that fits.
fn divide(letters: &str, parts: &[&Word], segments: &mut Vec<Segment>) -> bool {
    let Some((part, others)) = parts.split_first() else { return letters.is_empty() };
    // Whatever stands for the first part begins like it.
    let first = letters.chars().next();
    if segments.is_empty() && first != part.text.chars().next() && first != part.stem.chars().next() {
        return false;
    }
    // Behind each part at least a letter for each that follows.
    for end in (1..=letters.len().saturating_sub(others.len())).rev() {
        let Some((segment, rest)) = letters.split_at_checked(end) else { continue };
        let Some(kind) = stands_for(segment, part, segments.is_empty()) else { continue };
        segments.push(kind);
        if divide(rest, others, segments) {
            return true;
        }
        segments.pop();
    }
    false
}

fn stands_for(segment: &str, part: &Word, is_first: bool) -> Option<Segment> {
    if segment == part.text || segment == part.stem {
        return Some(Segment::Whole);
    }
    // `no` is a number, and ends more than it begins.
    let kind = Representation::of(segment);
    if !is_first && kind.is_some() && kind == part.representation() {
        return Some(Segment::Whole);
    }
    // The index looks words up by their first two letters.
    let begins_alike = segment.len() >= MIN_SHORT && part.stem.get(..2) == segment.get(..2);
    if begins_alike && abbreviates(segment, &part.stem) {
        return Some(Segment::Short);
    }
    (is_first && part.text.starts_with(segment) && segment.chars().count() == 1).then_some(Segment::Initial)
}

/// Words in a row in the text, those without meaning too, whose initials the word is.
fn acronym(word: &Word, many: &Name, left: &[usize]) -> Option<(Vec<usize>, Joint)> {
    let mut in_text: Vec<usize> = left.to_vec();
    in_text.sort_unstable_by_key(|&at| many.words.get(at).map(|word| word.place));
    let place = |at: usize| many.words.get(at).map_or(0, |word| word.place);
    let is_between = |at: usize| {
        many.sequence
            .get(at)
            .is_some_and(|text| words::is_stop(text) || words::begins_circumstance(text) || text == "per")
    };
    let follows = |before, after| (place(before) + 1..place(after)).all(is_between);
    runs(&in_text, follows).find(|run| is_acronym_of(word, many, run, left.len())).map(|run| (run, Joint::Acronym))
}

fn is_acronym_of(word: &Word, many: &Name, run: &[usize], left: usize) -> bool {
    let parts = parts(many, run);
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return false };
    let texts: Vec<&str> = parts.iter().map(|part| part.text.as_str()).collect();
    let all: Vec<&str> = many.sequence.iter().take(last.place + 1).skip(first.place).map(String::as_str).collect();
    // `id` is no item's details, and `bid` says what its end means.
    let is_spelt_out = run.len() == left && run.len() == word.text.len() && run.len() >= 3;
    let means_another = !is_spelt_out
        && word.representation().is_some_and(|kind| !parts.iter().any(|part| part.representation() == Some(kind)));
    let ends_in_word =
        [&last.text, &last.stem].into_iter().any(|last| last.len() > 1 && word.text.ends_with(last.as_str()));
    if means_another || ends_in_word || texts.iter().any(|text| text.len() < 2) {
        return false;
    }
    // Two letters are the initials of many things: they must be those of words with a meaning, and of all that is left.
    let has_filler = parts.iter().any(|part| part.role != Role::Content || part.representation().is_some());
    let is_long_enough = word.text.len() > 2 || (!has_filler && run.len() == left);
    is_long_enough && (is_acronym(&word.text, &texts) || is_acronym(&word.text, &all))
}

/// Whether `short` is made of the first letters of `words`, each of which may give its other consonants too: `IRCS`, `DWT` of
/// `dead weight`.
pub(super) fn is_acronym(short: &str, words: &[&str]) -> bool {
    let has_length = words.len() >= 2 && (words.len()..=words.len() + 1).contains(&short.len());
    if !has_length || short.len() > MAX_ACRONYM || short.contains(|letter: char| letter.is_ascii_digit()) {
        return false;
    }
    // `air` and `war` are words, and no initials with a letter more.
    if short.len() > words.len() && words::is_short_word(short) {
        return false;
    }
    let mut letters = short.chars().peekable();
    for (i, word) in words.iter().enumerate() {
        let mut own = word.chars();
        let Some(initial) = own.next() else { return false };
        if letters.next() != Some(initial) {
            return false;
        }
        let next_initial = words.get(i + 1).and_then(|next| next.chars().next());
        while let Some(&letter) = letters.peek() {
            let is_own = !is_vowel(letter) && words.len() < short.len() && Some(letter) != next_initial;
            if !(is_own && own.any(|c| c == letter)) {
                break;
            }
            letters.next();
        }
    }
    letters.peek().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joint(word: &str, many: &str) -> Option<Joint> {
        let (word, many) = (Name::new(word), Name::new(many));
        let left: Vec<usize> = (0..many.words.len()).collect();
        find(&word.words[0], &many, &left).map(|(_, joint)| joint)
    }

    #[test]
    fn acronyms_are_initials_in_order() {
        for (word, many) in [
            ("ircx", "international radio call x"),
            ("dwt", "dead weight"),
            ("dob", "date of birth"),
            ("po", "purchase order"),
        ] {
            assert_eq!(joint(word, many).is_some(), word != "ircx", "{word} {many}");
        }
        for (word, many) in [
            ("gt", "tonnage gross"),
            ("id", "item details"),
            ("bid", "business id"),
            ("gs", "g s"),
            ("o2", "other 2004"),
            ("war", "weight average"),
        ] {
            assert_ne!(joint(word, many), Some(Joint::Acronym), "{word} {many}");
        }
    }

    #[test]
    fn words_and_short_forms_may_be_written_together() {
        assert_eq!(joint("postoffice", "post office"), Some(Joint::Compound));
        for (word, many) in
            [("custid", "customer id"), ("regno", "registration number"), ("deptphone", "department phone")]
        {
            assert_eq!(joint(word, many), Some(Joint::Glued), "{word} {many}");
        }
        assert_eq!(joint("fname", "family name"), Some(Joint::Initial));
        for (word, many) in
            [("grid", "group id"), ("valid", "supplier id"), ("state", "stock date"), ("custno", "customer id")]
        {
            assert_eq!(joint(word, many), None, "{word} {many}");
        }
    }
}
