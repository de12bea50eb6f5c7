import { randomUUID } from 'node:crypto';
import { SandboxCharge, SandboxEvent } from '@tenfold/payments';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { openJournal } from './journal.ts';

export type Charge = Static<typeof SandboxCharge>;
export type Event = Static<typeof SandboxEvent>;

/** A charge as it is from now on, an event that has to be sent, one that was delivered, or a request that was failed on purpose. */
const Entry = Type.Union([
  Type.Object({ charge: SandboxCharge }),
  Type.Object({ event: SandboxEvent }),
  Type.Object({ delivered: Type.String() }),
  Type.Object({ failed: Type.String() }),
]);
type Entry = Static<typeof Entry>;

export type ChargeRequest = Pick<Charge, 'key' | 'amount' | 'currency' | 'method' | 'reference'>;

/** What the sandbox knows, by key; it survives a restart. */
export function openLedger(folder: string) {
  const journal = openJournal(folder, (value): value is Entry => Value.Check(Entry, value));
  const charges = new Map<string, Charge>();
  const undelivered = new Map<string, Event>();
  const failures = new Map<string, number>();

  const apply = (entry: Entry) => {
    if ('charge' in entry) charges.set(entry.charge.key, entry.charge);
    else if ('event' in entry) undelivered.set(entry.event.id, entry.event);
    else if ('delivered' in entry) undelivered.delete(entry.delivered);
    else failures.set(entry.failed, (failures.get(entry.failed) ?? 0) + 1);
  };
  const note = (entry: Entry) => {
    journal.write(entry);
    apply(entry);
  };
  journal.past.forEach(apply);

  return {
    get: (key: string) => charges.get(key),
    all: () => [...charges.values()],
    undelivered: () => [...undelivered.values()],
    failuresOf: (key: string) => failures.get(key) ?? 0,
    fail: (key: string) => note({ failed: key }),
    delivered: (event: Event) => note({ delivered: event.id }),

    open(request: ChargeRequest, state: Charge['state']): Charge {
      const charge = { id: `ch_${randomUUID()}`, ...request, state, captures: state === 'captured' ? 1 : 0, refunds: 0 };
      note({ charge });
      return charge;
    },

    /** Moves a charge on, and counts the money that moves with it. */
    move(charge: Charge, state: Charge['state'], reason?: string): Charge {
      const captures = charge.captures + (state === 'captured' ? 1 : 0);
      const refunds = charge.refunds + (state === 'refunded' ? 1 : 0);
      const moved = { ...charge, state, captures, refunds, ...(reason !== undefined && { reason }) };
      note({ charge: moved });
      return moved;
    },

    /** An event about a charge as it is now, to be sent until it was delivered. */
    announce(charge: Charge): Event {
      const event = { id: `evt_${randomUUID()}`, type: `payment.${charge.state}`, created: Date.now(), data: charge };
      note({ event });
      return event;
    },
  };
}

export type Ledger = ReturnType<typeof openLedger>;
