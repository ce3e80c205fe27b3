-- The copy of Argilla's records in PostgreSQL, which argilla-sync keeps while WRITE_POSTGRES is "true". The columns are those that readers of
-- the warehouse's relation `annotations` know, so that a query that both databases understand gives the same from either.
--
-- Every statement can be run any number of times. The user of argilla-sync needs: GRANT INSERT, UPDATE, SELECT ON annotations.

-- A row is an annotated record, as it last was in Argilla. One that is gone there has the status 'deleted'.
CREATE TABLE IF NOT EXISTS annotations (
    dataset      text NOT NULL,
    record_id    text NOT NULL,
    server_id    text,
    document_id  text,
    status       text,
    text         text,
    annotated_at timestamp,
    questions    jsonb NOT NULL,
    extra        jsonb,
    synced_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (dataset, record_id)
);
