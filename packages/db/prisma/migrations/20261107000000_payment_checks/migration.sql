-- contract: no release has read payments by next_check_at. The column stays for replicas that still write it.
DROP INDEX CONCURRENTLY payments_next_check_at_idx;
