-- What follows from a fact is written in the fact's own transaction, and carried to the queues from here. A row stays
-- undone until every effect in `pending` has removed itself, in the transaction in which it took place: so whatever
-- a queue forgets can be made again from this table.
CREATE TABLE outbox (
  user_id       uuid           NOT NULL,
  id            uuid           NOT NULL DEFAULT uuidv7(),
  topic         text           NOT NULL,
  version       integer        NOT NULL,
  payload       jsonb          NOT NULL,
  pending       text[]         NOT NULL,
  created_at    timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  claimed_until timestamptz(3),
  held_until    timestamptz(3),
  published_at  timestamptz(3),
  done_at       timestamptz(3),
  attempts      integer        NOT NULL DEFAULT 0,
  CONSTRAINT outbox_pkey PRIMARY KEY (user_id, id)
) WITH (fillfactor = 70); -- a claim is an update that touches no index: room for it on the row's own page
CREATE INDEX outbox_unpublished_idx ON outbox (id) WHERE published_at IS NULL;
CREATE INDEX outbox_undone_idx ON outbox (published_at) WHERE done_at IS NULL;
CREATE INDEX outbox_done_at_idx ON outbox (done_at) WHERE done_at IS NOT NULL;

-- Effects that failed for good, for people to look at and to replay.
CREATE TABLE dead_letters (
  user_id     uuid           NOT NULL,
  id          uuid           NOT NULL DEFAULT uuidv7(),
  event_id    uuid           NOT NULL,
  topic       text           NOT NULL,
  version     integer        NOT NULL,
  payload     jsonb          NOT NULL,
  effect      text           NOT NULL,
  error       text           NOT NULL,
  attempts    integer        NOT NULL,
  failed_at   timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  replayed_at timestamptz(3),
  replayed_by uuid,
  CONSTRAINT dead_letters_pkey PRIMARY KEY (user_id, id)
);
CREATE INDEX dead_letters_id_idx ON dead_letters (id);

-- What a mailed link proves. The link carries the row's id under a signature, so that nothing here opens anything.
CREATE TABLE mail_tokens (
  user_id    uuid           NOT NULL,
  id         uuid           NOT NULL,
  kind       text           NOT NULL CHECK (kind IN ('verify_email', 'reset_password')),
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  expires_at timestamptz(3) NOT NULL,
  used_at    timestamptz(3),
  CONSTRAINT mail_tokens_pkey PRIMARY KEY (user_id, id),
  CONSTRAINT mail_tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (user_id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX mail_tokens_expires_at_idx ON mail_tokens (expires_at);

ALTER TABLE users ADD COLUMN email_verified_at timestamptz(3);
