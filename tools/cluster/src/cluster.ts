import type { ClusterStatus } from './status.ts';
import type { ProcessUsage } from './usage.ts';

/** Called with a line for the person who waits, as things happen. */
export type Progress = (line: string) => void;

/** What there may be any number of, on every kind of cluster. */
export type Scalable = 'api' | 'worker';
/** What there may be any number of where containers run. */
export type ScalableInContainers = Scalable | 'postgres-replica';

export interface LogOptions {
  /** How many of the last lines come first. */
  lines: number;
  /** Goes on with new lines until the signal aborts. */
  follow: boolean;
  signal?: AbortSignal;
}

export interface Promotion {
  primary: string;
  /** The primary until now. */
  former: string;
  /** Transactions that the former primary acknowledged and that no longer exist. */
  lostCommits: number;
}

/**
 * A running cluster, whatever runs it. Every method throws a ClusterError, of one sentence, when it could not do its
 * work; one that changes something resolves when the change is complete.
 */
export interface Cluster {
  status(): Promise<ClusterStatus>;
  /**
   * Adds API replicas, workers or, in containers, database replicas, or takes some away (the highest numbers first), without a failed request or a lost job.
   *
   * @throws ClusterError past API_MAX_REPLICAS or WORKER_MAX_REPLICAS, which the database's connections were budgeted for.
   */
  scale(service: ScalableInContainers, count: number, progress: Progress): Promise<void>;
  /**
   * Ends all API replicas at once, and starts them again with other settings; requests fail meanwhile.
   *
   * @param settings variables of docs/configuration.md, over those that the cluster was started with; none for those alone.
   */
  renew(settings: Readonly<Record<string, string>>): Promise<void>;
  /** Ends a process the hard way (SIGKILL), as a crash would. It is started again. */
  kill(name: string): Promise<void>;
  /** Replaces an API replica or a worker by a fresh process: the edge first, then SIGTERM, without a failed request. */
  drain(name: string, progress: Progress): Promise<void>;
  /** Shuts a store or the payment sandbox down and leaves it so, to see what the others do without it. */
  stopService(name: string, progress: Progress): Promise<void>;
  /** Starts what was shut down. */
  startService(name: string, progress: Progress): Promise<void>;
  /**
   * Bounds the CPU of a process and all its children.
   *
   * @param name of a process, or `api` for all replicas, those to come included (each from when it is ready).
   * @param share of one core: 0.05 is a twentieth; undefined takes the bound away.
   */
  quota(name: string, share: number | undefined): Promise<void>;
  /** The CPU and memory that each process has used. */
  usage(): Promise<ProcessUsage[]>;
  /**
   * Has the edge choose replicas in another way, without a failed request, until it is started again.
   *
   * @param by a value of EDGE_BALANCE; undefined for the one that it was started with.
   * @param weights for `weighted`: of api-1, api-2 and so on.
   */
  balance(by: string | undefined, weights?: readonly number[]): Promise<void>;
  /**
   * Bounds the requests of class browse that the edge lets one replica have in flight, without a failed request, until it is started again.
   *
   * @param count undefined for EDGE_MAX_CONNS_BROWSE as it was started with.
   */
  maxConns(count: number | undefined): Promise<void>;
  /**
   * Has the edge send to the first so many API replicas alone: the others run on, and do nothing. On connections that clients have
   * already, they may answer for some seconds. Containers are cut off, and some requests under way with them (503, to be repeated).
   *
   * @param count undefined for all of them.
   */
  serve(count: number | undefined): Promise<void>;
  /** Makes the edge read its configuration again. */
  reloadEdge(): Promise<void>;
  /** Adds a key that new access tokens are signed with, and removes those that none in use was signed with. Nobody is signed out. */
  rotateKeys(progress: Progress): Promise<void>;
  /**
   * Replaces all API replicas by ones of the present image, one by one, without a failed request.
   *
   * @throws ClusterError when a new one never gets ready; everything is as it was then.
   */
  roll(service: 'api', progress: Progress): Promise<void>;
  /** Makes a database replica the primary; the old one can't take writes any more and becomes a replica. */
  promote(progress: Progress): Promise<Promotion>;
  /** Drains and ends everything. */
  stop(progress: Progress): Promise<void>;
  /** What a process wrote, line by line. */
  logs(name: string, options: LogOptions): AsyncIterable<string>;
  /** The content of the credentials file. */
  credentials(): Promise<unknown>;
}
