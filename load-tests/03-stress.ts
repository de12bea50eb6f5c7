import { optionsFor } from './lib/options.ts';

export { browse } from './lib/journeys/browse.ts';
export { cart } from './lib/journeys/cart.ts';
export { checkout } from './lib/journeys/checkout.ts';
export { live } from './lib/journeys/live.ts';
export { search } from './lib/journeys/search.ts';
export { signIn } from './lib/journeys/sign-in.ts';
export { setup } from './lib/setup.ts';

/**
 * The busiest hour: half of three times the ordinary rate, then all of it. It shows where latency begins to climb, and
 * whether it comes down again.
 */
export const options = optionsFor('stress');
