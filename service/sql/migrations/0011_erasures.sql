-- How often texts were forgotten: what a reader remembers of texts counts only until there is one more.

CREATE TABLE log.erasures (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    count    bigint  NOT NULL DEFAULT 0
);
COMMENT ON TABLE log.erasures IS 'How many statements have changed or deleted texts. Whoever forgets copies of them later counts again, or records it about the entity.';
INSERT INTO log.erasures DEFAULT VALUES;

CREATE FUNCTION log.count_erasure() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO log.erasures AS kept (count) VALUES (1) ON CONFLICT (only_row) DO UPDATE SET count = kept.count + 1;
    RETURN NULL;
END $$;

CREATE TRIGGER count_erasure AFTER UPDATE OR DELETE OR TRUNCATE ON log.texts
FOR EACH STATEMENT EXECUTE FUNCTION log.count_erasure();
