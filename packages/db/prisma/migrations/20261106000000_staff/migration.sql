-- For administrators, who look for the few accounts among all that are not customers.
CREATE INDEX CONCURRENTLY users_role_user_id_idx ON users (role, user_id) WHERE role <> 'customer';
