import { pino, type Logger } from 'pino';

export type { Logger };

interface LoggerOptions {
  /** The process's own name, in every line: `api-3`. */
  name: string;
  level: string;
}

/**
 * JSON lines on stdout. Errors are logged as name, message, code and stack alone: a database error also carries the
 * offending row (`detail`, `parameters`), and rows are other people's data.
 */
export function createLogger({ name, level }: LoggerOptions): Logger {
  return pino({
    level,
    base: { name, pid: process.pid },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: errorFields },
    redact: {
      paths: ['authorization', 'cookie', 'password', 'token', '*.authorization', '*.cookie', '*.password', '*.token'],
      censor: '[redacted]',
    },
  });
}

interface ErrorFields {
  name: string;
  message: string;
  code?: unknown;
  stack?: string | undefined;
  cause?: ErrorFields;
}

function errorFields(error: unknown): ErrorFields {
  if (!(error instanceof Error)) return { name: 'NotAnError', message: String(error) };
  return {
    name: error.name,
    message: error.message,
    ...('code' in error && { code: error.code }),
    stack: error.stack,
    ...(error.cause instanceof Error && { cause: errorFields(error.cause) }),
  };
}
