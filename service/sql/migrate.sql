-- name: prepare
-- The schemas and the list of what was applied.
DO $$
BEGIN
    IF to_regnamespace('log') IS NULL THEN
        CREATE SCHEMA read; -- for migration 0002; 0004 drops it
    END IF;
END $$;
CREATE SCHEMA IF NOT EXISTS log;
CREATE TABLE IF NOT EXISTS log.migrations (
    name       text        PRIMARY KEY,
    sha256     text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- name: is_prepared
-- Whether the log was ever made here. Everybody may ask.
SELECT EXISTS (SELECT FROM pg_catalog.pg_tables WHERE schemaname = 'log' AND tablename = 'migrations');

-- name: may_migrate
-- Whether this login may change the schema, as far as there is one.
SELECT to_regnamespace('log') IS NULL OR has_schema_privilege('log', 'CREATE');

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
    FOREACH wanted IN ARRAY ARRAY[
        'frenemies_owner', 'frenemies_api', 'frenemies_projector', 'frenemies_keeper', 'frenemies_sender',
        'frenemies_follower', 'frenemies_eraser'
    ] LOOP
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
-- The log, what was done with projections, subscriptions and keys belong to frenemies_owner; frenemies_projector makes the read side.
DO $$
DECLARE
    thing record;
BEGIN
    ALTER SCHEMA log OWNER TO frenemies_owner;
    ALTER SCHEMA projections OWNER TO frenemies_owner;
    ALTER SCHEMA hooks OWNER TO frenemies_owner;
    ALTER SCHEMA access OWNER TO frenemies_owner;
    FOR thing IN
        SELECT c.oid::regclass AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname IN ('log', 'projections', 'hooks', 'access') AND c.relkind IN ('r', 'p', 'v', 'm')
            AND pg_get_userbyid(c.relowner) <> 'frenemies_owner'
    LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO frenemies_owner', thing.name);
    END LOOP;
    FOR thing IN
        SELECT p.oid::regprocedure AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname IN ('log', 'projections', 'hooks', 'access') AND pg_get_userbyid(p.proowner) <> 'frenemies_owner'
    LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO frenemies_owner', thing.name);
    END LOOP;
END $$;

-- name: own_views
-- What was made of the read side while there were no roles belongs to frenemies_projector from now on.
DO $$
DECLARE
    made record;
    thing record;
BEGIN
    FOR made IN
        SELECT n.oid, n.nspname FROM pg_namespace n
        WHERE n.nspname ~ '^read_[a-z]+_[0-9]+(_next|_old)?$' AND pg_get_userbyid(n.nspowner) <> 'frenemies_projector'
            AND EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND c.relname = 'checkpoint')
            AND EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND c.relname = 'parked')
    LOOP
        EXECUTE format('ALTER SCHEMA %I OWNER TO frenemies_projector', made.nspname);
        FOR thing IN SELECT c.relname FROM pg_class c WHERE c.relnamespace = made.oid AND c.relkind = 'r' LOOP
            EXECUTE format('ALTER TABLE %I.%I OWNER TO frenemies_projector', made.nspname, thing.relname);
        END LOOP;
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO frenemies_api', made.nspname);
        EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO frenemies_api', made.nspname);
    END LOOP;
END $$;

-- name: grant
-- Who may do what: append and read the API, read the log and keep the read side the projector, keep the tree the keeper,
-- read the log and note what became of events the sender, take events over from a leader the follower, erase texts the
-- eraser. Keys are looked at by the API, and by the sender without what they are checked by; to make and revoke them is
-- for the owner.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA log FROM PUBLIC;
GRANT USAGE ON SCHEMA log, projections TO frenemies_api, frenemies_projector;
GRANT SELECT ON ALL TABLES IN SCHEMA log TO frenemies_api, frenemies_projector;
GRANT EXECUTE ON FUNCTION log.append, log.append_all, log.append_each, log.append_group TO frenemies_api;
GRANT EXECUTE ON FUNCTION log.mark_of TO frenemies_api, frenemies_projector;
GRANT INSERT, UPDATE ON log.snapshots TO frenemies_api;
GRANT EXECUTE ON FUNCTION log.position_at TO frenemies_api, frenemies_projector;
GRANT INSERT, UPDATE ON log.imports TO frenemies_api;
GRANT INSERT ON log.import_batches TO frenemies_api;
GRANT INSERT, UPDATE, DELETE ON log.followers TO frenemies_api;
GRANT SELECT ON ALL TABLES IN SCHEMA projections TO frenemies_api, frenemies_projector;
GRANT INSERT, UPDATE ON projections.rebuilds TO frenemies_projector;
GRANT INSERT ON projections.acts TO frenemies_projector;
DO $$
BEGIN
    EXECUTE format('GRANT CREATE ON DATABASE %I TO frenemies_projector', current_database());
    IF NOT has_database_privilege('frenemies_projector', current_database(), 'CREATE') THEN
        RAISE insufficient_privilege USING
            MESSAGE = 'frenemies_projector may not create schemas: the owner of the database has to GRANT CREATE';
    END IF;
END $$;
GRANT USAGE ON SCHEMA log TO frenemies_keeper;
GRANT SELECT ON log.events, log.tree, log.tree_edge, log.tiles, log.checkpoints, log.epoch TO frenemies_keeper;
GRANT INSERT ON log.tiles TO frenemies_keeper;
GRANT INSERT, UPDATE ON log.tree_edge TO frenemies_keeper;
GRANT UPDATE ON log.tree TO frenemies_keeper;
GRANT EXECUTE ON FUNCTION log.publish_checkpoint TO frenemies_keeper;
GRANT USAGE ON SCHEMA log TO frenemies_follower;
GRANT SELECT ON log.events, log.epoch, log.tree, log.tree_edge, log.tiles, log.checkpoints, log.following TO frenemies_follower;
GRANT UPDATE ON log.tree, log.following TO frenemies_follower;
GRANT EXECUTE ON FUNCTION log.begin_following, log.take_over TO frenemies_follower;
GRANT USAGE ON SCHEMA log TO frenemies_eraser;
GRANT EXECUTE ON FUNCTION log.erase TO frenemies_eraser;
GRANT USAGE ON SCHEMA hooks TO frenemies_api, frenemies_sender;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA hooks TO frenemies_api;
GRANT USAGE ON SCHEMA log TO frenemies_sender;
GRANT SELECT ON log.events, log.epoch TO frenemies_sender;
GRANT SELECT ON ALL TABLES IN SCHEMA hooks TO frenemies_sender;
GRANT UPDATE (state, reason, position, edition) ON hooks.subscriptions TO frenemies_sender;
GRANT INSERT, UPDATE, DELETE ON hooks.deliveries TO frenemies_sender;
GRANT USAGE ON SCHEMA access TO frenemies_api, frenemies_sender;
GRANT SELECT, UPDATE (last_used_at) ON access.keys TO frenemies_api;
GRANT SELECT (id, expires_at, revoked_at) ON access.keys TO frenemies_sender;

-- name: login
-- Who migrates, and whether that login may do anything.
SELECT rolname, rolsuper FROM pg_roles WHERE rolname = current_user;

-- name: is_member
-- Whether a login may take a role. From 16 on, a member by ADMIN OPTION alone may not.
SELECT coalesce(bool_or(pg_has_role(u.oid, r.oid, set_right.name)), false)
FROM pg_roles u, pg_roles r,
    (SELECT CASE WHEN current_setting('server_version_num')::integer >= 160000 THEN 'SET' ELSE 'MEMBER' END) AS set_right(name)
WHERE u.rolname = %(user)s AND r.rolname = %(role)s;
