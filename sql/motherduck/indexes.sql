-- Indexes for looking up single documents, times and batches. Nothing depends on them: an engine that has no indexes skips them, and
-- everything works as before. Statements may fail one by one.

CREATE INDEX IF NOT EXISTS raw_documents_document_id ON landing.raw_documents (document_id);
CREATE INDEX IF NOT EXISTS annotations_document_id ON landing.annotations (document_id);
CREATE INDEX IF NOT EXISTS annotations_annotated_at ON landing.annotations (annotated_at);
CREATE INDEX IF NOT EXISTS raw_documents_batch_id ON landing.raw_documents (batch_id);
CREATE INDEX IF NOT EXISTS annotations_batch_id ON landing.annotations (batch_id);
CREATE INDEX IF NOT EXISTS structured_data_batch_id ON landing.structured_data (batch_id);
