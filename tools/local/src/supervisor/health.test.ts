import { describe, expect, it } from 'vitest';
import { type Health, shouldServe, toReplace } from './health.ts';

const well = (name: string): Health => ({ name, running: true, ready: true, silentTicks: 0, held: false });
const silent = (name: string, silentTicks = 4): Health => ({ ...well(name), silentTicks });
const names = (...list: string[]) => new Set(list);

describe('shouldServe', () => {
  it('takes out a replica that missed two probes while others answer, and not one that missed one', () => {
    expect(shouldServe([well('a'), well('b'), silent('c')], names('a', 'b', 'c'))).toEqual(names('a', 'b'));
    expect(shouldServe([well('a'), well('b'), silent('c', 2)], names('a', 'b', 'c'))).toEqual(names('a', 'b', 'c'));
  });

  it('takes out a replica that says that it is not ready, at once', () => {
    expect(shouldServe([well('a'), { ...well('b'), ready: false }], names('a', 'b'))).toEqual(names('a'));
  });

  it('takes out a replica that died, unless its successor is ready within two probes', () => {
    const gone: Health = { ...well('c'), running: false, silentTicks: 3 };
    expect(shouldServe([well('a'), well('b'), gone], names('a', 'b', 'c'))).toEqual(names('a', 'b', 'c'));
    expect(shouldServe([well('a'), well('b'), { ...gone, silentTicks: 4 }], names('a', 'b', 'c'))).toEqual(names('a', 'b'));
    expect(shouldServe([well('a'), well('b'), well('c')], names('a', 'b'))).toEqual(names('a', 'b', 'c'));
  });

  it('leaves the edge as it is when more than half look unwell', () => {
    const sick = [silent('a'), { ...well('b'), ready: false }, well('c')];
    expect(shouldServe(sick, names('a', 'c'))).toEqual(names('a', 'c'));
    expect(shouldServe([silent('a')], names('a'))).toEqual(names('a'));
  });

  it('takes out what is held, panic or not', () => {
    expect(shouldServe([{ ...well('a'), held: true }, well('b')], names('a', 'b'))).toEqual(names('b'));
    expect(shouldServe([{ ...well('a'), held: true }, silent('b'), silent('c'), well('d')], names('a', 'b', 'c', 'd'))).toEqual(
      names('b', 'c', 'd'),
    );
  });
});

describe('toReplace', () => {
  it('waits for 10 s of silence', () => {
    expect(toReplace([well('a'), well('b'), silent('c', 19)])).toEqual([]);
    expect(toReplace([well('a'), well('b'), silent('c', 20)])).toEqual(['c']);
  });

  it('never replaces more than half at once, those included that are being started again', () => {
    const four = [silent('a', 20), silent('b', 30), well('c'), well('d')];
    expect(toReplace(four)).toEqual(['b', 'a']);
    const oneIsAway = [{ ...well('a'), running: false, ready: false }, silent('b', 20), silent('c', 21), well('d')];
    expect(toReplace(oneIsAway)).toEqual(['c']);
  });

  it('goes one by one when most are silent', () => {
    expect(toReplace([silent('a', 20), silent('b', 30), silent('c', 25)])).toEqual(['b']);
  });

  it('replaces the only replica when it hangs', () => {
    expect(toReplace([silent('a', 20)])).toEqual(['a']);
  });
});
