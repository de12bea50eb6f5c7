import { readdir, readFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { createMailTokens } from '@tenfold/auth';
import { type Payload, writeOutbox } from '@tenfold/queue';
import { createLogger } from '@tenfold/runtime';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createFolderMailer, createSmtpMailer, type Mail, MailServerUnavailable } from './mail/mailer.ts';
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
  /** How it takes a mail that somebody wants to leave. */
  let mood: () => 'takes it' | 'not now' | 'hangs up' | 'greets nobody' | 'takes it in silence' = () => 'takes it';
  let turnedAway = 0;

  /** As much of RFC 5321 as a delivery takes. */
  const converse = (socket: Socket) => {
    let inData = false;
    let body = '';
    if (mood() !== 'greets nobody') socket.write('220 test ESMTP\r\n');
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      for (const line of chunk.toString().split(/(?<=\r\n)/)) {
        if (inData && line === '.\r\n') {
          inData = false;
          received.push(body);
          body = '';
          if (mood() !== 'takes it in silence') socket.write('250 accepted\r\n');
        } else if (inData) body += line;
        else if (/^DATA/i.test(line)) {
          inData = true;
          socket.write('354 go on\r\n');
        } else if (/^QUIT/i.test(line)) socket.end('221 bye\r\n');
        else if (/^MAIL/i.test(line)) {
          const now = mood();
          if (now === 'not now' || now === 'hangs up') turnedAway += 1;
          if (now === 'hangs up') socket.destroy();
          else socket.write(now === 'not now' ? '451 not now\r\n' : '250 ok\r\n');
        } else socket.write(/^RCPT.*refused@/i.test(line) ? '550 no such user\r\n' : '250 ok\r\n');
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
  beforeEach(() => {
    received.length = 0;
    turnedAway = 0;
    mood = () => 'takes it';
  });
  const open = (at = url) => createSmtpMailer(at, 'Shop <shop@example.com>', createLogger({ name: 'test', level: 'silent' }));

  it('gets a mail with its own Message-ID', async () => {
    const mailer = open();
    await mailer.send(mail);
    await until('it is there', () => received.length === 1);
    expect(received[0]).toContain('Message-ID: <event.receipt@example.com>');
    expect(received[0]).toContain('Auto-Submitted: auto-generated');
    mailer.close();
  });

  it('that refuses an address makes the job fail', async () => {
    const mailer = open();
    const refused = mailer.send({ ...mail, to: 'refused@example.com' });
    await expect(refused).rejects.toThrow('550');
    await expect(refused).rejects.not.toBeInstanceOf(MailServerUnavailable);
    mailer.close();
  });

  it('that is away, hangs up or takes nothing for now may get the mail later', async () => {
    const [away, mailer] = [open('smtp://127.0.0.1:1'), open()];
    await expect(away.send(mail)).rejects.toThrow(MailServerUnavailable);
    for (const now of ['hangs up', 'not now'] as const) {
      mood = () => now;
      await expect(mailer.send(mail)).rejects.toThrow(MailServerUnavailable);
    }
    mood = () => 'takes it';
    await mailer.send(mail);
    expect(received).toHaveLength(1);
    away.close();
    mailer.close();
  });

  it('that does not greet may get the mail later', async () => {
    const mailer = open(`${url}?greetingTimeout=200`);
    mood = () => 'greets nobody';
    await expect(mailer.send(mail)).rejects.toThrow(MailServerUnavailable);
    mailer.close();
  });

  it('that takes a mail and does not say so makes the job fail: it may deliver each copy', async () => {
    const mailer = open(`${url}?socketTimeout=200`);
    mood = () => 'takes it in silence';
    const silent = mailer.send(mail);
    await expect(silent).rejects.toThrow('Timeout');
    await expect(silent).rejects.not.toBeInstanceOf(MailServerUnavailable);
    expect(received).toHaveLength(1);
    mailer.close();
  });

  describe('of a worker', () => {
    beforeAll(async () => {
      await worker.close();
      worker = await shop.openWorker({ MAIL_DIR: '', SMTP_URL: url });
    });
    const deadLetters = () => shop.db.primary.query('SELECT effect, error FROM dead_letters');

    it('gets a mail that it took at none of ten tries', async () => {
      mood = () => (turnedAway < 10 ? 'not now' : 'takes it');
      const { email, userId } = await account();
      await ask({ kind: 'token_reuse', userId }, email);
      expect([received.length, await deadLetters()]).toEqual([1, []]);
    });

    it('gets no mail whose token is good no more', async () => {
      mood = () => 'not now';
      const { email, userId } = await account();
      const done = ask({ kind: 'reset_password', email }, email);
      await until('it was tried', () => turnedAway > 0);
      await shop.db.primary.query(`UPDATE mail_tokens SET expires_at = now() - interval '1 second' WHERE user_id = $1`, [userId]);
      await done;
      expect([received, await deadLetters()]).toEqual([[], []]);
    });
  });
});
