import { describe, expect, it } from 'vitest';
import { type Basket, createPricing, ZONES } from './pricing.ts';

const pricing = createPricing();
const quote = (basket: Basket) => pricing.quote(basket);

describe('the table of shipping and tax', () => {
  it('charges shipping below its limit, and says which share of it all is tax', () => {
    expect(quote({ amount: 1410, currency: 'EUR', country: 'DE' })).toEqual({ shipping: 490, tax: 303 });
    expect(quote({ amount: 4999, currency: 'EUR', country: 'DE' })?.shipping).toBe(490);
    expect(quote({ amount: 5000, currency: 'EUR', country: 'DE' })?.shipping).toBe(0);
  });

  it('charges no shipping for what is not sent, and taxes it at home', () => {
    expect(quote({ amount: 11_900, currency: 'EUR', country: undefined })).toEqual({ shipping: 0, tax: 1900 });
    expect(quote({ amount: 11_900, currency: 'USD', country: undefined })).toEqual({ shipping: 0, tax: 1900 });
  });

  it('has no answer for other countries, nor for currencies that are not sold there', () => {
    expect(quote({ amount: 1000, currency: 'EUR', country: 'AQ' })).toBeUndefined();
    expect(quote({ amount: 1000, currency: 'USD', country: 'DE' })).toBeUndefined();
  });

  it('has each country once', () => {
    const countries = ZONES.flatMap((zone) => zone.countries);
    expect(new Set(countries).size).toBe(countries.length);
  });
});
