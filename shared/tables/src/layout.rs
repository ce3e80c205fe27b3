//! Where in a text the header stands: below blank lines, comments and titles, over one line or several, or nowhere.

use crate::shape::Shape;

/// What the first records of a text are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Layout {
    /// Records before the header.
    pub(crate) preamble: usize,
    /// Records that make the header: 0 where there is none.
    pub(crate) header_records: usize,
    /// The header's cells, of several records joined.
    pub(crate) header: Vec<String>,
}

/// Records at most before a header, and that one is made of.
const MAX_PREAMBLE: usize = 100;
const MAX_HEADER: usize = 5;

type Records<'a> = &'a [Vec<String>];

impl Layout {
    pub(crate) fn find(records: Records, declared: bool) -> Self {
        let table = Table::new(records);
        let start = usize::from(declared);
        let found = (start..records.len().min(MAX_PREAMBLE)).find(|at| table.may_be_header(*at));
        // Titles alone, or one column: what comes first is the header.
        let Some(at) = found.or_else(|| (start..records.len()).find(|at| table.filled(*at) > 0)) else {
            return Self { preamble: records.len(), ..Self::default() };
        };
        if table.is_data(at) {
            return Self { preamble: at, ..Self::default() };
        }
        let mut header = records.get(at).cloned().unwrap_or_default();
        let mut header_records = 1;
        while header_records < MAX_HEADER {
            // A record without anything may stand between two that belong together.
            let next = at + header_records;
            let next = next + usize::from(table.filled(next) == 0);
            if !table.goes_on(&header, next) {
                break;
            }
            join(&mut header, table.cells(next));
            header_records = next + 1 - at;
        }
        Self { preamble: at, header_records, header }
    }
}

struct Table<'a> {
    records: Records<'a>,
    /// The commonest number of cells.
    width: usize,
    /// Cells that hold something, in the middle record by that measure.
    usually_filled: usize,
}

impl<'a> Table<'a> {
    fn new(records: Records<'a>) -> Self {
        let mut table = Self { records, width: 0, usually_filled: 0 };
        let filled: Vec<usize> = (0..records.len()).filter(|at| table.filled(*at) > 0).collect();
        let mut widths: Vec<usize> = filled.iter().map(|at| table.cells(*at).len()).collect();
        widths.sort_unstable();
        table.width = widths
            .chunk_by(|a, b| a == b)
            .max_by_key(|group| group.len())
            .and_then(|group| group.first().copied())
            .unwrap_or(0);
        let mut counts: Vec<usize> = filled.iter().map(|at| table.filled(*at)).collect();
        counts.sort_unstable();
        table.usually_filled = counts.get(counts.len() / 2).copied().unwrap_or(0);
        table
    }

    fn cells(&self, at: usize) -> &'a [String] {
        self.records.get(at).map_or(&[], Vec::as_slice)
    }

    fn filled(&self, at: usize) -> usize {
        self.cells(at).iter().filter(|cell| !cell.trim().is_empty()).count()
    }

    /// The next record that holds something.
    fn next(&self, at: usize) -> Option<usize> {
        (at + 1..self.records.len()).find(|next| self.filled(*next) > 0)
    }

    fn is_comment(&self, at: usize) -> bool {
        self.cells(at).first().is_some_and(|cell| cell.trim_start().starts_with('#'))
    }

    fn may_be_header(&self, at: usize) -> bool {
        let (cells, filled) = (self.cells(at), self.filled(at));
        if filled == 0 {
            return false;
        }
        if self.is_comment(at) {
            // `#MMSI,Time` right above the rows names their columns.
            let names_columns = self.width > 1
                && filled == self.width
                && cells.len() == self.width
                && self.next(at).is_some_and(|next| !self.is_comment(next) && self.is_data(next));
            let is_name = cells.first().is_some_and(|cell| cell.trim() == "#") && filled > 1;
            return names_columns || is_name;
        }
        let next_is_header = || self.next(at).is_some_and(|next| self.is_full_text(next) && self.has_data_below(next));
        match (self.width, filled) {
            (0 | 1, _) => true,
            // A title of several cells, or one beside nothing where tables have two columns.
            (width, _) if cells.len() != width && next_is_header() => false,
            (2, 1) => !(cells.len() == 1 || next_is_header()),
            (_, 1) => false,
            _ => filled * 2 >= self.usually_filled || self.goes_on(cells, at + 1),
        }
    }

    fn is_full_text(&self, at: usize) -> bool {
        self.cells(at).len() == self.width && self.cells(at).iter().all(|cell| Shape::of(cell) == Shape::Text)
    }

    fn has_data_below(&self, at: usize) -> bool {
        self.next(at).is_some_and(|next| self.cells(next).iter().any(|cell| Shape::of(cell).is_value()))
    }

    /// Whether a record is one of the rows rather than the header: values where the rows below have values.
    fn is_data(&self, at: usize) -> bool {
        let cells = self.cells(at);
        let filled = self.filled(at);
        let values: Vec<(usize, &str)> = cells
            .iter()
            .enumerate()
            .filter(|(_, cell)| Shape::of(cell).is_value())
            .map(|(column, cell)| (column, cell.trim()))
            .collect();
        // A name above values is a header's.
        let named =
            |(column, cell): (usize, &String)| Shape::of(cell) == Shape::Text && self.holds_values(column, at + 1);
        if cells.iter().enumerate().any(named) {
            return false;
        }
        let below = |(column, _): &(usize, &str)| self.holds_values(*column, at + 1);
        // Years, months and numbers of columns are headers of values, too.
        let telling = values.iter().any(|(_, value)| !could_name_a_column(value));
        let counted = values.windows(2).all(|pair| matches!(pair, [(_, a), (_, b)] if follows(a, b)));
        self.next(at).is_some()
            && values.len() * 2 > filled
            && values.iter().all(below)
            && (telling
                || (values.len() == filled
                    && !(counted && values.len() > 1)
                    && !values.iter().all(|(_, value)| is_year(value))))
    }

    /// Whether a column's rows from `from` on hold values.
    fn holds_values(&self, column: usize, from: usize) -> bool {
        let (mut values, mut texts) = (0, 0);
        for cells in self.records.iter().skip(from) {
            match cells.get(column).map_or(Shape::Empty, |cell| Shape::of(cell)) {
                Shape::Number | Shape::Date => values += 1,
                Shape::Text => texts += 1,
                Shape::Empty => {}
            }
        }
        values > texts
    }

    /// Whether the record at `at` goes on with the header above it: it names what stands below the header's gaps and groups, and
    /// nothing else.
    fn goes_on(&self, header: &[String], at: usize) -> bool {
        let cells = self.cells(at);
        let empty = |cells: &[String], column: usize| cells.get(column).is_none_or(|cell| cell.trim().is_empty());
        if cells.len() > header.len() || self.filled(at) == 0 {
            return false;
        }
        let rows: Vec<&Vec<String>> =
            self.records.iter().skip(at + 1).filter(|row| row.iter().any(|cell| !cell.trim().is_empty())).collect();
        // Names for all columns, below groups of them.
        let over_values = (0..self.width).filter(|column| self.holds_values(*column, at + 1)).count();
        let last_name = header.iter().rposition(|cell| !cell.trim().is_empty()).unwrap_or(0);
        let grouped = !empty(header, 0) && (0..last_name).any(|column| empty(header, column));
        if grouped && self.is_full_text(at) && over_values * 2 >= self.width && !rows.is_empty() {
            return true;
        }
        // Rows do have something in the first column.
        let named = rows.iter().filter(|row| !empty(row, 0)).count();
        if !empty(cells, 0) || empty(header, 0) || rows.is_empty() || named * 2 < rows.len() {
            return false;
        }
        let gaps = (0..self.width.max(header.len())).filter(|column| empty(header, *column)).count();
        let mut below_gaps = 0;
        let mut above_values = 0;
        for (column, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.trim().is_empty()) {
            if Shape::of(cell) != Shape::Text {
                return false;
            }
            if empty(header, column) || empty(header, column + 1) {
                below_gaps += 1;
            } else if self.holds_values(column, at + 1) {
                above_values += 1;
            } else {
                return false;
            }
        }
        (gaps >= 2 && below_gaps > 0) || above_values > 0
    }
}

/// Adds to each group's name the names below it. A group reaches up to the next name above.
fn join(header: &mut [String], below: &[String]) {
    let mut group = String::new();
    for (column, cell) in header.iter_mut().enumerate() {
        if !cell.trim().is_empty() {
            group.clone_from(cell);
        }
        let part = below.get(column).map_or("", |part| part.trim());
        if !part.is_empty() {
            *cell = if group.trim().is_empty() { part.to_owned() } else { format!("{} {part}", group.trim()) };
        }
    }
}

fn is_year(text: &str) -> bool {
    text.len() == 4 && text.parse::<u32>().is_ok_and(|year| (1800..2200).contains(&year))
}

/// `2013`, `2013-14`, `Jan-16`, `3`: values that tables have above values.
fn could_name_a_column(text: &str) -> bool {
    text.len() <= 8
        && !text.contains(['.', ':'])
        && text.chars().filter(char::is_ascii_digit).count() <= 8
        && !text.starts_with('-')
}

fn follows(a: &str, b: &str) -> bool {
    matches!((a.parse::<i64>(), b.parse::<i64>()), (Ok(a), Ok(b)) if a.checked_add(1) == Some(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> (usize, usize, Vec<String>) {
        let records: Vec<Vec<String>> = text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect();
        let layout = Layout::find(&records, false);
        (layout.preamble, layout.header_records, layout.header)
    }

    fn header(cells: &str) -> Vec<String> {
        cells.split(',').map(str::to_owned).collect()
    }

    #[test]
    fn the_first_record_is_the_header() {
        assert_eq!(found("id,name\n1,A\n2,B"), (0, 1, header("id,name")));
        assert_eq!(found("id,,age\n1,John,30"), (0, 1, header("id,,age")));
        assert_eq!(found(",x\n1,A"), (0, 1, header(",x")));
        assert_eq!(found("name\nA\nB"), (0, 1, header("name")));
        assert_eq!(found("only,a,header"), (0, 1, header("only,a,header")));
        assert_eq!(found("Country,2010,2011\nA,1,2\nB,3,4"), (0, 1, header("Country,2010,2011")));
        assert_eq!(found("Apr-16,Arrests,Deaths\nSpain,1,2\nFrance,3,4"), (0, 1, header("Apr-16,Arrests,Deaths")));
        assert_eq!(found("0,1,2\n5.5,6.5,7.5\n1.5,2.5,3.5"), (0, 1, header("0,1,2")));
        assert_eq!(found("id,name,\n1,,x\n2,,y"), (0, 1, header("id,name,")));
    }

    #[test]
    fn titles_comments_and_blank_records_come_before_it() {
        assert_eq!(found("# made by hand\nid,name\n1,A"), (1, 1, header("id,name")));
        assert_eq!(found("Fleet list,,\n,,\nid,name,flag\n1,A,NO\n2,B,SE"), (2, 1, header("id,name,flag")));
        assert_eq!(found("Fleet list\nid,name\n1,A\n2,B"), (1, 1, header("id,name")));
        assert_eq!(found("Fleet list,\nid,name\n1,A\n2,B"), (1, 1, header("id,name")));
        assert_eq!(
            found("Made:,today,,,\nid,name,flag,built,kW\n1,A,NO,1999,5\n2,B,SE,2001,6"),
            (1, 1, header("id,name,flag,built,kW"))
        );
        assert_eq!(found("#made,today\n#MMSI,kn\n123456789,1.5\n123456780,2.5"), (1, 1, header("#MMSI,kn")));
        assert_eq!(found("Created,Sample 22,February\ncm-1,%T\n4000.1,0.5\n4001.1,0.7"), (1, 1, header("cm-1,%T")));
        assert_eq!(found("#,Name\n1,A\n2,B"), (0, 1, header("#,Name")));
    }

    #[test]
    fn a_header_may_be_spread_over_records() {
        let text = "Dates,Place,Travel,,,Total\n,,Air,Rail,Taxi,\n1/4/14,Cardiff,,65.60,,65.60\n2/4/14,London,1,2,3,6";
        let joined = header("Dates,Place,Travel Air,Travel Rail,Travel Taxi,Total");
        assert_eq!(found(text), (0, 2, joined.clone()));
        let apart = text.replacen('\n', "\n,,,,,\n", 1);
        assert_eq!(found(&apart), (0, 3, joined));
        assert_eq!(
            found("control,,fire,\nX,Y,X,Y\n4.4,0.1,4.8,2.0\n4.6,1.0,5.3,3.1").2,
            header("control X,control Y,fire X,fire Y")
        );
    }

    #[test]
    fn there_may_be_none() {
        assert_eq!(found("399.1989,74.37\n401.1274,73.73\n403.05,72.7"), (0, 0, vec![]));
        assert_eq!(found("477307901,2017-12-01T00:00:01,31.9,A\n477307902,2017-12-01T00:00:02,32.9,B"), (0, 0, vec![]));
    }
}
