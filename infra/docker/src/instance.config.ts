/**
 * Loaded before an app (`node --import`): gives the process the name of its container, `api-3`, where INSTANCE_NAME says
 * none. Compose numbers the containers of a service and tells it to none of them; Docker's name server knows.
 */
import { Resolver } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';

/** `project-api-3.project_network` */
const CONTAINER = /^(?<project>.+)-(?<name>.+-\d+)\.\k<project>_/;

const resolver = new Resolver({ timeout: 1000, tries: 2 });

async function nameOf(address: string): Promise<string | undefined> {
  const question = `${address.split('.').toReversed().join('.')}.in-addr.arpa`;
  const names = await resolver.resolvePtr(question).catch(() => []);
  return names.map((name) => CONTAINER.exec(name)?.groups?.['name']).find((name) => name !== undefined);
}

if (!process.env['INSTANCE_NAME']) {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const own = addresses.find(({ family, internal }) => family === 'IPv4' && !internal);
  const name = own && (await nameOf(own.address));
  // Without one, the app takes the host's name: the container's id.
  if (name !== undefined) process.env['INSTANCE_NAME'] = name;
}
