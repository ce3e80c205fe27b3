//! The relations that are there whatever the schema, as readers are told of them.

/// A relation: its name, a description, and its columns with their types and descriptions.
pub(crate) type AlwaysThere = (&'static str, &'static str, &'static [(&'static str, &'static str, &'static str)]);

/// What queries may read, whatever the version.
pub(crate) const RELATIONS: [AlwaysThere; 6] = [
    (
        "raw_documents",
        "a row per page of a scanned document",
        &[
            ("document_id", "VARCHAR", ""),
            ("page_number", "BIGINT", "from 0 or 1, as the scanner counts"),
            ("text", "VARCHAR", "what was read on the page"),
            ("confidence", "DOUBLE", "of the text recognition (OCR), 0 to 1"),
            ("source_uri", "VARCHAR", ""),
            ("engine", "VARCHAR", "OCR engine"),
            ("batch_id", "VARCHAR", "of the load"),
        ],
    ),
    (
        "annotations",
        "a row per annotated record; its labelled spans are in entity_mentions",
        &[
            ("dataset", "VARCHAR", ""),
            ("record_id", "VARCHAR", ""),
            ("document_id", "VARCHAR", ""),
            ("text", "VARCHAR", "the annotated passage"),
            ("status", "VARCHAR", ""),
            ("annotated_at", "TIMESTAMP", ""),
            ("questions", "JSON", "each question with its answers"),
            ("batch_id", "VARCHAR", "of the load"),
        ],
    ),
    (
        "entity_mentions",
        "a row per labelled span: what is mentioned in documents",
        &[
            ("dataset", "VARCHAR", ""),
            ("question", "VARCHAR", "the question that the annotator answered"),
            ("label", "VARCHAR", "entity type"),
            ("mention", "VARCHAR", "the text of the span: the name or number that is mentioned"),
            ("record_id", "VARCHAR", ""),
            ("document_id", "VARCHAR", ""),
            ("start", "BIGINT", "place of the span, in characters"),
            ("end", "BIGINT", ""),
            ("origin", "VARCHAR", "response: by a person; suggestion: by a model"),
            ("score", "DOUBLE", "confidence of a suggestion, 0 to 1"),
            ("annotator", "VARCHAR", "who labelled it: a user or a model"),
            ("annotated_at", "TIMESTAMP", ""),
        ],
    ),
    (
        "structured_data",
        "rows of all source tables as JSON; typed.<source table> has them as columns",
        &[("source_table", "VARCHAR", ""), ("data", "JSON", "the whole row"), ("batch_id", "VARCHAR", "of the load")],
    ),
    (
        "entity_types",
        "the catalog: a row per entity type (label) that annotators use",
        &[
            ("dataset", "VARCHAR", ""),
            ("question", "VARCHAR", ""),
            ("label", "VARCHAR", ""),
            ("status", "VARCHAR", "approved, or flagged: waits for review"),
            ("aliases", "VARCHAR[]", ""),
            ("occurrence_count", "BIGINT", "spans"),
            ("record_count", "BIGINT", ""),
            ("document_count", "BIGINT", ""),
            ("first_seen", "TIMESTAMP", ""),
            ("last_seen", "TIMESTAMP", ""),
        ],
    ),
    (
        "field_definitions",
        "the catalog: a row per column of a source table",
        &[
            ("source_table", "VARCHAR", ""),
            ("column_name", "VARCHAR", ""),
            ("data_type", "VARCHAR", ""),
            ("status", "VARCHAR", "approved, or flagged: waits for review"),
            ("aliases", "VARCHAR[]", ""),
            ("occurrence_count", "BIGINT", "rows with a value"),
            ("null_count", "BIGINT", ""),
            ("first_seen", "TIMESTAMP", ""),
            ("last_seen", "TIMESTAMP", ""),
        ],
    ),
];
