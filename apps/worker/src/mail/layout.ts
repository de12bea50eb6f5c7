/** A piece of HTML; text becomes one by `html`, which escapes it. */
export class Html {
  readonly source: string;
  constructor(source: string) {
    this.source = source;
  }
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** HTML with values in it, each escaped: names and addresses are other people's words. */
export function html(parts: TemplateStringsArray, ...values: (string | number | Html | readonly Html[])[]): Html {
  return new Html(parts.reduce((text, part, index) => `${text}${toSource(values[index - 1] ?? '')}${part}`));
}

function toSource(value: string | number | Html | readonly Html[]): string {
  if (value instanceof Html) return value.source;
  if (typeof value === 'object') return value.map(({ source }) => source).join('');
  return String(value).replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}

/** A whole page as mail programs like it: no scripts, no pictures, styles on the elements. */
export function page(title: string, body: Html): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>${title}</title>
      </head>
      <body style="margin:0;padding:24px;background:#f6f6f4;font:16px/1.5 system-ui,sans-serif;color:#222">
        <div style="max-width:560px;margin:0 auto;padding:24px;background:#fff;border-radius:8px">
          <h1 style="margin:0 0 16px;font-size:20px">${title}</h1>
          ${body}
        </div>
      </body>
    </html> `.source;
}

/** @param amount in minor units. */
export function money(amount: number, currency: string): string {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency });
  return format.format(amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}
