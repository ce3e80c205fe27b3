//! The few lists of words. Everything else works by the form of words; each list says where its words come from.

use super::relation::abbreviates;

/// Words that carry structure but no meaning (English articles, auxiliaries and connectives).
const STOP: [&str; 15] =
    ["the", "a", "an", "of", "and", "or", "is", "are", "was", "were", "be", "has", "have", "which", "if"];

pub(super) fn is_stop(word: &str) -> bool {
    STOP.contains(&word)
}

/// Prepositions that begin the circumstances under which a value was taken: `age at diagnosis` is an age.
const CIRCUMSTANCE: [&str; 4] = ["at", "in", "on", "during"];

pub(super) fn begins_circumstance(word: &str) -> bool {
    CIRCUMSTANCE.contains(&word)
}

/// What stands before a column's number where its name was made up: by our reader and DuckDB's (`column_3`, `column03`), by pandas
/// (`Unnamed: 3`), or by people (`col3`, `Field3`).
pub(super) fn is_column(word: &str) -> bool {
    matches!(word, "column" | "col" | "field" | "unnamed")
}

/// Words with which a name begins that asks something: `is deleted`.
pub(super) fn is_auxiliary(word: &str) -> bool {
    matches!(word, "is" | "are" | "was" | "were")
}

/// Whether a word is an English adjective or participle by its ending.
pub(super) fn is_adjective(word: &str) -> bool {
    word.len() >= 5 && ["ed", "able", "ible", "ive", "ous", "less", "ful"].iter().any(|ending| word.ends_with(ending))
}

/// What kind of thing a column's values are, as the last word of its name says: what ISO/IEC 11179-5 calls a representation term, with
/// the usual short forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Representation {
    /// The default for names of things and for identification numbers: `owner` is the owner's name, `imo` the IMO number.
    Name,
    Number,
    Text,
    Value,
    Identifier,
    Code,
    Type,
    Date,
    Time,
    Unit,
    Count,
    Indicator,
    Amount,
    Percent,
    Rate,
    Status,
    Description,
    Address,
    Place,
    /// `at` of `created at`, which says that it is a date or a time, and `when`.
    When,
}

impl Representation {
    pub(super) fn of(stem: &str) -> Option<Self> {
        Some(match stem {
            "name" => Self::Name,
            "number" | "num" | "nr" | "nbr" | "no" | "№" => Self::Number,
            "text" => Self::Text,
            "value" | "val" => Self::Value,
            "id" | "identifier" | "identification" | "uid" | "uuid" | "key" => Self::Identifier,
            "code" | "cd" => Self::Code,
            "when" => Self::When,
            "type" | "kind" | "category" | "class" | "classification" | "typ" => Self::Type,
            "date" | "day" | "month" | "year" => Self::Date,
            "time" | "timestamp" | "datetime" | "ts" => Self::Time,
            "unit" | "uom" => Self::Unit,
            "count" | "quantity" | "qty" => Self::Count,
            "indicator" | "yn" => Self::Indicator,
            "amount" | "sum" | "total" => Self::Amount,
            "percent" | "percentage" | "pct" => Self::Percent,
            "rate" | "ratio" => Self::Rate,
            "status" => Self::Status,
            "description" | "remark" | "note" | "comment" => Self::Description,
            "address" | "url" | "uri" | "email" => Self::Address,
            "place" | "country" | "city" | "location" => Self::Place,
            _ => return None,
        })
    }

    /// Whether a name without it means the same.
    pub(super) const fn is_default(self) -> bool {
        matches!(self, Self::Name | Self::Number | Self::Text)
    }

    /// Whether it says something of a thing, and not what, when or where it is.
    pub(super) const fn is_attribute(self) -> bool {
        !matches!(self, Self::Name | Self::Text | Self::Place | Self::Unit) && !self.is_time()
    }

    /// Whether it says when.
    pub(super) const fn is_time(self) -> bool {
        matches!(self, Self::Date | Self::Time | Self::When)
    }
}

/// Words which tell apart members of one family: opposites, ordinals and extremes (English adjectives and adverbs of time, place and
/// degree that have an antonym). A name that has one more of these names something else.
const CONTRASTS: [&str; 65] = [
    "previous",
    "prev",
    "former",
    "past",
    "old",
    "new",
    "current",
    "last",
    "first",
    "next",
    "second",
    "third",
    "initial",
    "final",
    "start",
    "end",
    "begin",
    "stop",
    "from",
    "to",
    "since",
    "until",
    "before",
    "after",
    "min",
    "max",
    "minimum",
    "maximum",
    "low",
    "high",
    "lower",
    "upper",
    "left",
    "right",
    "in",
    "out",
    "inner",
    "outer",
    "north",
    "south",
    "east",
    "west",
    "front",
    "rear",
    "net",
    "auxiliary",
    "secondary",
    "alternative",
    "other",
    "not",
    "non",
    "without",
    "planned",
    "actual",
    "estimated",
    "earliest",
    "latest",
    "parent",
    "child",
    "stddev",
    "std",
    "variance",
    "verbatim",
    "raw",
    "original",
];

pub(super) fn is_contrast(word: &str) -> bool {
    CONTRASTS.contains(&word)
}

/// Words for one end of a period, each line for one: with the same words beside them they name the same date.
const PERIODS: [&[&str]; 3] = [
    &["from", "since", "start", "begin"],
    &["to", "until", "till", "end", "finish", "expiry", "expires", "expiration"],
    &["previous", "former", "past", "prior"],
];

/// The first of the words that mean the same end of a period, or a time before now.
pub(super) fn period(word: &str) -> Option<&'static str> {
    PERIODS.iter().find(|words| words.contains(&word)).and_then(|words| words.first().copied())
}

/// Codes that go by a name of their own, so that `code` behind it says nothing more: of securities, companies and banks (ISO 6166, 17442,
/// 9362, 13616), of goods and books (GS1, ISO 2108, 3297, the Harmonized System), of ships and ports (IMO, ITU, IATA, ICAO, UN/LOCODE), of
/// places (FIPS, NUTS, postal codes), of industries (SIC, NACE, NAICS) and of medicine (ICD, ATC, LOINC, SNOMED).
const CODES: [&str; 31] = [
    "isin", "cusip", "sedol", "figi", "lei", "bic", "swift", "iban", "ean", "gtin", "upc", "isbn", "issn", "hs", "imo",
    "mmsi", "iata", "icao", "locode", "iso", "fips", "nuts", "zip", "postal", "sic", "nace", "naics", "icd", "atc",
    "loinc", "snomed",
];

pub(super) fn is_code(word: &str) -> bool {
    CODES.contains(&word)
}

/// Words after which a date is meant, whether the name says so or not: `valid from`, `authorization end date`.
const TEMPORAL: [&str; 9] = ["start", "end", "begin", "from", "to", "since", "until", "expiry", "expire"];

/// Whether a word says when: one of those, or a participle such as `created`.
pub(super) fn is_temporal(word: &str) -> bool {
    TEMPORAL.contains(&word) || matches!(word, "built" | "laid" | "born") || (word.len() >= 6 && word.ends_with("ed"))
}

/// What data processing appends to the name of a column that it has worked on.
const PROCESSED: [&str; 7] = ["matched", "cleaned", "parsed", "corrected", "normalised", "normalized", "standardized"];

pub(super) fn is_processing(word: &str) -> bool {
    PROCESSED.contains(&word)
}

/// Words for averages and sums. A column of averages may be merged with one of values; only the values can say.
const STATISTICS: [&str; 5] = ["avg", "average", "mean", "median", "total"];

pub(super) fn is_statistic(word: &str) -> bool {
    STATISTICS.contains(&word)
}

/// A unit of measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unit {
    pub(super) symbol: &'static str,
    /// The quantity that it measures, in a word.
    pub(super) quantity: &'static str,
}

/// Symbols and names of units: of the SI, of UCUM for those outside it, of IEC 80000-13 for quantities of data, and of ISO 4217 for the
/// most traded currencies.
const UNITS: &[(&str, &str, &[&str])] = &[
    ("m", "length", &["m", "meter", "metre", "mtr", "mtrs"]),
    ("cm", "length", &["cm", "centimeter", "centimetre"]),
    ("mm", "length", &["mm", "millimeter", "millimetre"]),
    ("km", "length", &["km", "kilometer", "kilometre"]),
    ("ft", "length", &["ft", "feet", "foot"]),
    ("in", "length", &["inch", "inches"]),
    ("mi", "length", &["mile"]),
    ("nmi", "length", &["nmi"]),
    ("m2", "area", &["m2", "sqm"]),
    ("ft2", "area", &["ft2", "sqft"]),
    ("km2", "area", &["km2"]),
    ("ha", "area", &["ha", "hectare"]),
    ("m3", "volume", &["m3", "cbm"]),
    ("ft3", "volume", &["ft3"]),
    ("l", "volume", &["liter", "litre"]),
    ("ml", "volume", &["ml", "milliliter", "millilitre"]),
    ("kg", "weight", &["kg", "kgs", "kilogram"]),
    ("g", "weight", &["gram"]),
    ("mg", "weight", &["mg", "milligram"]),
    ("t", "weight", &["tonne", "mt"]),
    ("lb", "weight", &["lb", "lbs", "pound"]),
    ("oz", "weight", &["oz", "ounce"]),
    ("kw", "power", &["kw", "kilowatt"]),
    // Not power: `engine power` without a unit is in kilowatts more often than in these.
    ("hp", "horsepower", &["hp", "bhp", "horsepower"]),
    ("mw", "power", &["mw", "megawatt"]),
    ("kwh", "energy", &["kwh"]),
    ("mwh", "energy", &["mwh"]),
    ("kj", "energy", &["kj", "kilojoule"]),
    ("hz", "frequency", &["hz", "hertz"]),
    ("khz", "frequency", &["khz"]),
    ("mhz", "frequency", &["mhz"]),
    ("byte", "size", &["byte"]),
    ("kb", "size", &["kb", "kilobyte"]),
    ("mb", "size", &["mb", "megabyte"]),
    ("gb", "size", &["gb", "gigabyte"]),
    ("tb", "size", &["tb", "terabyte"]),
    ("mg/l", "concentration", &["mgl"]),
    ("ppm", "concentration", &["ppm"]),
    ("kn", "speed", &["kn", "kts", "knot"]),
    ("km/h", "speed", &["kmh", "kph"]),
    ("mph", "speed", &["mph"]),
    ("m/s", "speed", &["mps"]),
    ("°c", "temperature", &["celsius", "degc"]),
    ("°f", "temperature", &["fahrenheit", "degf"]),
    ("°", "angle", &["deg", "degree"]),
    ("percent", "percent", &[]),
    ("ms", "duration", &["ms", "millisecond", "millis"]),
    ("s", "duration", &["sec", "secs", "second", "seconds"]),
    ("min", "duration", &["mins", "minute"]),
    ("h", "duration", &["hr", "hrs", "hour"]),
    // Only in the plural: a `year` is a date, `years` are how long.
    ("d", "duration", &["days"]),
    ("wk", "duration", &["weeks"]),
    ("mo", "duration", &["months"]),
    ("a", "duration", &["years", "yrs"]),
    ("mm[hg]", "pressure", &["mmhg"]),
    ("pa", "pressure", &["pascal"]),
    ("hpa", "pressure", &["hpa"]),
    ("kpa", "pressure", &["kpa"]),
    ("psi", "pressure", &["psi"]),
    ("USD", "amount", &["usd", "dollar"]),
    ("EUR", "amount", &["eur", "euro"]),
    ("GBP", "amount", &["gbp"]),
    ("JPY", "amount", &["jpy"]),
    ("CNY", "amount", &["cny"]),
    ("CHF", "amount", &["chf"]),
    ("AUD", "amount", &["aud"]),
    ("CAD", "amount", &["cad"]),
];

/// Symbols of units that are more often something else: read as such only behind what they measure.
const AMBIGUOUS: [(&str, Unit); 14] = [
    ("c", Unit { symbol: "°c", quantity: "temperature" }),
    ("f", Unit { symbol: "°f", quantity: "temperature" }),
    ("k", Unit { symbol: "k", quantity: "temperature" }),
    ("in", Unit { symbol: "in", quantity: "length" }),
    ("g", Unit { symbol: "g", quantity: "weight" }),
    ("t", Unit { symbol: "t", quantity: "weight" }),
    ("l", Unit { symbol: "l", quantity: "volume" }),
    ("s", Unit { symbol: "s", quantity: "duration" }),
    ("h", Unit { symbol: "h", quantity: "duration" }),
    ("w", Unit { symbol: "w", quantity: "power" }),
    ("n", Unit { symbol: "n", quantity: "force" }),
    ("v", Unit { symbol: "v", quantity: "voltage" }),
    ("a", Unit { symbol: "a", quantity: "current" }),
    ("pa", Unit { symbol: "pa", quantity: "pressure" }),
];

/// Names of quantities that have the units of another (ISO 80000-3 and -4).
const QUANTITIES: [(&str, &[&str]); 6] = [
    ("length", &["width", "breadth", "height", "depth", "distance", "diameter", "radius", "thickness", "altitude"]),
    ("weight", &["mass"]),
    // The gross tonnage is one of volume (International Convention on Tonnage Measurement of Ships, 1969).
    ("volume", &["capacity", "tonnage"]),
    ("duration", &["time", "period"]),
    ("force", &["thrust"]),
    ("amount", &["price", "cost", "balance", "fee", "tax", "salary", "value"]),
];

/// Whether a word names something that is measured.
pub(super) fn is_quantity(word: &str) -> bool {
    UNITS.iter().any(|(_, quantity, _)| *quantity == word)
        || QUANTITIES.iter().any(|(quantity, others)| *quantity == word || others.contains(&word))
}

/// Prefixes that say what kind of object or value a name is of, and nothing of its meaning: those of the Leszynski naming conventions
/// (1993) and of keys and views, which are no short forms of a word that names a column.
const TYPE_PREFIXES: [&str; 12] = ["tbl", "fld", "str", "txt", "dbl", "bln", "dtm", "vw", "fk", "pk", "col", "qry"];

pub(super) fn is_type_prefix(word: &str) -> bool {
    TYPE_PREFIXES.contains(&word)
}

impl Unit {
    /// The unit that a symbol may be which is more often something else.
    pub(super) fn ambiguous(word: &str) -> Option<Self> {
        AMBIGUOUS.iter().find(|(symbol, _)| *symbol == word).map(|&(_, unit)| unit)
    }

    /// Whether a word names what it measures, or is short for it.
    pub(super) fn measures(self, word: &str) -> bool {
        let others =
            QUANTITIES.iter().find(|(quantity, _)| *quantity == self.quantity).map_or(&[][..], |(_, others)| others);
        let is_named = |name: &str| name == word || (word.len() >= 3 && abbreviates(word, name));
        is_named(self.quantity) || others.iter().any(|name| is_named(name))
    }

    /// The unit that a folded word in the singular names.
    pub(super) fn of(word: &str) -> Option<Self> {
        let (symbol, quantity, _) = UNITS.iter().find(|(_, _, words)| words.contains(&word))?;
        Some(Self { symbol, quantity })
    }

    /// The unit of so much per another: `km` per `h`, or `ft` and an exponent.
    pub(super) fn per(self, other: &str) -> Option<Self> {
        let is_both = |symbol: &str| {
            symbol.strip_prefix(self.symbol).is_some_and(|rest| rest.strip_prefix('/').unwrap_or(rest) == other)
        };
        let (symbol, quantity, _) = UNITS.iter().find(|(symbol, ..)| is_both(symbol))?;
        Some(Self { symbol, quantity })
    }

    /// As [`Unit::of`], of what stands in brackets, where single letters are units too.
    pub(super) fn in_brackets(word: &str) -> Option<Self> {
        Self::of(word).or_else(|| {
            let (symbol, quantity, _) = UNITS.iter().find(|(symbol, ..)| *symbol == word)?;
            Some(Self { symbol, quantity })
        })
    }
}

/// Names of units that mean nothing else, so that they're units in the singular too.
pub(super) fn is_only_unit(word: &str) -> bool {
    matches!(word, "feet" | "celsius" | "fahrenheit" | "hertz")
}

/// Terms of several words that mean the same as one of them. The flag State is the state whose flag a ship flies (UN Convention on the
/// Law of the Sea, articles 91 and 94).
pub(super) const TERMS: [(&str, &str); 5] =
    [("flag", "state"), ("flag", "country"), ("email", "address"), ("ip", "address"), ("mac", "address")];

/// Short forms that no rule makes of their long form. Of the registers of ships: the international radio call sign, length overall and
/// length between perpendiculars. And `stat`, which is all of `status` but its ending.
const SHORT_FORMS: [(&str, &[&str]); 4] = [
    ("ircs", &["call", "sign"]),
    ("loa", &["overall", "length"]),
    ("lbp", &["between", "perpendicular", "length"]),
    ("stat", &["status"]),
];

pub(super) fn long_form(word: &str) -> Option<&'static [&'static str]> {
    SHORT_FORMS.iter().find(|(short, _)| *short == word).map(|(_, long)| *long)
}

/// Common words of three letters (M. West, *A General Service List of English Words*, 1953): more often words of their own than short
/// forms of longer ones. Not on it is `per`, which is no name by itself.
const SHORT_WORDS: [&str; 137] = [
    "act", "add", "age", "ago", "air", "all", "and", "ant", "any", "arm", "art", "ask", "bad", "bag", "bar", "bed",
    "big", "bit", "box", "boy", "bus", "but", "buy", "can", "car", "cat", "cow", "cry", "cup", "cut", "day", "die",
    "dig", "dog", "dry", "due", "ear", "eat", "egg", "end", "eye", "fan", "far", "fat", "few", "fix", "fly", "for",
    "gas", "get", "gun", "hat", "her", "him", "his", "hit", "hot", "how", "ice", "ill", "its", "job", "joy", "key",
    "law", "lay", "leg", "let", "lie", "lip", "lot", "low", "man", "map", "may", "mix", "mud", "net", "new", "nor",
    "not", "nut", "off", "oil", "old", "one", "our", "out", "own", "pan", "pay", "pen", "pet", "pig", "pin", "pot",
    "put", "rat", "ray", "red", "rod", "row", "rub", "run", "sad", "say", "sea", "see", "set", "sex", "sir", "sit",
    "six", "sky", "son", "sum", "sun", "tap", "tax", "tea", "ten", "the", "tie", "tin", "tip", "too", "top", "toy",
    "try", "two", "use", "war", "way", "win", "yes", "yet", "you",
];

pub(super) fn is_short_word(word: &str) -> bool {
    SHORT_WORDS.contains(&word)
}

/// Common English words that are one edit apart, and not misspelt: those often mistaken for each other that may name a column.
const CONFUSABLE: [(&str, &str); 19] = [
    ("angel", "angle"),
    ("casual", "causal"),
    ("complement", "compliment"),
    ("contact", "contract"),
    ("costumer", "customer"),
    ("country", "county"),
    ("desert", "dessert"),
    ("diary", "dairy"),
    ("form", "from"),
    ("massage", "message"),
    ("marital", "martial"),
    ("palace", "place"),
    ("patent", "patient"),
    ("personal", "personnel"),
    ("plane", "planet"),
    ("principal", "principle"),
    ("quiet", "quite"),
    ("stationary", "stationery"),
    ("trail", "trial"),
];

pub(super) fn are_confusable(a: &str, b: &str) -> bool {
    CONFUSABLE.iter().any(|&(x, y)| (a, b) == (x, y) || (a, b) == (y, x))
}

/// Whether a word names someone who does something: `owner`, `operator`, `employee`, `agent`. Qualified, it names someone else.
pub(super) fn is_agent(word: &str) -> bool {
    // Common words of that form which are no agents.
    const OTHERS: [&str; 12] = [
        "number",
        "register",
        "order",
        "diameter",
        "parameter",
        "water",
        "letter",
        "other",
        "layer",
        "power",
        "computer",
        "meter",
    ];
    word.len() >= 5
        && ["er", "or", "ee", "ant", "ist"].iter().any(|ending| word.ends_with(ending))
        && !OTHERS.contains(&word)
}

/// Endings that make another word of a word: `owner` is no short form of `ownership` (the common derivational suffixes of English).
const SUFFIXES: [&str; 27] = [
    "ship", "ment", "ation", "ion", "ition", "al", "ial", "ally", "er", "or", "ar", "ity", "ality", "ness", "ly",
    "ful", "less", "able", "ive", "ist", "ism", "ing", "ed", "ory", "ic", "ical", "side",
];

pub(super) fn is_suffix(ending: &str) -> bool {
    SUFFIXES.contains(&ending)
}

/// More of them, rarer or of which words are cut off as often as not.
const RARE_SUFFIXES: [&str; 19] = [
    "ary", "ize", "ization", "ate", "ator", "ent", "ant", "ence", "ance", "age", "ure", "ery", "ier", "ious", "ous",
    "ish", "hood", "ariat", "y",
];

/// Whether an ending is one or several of these: `ational`.
pub(super) fn is_derivation(ending: &str) -> bool {
    SUFFIXES
        .iter()
        .chain(&RARE_SUFFIXES)
        .any(|suffix| ending.strip_prefix(suffix).is_some_and(|rest| rest.is_empty() || is_derivation(rest)))
}
