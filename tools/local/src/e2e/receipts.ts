import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { locate } from '@tenfold/cluster';

/** How many receipts were mailed for an order: mails are files here. */
export async function receiptsIn(directory: string, orderId: string): Promise<number> {
  const { mail } = locate(directory);
  const files = (await readdir(mail)).filter((file) => file.endsWith('.receipt.eml'));
  let count = 0;
  // One after the other: who counts for many orders at once would have all mails open for each of them.
  for (const file of files)
    if ((await readFile(join(mail, file), 'utf8')).includes(`Subject: Your receipt for order ${orderId}`)) count += 1;
  return count;
}
