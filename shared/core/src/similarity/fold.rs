//! Folding of letters: names that differ in case, accents or the spelling of one language's two countries are the same name.

use alloc::{borrow::ToOwned, string::String};

/// What the letters U+00C0 to U+017F are without their marks (Unicode's canonical decompositions; letters that have none, such as ø
/// and ł, by their base). A blank: see [`push`].
const LATIN: &str = "\
aaaaaa ceeeeiiiidnooooo ouuuuy  aaaaaa ceeeeiiiidnooooo ouuuuy y\
aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii  jjkkklllllll\
lllnnnnnnnnnoooooo  rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

/// Appends the lower-case letter without marks. Marks by themselves (U+0300 to U+036F) vanish, so that composed and decomposed text
/// are the same.
pub(crate) fn push(letter: char, out: &mut String) {
    if letter.is_ascii() {
        out.push(letter.to_ascii_lowercase());
        return;
    }
    match letter {
        '\u{300}'..='\u{36f}' => {}
        'Æ' | 'æ' => out.push_str("ae"),
        'Œ' | 'œ' => out.push_str("oe"),
        'ß' => out.push_str("ss"),
        'Þ' | 'þ' => out.push_str("th"),
        '\u{132}' | '\u{133}' => out.push_str("ij"),
        '\u{c0}'..='\u{17f}' => {
            let base = LATIN.as_bytes().get(letter as usize - 0xc0).copied().map(char::from);
            match base {
                Some(base) if base != ' ' => out.push(base),
                _ => out.extend(letter.to_lowercase()),
            }
        }
        // Full-width forms of ASCII.
        '\u{ff01}'..='\u{ff5e}' => {
            let ascii = u32::from(letter) - 0xff01 + 0x21;
            out.extend(char::from_u32(ascii).map(|ascii| ascii.to_ascii_lowercase()));
        }
        _ => out.extend(letter.to_lowercase()),
    }
}

/// Endings that British and American English write differently, British first.
const SPELLINGS: [(&str, &str); 10] = [
    ("isation", "ization"),
    ("ise", "ize"),
    ("ised", "ized"),
    ("yse", "yze"),
    ("our", "or"),
    ("tre", "ter"),
    ("ense", "ence"),
    ("ogue", "og"),
    ("amme", "am"),
    ("raught", "raft"),
];

/// A folded word in the one spelling.
pub(super) fn spelling(word: &str) -> String {
    for (british, american) in SPELLINGS {
        if let Some(stem) = word.strip_suffix(british)
            // Not `four`, `rise`, `tense`.
            && (stem.len() >= 3 || matches!(british, "tre" | "raught"))
        {
            let mut out = stem.to_owned();
            out.push_str(american);
            return out;
        }
    }
    // `postal code`, `postcode`.
    if word == "postal" {
        return "post".to_owned();
    }
    // `haemoglobin`, `diarrhoea`; but not `poet`.
    if word.len() >= 7 && (word.contains("ae") || word.contains("oe")) {
        return word.replace("ae", "e").replace("oe", "e");
    }
    word.to_owned()
}

const IRREGULAR: [(&str, &str); 31] = [
    ("children", "child"),
    ("people", "person"),
    ("women", "woman"),
    ("genera", "genus"),
    ("strata", "stratum"),
    ("spectra", "spectrum"),
    ("bacteria", "bacterium"),
    ("nuclei", "nucleus"),
    ("radii", "radius"),
    ("fungi", "fungus"),
    ("appendices", "appendix"),
    ("crises", "crisis"),
    ("criteria", "criterion"),
    ("phenomena", "phenomenon"),
    ("indices", "index"),
    ("indexes", "index"),
    ("matrices", "matrix"),
    ("vertices", "vertex"),
    ("taxa", "taxon"),
    ("media", "medium"),
    ("yses", "ysis"),
    ("gnoses", "gnosis"),
    ("theses", "thesis"),
    ("leaves", "leaf"),
    ("elves", "elf"),
    ("alves", "alf"),
    ("statuses", "status"),
    ("viruses", "virus"),
    ("bonuses", "bonus"),
    ("aliases", "alias"),
    ("alias", "alias"),
];

/// A folded English noun in the singular. Other words stay, or are bent in the same way wherever they stand.
pub(super) fn singular(word: &str) -> String {
    let strip = |ending: &str| word.strip_suffix(ending).filter(|stem| stem.len() >= 2);
    let with = |stem: &str, ending: &str| {
        let mut out = stem.to_owned();
        out.push_str(ending);
        out
    };
    if word.len() < 4 {
        return word.to_owned();
    }
    // Plurals that English has from Latin and Greek, and the old ones.
    for (plural, one) in IRREGULAR {
        if let Some(stem) = word.strip_suffix(plural) {
            return with(stem, one);
        }
    }
    // The order matters: longer endings first. `movie` and `movies` end alike too.
    if let Some(stem) = word.strip_suffix("ie") {
        return with(stem, "y");
    }
    if let Some(stem) = strip("ies").filter(|stem| stem.len() >= 3) {
        return with(stem, "y");
    }
    // `larvae`, `formulae`.
    if let Some(stem) = strip("ae").filter(|stem| stem.len() >= 3) {
        return with(stem, "a");
    }
    // `cargoes`, `tornadoes`; but not `shoes` and `canoes`.
    if let Some(stem) = strip("oes").filter(|stem| stem.len() >= 4 && !stem.ends_with("sh")) {
        return with(stem, "o");
    }
    for ending in ["sses", "shes", "ches", "xes", "zzes"] {
        if let Some(stem) = strip(ending) {
            return with(stem, ending.strip_suffix("es").unwrap_or_default());
        }
    }
    // `status`, `address`, `analysis` and `previous` are no plurals.
    if word.ends_with("ss") || word.ends_with("us") || word.ends_with("is") {
        return word.to_owned();
    }
    strip("s").map_or_else(|| word.to_owned(), ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        let mut out = String::new();
        text.chars().for_each(|letter| push(letter, &mut out));
        out
    }

    #[test]
    fn marks_and_case_vanish() {
        assert_eq!(
            folded("ÉTAT Größe Čeština Łódź ÅRSTALL fi\u{301}n ＩＭＯ Œuvre"),
            "etat grosse cestina lodz arstall fin imo oeuvre"
        );
        assert_eq!(folded("ÀÿĀſŽØøĸ"), "ayaszook");
        assert_eq!(LATIN.len(), 192);
        assert_eq!(folded("Имя 名前"), "имя 名前");
    }

    #[test]
    fn spellings_of_two_countries_are_one() {
        for (british, american) in [
            ("authorisation", "authorization"),
            ("tumour", "tumor"),
            ("metre", "meter"),
            ("licence", "license"),
            ("haemoglobin", "hemoglobin"),
            ("draught", "draft"),
        ] {
            assert_eq!(spelling(british), spelling(american));
        }
        assert_eq!(spelling("hour"), "hour");
    }

    #[test]
    fn plurals_are_made_singular_and_other_words_in_s_stay() {
        for (plural, one) in [
            ("vessels", "vessel"),
            ("countries", "country"),
            ("addresses", "address"),
            ("boxes", "box"),
            ("status", "status"),
            ("address", "address"),
            ("analysis", "analysis"),
            ("gas", "gas"),
            ("names", "name"),
            ("analyses", "analysis"),
            ("movies", "movy"),
            ("movie", "movy"),
            ("indices", "index"),
            ("people", "person"),
            ("genera", "genus"),
            ("larvae", "larva"),
            ("cargoes", "cargo"),
            ("shoes", "shoe"),
            ("aliases", "alias"),
            ("alias", "alias"),
        ] {
            assert_eq!(singular(plural), one);
        }
    }
}
