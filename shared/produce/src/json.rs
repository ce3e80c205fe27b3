//! Rows that serialise, as a batch.

use arrow_array::RecordBatch;
use arrow_json::ReaderBuilder;
use arrow_schema::{ArrowError, SchemaRef};
use serde::Serialize;

use crate::Error;

/// Rows, each a JSON object by its columns' names, as a batch. A column that a row doesn't have is NULL there.
///
/// # Errors
/// `Rows`: a row has a column that the schema doesn't, no value where the schema needs one, or a value of another type.
pub fn batch<T: Serialize>(schema: &SchemaRef, rows: &[T]) -> Result<RecordBatch, Error> {
    let refused = |error: ArrowError| Error::Rows(error.to_string());
    let mut decoder = ReaderBuilder::new(schema.clone())
        .with_batch_size(rows.len())
        .with_strict_mode(true)
        .build_decoder()
        .map_err(refused)?;
    decoder.serialize(rows).map_err(refused)?;
    Ok(decoder.flush().map_err(refused)?.unwrap_or_else(|| RecordBatch::new_empty(schema.clone())))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{Array, cast::AsArray};
    use arrow_schema::{DataType, Field, Schema};
    use serde_json::json;

    use super::*;

    fn schema() -> SchemaRef {
        Arc::new(Schema::new(vec![
            Field::new("id", DataType::Utf8, false),
            Field::new("page", DataType::Int32, true),
            Field::new_list("spans", Field::new_list_field(DataType::Int64, true), true),
        ]))
    }

    #[test]
    fn rows_become_columns() {
        let rows = [json!({ "id": "a", "page": 1, "spans": [1, 2] }), json!({ "id": "b" })];
        let batch = batch(&schema(), &rows).unwrap();
        assert_eq!(batch.column(0).as_string::<i32>().value(1), "b");
        assert!(batch.column(1).is_null(1));
        assert_eq!(batch.column(2).as_list::<i32>().value(0).len(), 2);
    }

    #[test]
    fn no_rows_are_an_empty_batch() {
        assert_eq!(batch::<serde_json::Value>(&schema(), &[]).unwrap().num_rows(), 0);
    }

    #[test]
    fn a_row_that_isnt_of_the_schema_is_refused() {
        for row in [json!({ "id": "a", "colour": 1 }), json!({ "page": 1 }), json!({ "id": "a", "page": "one" })] {
            assert!(matches!(batch(&schema(), &[&row]), Err(Error::Rows(_))), "{row}");
        }
    }
}
