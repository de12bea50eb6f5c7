interface Setting {
  name: string;
  value: string | number;
  why: string;
}

export interface ServerSettings {
  name: string;
  port: number;
  /** False only in tests: a crash of the machine may then lose everything. */
  durable: boolean;
}

/** What every server of the cluster runs with, a reason each. Primary and replicas share them: one may become the other. */
function settings({ name, port, durable }: ServerSettings): Setting[] {
  return [
    { name: 'cluster_name', value: name, why: 'shown in ps' },
    { name: 'port', value: port, why: 'from the block of this instance' },
    { name: 'listen_addresses', value: '127.0.0.1', why: 'nothing here is for other machines' },
    { name: 'unix_socket_directories', value: '', why: 'a socket path is limited to 107 bytes, a checkout is not' },
    { name: 'max_connections', value: 100, why: 'what the connection budget of the API is checked against' },
    { name: 'shared_buffers', value: '128MB', why: 'holds the whole catalogue; three servers share a laptop' },
    { name: 'random_page_cost', value: 1.1, why: 'no spinning disks' },
    { name: 'jit', value: 'off', why: 'compiling costs more than any query here runs' },
    { name: 'timezone', value: 'UTC', why: 'the same answers on every machine' },
    { name: 'log_timezone', value: 'UTC', why: 'the same' },
    { name: 'shared_preload_libraries', value: 'pg_stat_statements', why: 'which statements cost what' },
    { name: 'pg_stat_statements.track_utility', value: 'off', why: 'CREATE ROLE … PASSWORD would be kept as it was typed' },
    { name: 'fsync', value: durable ? 'on' : 'off', why: 'off only in tests' },

    { name: 'wal_level', value: 'replica', why: 'streaming replicas' },
    { name: 'hot_standby', value: 'on', why: 'replicas answer reads' },
    { name: 'max_slot_wal_keep_size', value: '512MB', why: "a dead replica's slot must not fill the disk: it is cloned again instead" },
    { name: 'max_wal_size', value: '512MB', why: 'a small disk is enough' },
    { name: 'hot_standby_feedback', value: 'on', why: 'vacuum on the primary must not cancel a read on a replica' },
    { name: 'max_standby_streaming_delay', value: '1s', why: 'a replica further behind than that is not read from anyway' },
    { name: 'wal_receiver_status_interval', value: '1s', why: "the primary's view of the lag is at most this old" },
    { name: 'wal_retrieve_retry_interval', value: '500ms', why: 'replicas are back soon after the primary is' },
    { name: 'wal_sender_timeout', value: '10s', why: 'a hung replica is noticed' },
    { name: 'wal_receiver_timeout', value: '10s', why: 'a hung primary is noticed' },

    { name: 'log_destination', value: 'stderr', why: 'which is the log file' },
    { name: 'log_line_prefix', value: '%m [%p] %q%u@%d ', why: 'time, process, who' },
    { name: 'log_min_duration_statement', value: '500ms', why: 'slow statements, without their parameters' },
    { name: 'log_parameter_max_length', value: 0, why: "parameters are people's data" },
    { name: 'log_parameter_max_length_on_error', value: 0, why: 'the same' },
    { name: 'log_error_verbosity', value: 'terse', why: 'DETAIL quotes the offending row' },
    { name: 'log_lock_waits', value: 'on', why: 'waits of more than a second' },
    { name: 'log_checkpoints', value: 'off', why: 'noise on a small machine' },
    { name: 'client_connection_check_interval', value: '5s', why: 'a query whose client was killed ends' },
  ];
}

/** The text of postgresql.conf. `more` is what a replica alone has. */
export function postgresqlConf(server: ServerSettings, more: Readonly<Record<string, string>> = {}): string {
  const lines = settings(server).map(({ name, value, why }) => `${name} = ${quote(String(value))}  # ${why}`);
  const extra = Object.entries(more).map(([name, value]) => `${name} = ${quote(value)}`);
  return `# Written at every start: changes belong in tools/local/src/postgres/settings.ts.\n${[...lines, ...extra].join('\n')}\n`;
}

/** Passwords for everyone, over loopback only; replication for its own role. */
export const PG_HBA_CONF = `# Written at every start.
# TYPE  DATABASE     USER                 ADDRESS       METHOD
host    all          all                  127.0.0.1/32  scram-sha-256
host    replication  tenfold_replication  127.0.0.1/32  scram-sha-256
`;

/** A string in postgresql.conf or in a connection string: both escape quotes and backslashes with a backslash. */
export function quote(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
