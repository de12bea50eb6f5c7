import { expect, it } from 'vitest';
import { listeningInodes } from './port-owner.ts';

const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 28817 1 0000000000000000 100 0 0 10 0
   1: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 28999 1 0000000000000000 20 4 30 10 -1
   2: 0100007F:0F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 30000 1 0000000000000000 100 0 0 10 0`;

it('finds who listens on a port, not who is connected to it', () => {
  expect(listeningInodes(TABLE, 8080)).toEqual(['28817']);
  expect(listeningInodes(TABLE, 8081)).toEqual([]);
});
