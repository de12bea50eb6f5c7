import { BALANCE, checkBalance, parseBalance } from './balance.ts';
import { type EdgeSettings, exemptNetworks, isNumberSetting, NUMBERS, numberSetting } from './settings.ts';
import { EdgeValueError } from './values.ts';

/**
 * Reads the EDGE_ variables that {@link EdgeSettings} lists.
 *
 * @throws Error that names every wrong variable at once.
 */
export function edgeSettings(env: Readonly<Record<string, string | undefined>> = process.env): EdgeSettings {
  const settings: EdgeSettings = {};
  const problems: string[] = [];
  const check = (validate: () => unknown) => {
    try {
      validate();
    } catch (error) {
      if (!(error instanceof EdgeValueError)) throw error;
      problems.push(error.message);
    }
  };

  // Set but empty exempts nobody; for the numbers below empty is absent, since a Compose file can't leave a variable out.
  const exempt = env['EDGE_LIMIT_EXEMPT'];
  if (exempt !== undefined)
    settings.limitExempt = exempt
      .split(',')
      .map((network) => network.trim())
      .filter(Boolean);
  check(() => exemptNetworks(settings));

  const balance = env[BALANCE.variable]?.trim();
  const weights = env[BALANCE.weights]?.trim();
  if (weights) settings.weights = weights.split(',').map(Number);
  check(() => {
    if (balance) settings.balance = parseBalance(balance);
    checkBalance(settings);
  });

  for (const name of Object.keys(NUMBERS).filter(isNumberSetting)) {
    const raw = env[NUMBERS[name].variable]?.trim();
    if (!raw || raw === NUMBERS[name].fallback) continue;
    settings[name] = /^\d+$/.test(raw) ? Number(raw) : Number.NaN;
    check(() => numberSetting(settings, name));
  }

  if (problems.length > 0) throw new Error(`wrong edge settings: ${problems.join(' ')}`);
  return settings;
}
