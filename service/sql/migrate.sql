-- name: prepare
-- The schemas and the list of what was applied.
CREATE SCHEMA IF NOT EXISTS log;
CREATE SCHEMA IF NOT EXISTS read;
CREATE TABLE IF NOT EXISTS log.migrations (
    name       text        PRIMARY KEY,
    sha256     text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- name: lock
-- One migration at a time in this database, to the end of the transaction.
SELECT pg_advisory_xact_lock(7310271028);

-- name: applied
-- The migrations applied so far, with the hash of each file.
SELECT name, sha256 FROM log.migrations;

-- name: mark
-- Remembers a migration as applied.
INSERT INTO log.migrations (name, sha256) VALUES (%(name)s, %(sha256)s);

-- name: create_roles
-- The roles of the service; they belong to the whole server, so another database may have made them already.
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['frenemies_owner', 'frenemies_api', 'frenemies_projector'] LOOP
        IF to_regrole(wanted) IS NULL THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;
            END;
        END IF;
    END LOOP;
END $$;

-- name: own
-- Everything in the log belongs to frenemies_owner, the read side to frenemies_projector, who swaps its tables.
DO $$
DECLARE
    thing record;
BEGIN
    ALTER SCHEMA log OWNER TO frenemies_owner;
    ALTER SCHEMA read OWNER TO frenemies_projector;
    FOR thing IN
        SELECT c.oid::regclass AS name, n.nspname = 'log' AS in_log
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname IN ('log', 'read') AND c.relkind IN ('r', 'p', 'v', 'm')
            AND pg_get_userbyid(c.relowner) <> CASE n.nspname WHEN 'log' THEN 'frenemies_owner' ELSE 'frenemies_projector' END
    LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO %I',
            thing.name, CASE WHEN thing.in_log THEN 'frenemies_owner' ELSE 'frenemies_projector' END);
    END LOOP;
    FOR thing IN
        SELECT p.oid::regprocedure AS name, n.nspname = 'log' AS in_log
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname IN ('log', 'read')
            AND pg_get_userbyid(p.proowner) <> CASE n.nspname WHEN 'log' THEN 'frenemies_owner' ELSE 'frenemies_projector' END
    LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO %I',
            thing.name, CASE WHEN thing.in_log THEN 'frenemies_owner' ELSE 'frenemies_projector' END);
    END LOOP;
END $$;

-- name: grant
-- Who may do what: append and read the API, read the log and keep the read side the projector.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA log FROM PUBLIC;
GRANT USAGE ON SCHEMA log, read TO frenemies_api, frenemies_projector;
GRANT SELECT ON ALL TABLES IN SCHEMA log TO frenemies_api, frenemies_projector;
GRANT EXECUTE ON FUNCTION log.append TO frenemies_api;
GRANT EXECUTE ON FUNCTION log.position_at TO frenemies_api, frenemies_projector;
GRANT SELECT ON ALL TABLES IN SCHEMA read TO frenemies_api;
ALTER DEFAULT PRIVILEGES FOR ROLE frenemies_projector IN SCHEMA read GRANT SELECT ON TABLES TO frenemies_api;

-- name: login
-- Who migrates, and whether that login may do anything.
SELECT rolname, rolsuper FROM pg_roles WHERE rolname = current_user;

-- name: is_member
-- Whether a login may take a role. From 16 on, a member by ADMIN OPTION alone may not.
SELECT coalesce(bool_or(pg_has_role(u.oid, r.oid, set_right.name)), false)
FROM pg_roles u, pg_roles r,
    (SELECT CASE WHEN current_setting('server_version_num')::integer >= 160000 THEN 'SET' ELSE 'MEMBER' END) AS set_right(name)
WHERE u.rolname = %(user)s AND r.rolname = %(role)s;
