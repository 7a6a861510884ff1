-- What was imported, and which part of the log each batch of it is.

CREATE TABLE log.imports (
    id          uuid        PRIMARY KEY,
    name        text        NOT NULL,
    sha256      text        NOT NULL,
    mode        text        NOT NULL CHECK (mode IN ('all', 'rejects')),
    run         integer     NOT NULL CHECK (run > 0),
    lines       bigint      NOT NULL,
    state       text        NOT NULL DEFAULT 'started' CHECK (state IN ('started', 'finished', 'refused', 'retracted')),
    started_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz,
    CONSTRAINT imports_content UNIQUE (sha256, mode, run)
);
COMMENT ON TABLE log.imports IS 'Imports; the same content again, after the end of the one before, is another run.';

CREATE TABLE log.import_batches (
    import         uuid    NOT NULL REFERENCES log.imports,
    first_line     bigint  NOT NULL,
    last_line      bigint  NOT NULL,
    end_byte       bigint  NOT NULL,
    first_position bigint,
    event_count    integer NOT NULL,
    recorded       integer NOT NULL,
    present        integer NOT NULL,
    refused        integer NOT NULL,
    PRIMARY KEY (import, first_line)
);
COMMENT ON TABLE log.import_batches IS 'The lines of imports that are recorded, each with its events in the log; first_position is null when nothing was appended.';
