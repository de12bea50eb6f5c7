/** For text and attributes of HTML and SVG. */
export function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** 12,345 or 12.3 or 0.123: as many digits as a reader needs. */
export function number(value: number, digits?: number): string {
  const decimals = digits ?? (Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2);
  return value.toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

export function percent(part: number, digits = 1): string {
  return `${number(100 * part, digits)}%`;
}

/** A coefficient of the law: four digits after the point, six for the smallest. */
export function coefficient(value: number): string {
  return value === 0 || value >= 0.001 ? value.toFixed(4) : value.toFixed(6);
}

export function milliseconds(value: number): string {
  return value >= 1000 ? `${number(value / 1000, 2)} s` : `${number(value, value < 10 ? 1 : 0)} ms`;
}
