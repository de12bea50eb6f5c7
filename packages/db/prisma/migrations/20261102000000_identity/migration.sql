-- Accounts, sessions and audit records are distributed by user_id on a sharded database: it leads every key of theirs.
-- E-mail addresses are a directory of their own, so that a sign-in asks two shards and not all of them.

CREATE TABLE users (
  user_id         uuid           NOT NULL DEFAULT uuidv7(),
  email           text           NOT NULL,
  name            text,
  password_hash   text           NOT NULL,
  role            text           NOT NULL DEFAULT 'customer' CHECK (role IN ('customer', 'staff', 'admin')),
  active          boolean        NOT NULL DEFAULT true,
  auth_version    integer        NOT NULL DEFAULT 1,
  auth_changed_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  created_at      timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT users_pkey PRIMARY KEY (user_id)
);
CREATE INDEX users_auth_changed_at_idx ON users (auth_changed_at);

CREATE TABLE email_directory (
  email   text NOT NULL,
  user_id uuid NOT NULL,
  CONSTRAINT email_directory_pkey PRIMARY KEY (email)
);

CREATE TABLE sessions (
  user_id        uuid           NOT NULL,
  id             uuid           NOT NULL,
  refresh_hash   bytea          NOT NULL,
  previous_hash  bytea,
  rotated_at     timestamptz(3),
  created_at     timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  last_used_at   timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  revoked_at     timestamptz(3),
  revoked_reason text,
  user_agent     text,
  CONSTRAINT sessions_pkey PRIMARY KEY (user_id, id),
  CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (user_id) ON DELETE CASCADE ON UPDATE CASCADE
);
-- Every replica asks for what was revoked since it last asked, whoever it belonged to.
CREATE INDEX sessions_revoked_at_idx ON sessions (revoked_at);

CREATE TABLE audit_records (
  user_id    uuid           NOT NULL,
  id         uuid           NOT NULL DEFAULT uuidv7(),
  at         timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  action     text           NOT NULL,
  subject    text           NOT NULL,
  detail     jsonb          NOT NULL DEFAULT '{}',
  request_id text           NOT NULL,
  replica    text           NOT NULL,
  CONSTRAINT audit_records_pkey PRIMARY KEY (user_id, id)
);
CREATE INDEX audit_records_subject_idx ON audit_records (subject);

-- Not even the API may change or remove what was recorded.
DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'tenfold_api') THEN
    REVOKE UPDATE, DELETE ON audit_records FROM tenfold_api;
  END IF;
END $$;
