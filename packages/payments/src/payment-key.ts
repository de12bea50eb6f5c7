const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const KEY = new RegExp(`^(${UUID})\\.(${UUID})$`);

/** How a payment is called at its provider. It has the user's id in it, so that a webhook finds its way to one shard. */
export function paymentKey({ userId, paymentId }: { userId: string; paymentId: string }): string {
  return `${userId}.${paymentId}`;
}

/** @returns undefined for a key that isn't one of ours. */
export function parsePaymentKey(key: string): { userId: string; paymentId: string } | undefined {
  const [, userId, paymentId] = KEY.exec(key) ?? [];
  return userId && paymentId ? { userId, paymentId } : undefined;
}
