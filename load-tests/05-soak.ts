import { optionsFor } from './lib/options.ts';

export { browse } from './lib/journeys/browse.ts';
export { cart } from './lib/journeys/cart.ts';
export { checkout } from './lib/journeys/checkout.ts';
export { live } from './lib/journeys/live.ts';
export { search } from './lib/journeys/search.ts';
export { signIn } from './lib/journeys/sign-in.ts';
export { setup } from './lib/setup.ts';

/**
 * The same gentle load for half an hour or a night (`--duration 8h`): what leaks, fills up or drifts shows only here.
 * Compare memory and event-loop delay of the replicas at the beginning and at the end.
 */
export const options = optionsFor('soak');
