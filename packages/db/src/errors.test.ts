import { DatabaseError } from 'pg';
import { describe, expect, it } from 'vitest';
import { isConnectionError } from './errors.ts';

const withCode = (error: Error, code: string) => Object.assign(error, { code });

describe('isConnectionError', () => {
  it.each([
    withCode(new Error('connect ECONNREFUSED 127.0.0.1:5432'), 'ECONNREFUSED'),
    withCode(new DatabaseError('terminating connection due to administrator command', 0, 'error'), '57P01'),
    withCode(new DatabaseError('the database system is starting up', 0, 'error'), '57P03'),
    new Error('Connection terminated unexpectedly'),
    new Error('Query read timeout'),
  ])('holds for: %s', (error) => {
    expect(isConnectionError(error)).toBe(true);
  });

  it.each([
    withCode(new DatabaseError('duplicate key value', 0, 'error'), '23505'),
    withCode(new DatabaseError('canceling statement due to statement timeout', 0, 'error'), '57014'),
    new Error('Connection pooling is nice'),
    'ECONNREFUSED',
  ])('does not hold for: %s', (error) => {
    expect(isConnectionError(error)).toBe(false);
  });
});
