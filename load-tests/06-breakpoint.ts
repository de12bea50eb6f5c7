import { optionsFor } from './lib/options.ts';

export { browse } from './lib/journeys/browse.ts';
export { cart } from './lib/journeys/cart.ts';
export { checkout } from './lib/journeys/checkout.ts';
export { live } from './lib/journeys/live.ts';
export { search } from './lib/journeys/search.ts';
export { signIn } from './lib/journeys/sign-in.ts';
export { setup } from './lib/setup.ts';

/**
 * How much is too much? The rate climbs until a promise is broken, then k6 stops. Where it stopped is the capacity of this
 * cluster on this machine; `npm run prove` measures the same properly.
 */
export const options = optionsFor('breakpoint');
