//! What the values of a column read as, whatever the column's type: evidence for its meaning.

use serde::{Deserialize, Serialize};

use super::{
    calendar::Calendar,
    forms::Forms,
    number::{self, Number},
};

/// Longest text that is looked at, in bytes: no number, date or code is longer.
const MAX_BYTES: usize = 40;

/// Decimal places from which a number may be a coordinate: three are about 100 m, and fewer say nothing.
const COORDINATE_DECIMALS: usize = 3;

/// Counts of the values that read as something. NULL and blanks don't count, and a value may count several times: every integer is a
/// decimal too. Counts of several loads add up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Evidence {
    /// Whole numbers in decimal digits.
    #[serde(skip_serializing_if = "is_zero")]
    pub integers: u64,
    /// Numbers with or without decimal places or exponent.
    #[serde(skip_serializing_if = "is_zero")]
    pub decimals: u64,
    /// Numbers as people write them, which no cast reads: `1,234.50`, `12,5`, `£ 12`. None of them is among the others.
    #[serde(skip_serializing_if = "is_zero")]
    pub written_numbers: u64,
    /// `true`, `false`, `yes`, `no`, `t`, `f`, `y`, `n` in any case.
    #[serde(skip_serializing_if = "is_zero")]
    pub booleans: u64,
    /// Calendar dates without a time of day, year first or last, the month in digits or English.
    #[serde(skip_serializing_if = "is_zero")]
    pub dates: u64,
    /// Calendar dates with a time of day.
    #[serde(skip_serializing_if = "is_zero")]
    pub timestamps: u64,
    /// IMO ship numbers, see [`is_imo_number`], with or without the letters IMO before them.
    #[serde(skip_serializing_if = "is_zero")]
    pub imo_numbers: u64,
    /// Maritime mobile service identities of ships, see [`is_mmsi`].
    #[serde(skip_serializing_if = "is_zero")]
    pub mmsis: u64,
    /// Country codes, see [`is_country_code`].
    #[serde(skip_serializing_if = "is_zero")]
    pub countries: u64,
    /// Numbers from -180 to 180 with three decimal places or more.
    #[serde(skip_serializing_if = "is_zero")]
    pub coordinates: u64,
    /// What a cast of the text gives back as it's written.
    #[serde(skip_serializing_if = "Forms::is_empty")]
    pub forms: Forms,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Evidence {
    /// Adds the counts of another load.
    pub fn merge(&mut self, other: &Self) {
        self.integers += other.integers;
        self.decimals += other.decimals;
        self.written_numbers += other.written_numbers;
        self.booleans += other.booleans;
        self.dates += other.dates;
        self.timestamps += other.timestamps;
        self.imo_numbers += other.imo_numbers;
        self.mmsis += other.mmsis;
        self.countries += other.countries;
        self.coordinates += other.coordinates;
        self.forms.merge(&other.forms);
    }

    /// Takes the counts of a load off that was added.
    pub fn subtract(&mut self, other: &Self) {
        self.integers = self.integers.saturating_sub(other.integers);
        self.decimals = self.decimals.saturating_sub(other.decimals);
        self.written_numbers = self.written_numbers.saturating_sub(other.written_numbers);
        self.booleans = self.booleans.saturating_sub(other.booleans);
        self.dates = self.dates.saturating_sub(other.dates);
        self.timestamps = self.timestamps.saturating_sub(other.timestamps);
        self.imo_numbers = self.imo_numbers.saturating_sub(other.imo_numbers);
        self.mmsis = self.mmsis.saturating_sub(other.mmsis);
        self.countries = self.countries.saturating_sub(other.countries);
        self.coordinates = self.coordinates.saturating_sub(other.coordinates);
        self.forms.subtract(&other.forms);
    }

    pub(super) fn observe_boolean(&mut self) {
        self.booleans += 1;
        self.forms.booleans += 1;
    }

    pub(super) fn observe_integer(&mut self, value: u64) {
        self.integers += 1;
        self.decimals += 1;
        self.imo_numbers += u64::from(is_imo_number(value));
        self.mmsis += u64::from(is_mmsi(value));
    }

    /// Counts a text without blanks around it, and gives its value where it reads as a number.
    pub(super) fn observe_text(&mut self, text: &str) -> Option<f64> {
        let bytes = text.as_bytes();
        let first = *bytes.first()?;
        if bytes.len() > MAX_BYTES {
            return None;
        }
        if first.is_ascii_alphabetic() {
            self.observe_word(bytes);
            return None;
        }
        if let Some(number) = Number::read(bytes) {
            self.observe_number(&number, bytes.len());
            return Some(number.value);
        }
        if self.observe_calendar(bytes) {
            return None;
        }
        let written = number::read_written(text);
        self.written_numbers += u64::from(written.is_some());
        written
    }

    /// Counts a date or a moment, and says whether it is one.
    fn observe_calendar(&mut self, bytes: &[u8]) -> bool {
        let read = Calendar::read(bytes);
        self.dates += u64::from(read == Some(Calendar::Date));
        self.timestamps += u64::from(read == Some(Calendar::Timestamp));
        read.is_some()
    }

    fn observe_number(&mut self, number: &Number, length: usize) {
        match number.integer {
            // A sign or leading zeros make it no identification number.
            Some(integer) if integer.checked_ilog10().is_some_and(|log| log as usize + 1 == length) => {
                self.observe_integer(integer);
            }
            Some(_) => {
                self.integers += 1;
                self.decimals += 1;
            }
            None => self.decimals += 1,
        }
        let is_coordinate = number.decimals >= COORDINATE_DECIMALS && (-180.0..=180.0).contains(&number.value);
        self.coordinates += u64::from(is_coordinate);
    }

    fn observe_word(&mut self, word: &[u8]) {
        match word.len() {
            2 | 3 if is_country_code(word) => {
                self.countries += 1;
                // `NO` is Norway and a boolean.
                self.booleans += u64::from(is_boolean(word));
            }
            1..=5 => self.booleans += u64::from(is_boolean(word)),
            _ => {
                let digits = word.strip_prefix(b"IMO").map(<[u8]>::trim_ascii_start);
                let number = digits.and_then(Number::read).and_then(|number| number.integer);
                self.imo_numbers += u64::from(number.is_some_and(is_imo_number));
                self.observe_calendar(word);
            }
        }
    }
}

fn is_boolean(word: &[u8]) -> bool {
    const WORDS: [&[u8]; 8] = [b"true", b"false", b"yes", b"no", b"t", b"f", b"y", b"n"];
    WORDS.iter().any(|known| known.eq_ignore_ascii_case(word))
}

/// Whether `number` is an IMO ship number: seven digits, of which the last is the last digit of the sum of the others times 7 to 2
/// (IMO resolution A.1117(30), *IMO Ship Identification Number Scheme*).
#[must_use]
pub const fn is_imo_number(number: u64) -> bool {
    if number < 1_000_000 || number > 9_999_999 {
        return false;
    }
    let check_digit = number % 10;
    let mut rest = number / 10;
    let mut weight = 2;
    let mut sum = 0;
    while weight <= 7 {
        sum += rest % 10 * weight;
        rest /= 10;
        weight += 1;
    }
    sum % 10 == check_digit
}

/// Whether `number` is the maritime mobile service identity of a ship: nine digits that begin with a maritime identification digit
/// triple, 201 to 775 ([ITU-R M.585](https://www.itu.int/rec/R-REC-M.585)).
#[must_use]
pub const fn is_mmsi(number: u64) -> bool {
    number >= 201_000_000 && number < 776_000_000
}

/// Codes of ISO 3166-1:2020, alpha-2, in order.
const ALPHA_2: &[u8] = b"\
    ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCHCICKCLCMCNCOCRCUCV\
    CWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHUIDIEILIM\
    INIOIQIRISITJEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMW\
    MXMYMZNANCNENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSS\
    STSVSXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUMUSUYUZVAVCVEVGVIVNVUWFWSYEYTZAZMZW";

/// Codes of ISO 3166-1:2020, alpha-3, in order.
const ALPHA_3: &[u8] = b"\
    ABWAFGAGOAIAALAALBANDAREARGARMASMATAATFATGAUSAUTAZEBDIBELBENBESBFABGDBGRBHRBHSBIHBLMBLRBLZBMUBOLBRABRBBRN\
    BTNBVTBWACAFCANCCKCHECHLCHNCIVCMRCODCOGCOKCOLCOMCPVCRICUBCUWCXRCYMCYPCZEDEUDJIDMADNKDOMDZAECUEGYERIESHESP\
    ESTETHFINFJIFLKFRAFROFSMGABGBRGEOGGYGHAGIBGINGLPGMBGNBGNQGRCGRDGRLGTMGUFGUMGUYHKGHMDHNDHRVHTIHUNIDNIMNIND\
    IOTIRLIRNIRQISLISRITAJAMJEYJORJPNKAZKENKGZKHMKIRKNAKORKWTLAOLBNLBRLBYLCALIELKALSOLTULUXLVAMACMAFMARMCOMDA\
    MDGMDVMEXMHLMKDMLIMLTMMRMNEMNGMNPMOZMRTMSRMTQMUSMWIMYSMYTNAMNCLNERNFKNGANICNIUNLDNORNPLNRUNZLOMNPAKPANPCN\
    PERPHLPLWPNGPOLPRIPRKPRTPRYPSEPYFQATREUROURUSRWASAUSDNSENSGPSGSSHNSJMSLBSLESLVSMRSOMSPMSRBSSDSTPSURSVKSVN\
    SWESWZSXMSYCSYRTCATCDTGOTHATJKTKLTKMTLSTONTTOTUNTURTUVTWNTZAUGAUKRUMIURYUSAUZBVATVCTVENVGBVIRVNMVUTWLFWSM\
    YEMZAFZMBZWE";

/// Whether `code` is an upper-case country code of ISO 3166-1, alpha-2 or alpha-3.
#[must_use]
pub fn is_country_code(code: &[u8]) -> bool {
    match code.len() {
        2 => contains(ALPHA_2.as_chunks::<2>().0, code),
        3 => contains(ALPHA_3.as_chunks::<3>().0, code),
        _ => false,
    }
}

fn contains<const N: usize>(codes: &[[u8; N]], code: &[u8]) -> bool {
    codes.binary_search_by(|known| known.as_slice().cmp(code)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(texts: &[&str]) -> Evidence {
        let mut evidence = Evidence::default();
        for text in texts {
            evidence.observe_text(text);
        }
        evidence
    }

    #[test]
    fn every_integer_is_a_decimal_too() {
        let evidence = of(&["7", "-12", "+3", "1.5", "-.5", "1e3", "2.", "1.2.3", "-", ".", "e", "1e", "12a", "½"]);
        assert_eq!((evidence.integers, evidence.decimals), (3, 7));
        let written = of(&["1,234.5", "£ 12", "12 %", "1,2,3", "7"]);
        assert_eq!((written.written_numbers, written.decimals), (3, 1));
    }

    #[test]
    fn numbers_are_read_near_enough_for_a_range() {
        let read = |text: &str| Evidence::default().observe_text(text).unwrap();
        for text in ["0", "-12.5", "64.829999999999998", "1e3", "2.5E-3", "99999999999999999999999"] {
            let (value, exact) = (read(text), text.parse::<f64>().unwrap());
            assert!((value - exact).abs() <= exact.abs() * 1e-12, "{text}: {value}");
        }
        assert_eq!(Evidence::default().observe_text("1e999"), None, "no JSON number is infinite");
    }

    #[test]
    fn identification_numbers_are_known_by_their_scheme() {
        assert!(is_imo_number(9_074_729), "the example of the scheme's publisher");
        assert!(!is_imo_number(9_074_728));
        let evidence = of(&["9074729", "IMO9074729", "IMO 9074729", "9074728", "09074729", "247306520", "999306520"]);
        assert_eq!((evidence.imo_numbers, evidence.mmsis, evidence.integers), (3, 1, 5));
    }

    #[test]
    fn country_codes_are_those_of_the_standard_in_upper_case() {
        assert_eq!((ALPHA_2.len(), ALPHA_3.len()), (249 * 2, 249 * 3));
        assert!(ALPHA_2.as_chunks::<2>().0.is_sorted() && ALPHA_3.as_chunks::<3>().0.is_sorted());
        assert_eq!(of(&["NO", "ESP", "XX", "no", "QQQ", "ABCD"]).countries, 2);
        assert_eq!(of(&["NO", "no", "Yes", "TRUE", "maybe"]).booleans, 4);
    }

    #[test]
    fn dates_have_the_year_first_or_last_and_times_of_day_make_timestamps() {
        let dates = of(&["2026-11-24", "24.11.2026", "11/24/2026", "2026-13-01", "2026-11", "1-2-3", "31/31/2026"]);
        assert_eq!((dates.dates, dates.timestamps), (3, 0));
        let times = of(&[
            "2026-11-24T11:20:22Z",
            "2026-11-24 11:20:22.507832+00",
            "2016-02-26 02:44:56 UTC",
            "24/11/2026 9:05",
            "24/11/2026 25:05",
            "2026-11-24 noon",
        ]);
        assert_eq!((times.dates, times.timestamps), (0, 4));
        let named = of(&["Nov 24, 2026", "Nov 24, 2026 9:05", "24 November 2026 09:05", "November"]);
        assert_eq!((named.dates, named.timestamps), (1, 2));
    }

    #[test]
    fn coordinates_have_decimal_places_and_a_range() {
        assert_eq!(of(&["52.19487", "-179.999", "52.1", "181.123", "52"]).coordinates, 2);
    }

    #[test]
    fn long_text_and_blanks_read_as_nothing() {
        assert_eq!(of(&["", &"1".repeat(41), "Panama (PAN)", "ΑΒ"]), Evidence::default());
    }

    #[test]
    fn counts_that_are_zero_are_not_written() {
        assert_eq!(serde_json::to_string(&of(&["7"])).unwrap(), r#"{"integers":1,"decimals":1}"#);
        assert_eq!(serde_json::from_str::<Evidence>("{}").unwrap(), Evidence::default());
    }
}
