/** An answer to be sent again. */
export interface Recorded {
  path: string;
  headers: Record<string, string>;
  body: string;
}

export function isRecorded(message: unknown): message is Recorded {
  return typeof message === 'object' && message !== null && 'path' in message && 'body' in message;
}
