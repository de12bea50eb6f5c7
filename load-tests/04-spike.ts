import { optionsFor } from './lib/options.ts';

export { browse } from './lib/journeys/browse.ts';
export { cart } from './lib/journeys/cart.ts';
export { checkout } from './lib/journeys/checkout.ts';
export { live } from './lib/journeys/live.ts';
export { search } from './lib/journeys/search.ts';
export { signIn } from './lib/journeys/sign-in.ts';
export { setup } from './lib/setup.ts';

/**
 * An advertisement on television: ten times as many visitors within two seconds, and gone again. What matters is that
 * the excess is refused quickly (503 by the edge), that those who got in are served, and that the time after is as good as
 * the time before.
 */
export const options = optionsFor('spike');
