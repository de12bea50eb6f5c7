/** What an order costs besides its items, in minor units. */
export interface Charges {
  shipping: number;
  /** The tax that is in the prices of items and shipping. */
  tax: number;
}

export interface Basket {
  /** Sum of the items, in minor units of the currency. */
  amount: number;
  currency: string;
  /** ISO 3166-1 alpha-2; undefined when nothing is to be sent. */
  country: string | undefined;
}

/** Answers what shipping and tax are for a basket: a table here, a tax service elsewhere. */
export interface Pricing {
  /** @returns undefined where this basket can't be sent. */
  quote(basket: Basket): Charges | undefined;
}

/** One row of the table. */
export interface Zone {
  countries: readonly string[];
  taxPercent: number;
  /** By currency; a currency that is missing isn't sold to this zone. */
  shipping: Readonly<Record<string, { amount: number; freeFrom: number }>>;
}

export const ZONES: readonly Zone[] = [
  {
    countries: ['DE'],
    taxPercent: 19,
    shipping: { EUR: { amount: 490, freeFrom: 5000 } },
  },
  {
    countries: ['AT', 'FR'],
    taxPercent: 20,
    shipping: { EUR: { amount: 790, freeFrom: 8000 } },
  },
  {
    countries: ['BE', 'ES', 'NL'],
    taxPercent: 21,
    shipping: { EUR: { amount: 790, freeFrom: 8000 } },
  },
  {
    countries: ['GB'],
    taxPercent: 20,
    shipping: { EUR: { amount: 1290, freeFrom: 12_000 }, GBP: { amount: 1090, freeFrom: 10_000 } },
  },
  {
    countries: ['US'],
    taxPercent: 0,
    shipping: { EUR: { amount: 1990, freeFrom: 20_000 }, USD: { amount: 1990, freeFrom: 20_000 } },
  },
];

/** Where the shop is: what isn't sent anywhere is taxed here. */
const HOME = 'DE';

export function createPricing(zones: readonly Zone[] = ZONES): Pricing {
  const byCountry = new Map(zones.flatMap((zone) => zone.countries.map((country) => [country, zone] as const)));
  return {
    quote({ amount, currency, country }) {
      const zone = byCountry.get(country ?? HOME);
      if (!zone) return undefined;
      const rate = zone.shipping[currency];
      if (country !== undefined && !rate) return undefined;
      const shipping = country === undefined || !rate || amount >= rate.freeFrom ? 0 : rate.amount;
      return { shipping, tax: taxWithin(amount + shipping, zone.taxPercent) };
    },
  };
}

/** The share of a price that is tax, to the nearest minor unit: 19% of 119 is 19. */
function taxWithin(amount: number, percent: number): number {
  return Math.round((amount * percent) / (100 + percent));
}
