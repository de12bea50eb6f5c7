import { check } from 'k6';
import { Trend } from 'k6/metrics';
import { clearTimeout, setTimeout } from 'k6/timers';
import { WebSocket } from 'k6/websockets';
import { TARGET, WORKERS } from '../config.ts';
import { ask, jsonOf } from '../http.ts';
import { pick, type PoolProduct } from '../pool.ts';
import { type PoolUser, tokenOf } from '../users.ts';

/** From asking for a stream until its first frame, and from placing an order until the stream says so. Milliseconds. */
const ready = new Trend('live_ready', true);
const told = new Trend('live_order_placed', true);

/** Milliseconds after which somebody who waits for news gives up. */
const PATIENCE = 10_000;

interface Frame {
  event: string;
  data: { orderId?: string };
}

/**
 * Somebody has the page of their orders open: a ticket, a WebSocket, its first frame. Where workers run an order is placed,
 * and the stream has to tell of it, whichever replica took the order and whichever holds the stream.
 */
export function live({ products, users }: { products: PoolProduct[]; users: PoolUser[] }): void {
  const headers = { authorization: `Bearer ${tokenOf(users)}` };
  const answer = ask('/v1/live/tickets', { method: 'POST', name: 'POST /v1/live/tickets', headers });
  const { ticket } = jsonOf<{ ticket: string }>(answer) ?? {};
  check(answer, { 'there is a ticket': ({ status }) => status === 201 && ticket !== undefined });
  if (ticket === undefined) return;

  const started = Date.now();
  const socket = new WebSocket(`${TARGET.replace(/^http/, 'ws')}/v1/live?ticket=${encodeURIComponent(ticket)}`);
  const patience = setTimeout(() => finish(false), PATIENCE);
  const finish = (heard: boolean) => {
    clearTimeout(patience);
    check(heard, { 'the stream tells what it is open for': Boolean });
    socket.close();
  };
  let order: { id: string | undefined; placedAt: number } | undefined;
  // addEventListener takes an enum by k6's types, and its runtime has no such thing.
  // oxlint-disable-next-line unicorn/prefer-add-event-listener
  socket.onmessage = (message) => {
    const frame: Frame = JSON.parse(typeof message?.data === 'string' ? message.data : '{}');
    if (frame.event === 'ready') {
      ready.add(Date.now() - started);
      if (!WORKERS) return finish(true);
      order = { placedAt: Date.now(), id: placeOrder(products, headers) };
      if (order.id === undefined) finish(false);
    } else if (frame.event === 'order.placed' && frame.data.orderId === order?.id) {
      told.add(Date.now() - (order?.placedAt ?? 0));
      finish(true);
    }
  };
  // oxlint-disable-next-line unicorn/prefer-add-event-listener
  socket.onerror = () => finish(false);
}

/** k6 has the Web's; its type definitions don't. */
declare const crypto: { randomUUID(): string };

function placeOrder(products: readonly PoolProduct[], headers: Record<string, string>): string | undefined {
  const { sku } = pick(pick(products.filter(({ variants }) => variants.length > 0)).variants);
  const body = { items: [{ sku, quantity: 1 }], paymentMethod: 'pm_ok' };
  const keyed = { ...headers, 'idempotency-key': `"${crypto.randomUUID()}"` };
  const answer = ask('/v1/orders', { method: 'POST', name: 'POST /v1/orders', headers: keyed, body });
  return jsonOf<{ id: string }>(answer)?.id;
}
