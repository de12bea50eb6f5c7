import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { locate } from '@tenfold/cluster';

/** How many receipts were mailed for an order: mails are files here. */
export async function receiptsIn(directory: string, orderId: string): Promise<number> {
  const { mail } = locate(directory);
  const files = (await readdir(mail)).filter((file) => file.endsWith('.receipt.eml'));
  const texts = await Promise.all(files.map((file) => readFile(join(mail, file), 'utf8')));
  return texts.filter((text) => text.includes(`Subject: Your receipt for order ${orderId}`)).length;
}
