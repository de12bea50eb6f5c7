import { Type, type Static } from 'typebox';

const plain = <const Verb extends string>(verb: Verb) => Type.Object({ verb: Type.Literal(verb) }, { additionalProperties: false });
const named = <const Verb extends string>(verb: Verb) =>
  Type.Object({ verb: Type.Literal(verb), name: Type.String() }, { additionalProperties: false });

/**
 * What the CLI asks of the supervisor: `POST /` with one command as JSON, over the control socket. The answer is a
 * stream of JSON lines, the last of which is `done` or `failed`.
 */
export const Command = Type.Union([
  plain('status'),
  plain('stop'),
  plain('reload-edge'),
  plain('usage'),
  plain('rotate-keys'),
  Type.Object(
    { verb: Type.Literal('scale'), service: Type.Enum(['api', 'worker']), count: Type.Integer() },
    { additionalProperties: false },
  ),
  Type.Object(
    { verb: Type.Literal('quota'), name: Type.String(), share: Type.Union([Type.Number(), Type.Null()]) },
    { additionalProperties: false },
  ),
  Type.Object(
    { verb: Type.Literal('balance'), by: Type.Union([Type.String(), Type.Null()]), weights: Type.Optional(Type.Array(Type.Integer())) },
    { additionalProperties: false },
  ),
  Type.Object({ verb: Type.Literal('max-conns'), count: Type.Union([Type.Integer(), Type.Null()]) }, { additionalProperties: false }),
  Type.Object({ verb: Type.Literal('serve'), count: Type.Union([Type.Integer(), Type.Null()]) }, { additionalProperties: false }),
  Type.Object({ verb: Type.Literal('renew'), settings: Type.Record(Type.String(), Type.String()) }, { additionalProperties: false }),
  named('kill'),
  named('drain'),
  named('stop-service'),
  named('start-service'),
]);
export type Command = Static<typeof Command>;

export const Reply = Type.Union([
  Type.Object({ progress: Type.String() }),
  Type.Object({ done: Type.Unknown() }),
  Type.Object({ failed: Type.String() }),
]);
export type Reply = Static<typeof Reply>;
