-- Products, their variants and categories are reference tables (few writes, read everywhere); stock is kept apart from
-- the variant, by SKU alone, because it changes with every order and can be distributed.

CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- How alike a word must be to count as a typo of another: 0.5 finds one wrong letter in a word of six ("cermaic").
DO $$ BEGIN
  EXECUTE format('ALTER DATABASE %I SET pg_trgm.word_similarity_threshold = 0.5', current_database());
END $$;

CREATE TABLE products (
  id           uuid           NOT NULL DEFAULT uuidv7(),
  slug         text           NOT NULL,
  name         text           NOT NULL,
  description  text           NOT NULL,
  images       jsonb          NOT NULL DEFAULT '[]',
  price_amount integer        NOT NULL CHECK (price_amount >= 0),
  archived_at  timestamptz(3),
  created_at   timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at   timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  search       tsvector GENERATED ALWAYS AS (
    setweight(to_tsvector('english', name), 'A') || setweight(to_tsvector('english', description), 'B')
  ) STORED,
  CONSTRAINT products_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX products_slug_key ON products (slug);
CREATE INDEX products_price_amount_id_idx ON products (price_amount, id);
CREATE INDEX products_name_id_idx ON products (name, id);
CREATE INDEX products_search_idx ON products USING gin (search);
CREATE INDEX products_name_trigram_idx ON products USING gin (name gin_trgm_ops);

CREATE TABLE variants (
  sku          text    NOT NULL CHECK (sku ~ '^[A-Z0-9-]{3,32}$'),
  product_id   uuid    NOT NULL,
  name         text    NOT NULL,
  price_amount integer NOT NULL CHECK (price_amount >= 0),
  currency     char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  position     integer NOT NULL,
  CONSTRAINT variants_pkey PRIMARY KEY (sku),
  CONSTRAINT variants_product_id_fkey FOREIGN KEY (product_id) REFERENCES products (id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX variants_product_id_position_key ON variants (product_id, position);

CREATE TABLE stock (
  sku        text           NOT NULL,
  available  integer        NOT NULL CHECK (available >= 0),
  updated_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT stock_pkey PRIMARY KEY (sku),
  CONSTRAINT stock_sku_fkey FOREIGN KEY (sku) REFERENCES variants (sku) ON DELETE CASCADE ON UPDATE CASCADE
) WITH (fillfactor = 80); -- room for updates on the row's own page, without touching an index

CREATE TABLE categories (
  id        uuid    NOT NULL DEFAULT uuidv7(),
  slug      text    NOT NULL,
  name      text    NOT NULL,
  parent_id uuid,
  position  integer NOT NULL DEFAULT 0,
  CONSTRAINT categories_pkey PRIMARY KEY (id),
  CONSTRAINT categories_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES categories (id) ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE UNIQUE INDEX categories_slug_key ON categories (slug);

CREATE TABLE product_categories (
  category_id uuid NOT NULL,
  product_id  uuid NOT NULL,
  CONSTRAINT product_categories_pkey PRIMARY KEY (category_id, product_id),
  CONSTRAINT product_categories_category_id_fkey FOREIGN KEY (category_id) REFERENCES categories (id) ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT product_categories_product_id_fkey FOREIGN KEY (product_id) REFERENCES products (id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX product_categories_product_id_idx ON product_categories (product_id);
