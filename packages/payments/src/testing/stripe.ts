import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { PaymentRequest } from '../provider.ts';

export const PAYMENT: PaymentRequest = {
  key: '01900000-0000-7000-8000-000000000001.01900000-0000-7000-8000-000000000002',
  amount: 1999,
  currency: 'EUR',
  method: 'pm_card_visa',
  reference: 'order-1',
};

export function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('listening on no port');
  return address.port;
}
