-- For housekeeping, which deletes what was last used two weeks ago, whoever's it is. The price is an entry at each refresh.
CREATE INDEX CONCURRENTLY sessions_last_used_at_idx ON sessions (last_used_at);
