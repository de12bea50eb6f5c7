import { randomUUID } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@tenfold/runtime';
import { createTransport, type NodemailerError } from 'nodemailer';

export interface Mail {
  /** The same for the same mail at any time: it becomes the Message-ID, by which a copy is known as one. */
  id: string;
  to: string;
  subject: string;
  text: string;
  html: string;
}

export interface Mailer {
  /** Resolves once the mail is out of our hands. @throws MailServerUnavailable when it may be sent later. */
  send(mail: Mail): Promise<void>;
  close(): void;
}

/** The mail server can't be reached, or takes no mail, or not this one, for now. */
export class MailServerUnavailable extends Error {
  override readonly name = 'MailServerUnavailable';
}

/** Milliseconds for each step of a conversation with a mail server. */
const SMTP_TIME_OUT = 10_000;

/** @param url `smtps://user:password@host` */
export function createSmtpMailer(url: string, from: string, logger: Logger): Mailer {
  const transport = createTransport(
    {
      url,
      pool: true,
      connectionTimeout: SMTP_TIME_OUT,
      greetingTimeout: SMTP_TIME_OUT,
      socketTimeout: SMTP_TIME_OUT,
    },
    { from },
  );
  let reported = false;
  return {
    async send({ id, ...mail }) {
      try {
        await transport.sendMail({ ...mail, messageId: messageId(id, from), headers: AUTOMATIC });
        reported = false;
      } catch (error) {
        if (!(error instanceof Error) || !isTemporary(error)) throw error;
        if (!reported) logger.warn({ err: error }, 'the mail server takes no mail for now');
        reported = true;
        throw new MailServerUnavailable(error.message, { cause: error });
      }
    },
    close: () => transport.close(),
  };
}

/**
 * By the reply, 4yz as in RFC 5321, section 4.2.1; or, where there was none, since there was no connection to have one on.
 * A server that has fallen silent on a connection may have the mail, and deliver a copy for each try: that is no such case.
 */
function isTemporary({ code, responseCode, timeoutType }: NodemailerError): boolean {
  if (responseCode !== undefined) return responseCode >= 400 && responseCode < 500;
  return timeoutType !== 'SOCKET_TIMEOUT' && code !== undefined && NO_CONNECTION.has(code);
}

const NO_CONNECTION: ReadonlySet<string> = new Set(['ECONNECTION', 'ETIMEDOUT', 'ESOCKET', 'EDNS', 'ETLS']);

/** Writes each mail to `<id>.eml`, whole or not at all; sent twice it is one file. */
export function createFolderMailer(folder: string, from: string): Mailer {
  const transport = createTransport({ streamTransport: true, buffer: true, newline: 'unix' }, { from });
  return {
    async send({ id, ...mail }) {
      const { message } = await transport.sendMail({ ...mail, messageId: messageId(id, from), headers: AUTOMATIC });
      await mkdir(folder, { recursive: true });
      const unfinished = join(folder, `.${id}.${randomUUID()}`);
      await writeFile(unfinished, message);
      await rename(unfinished, join(folder, `${id}.eml`));
    },
    close: () => undefined,
  };
}

/** No out-of-office replies, please: RFC 3834. */
const AUTOMATIC = { 'Auto-Submitted': 'auto-generated' };

function messageId(id: string, from: string): string {
  return `<${id}@${/@([\w.-]+)/.exec(from)?.[1] ?? 'localhost'}>`;
}
