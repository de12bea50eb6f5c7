-- Stock is counted in buckets, one unless a SKU is hot: buyers of one SKU then wait for a row each, and not all for the
-- same. What can be bought is the sum. A bucket is never deleted, so that an order may always give back.
ALTER TABLE variants ADD COLUMN stock_buckets integer NOT NULL DEFAULT 1 CHECK (stock_buckets BETWEEN 1 AND 64);

ALTER TABLE stock ADD COLUMN bucket integer NOT NULL DEFAULT 0 CHECK (bucket BETWEEN 0 AND 63);
ALTER TABLE stock DROP CONSTRAINT stock_pkey, ADD CONSTRAINT stock_pkey PRIMARY KEY (sku, bucket);

-- Every change of a count, written by the statement that changes it: by bucket, the sum is the count.
CREATE TABLE stock_ledger (
  sku      text           NOT NULL,
  id       uuid           NOT NULL DEFAULT uuidv7(),
  bucket   integer        NOT NULL,
  delta    integer        NOT NULL CHECK (delta <> 0),
  reason   text           NOT NULL CHECK (reason IN ('counted', 'reserved', 'returned')),
  user_id  uuid,
  order_id uuid,
  at       timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT stock_ledger_pkey PRIMARY KEY (sku, id),
  CONSTRAINT stock_ledger_order CHECK ((reason = 'counted') = (order_id IS NULL) AND (user_id IS NULL) = (order_id IS NULL))
);
INSERT INTO stock_ledger (sku, bucket, delta, reason) SELECT sku, bucket, available, 'counted' FROM stock WHERE available > 0;

-- Orders and all that belongs to them are distributed by user_id, which leads every key.
CREATE TABLE orders (
  user_id             uuid           NOT NULL,
  id                  uuid           NOT NULL DEFAULT uuidv7(),
  state               text           NOT NULL DEFAULT 'pending'
    CHECK (state IN ('pending', 'paid', 'fulfilled', 'refunded', 'payment_failed', 'cancelled', 'expired')),
  currency            char(3)        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  items_amount        integer        NOT NULL CHECK (items_amount >= 0),
  shipping_amount     integer        NOT NULL CHECK (shipping_amount >= 0),
  tax_amount          integer        NOT NULL CHECK (tax_amount >= 0),
  total_amount        integer        NOT NULL CHECK (total_amount = items_amount + shipping_amount),
  shipping_address    jsonb,
  cart_stamp          bigint,
  expires_at          timestamptz(3) NOT NULL,
  leased_until        timestamptz(3),
  refund_requested_at timestamptz(3),
  created_at          timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at          timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT orders_pkey PRIMARY KEY (user_id, id),
  CONSTRAINT orders_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (user_id) ON DELETE RESTRICT ON UPDATE CASCADE
);
-- For staff, who list by state, and for expiry, which looks at the oldest that are pending: ids are in the order of time.
CREATE INDEX orders_state_id_idx ON orders (state, id);

-- As they were sold: a product may change afterwards.
CREATE TABLE order_items (
  user_id      uuid    NOT NULL,
  order_id     uuid    NOT NULL,
  sku          text    NOT NULL,
  position     integer NOT NULL,
  product_name text    NOT NULL,
  variant_name text    NOT NULL,
  quantity     integer NOT NULL CHECK (quantity BETWEEN 1 AND 99),
  unit_amount  integer NOT NULL CHECK (unit_amount >= 0),
  CONSTRAINT order_items_pkey PRIMARY KEY (user_id, order_id, sku),
  CONSTRAINT order_items_user_id_order_id_fkey FOREIGN KEY (user_id, order_id) REFERENCES orders (user_id, id) ON DELETE CASCADE ON UPDATE CASCADE
);

-- The id is what a provider is asked with, so that asking twice charges once.
CREATE TABLE payments (
  user_id       uuid           NOT NULL,
  id            uuid           NOT NULL DEFAULT uuidv7(),
  order_id      uuid           NOT NULL,
  provider      text           NOT NULL CHECK (provider IN ('sandbox', 'stripe')),
  method        text           NOT NULL,
  state         text           NOT NULL DEFAULT 'pending'
    CHECK (state IN ('pending', 'authorising', 'unknown', 'captured', 'declined', 'cancelled', 'refunding', 'refunded')),
  amount        integer        NOT NULL CHECK (amount >= 0),
  currency      char(3)        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  provider_ref  text,
  attempts      integer        NOT NULL DEFAULT 0,
  next_check_at timestamptz(3),
  last_error    text,
  created_at    timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at    timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT payments_pkey PRIMARY KEY (user_id, id),
  CONSTRAINT payments_user_id_order_id_fkey FOREIGN KEY (user_id, order_id) REFERENCES orders (user_id, id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX payments_user_id_order_id_key ON payments (user_id, order_id);
-- For reconciliation: what has to be asked about, whoever's it is.
CREATE INDEX payments_next_check_at_idx ON payments (next_check_at) WHERE next_check_at IS NOT NULL;

-- The answers to requests that carried an Idempotency-Key, kept for a day. A row is only ever seen with its answer.
CREATE TABLE idempotency_keys (
  user_id     uuid           NOT NULL,
  route       text           NOT NULL,
  key         text           NOT NULL,
  fingerprint bytea          NOT NULL,
  status      integer,
  body        text,
  location    text,
  created_at  timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT idempotency_keys_pkey PRIMARY KEY (user_id, route, key)
) WITH (fillfactor = 60); -- each row is written twice: room for the answer on its own page
CREATE INDEX idempotency_keys_created_at_idx ON idempotency_keys (created_at);
