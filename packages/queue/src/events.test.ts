import { describe, expect, it } from 'vitest';
import { parseEvent } from './events.ts';

const userId = '01900000-0000-7000-8000-000000000001';
const orderId = '01900000-0000-7000-8000-000000000002';

describe('parseEvent', () => {
  it('takes what the contract says', () => {
    const payload = { userId, orderId };
    expect(parseEvent('order.paid', 1, payload)).toEqual({ topic: 'order.paid', payload });
    expect(parseEvent('account.mail', 1, { kind: 'reset_password', email: 'a@example.com' }).topic).toBe('account.mail');
  });

  it.each([
    ['a topic that nobody knows', 'order.eaten', 1, { userId, orderId }, 'no event is called order.eaten'],
    ['a name that every object has', 'constructor', 1, {}, 'no event is called constructor'],
    ['another version', 'order.paid', 2, { userId, orderId }, 'order.paid has no version 2'],
    ['a missing field', 'order.paid', 1, { userId }, 'orderId'],
    ['a field too many', 'order.paid', 1, { userId, orderId, price: 1 }, 'order.paid'],
    ['an id that is none', 'order.paid', 1, { userId, orderId: '7' }, 'order.paid/orderId'],
    ['a mail of another kind', 'account.mail', 1, { kind: 'spam', userId }, 'account.mail'],
  ])('refuses %s and says why', (_what, topic, version, payload, sentence) => {
    expect(() => parseEvent(topic, version, payload)).toThrow(sentence);
  });
});
