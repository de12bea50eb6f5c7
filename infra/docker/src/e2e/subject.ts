import { composeCluster } from '@tenfold/cluster';
import { ask, itemsOf, type Subject as ClientsSubject } from '@tenfold/cluster/testing';
import { inject } from 'vitest';
import { type ProvidedProject, trust } from '../testing/project.ts';
import { inWorker } from './engine.ts';

/** The project of the run, and who buys from it. */
export interface Subject extends ClientsSubject, ProvidedProject {}

/** Only for tests that aren't skipped. */
export function subject(): Subject {
  const provided = inject('compose');
  if (!provided) throw new Error('there is no Compose project');
  trust(provided.certificate);
  const { name, env } = provided;
  return { ...provided, cluster: composeCluster({ name, env }), receipts: async (orderId) => receiptsIn(provided, orderId) };
}

/** Mails are files in the worker's container. */
function receiptsIn(project: ProvidedProject, orderId: string): number {
  const files = inWorker(project, `grep -lF 'Subject: Your receipt for order ${orderId}' /mail/*.receipt.eml || true`);
  return files.split('\n').filter(Boolean).length;
}

/** A product that has stock. */
export async function someProduct({ url }: Pick<Subject, 'url'>, index = 0): Promise<{ slug: string; sku: string }> {
  const variants = itemsOf(await ask(`${url}/v1/products?limit=50`)).flatMap((product) =>
    itemsOf({ body: product }, 'variants').map((variant) => ({ slug: String(product['slug']), variant })),
  );
  const found = variants.filter(({ variant }) => Number(variant['available']) > 0)[index];
  if (!found) throw new Error('no product has stock');
  return { slug: found.slug, sku: String(found.variant['sku']) };
}

/** How many database replicas an API replica reads from, as it says itself. */
export function readableReplicas(dependencies: Readonly<Record<string, unknown>>): number {
  return itemsOf({ body: dependencies }, 'database').filter(({ role }) => role === 'replica').length;
}
