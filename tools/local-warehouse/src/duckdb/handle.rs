//! Database, connection, statements, and the stream of a result.

use std::{
    ffi::{CStr, CString, c_char},
    marker::PhantomData,
    ptr,
};

use libduckdb_sys as ffi;
use serde_json::Value;

use super::{
    data_type::{Column, DataType},
    error::DuckDbError,
    value,
};

/// The version of the linked library, such as `v1.5.5`.
pub(crate) fn library_version() -> String {
    // SAFETY: the library returns a static string.
    unsafe { borrowed_text(ffi::duckdb_library_version()) }.unwrap_or_default()
}

/// One DuckDB instance. Connections keep it alive: it closes with the last of them.
#[derive(Debug)]
pub(crate) struct Database(ffi::duckdb_database);

// SAFETY: DuckDB's instance is made for use by many threads; this handle only opens connections.
unsafe impl Send for Database {}
// SAFETY: as above.
unsafe impl Sync for Database {}

impl Database {
    /// Opens an empty instance in memory with `settings`, such as `("threads", "2")`.
    pub(crate) fn open_in_memory(settings: &[(&str, &str)]) -> Result<Self, DuckDbError> {
        let settings = settings
            .iter()
            .map(|(name, setting)| Ok((c_string(name)?, c_string(setting)?)))
            .collect::<Result<Vec<_>, DuckDbError>>()?;
        let mut config = ptr::null_mut();
        let mut database = ptr::null_mut();
        let mut error = ptr::null_mut();
        // SAFETY: all strings outlive the calls, `config` is destroyed once, and `error` is owned by us when set.
        unsafe {
            if ffi::duckdb_create_config(&raw mut config) != ffi::DuckDBSuccess {
                return Err(DuckDbError::new("could not make a DuckDB configuration"));
            }
            for (name, setting) in &settings {
                if ffi::duckdb_set_config(config, name.as_ptr(), setting.as_ptr()) != ffi::DuckDBSuccess {
                    ffi::duckdb_destroy_config(&raw mut config);
                    return Err(DuckDbError::new(format!("DuckDB refuses the setting {name:?} = {setting:?}")));
                }
            }
            let state = ffi::duckdb_open_ext(ptr::null(), &raw mut database, config, &raw mut error);
            ffi::duckdb_destroy_config(&raw mut config);
            let message = owned_text(error);
            if state != ffi::DuckDBSuccess {
                return Err(DuckDbError::new(message.unwrap_or_else(|| "could not open DuckDB".to_owned())));
            }
        }
        Ok(Self(database))
    }

    pub(crate) fn connect(&self) -> Result<Connection, DuckDbError> {
        let mut connection = ptr::null_mut();
        // SAFETY: `self.0` is open for as long as `self` lives.
        if unsafe { ffi::duckdb_connect(self.0, &raw mut connection) } == ffi::DuckDBSuccess {
            Ok(Connection(connection))
        } else {
            Err(DuckDbError::new("Connection Error: could not connect to the DuckDB instance"))
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // SAFETY: closed exactly once; open connections hold the instance by themselves.
        unsafe { ffi::duckdb_close(&raw mut self.0) }
    }
}

/// A connection with its own transaction and settings.
#[derive(Debug)]
pub(crate) struct Connection(ffi::duckdb_connection);

// SAFETY: a connection is bound to no thread.
unsafe impl Send for Connection {}
// SAFETY: DuckDB takes the connection's own lock for every call, except for `duckdb_interrupt`, which only sets an
// atomic flag.
unsafe impl Sync for Connection {}

impl Connection {
    /// Runs statements whose results nobody needs.
    pub(crate) fn execute(&self, sql: &str) -> Result<(), DuckDbError> {
        let sql = c_string(sql)?;
        let mut stream = ResultStream::empty();
        // SAFETY: the result is destroyed by `ResultStream`, also after an error.
        let state = unsafe { ffi::duckdb_query(self.0, sql.as_ptr(), &raw mut stream.raw) };
        stream.checked(state).map(drop)
    }

    /// Parses `sql` without running any of it.
    pub(crate) fn statements(&self, sql: &str) -> Result<Statements<'_>, DuckDbError> {
        let sql = c_string(sql)?;
        let mut statements = Statements { connection: self, raw: ptr::null_mut(), count: 0 };
        // SAFETY: the extracted statements are destroyed by `Statements`; the error text belongs to them.
        unsafe {
            statements.count = ffi::duckdb_extract_statements(self.0, sql.as_ptr(), &raw mut statements.raw);
            match borrowed_text(ffi::duckdb_extract_statements_error(statements.raw)) {
                Some(message) => Err(DuckDbError::new(message)),
                None => Ok(statements),
            }
        }
    }

    /// Stops what runs on this connection now. Does nothing to what starts later.
    pub(crate) fn interrupt(&self) {
        // SAFETY: the connection is open for as long as `self` lives.
        unsafe { ffi::duckdb_interrupt(self.0) }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // SAFETY: closed exactly once; an open transaction is rolled back.
        unsafe { ffi::duckdb_disconnect(&raw mut self.0) }
    }
}

/// The statements of one SQL text.
pub(crate) struct Statements<'connection> {
    connection: &'connection Connection,
    raw: ffi::duckdb_extracted_statements,
    count: u64,
}

impl<'connection> Statements<'connection> {
    /// Number of statements; comments and stray semicolons are none.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// Binds the statement at `index` (below `count`) to tables and types, without running it.
    pub(crate) fn prepare(&self, index: u64) -> Result<Prepared<'connection>, DuckDbError> {
        let mut prepared = Prepared { raw: ptr::null_mut(), connection: PhantomData };
        // SAFETY: the prepared statement is destroyed by `Prepared`, also after an error; the text belongs to it.
        unsafe {
            let state =
                ffi::duckdb_prepare_extracted_statement(self.connection.0, self.raw, index, &raw mut prepared.raw);
            if state == ffi::DuckDBSuccess {
                return Ok(prepared);
            }
            let message = borrowed_text(ffi::duckdb_prepare_error(prepared.raw));
            Err(DuckDbError::new(message.unwrap_or_else(|| "could not prepare the statement".to_owned())))
        }
    }
}

impl Drop for Statements<'_> {
    fn drop(&mut self) {
        // SAFETY: destroyed exactly once.
        unsafe { ffi::duckdb_destroy_extracted(&raw mut self.raw) }
    }
}

/// What a statement does, as far as this server tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StatementKind {
    Select,
    Explain,
    Create,
    Attach,
    Detach,
    /// `INSTALL` and `LOAD`.
    Load,
    UpdateExtensions,
    Export,
    Transaction,
    Other,
}

/// A statement that is ready to run.
pub(crate) struct Prepared<'connection> {
    raw: ffi::duckdb_prepared_statement,
    connection: PhantomData<&'connection Connection>,
}

impl Prepared<'_> {
    pub(crate) fn kind(&self) -> StatementKind {
        // SAFETY: `self.raw` was prepared successfully.
        match unsafe { ffi::duckdb_prepared_statement_type(self.raw) } {
            ffi::duckdb_statement_type_DUCKDB_STATEMENT_TYPE_SELECT => StatementKind::Select,
            ffi::duckdb_statement_type_DUCKDB_STATEMENT_TYPE_EXPLAIN => StatementKind::Explain,
            ffi::duckdb_statement_type_DUCKDB_STATEMENT_TYPE_CREATE => StatementKind::Create,
            ffi::duckdb_statement_type_DUCKDB_STATEMENT_TYPE_ATTACH => StatementKind::Attach,
            ffi::duckdb_statement_type_DUCKDB_STATEMENT_TYPE_DETACH => StatementKind::Detach,
            ffi::duckdb_statement_type_DUCKDB_STATEMENT_TYPE_LOAD => StatementKind::Load,
            ffi::duckdb_statement_type_DUCKDB_STATEMENT_TYPE_UPDATE_EXTENSIONS => StatementKind::UpdateExtensions,
            ffi::duckdb_statement_type_DUCKDB_STATEMENT_TYPE_EXPORT => StatementKind::Export,
            ffi::duckdb_statement_type_DUCKDB_STATEMENT_TYPE_TRANSACTION => StatementKind::Transaction,
            _ => StatementKind::Other,
        }
    }

    /// Result columns whose types are known before the run; they are not when they depend on a parameter.
    pub(crate) fn columns(&self) -> Vec<Column> {
        // SAFETY: `self.raw` was prepared successfully; names and types that come back are ours.
        unsafe {
            (0..ffi::duckdb_prepared_statement_column_count(self.raw))
                .filter(|index| {
                    ffi::duckdb_prepared_statement_column_type(self.raw, *index) != ffi::DUCKDB_TYPE_DUCKDB_TYPE_INVALID
                })
                .map(|index| Column {
                    name: owned_text(ffi::duckdb_prepared_statement_column_name(self.raw, index).cast_mut())
                        .unwrap_or_default(),
                    data_type: DataType::take(ffi::duckdb_prepared_statement_column_logical_type(self.raw, index)),
                })
                .collect()
        }
    }

    pub(crate) fn parameter_count(&self) -> usize {
        // SAFETY: `self.raw` was prepared successfully.
        usize::try_from(unsafe { ffi::duckdb_nparams(self.raw) }).unwrap_or(usize::MAX)
    }

    /// Whether the type of a result column depends on a parameter that no cast gives a type.
    pub(crate) fn has_open_columns(&self) -> bool {
        // SAFETY: `self.raw` was prepared successfully.
        let all = unsafe { ffi::duckdb_prepared_statement_column_count(self.raw) };
        self.columns().len() as u64 != all
    }

    /// Gives the parameters their values, as text. Without any, DuckDB itself says which are wanted.
    pub(crate) fn bind(&self, values: &[Option<String>]) -> Result<(), DuckDbError> {
        let wanted = self.parameter_count();
        if !values.is_empty() && wanted != values.len() {
            let given = values.len();
            return Err(DuckDbError::new(format!(
                "Invalid Input Error: {wanted} parameters are wanted, {given} given"
            )));
        }
        for (value, index) in values.iter().zip(1..) {
            // SAFETY: DuckDB copies the text, and `index` is in range.
            let state = unsafe {
                match value {
                    Some(text) => {
                        ffi::duckdb_bind_varchar_length(self.raw, index, text.as_ptr().cast(), text.len() as u64)
                    }
                    None => ffi::duckdb_bind_null(self.raw, index),
                }
            };
            if state != ffi::DuckDBSuccess {
                return Err(DuckDbError::new(format!("Invalid Input Error: the parameter ${index} can't be bound")));
            }
        }
        Ok(())
    }

    /// Runs the statement. Only a query's rows are produced while they're fetched; everything else has ended when
    /// this returns.
    pub(crate) fn run(&self) -> Result<ResultStream<'_>, DuckDbError> {
        let mut stream = ResultStream::empty();
        // SAFETY: the result is destroyed by `ResultStream`, also after an error. The call is marked for removal in a
        // later version, but nothing takes its place in 1.5, and the version is pinned.
        let state = unsafe { ffi::duckdb_execute_prepared_streaming(self.raw, &raw mut stream.raw) };
        stream.checked(state)
    }
}

impl Drop for Prepared<'_> {
    fn drop(&mut self) {
        // SAFETY: destroyed exactly once.
        unsafe { ffi::duckdb_destroy_prepare(&raw mut self.raw) }
    }
}

/// The rows of a statement, chunk by chunk.
pub(crate) struct ResultStream<'statement> {
    raw: ffi::duckdb_result,
    statement: PhantomData<&'statement ()>,
}

impl ResultStream<'_> {
    fn empty() -> Self {
        let raw = ffi::duckdb_result {
            deprecated_column_count: 0,
            deprecated_row_count: 0,
            deprecated_rows_changed: 0,
            deprecated_columns: ptr::null_mut(),
            deprecated_error_message: ptr::null_mut(),
            internal_data: ptr::null_mut(),
        };
        Self { raw, statement: PhantomData }
    }

    fn checked(mut self, state: ffi::duckdb_state) -> Result<Self, DuckDbError> {
        match self.error() {
            Some(error) => Err(error),
            None if state == ffi::DuckDBSuccess => Ok(self),
            None => Err(DuckDbError::new("the statement failed without a message")),
        }
    }

    fn error(&mut self) -> Option<DuckDbError> {
        // SAFETY: the text belongs to the result and is copied at once.
        unsafe { borrowed_text(ffi::duckdb_result_error(&raw mut self.raw)) }.map(DuckDbError::new)
    }

    pub(crate) fn columns(&mut self) -> Vec<Column> {
        // SAFETY: the result is live, `index` is in range, and each logical type is new.
        unsafe {
            (0..ffi::duckdb_column_count(&raw mut self.raw))
                .map(|index| Column {
                    name: borrowed_text(ffi::duckdb_column_name(&raw mut self.raw, index)).unwrap_or_default(),
                    data_type: DataType::take(ffi::duckdb_column_logical_type(&raw mut self.raw, index)),
                })
                .collect()
        }
    }

    /// Appends the rows of the next chunk to `rows`; false at the end. `columns` must be this result's own.
    pub(crate) fn fetch(&mut self, columns: &[Column], rows: &mut Vec<Value>) -> Result<bool, DuckDbError> {
        // SAFETY: the chunk is destroyed below, after its values were copied; `columns` describes its vectors.
        unsafe {
            let mut chunk = ffi::duckdb_fetch_chunk(self.raw);
            if chunk.is_null() {
                return self.error().map_or(Ok(false), Err);
            }
            let count = ffi::duckdb_data_chunk_get_size(chunk);
            for row in 0..count {
                let cells = columns.iter().zip(0..).map(|(column, index)| {
                    value::read(ffi::duckdb_data_chunk_get_vector(chunk, index), &column.data_type, row)
                });
                rows.push(Value::Array(cells.collect()));
            }
            ffi::duckdb_destroy_data_chunk(&raw mut chunk);
            Ok(count > 0)
        }
    }
}

impl Drop for ResultStream<'_> {
    fn drop(&mut self) {
        // SAFETY: destroyed exactly once; an unfinished stream ends with it.
        unsafe { ffi::duckdb_destroy_result(&raw mut self.raw) }
    }
}

fn c_string(text: &str) -> Result<CString, DuckDbError> {
    CString::new(text).map_err(|error| {
        DuckDbError::new(format!("Invalid Input Error: the text has a NUL character at byte {}", error.nul_position()))
    })
}

/// Copies a text that the library keeps. `None` for a null pointer.
///
/// # Safety
/// `text` must be null or point to a NUL-terminated string.
unsafe fn borrowed_text(text: *const c_char) -> Option<String> {
    // SAFETY: checked for null; the caller promises the rest.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned())
}

/// Copies and frees a text that the library gave away. `None` for a null pointer.
///
/// # Safety
/// `text` must be null or a NUL-terminated string that `duckdb_free` may free.
pub(super) unsafe fn owned_text(text: *mut c_char) -> Option<String> {
    // SAFETY: the text is copied before it's freed; freeing null does nothing.
    unsafe {
        let copy = borrowed_text(text);
        ffi::duckdb_free(text.cast());
        copy
    }
}
