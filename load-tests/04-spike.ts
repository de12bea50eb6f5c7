import { optionsFor } from './lib/options.ts';

export { browse } from './lib/journeys/browse.ts';
export { cart } from './lib/journeys/cart.ts';
export { checkout } from './lib/journeys/checkout.ts';
export { live } from './lib/journeys/live.ts';
export { search } from './lib/journeys/search.ts';
export { signIn } from './lib/journeys/sign-in.ts';
export { setup } from './lib/setup.ts';

/**
 * An advertisement on television: ten times as many visitors within two seconds, and gone again. A cluster that is large enough keeps
 * its promises all the while, and one that refuses or is late breaks them. What it does when it is too small by far,
 * `npm run prove -- --overload` measures.
 */
export const options = optionsFor('spike');
