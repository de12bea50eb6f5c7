import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { ask } from '@tenfold/cluster/testing';
import { until } from '@tenfold/local/testing';
import { certificateOf, dockerCompose, trust } from '../testing/project.ts';
import type { Subject } from './subject.ts';

/** Has the edge serve TLS, as `docker compose --profile tls up` would from the start. @returns where. */
export async function encrypt({ name, env, url }: Subject): Promise<string> {
  if (url.startsWith('https:')) return url;
  dockerCompose(env, 'run', '--rm', 'certificate');
  dockerCompose(env, 'restart', 'edge');
  trust(certificateOf(name));
  const encrypted = `https://127.0.0.1:${env['EDGE_TLS_PORT']}`;
  const answers = async () => (await ask(`${encrypted}/edge-health`).catch(() => undefined))?.status === 200;
  await until(answers, { what: 'the edge does not serve TLS', within: 30_000 });
  return encrypted;
}

/** A connection that was agreed upon, or the reason why there is none. */
export async function handshake(url: string, options: ConnectionOptions): Promise<TLSSocket | string> {
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port), ...options });
  try {
    await once(socket, 'secureConnect');
    return socket;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
}

/** Whether a second connection takes up the session of a first one. */
export async function resumes(url: string, version: 'TLSv1.2' | 'TLSv1.3'): Promise<boolean> {
  const bound = { minVersion: version, maxVersion: version } as const;
  const first = await handshake(url, bound);
  if (typeof first === 'string') throw new Error(first);
  // In 1.3 the session comes after the handshake, in 1.2 it is there.
  const session = first.getSession() && version === 'TLSv1.2' ? first.getSession() : (await once(first, 'session'))[0];
  first.destroy();
  const second = await handshake(url, { ...bound, session });
  if (typeof second === 'string') throw new Error(second);
  const reused = second.isSessionReused();
  second.destroy();
  return reused;
}

/** The status that HTTP/2 gives for a path, with its headers. */
export async function askHttp2(url: string, path: string): Promise<Record<string, unknown>> {
  const session = connectHttp2(url);
  const stream = session.request({ ':path': path });
  stream.resume();
  const [headers] = await once(stream, 'response');
  session.close();
  return { ...Object(headers) };
}
