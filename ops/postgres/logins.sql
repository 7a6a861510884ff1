-- The two logins of the service, made when the database server of compose.yaml starts for the first time.
-- The one that migrates owns the database and may make roles; the one that serves owns nothing, and gets its roles from
-- the migration: it can neither change nor remove what is recorded.
\getenv migrate_password FRENEMIES_MIGRATE_PASSWORD
\getenv service_password FRENEMIES_SERVICE_PASSWORD
CREATE ROLE frenemies_migrate LOGIN CREATEROLE PASSWORD :'migrate_password';
CREATE ROLE frenemies_service LOGIN PASSWORD :'service_password';
ALTER DATABASE :"DBNAME" OWNER TO frenemies_migrate;
REVOKE ALL ON DATABASE :"DBNAME" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"DBNAME" TO frenemies_service;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
