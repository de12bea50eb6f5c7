import { describe, expect, it } from 'vitest';
import { covers, parsePosition, position } from './position.ts';

describe('position', () => {
  it('has a fixed width, so that strings compare as log positions do', () => {
    expect(position(1, '0/16B3748')).toBe('0000000100000000016B3748');
    expect(position(1, '0/FFFFFFFF') < position(1, '1/0')).toBe(true);
  });

  it.each(['', '1', '1/', 'G/0', '1/2/3', '0/123456789'])('refuses %j', (lsn) => {
    expect(() => position(1, lsn)).toThrow('not an LSN');
  });

  it('parses only what it made', () => {
    expect(() => parsePosition('0000000100000000016b3748')).toThrow('not a log position');
  });
});

describe('covers', () => {
  it('holds on one timeline for every later position and its own', () => {
    expect(covers(position(1, '0/20'), position(1, '0/20'))).toBe(true);
    expect(covers(position(1, '0/21'), position(1, '0/20'))).toBe(true);
    expect(covers(position(1, '0/1F'), position(1, '0/20'))).toBe(false);
  });

  it('does not trust a follower of the new timeline that is still replaying what came before the fork', () => {
    expect(covers(position(2, '0/1F'), position(1, '0/20'))).toBe(false);
  });

  it('does not trust an orphan that ran ahead on the abandoned timeline', () => {
    expect(covers(position(1, '0/30'), position(2, '0/20'))).toBe(false);
  });
});
