import { readdir, readFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { createMailTokens } from '@tenfold/auth';
import { type Payload, writeOutbox } from '@tenfold/queue';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createFolderMailer, createSmtpMailer, type Mail } from './mail/mailer.ts';
import { until } from './testing/processes.ts';
import { openShop, type Shop } from './testing/shop.ts';

let shop: Shop;
let worker: Awaited<ReturnType<Shop['openWorker']>>;
beforeAll(async () => {
  shop = await openShop();
  worker = await shop.openWorker();
});
afterAll(async () => {
  await worker?.close();
  await shop?.close();
});
afterEach(() => shop.clear());

async function account({ active = true } = {}) {
  const email = `${randomUUID()}@example.com`;
  const [user] = await shop.db.primary.query<{ id: string }>(
    `INSERT INTO users (email, password_hash, active) VALUES ($1, '-', $2) RETURNING user_id AS id`,
    [email, active],
  );
  const userId = user?.id ?? '';
  await shop.db.primary.query('INSERT INTO email_directory (email, user_id) VALUES ($1, $2)', [email, userId]);
  return { email, userId };
}

/** Asks for a mail, and waits until it is dealt with. @returns what was sent to this address, newest last. */
async function ask(payload: Payload<'account.mail'>, to: string): Promise<string[]> {
  const userId = 'userId' in payload ? payload.userId : randomUUID();
  await shop.db.primary.transaction((tx) => writeOutbox(tx, userId, { topic: 'account.mail', payload }));
  shop.hint.wake();
  await shop.allDone();
  const files = (await readdir(shop.mailFolder).catch(() => [])).toSorted();
  const mails = await Promise.all(files.map((file) => readFile(join(shop.mailFolder, file), 'utf8')));
  return mails.filter((mail) => mail.includes(`To: ${to}`)).map((mail) => mail.replace(/=\n/g, '').replace(/=3D/g, '='));
}

const tokenIn = (mail: string | undefined) => /#token=([\w-]{86})/.exec(mail ?? '')?.[1] ?? '';

describe('a forgotten password', () => {
  it('is answered with a token that is good for the account', async () => {
    const { email, userId } = await account();
    const [mail] = await ask({ kind: 'reset_password', email }, email);
    const token = createMailTokens(shop.mailTokenKey).parse('reset_password', tokenIn(mail));
    expect(token?.userId).toBe(userId);
    const stored = await shop.db.primary.query('SELECT 1 FROM mail_tokens WHERE user_id = $1 AND id = $2 AND expires_at > now()', [
      userId,
      token?.id,
    ]);
    expect(stored).toHaveLength(1);
  });

  it('of an address without an account, or with one that is closed, sends nothing and leaves nothing behind', async () => {
    const closed = await account({ active: false });
    expect(await ask({ kind: 'reset_password', email: 'nobody@example.com' }, 'nobody@example.com')).toEqual([]);
    expect(await ask({ kind: 'reset_password', email: closed.email }, closed.email)).toEqual([]);
    expect(await shop.db.primary.query('SELECT 1 FROM mail_tokens')).toEqual([]);
  });

  it('is answered three times an hour at most', async () => {
    const { email } = await account();
    for (let time = 1; time <= 5; time += 1) await ask({ kind: 'reset_password', email }, email);
    expect(await ask({ kind: 'reset_password', email }, email)).toHaveLength(3);
  });
});

describe('other mails to an account', () => {
  it('say what happened, and nothing that a program made up becomes HTML', async () => {
    const { email, userId } = await account();
    const [first] = await ask({ kind: 'new_device', userId, userAgent: '<img src=x>' }, email);
    expect(first).toContain('&lt;img src=x&gt;');
    expect(await ask({ kind: 'token_reuse', userId }, email)).toHaveLength(2);
    const all = await ask({ kind: 'verify_email', userId }, email);
    expect(createMailTokens(shop.mailTokenKey).parse('verify_email', tokenIn(all.at(-1)))?.userId).toBe(userId);
  });
});

const mail: Mail = { id: 'event.receipt', to: 'ada@example.com', subject: 'Grüße', text: 'Hallo', html: '<p>Hallo</p>' };

describe('a folder of mails', () => {
  it('has the same mail once, whole, with text and HTML', async () => {
    const mailer = createFolderMailer(shop.mailFolder, 'Shop <shop@example.com>');
    await Promise.all([mailer.send(mail), mailer.send(mail)]);
    const files = await readdir(shop.mailFolder);
    expect(files).toEqual(['event.receipt.eml']);
    const text = await readFile(join(shop.mailFolder, 'event.receipt.eml'), 'utf8');
    expect(text).toContain('Message-ID: <event.receipt@example.com>');
    expect(text).toContain('Content-Type: text/plain');
    expect(text).toContain('Content-Type: text/html');
  });
});

describe('a mail server', () => {
  let server: Server;
  let url: string;
  const received: string[] = [];

  /** As much of RFC 5321 as a delivery takes. */
  const converse = (socket: Socket) => {
    let inData = false;
    let body = '';
    socket.write('220 test ESMTP\r\n');
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      for (const line of chunk.toString().split(/(?<=\r\n)/)) {
        if (inData && line === '.\r\n') {
          inData = false;
          received.push(body);
          body = '';
          socket.write('250 accepted\r\n');
        } else if (inData) body += line;
        else if (/^DATA/i.test(line)) {
          inData = true;
          socket.write('354 go on\r\n');
        } else if (/^QUIT/i.test(line)) socket.end('221 bye\r\n');
        else socket.write(/^RCPT.*refused@/i.test(line) ? '550 no such user\r\n' : '250 ok\r\n');
      }
    });
  };

  beforeAll(async () => {
    server = createServer(converse).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('listening on no port');
    url = `smtp://127.0.0.1:${address.port}`;
  });
  afterAll(() => void server?.close());

  it('gets a mail with its own Message-ID', async () => {
    const mailer = createSmtpMailer(url, 'Shop <shop@example.com>');
    await mailer.send(mail);
    await until('it is there', () => received.length === 1);
    expect(received[0]).toContain('Message-ID: <event.receipt@example.com>');
    expect(received[0]).toContain('Auto-Submitted: auto-generated');
    mailer.close();
  });

  it('that refuses an address makes the job fail', async () => {
    const mailer = createSmtpMailer(url, 'Shop <shop@example.com>');
    await expect(mailer.send({ ...mail, to: 'refused@example.com' })).rejects.toThrow('550');
    mailer.close();
  });

  it('that is away makes it fail too', async () => {
    const mailer = createSmtpMailer('smtp://127.0.0.1:1', 'Shop <shop@example.com>');
    await expect(mailer.send(mail)).rejects.toThrow('ECONNREFUSED');
    mailer.close();
  });
});
