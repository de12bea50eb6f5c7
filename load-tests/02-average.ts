import { optionsFor } from './lib/options.ts';

export { browse } from './lib/journeys/browse.ts';
export { cart } from './lib/journeys/cart.ts';
export { checkout } from './lib/journeys/checkout.ts';
export { live } from './lib/journeys/live.ts';
export { search } from './lib/journeys/search.ts';
export { signIn } from './lib/journeys/sign-in.ts';
export { setup } from './lib/setup.ts';

/**
 * An ordinary hour, in a minute: the rate that the cluster is there for. This is where objectives must be met with room
 * to spare, and what later runs are compared with.
 */
export const options = optionsFor('average');
