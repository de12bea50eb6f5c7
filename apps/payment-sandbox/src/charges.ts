import { setTimeout as wait } from 'node:timers/promises';
import type { Charge, ChargeRequest, Ledger } from './ledger.ts';
import type { Webhooks } from './webhooks.ts';

/** What an answer does besides carrying the charge. */
export type Outcome = { charge: Charge } | { brokenConnection: true } | { failed: true } | { mismatch: true };

interface Options {
  ledger: Ledger;
  webhooks: Webhooks;
  /** Milliseconds. */
  answerDelay: number;
  slowDelay: number;
}

/** How often pm_fail is answered with an error before it works. */
const FAILURES = 2;

/** How each payment method behaves; by which tests and people choose what happens to them. Any other is declined. */
export const METHODS = {
  pm_ok: 'is captured',
  pm_decline: 'is declined',
  pm_slow: 'is answered late, and captured later still',
  pm_lost: 'is captured, and the connection breaks before the answer',
  pm_fail: `is answered with 503 ${FAILURES} times, then captured`,
} as const;

export function createCharges({ ledger, webhooks, answerDelay, slowDelay }: Options) {
  const announce = (charge: Charge) => {
    webhooks.send(ledger.announce(charge));
    return charge;
  };
  const captureLater = async ({ key }: Charge) => {
    await wait(slowDelay);
    const now = ledger.get(key);
    if (now?.state === 'processing') announce(ledger.move(now, 'captured'));
  };
  const decline = (request: ChargeRequest, reason: string) => announce(ledger.move(ledger.open(request, 'processing'), 'declined', reason));
  const begin = (request: ChargeRequest): Charge => {
    if (request.method === 'pm_decline') return decline(request, 'card declined');
    if (!Object.hasOwn(METHODS, request.method)) return decline(request, 'no such payment method');
    if (request.method !== 'pm_slow') return announce(ledger.open(request, 'captured'));
    const charge = announce(ledger.open(request, 'processing'));
    void captureLater(charge);
    return charge;
  };

  // What was under way when the sandbox went down goes on.
  for (const charge of ledger.all()) if (charge.state === 'processing') void captureLater(charge);

  return {
    /** Charges once for a key, whatever is asked again. */
    async charge(request: ChargeRequest): Promise<Outcome> {
      const known = ledger.get(request.key);
      if (known && differs(known, request)) return { mismatch: true };
      if (!known && request.method === 'pm_fail' && ledger.failuresOf(request.key) < FAILURES) {
        ledger.fail(request.key);
        return { failed: true };
      }
      const charge = known ?? begin(request);
      await wait(request.method === 'pm_slow' ? slowDelay : answerDelay);
      if (!known && request.method === 'pm_lost') return { brokenConnection: true };
      return { charge: ledger.get(charge.key) ?? charge };
    },

    /** A charge that nobody has asked for yet is called off too: the request for it may still be under way. */
    cancel(request: ChargeRequest): Outcome {
      const known = ledger.get(request.key);
      if (!known) return { charge: announce(ledger.open(request, 'cancelled')) };
      return { charge: known.state === 'processing' ? announce(ledger.move(known, 'cancelled')) : known };
    },

    refund(request: ChargeRequest): Outcome | undefined {
      const known = ledger.get(request.key);
      if (!known || (known.state !== 'captured' && known.state !== 'refunded')) return undefined;
      if (differs(known, request)) return { mismatch: true };
      return { charge: known.state === 'captured' ? announce(ledger.move(known, 'refunded')) : known };
    },
  };
}

export type Charges = ReturnType<typeof createCharges>;

function differs(known: Charge, request: ChargeRequest): boolean {
  return known.amount !== request.amount || known.currency !== request.currency;
}
