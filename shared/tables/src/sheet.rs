//! What a preview says of one table.

use serde::{Serialize, Serializer};

use crate::{ColumnType, PREVIEW_ROWS};

/// One table of a file, as a preview shows it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Sheet {
    /// The sheet's name; empty for text.
    pub name: String,
    pub state: SheetState,
    /// The header's cells as they stand in the file; empty where there is none.
    pub header: Vec<String>,
    /// Rows below the header in which some cell holds something.
    pub rows: u64,
    /// The most cells that a row, or the header, has.
    pub columns: usize,
    /// For each column.
    pub types: Vec<ColumnType>,
    /// The first rows.
    pub first: Vec<Vec<String>>,
}

/// Whether a person sees the sheet, and whether it holds cells at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SheetState {
    #[default]
    Visible,
    Hidden,
    /// Hidden so that Excel's menu doesn't offer it.
    VeryHidden,
    /// A chart, a dialog or a module of macros: it has no cells.
    NoCells,
}

impl SheetState {
    /// The state's name, as it stands in a preview.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Visible => "visible",
            Self::Hidden => "hidden",
            Self::VeryHidden => "very hidden",
            Self::NoCells => "no cells",
        }
    }
}

impl Serialize for SheetState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// What would be read of a file, and what a person ought to know of it. As JSON it's what `scripts/preview` and `POST /preview` answer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Preview {
    pub sheets: Vec<Sheet>,
    pub warnings: Vec<String>,
}

impl Preview {
    /// Gives the table of a text, which has no name of its own, that of its file, without the part after the last dot.
    #[must_use]
    pub fn named_after(mut self, file: &str) -> Self {
        if let [only] = self.sheets.as_mut_slice()
            && only.name.is_empty()
        {
            file.rsplit_once('.').map_or(file, |(stem, _)| stem).clone_into(&mut only.name);
        }
        self
    }
}

impl Sheet {
    /// Takes one row into account.
    pub(crate) fn add<'a>(&mut self, cells: impl Iterator<Item = &'a str> + Clone) {
        self.rows += 1;
        let mut width = 0;
        for (column, cell) in cells.clone().enumerate() {
            width = column + 1;
            match self.types.get_mut(column) {
                // Text stays text.
                Some(ColumnType::Text) => {}
                Some(known) => *known = known.and(ColumnType::of(cell)),
                None => self.types.push(ColumnType::of(cell)),
            }
        }
        self.columns = self.columns.max(width);
        if self.first.len() < PREVIEW_ROWS {
            self.first.push(cells.map(str::to_owned).collect());
        }
    }

    /// The header sets the least width.
    pub(crate) fn with_header(&mut self, header: Vec<String>) {
        self.columns = self.columns.max(header.len());
        self.types.resize(self.columns, ColumnType::Empty);
        self.header = header;
    }
}
