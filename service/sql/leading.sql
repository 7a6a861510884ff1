-- name: lead
-- Takes the lock of the only one who does a work, or says that another one has it.
SELECT pg_try_advisory_lock(73102710, hashtext(%(work)s::text));

-- name: end_sessions
-- Ends sessions of this login and this kind behind links that were given up, so that what they hold is free.
SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity
WHERE pid = ANY (%(sessions)s::integer[]) AND pid <> pg_backend_pid() AND datname = current_database()
  AND usename = session_user AND application_name = current_setting('application_name');
