#!/usr/bin/env bash
# Runs once, in a database cluster that has just been made. Passwords go from files into psql, past every command line.
set -euo pipefail
psql --no-psqlrc --set=ON_ERROR_STOP=1 --single-transaction --quiet --username=postgres --dbname=tenfold <<'SQL'
\set owner_password `cat /run/secrets/tenfold/owner`
\set api_password `cat /run/secrets/tenfold/api`
\set replication_password `cat /run/secrets/replication/password`
\i /etc/tenfold/roles.sql
SQL
