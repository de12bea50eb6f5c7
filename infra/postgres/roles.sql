-- The roles of the database `tenfold`, least privilege each. Run once, by the superuser, connected to that database:
--
--   psql -d tenfold -v owner_password=… -v api_password=… -v replication_password=… -f roles.sql
--
-- Written with psql's quoted placeholders alone and no backslash command, so that a program can run it too.

-- Statements with passwords in them stay out of the server's log and out of pg_stat_statements.
SET log_statement = 'none';
SET log_min_duration_statement = -1;
SET log_min_error_statement = 'panic';
SET pg_stat_statements.track_utility = 'off';

-- Owns the database and everything in it; migrations and seeds run as this role.
CREATE ROLE tenfold_owner LOGIN PASSWORD :'owner_password';
ALTER DATABASE tenfold OWNER TO tenfold_owner;
ALTER SCHEMA public OWNER TO tenfold_owner;

-- The API and the worker: rows, and nothing else. The time-outs are a last resort behind the applications' own.
CREATE ROLE tenfold_api LOGIN PASSWORD :'api_password';
ALTER ROLE tenfold_api SET statement_timeout = '30s';
ALTER ROLE tenfold_api SET lock_timeout = '10s';
ALTER ROLE tenfold_api SET idle_in_transaction_session_timeout = '15s';
GRANT pg_read_all_stats TO tenfold_api; -- pg_stat_wal_receiver, by which a process measures the lag of a replica
REVOKE ALL ON DATABASE tenfold FROM PUBLIC;
GRANT CONNECT ON DATABASE tenfold TO tenfold_api;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO tenfold_api;
ALTER DEFAULT PRIVILEGES FOR ROLE tenfold_owner IN SCHEMA public
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO tenfold_api;
ALTER DEFAULT PRIVILEGES FOR ROLE tenfold_owner IN SCHEMA public
  GRANT USAGE, SELECT ON SEQUENCES TO tenfold_api;

-- Streams the log to replicas; can read no table.
CREATE ROLE tenfold_replication LOGIN REPLICATION PASSWORD :'replication_password';

-- In a schema of its own: migration tools take a `public` with a view in it for a database that isn't theirs.
CREATE SCHEMA monitoring;
CREATE EXTENSION pg_stat_statements WITH SCHEMA monitoring;
