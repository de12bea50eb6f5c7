import { html, page } from './layout.ts';
import type { Mail } from './mailer.ts';

/** The token stands behind a `#`: what comes after that is never sent to a server, nor written to its logs. */
const link = (publicUrl: string, path: string, token: string) => `${publicUrl}${path}#token=${token}`;

interface TokenMail {
  id: string;
  to: string;
  publicUrl: string;
  token: string;
}

export function verifyEmailMail({ id, to, publicUrl, token }: TokenMail): Mail {
  const url = link(publicUrl, '/account/verify-email', token);
  return compose(id, to, 'Is this your e-mail address?', [
    'Somebody, you we hope, has made an account with this address. To confirm it, open this link within a day:',
    url,
    'If it was not you, there is nothing to do.',
  ]);
}

export function resetPasswordMail({ id, to, publicUrl, token }: TokenMail): Mail {
  const url = link(publicUrl, '/account/reset-password', token);
  return compose(id, to, 'A new password', [
    'Somebody has asked for a new password for your account. To choose one, open this link within an hour; it works once:',
    url,
    'If it was not you, there is nothing to do: your password stays as it is.',
  ]);
}

export function newDeviceMail(id: string, to: string, at: string, userAgent: string | undefined): Mail {
  return compose(id, to, 'A new sign-in to your account', [
    `On ${at}, somebody signed in to your account from a device that we have not seen before: ${userAgent ?? 'unknown'}.`,
    'If it was not you, change your password: that ends every other session.',
  ]);
}

export function tokenReuseMail(id: string, to: string, at: string): Mail {
  return compose(id, to, 'We have ended one of your sessions', [
    `On ${at}, a key to your account that had been exchanged for a newer one was used again. That is what a stolen key looks like, so we have ended the session it belonged to.`,
    'Sign in again. If this happens more than once, change your password: that ends every other session.',
  ]);
}

function compose(id: string, to: string, subject: string, paragraphs: readonly string[]): Mail {
  const blocks = paragraphs.map((text) => (text.startsWith('http') ? html`<p><a href="${text}">${text}</a></p>` : html`<p>${text}</p>`));
  return { id, to, subject, text: paragraphs.join('\n\n'), html: page(subject, html`${blocks}`) };
}
