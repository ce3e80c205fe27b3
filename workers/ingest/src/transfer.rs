//! The rows of a file into the warehouse: *push* decodes them here and sends them in statements, *pull* lets the warehouse read the
//! object by itself. The rows that arrive are the same.

use std::task::Poll;

use futures_util::{StreamExt, future::join, poll, stream::FuturesUnordered};
use living_core::{
    landing::{
        contract::Contract,
        load::{Load, Transfer},
    },
    profile::{ColumnProfile, ColumnProfiler},
    sql::ColumnArrays,
};
use living_kit::ObjectStore;
use living_parquet::{File, Limits, RowReader, Rows, Step};
use living_warehouse::{ErrorClass, Warehouse};

use crate::{failure::Failure, object::ObjectReader};

/// Text of the rows of one statement, in bytes. DuckDB takes in some 50 MB of such text a second, so a statement is done in a fraction
/// of its 55 s; and those in flight, with their copies, are a few times this in memory.
const CHUNK_BYTES: usize = 3 << 19;

/// Rows of one statement. More make DuckDB no faster.
const CHUNK_ROWS: usize = 10_000;

/// Statements under way at once: while the warehouse works on one, the next is decoded.
const IN_FLIGHT: usize = 2;

/// Names of columns, and their profiles.
pub(crate) type Profiles = Vec<(String, ColumnProfile)>;

/// Moves rows for one load.
#[derive(Debug)]
pub(crate) struct Mover<'a, S, W> {
    pub(crate) load: &'a Load,
    pub(crate) contract: &'a Contract,
    pub(crate) file: &'a File,
    pub(crate) object: &'a ObjectReader<'a, S>,
    pub(crate) warehouse: &'a W,
    pub(crate) limits: &'a Limits,
}

impl<S: ObjectStore, W: Warehouse> Mover<'_, S, W> {
    /// Moves all rows, and gives the profiles of the columns.
    pub(crate) async fn move_rows(&self, transfer: Transfer) -> Result<Profiles, Failure> {
        match transfer {
            Transfer::Push => self.push().await,
            Transfer::Pull => self.pull().await,
        }
    }

    async fn push(&self) -> Result<Profiles, Failure> {
        let mut profiler = Profiler::new(self.file);
        let mut reader = self.reader();
        let mut chunk = ColumnArrays::new(self.file.columns().len());
        let mut first_row = 0;
        let mut in_flight = FuturesUnordered::new();
        loop {
            let rows = match reader.next_step()? {
                Step::Read(ranges) => {
                    reader.supply(self.object.read(ranges).await?)?;
                    continue;
                }
                Step::Rows(rows) => rows,
                Step::Done => break,
            };
            profiler.observe(&rows)?;
            let mut done = 0;
            while done < rows.len() {
                done += rows.encode(done, &mut chunk, CHUNK_BYTES, CHUNK_ROWS)?;
                if chunk.bytes() < CHUNK_BYTES && chunk.rows() < CHUNK_ROWS as u64 {
                    continue;
                }
                if in_flight.len() == IN_FLIGHT
                    && let Some(sent) = in_flight.next().await
                {
                    sent?;
                }
                in_flight.push(self.insert(self.contract.staging.pushed(&chunk, first_row), chunk.rows()));
                first_row += chunk.rows();
                chunk.clear();
                // Starts the request, which goes on while the next rows are decoded.
                if let Poll::Ready(Some(sent)) = poll!(in_flight.next()) {
                    sent?;
                }
            }
        }
        if chunk.rows() > 0 {
            in_flight.push(self.insert(self.contract.staging.pushed(&chunk, first_row), chunk.rows()));
        }
        while let Some(sent) = in_flight.next().await {
            sent?;
        }
        Ok(profiler.finish())
    }

    async fn pull(&self) -> Result<Profiles, Failure> {
        let push = |instead| Failure::Switch { to: Transfer::Push, instead: Box::new(instead) };
        if let Some(reason) = self.file.no_pull() {
            return Err(push(Failure::Unreadable(format!("it can't be pulled: {reason}"))));
        }
        let relation =
            self.load.pulled(self.contract).map_err(|refused| push(Failure::Unreadable(refused.to_string())))?;
        // Profiled is a sample; while it's read here, the warehouse reads the whole.
        let (inserted, profiles) = join(self.insert(relation, self.file.rows()), self.sample()).await;
        inserted.map_err(|failure| match failure {
            Failure::Unreadable(_) | Failure::NotDone(_) => push(failure),
            // A pull is one statement, which the next delivery would send just so. What it still does, it does under the id of a load
            // that will never commit.
            Failure::OutOfTime(reason) => push(Failure::Unreadable(format!("it can't be pulled: {reason}"))),
            other => other,
        })?;
        profiles
    }

    /// Inserts the `rows` rows of a staging relation: those that keep the rules into their table, the others aside.
    async fn insert(&self, relation: String, rows: u64) -> Result<(), Failure> {
        let run = async |statement| {
            let result = self.warehouse.run(&statement).await.map_err(Failure::of_rows)?;
            result.number().map_err(Failure::from)
        };
        let loaded = run(self.load.insert_rows(self.contract, &relation)).await?;
        if loaded == rows {
            return Ok(());
        }
        let rejected = match self.load.insert_rejected(self.contract, &relation) {
            Some(statement) => run(statement).await?,
            None => 0,
        };
        if loaded + rejected == rows {
            Ok(())
        } else {
            Err(Failure::Unreadable(format!("of {rows} rows the warehouse took {loaded} and set {rejected} aside")))
        }
    }

    /// Profiles of the first row group. None where that is too large to be read here.
    async fn sample(&self) -> Result<Profiles, Failure> {
        let mut profiler = Profiler::new(self.file);
        let mut reader = self.reader().first_row_groups(1);
        loop {
            match reader.next_step() {
                Ok(Step::Read(ranges)) => match reader.supply(self.object.read(ranges).await?) {
                    Err(error) if error.is_size() => return Ok(Vec::new()),
                    other => other?,
                },
                Ok(Step::Rows(rows)) => profiler.observe(&rows)?,
                Ok(Step::Done) => return Ok(profiler.finish()),
                Err(error) if error.is_size() => return Ok(Vec::new()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn reader(&self) -> RowReader {
        RowReader::new(self.file.clone(), self.load.object.head.size, self.limits.clone())
    }
}

/// Builds the profiles of all columns of a file.
#[derive(Debug)]
struct Profiler {
    columns: Vec<(String, ColumnProfiler)>,
}

impl Profiler {
    fn new(file: &File) -> Self {
        let of_column = |field: living_core::column_type::Field| {
            let profiler = ColumnProfiler::new(&field.data_type);
            (field.name, profiler)
        };
        Self { columns: file.fields().into_iter().map(of_column).collect() }
    }

    fn observe(&mut self, rows: &Rows) -> Result<(), Failure> {
        let mut text = String::new();
        for (encoder, (name, profiler)) in rows.encoders()?.iter().zip(&mut self.columns) {
            for row in 0..rows.len() {
                let cell = encoder.cell(row, &mut text).map_err(|reason| {
                    Failure::Unreadable(format!("row {}, column {name:?}: {reason}", rows.first() + row as u64))
                })?;
                profiler.observe(cell);
            }
        }
        Ok(())
    }

    fn finish(self) -> Profiles {
        self.columns.into_iter().map(|(name, profiler)| (name, profiler.finish())).collect()
    }
}

impl Failure {
    /// An error of a statement that carries the object's rows: if the warehouse refuses them, it always will. That it has no memory for
    /// them just now says nothing of them.
    fn of_rows(error: living_warehouse::Error) -> Self {
        match error.class {
            ErrorClass::Permanent => Self::Unreadable(format!("the warehouse refuses the rows: {}", error.message)),
            ErrorClass::OverLimit => Self::NotDone(format!("warehouse: {error}")),
            _ => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warehouse_without_memory_says_nothing_of_the_rows() {
        let error = |class| living_warehouse::Error { class, message: "m".into(), retry_after: None };
        assert!(matches!(Failure::of_rows(error(ErrorClass::OverLimit)), Failure::NotDone(_)));
        assert!(matches!(Failure::of_rows(error(ErrorClass::Permanent)), Failure::Unreadable(_)));
    }
}
