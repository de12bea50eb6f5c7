import { Type, type Static } from 'typebox';

/**
 * `starting`    not ready yet
 * `ready`       serves
 * `unready`     runs and says that it should get no requests (it drains because somebody else told it to)
 * `silent`      runs and does not answer; replaced when that lasts
 * `draining`    gets no new requests and is about to end
 * `restarting`  ended by itself; the next start is due (see `problem`)
 * `stopped`     ended because it was told to, and stays so
 */
export const State = Type.Enum(['starting', 'ready', 'unready', 'silent', 'draining', 'restarting', 'stopped']);
export type State = Static<typeof State>;

const common = {
  name: Type.String(),
  pid: Type.Union([Type.Integer(), Type.Null()], { description: 'null while no process runs' }),
  state: State,
  problem: Type.Optional(Type.String({ description: 'How it last ended, and the last line that it wrote' })),
};

/** An API replica or a worker. */
export const ApiStatus = Type.Object({
  ...common,
  host: Type.Optional(Type.String({ description: 'Where it listens, when that is not 127.0.0.1' })),
  port: Type.Integer(),
  metricsPort: Type.Integer(),
});
export const StoreStatus = Type.Object({ ...common, host: Type.String(), port: Type.Integer() });

/** What runs, on every kind of cluster. Holds no secret. */
export const ClusterStatus = Type.Object({
  edge: Type.Object({ url: Type.String(), ...common }),
  api: Type.Array(ApiStatus),
  worker: Type.Array(ApiStatus),
  paymentSandbox: Type.Optional(StoreStatus),
  postgres: Type.Object({ primary: StoreStatus, replicas: Type.Array(StoreStatus) }),
  redis: Type.Object({ cache: StoreStatus, state: StoreStatus }),
});

export type ApiStatus = Static<typeof ApiStatus>;
export type StoreStatus = Static<typeof StoreStatus>;
export type ClusterStatus = Static<typeof ClusterStatus>;
