import { Counter, Gauge, type Logger, type Registry } from '@tenfold/runtime';
import { BrokenCircuitError, circuitBreaker, CircuitState, ConsecutiveBreaker, handleType } from 'cockatiel';
import { type PaymentProvider, ProviderUnavailable } from './provider.ts';

/** Answers that have to be missing in a row before the provider is left in peace. */
const FAILURES = 5;
/** Milliseconds until it is tried again with one request. */
const HALF_OPEN_AFTER = 2000;

/**
 * The provider behind a circuit breaker: one that doesn't answer is not asked for a while, so that workers do not spend
 * their time in time-outs. What is refused meanwhile throws ProviderUnavailable, as if it had been asked.
 */
export function withBreaker(provider: PaymentProvider, logger: Logger, metrics: Registry): PaymentProvider {
  const breaker = circuitBreaker(handleType(ProviderUnavailable), {
    breaker: new ConsecutiveBreaker(FAILURES),
    halfOpenAfter: HALF_OPEN_AFTER,
  });
  const registers = [metrics];
  const broken = new Gauge({
    name: 'payment_breaker_open',
    help: '1 while the provider is not asked',
    labelNames: ['provider'],
    registers,
  });
  const calls = new Counter({
    name: 'payment_provider_calls_total',
    help: 'Calls to the payment provider',
    labelNames: ['provider', 'call', 'outcome'],
    registers,
  });
  breaker.onStateChange((state) => {
    broken.set({ provider: provider.name }, state === CircuitState.Open ? 1 : 0);
    logger.warn({ provider: provider.name, breaker: CircuitState[state] }, 'the circuit breaker of the payment provider moved');
  });

  const guarded = async <T>(call: string, work: () => Promise<T>): Promise<T> => {
    const count = (outcome: string) => calls.inc({ provider: provider.name, call, outcome });
    try {
      const value = await breaker.execute(work);
      count('ok');
      return value;
    } catch (error) {
      if (error instanceof BrokenCircuitError) {
        count('not asked');
        throw new ProviderUnavailable(`${provider.name} is not asked for a while, since it did not answer`, { cause: error });
      }
      count(error instanceof ProviderUnavailable ? 'unavailable' : 'refused');
      throw error;
    }
  };

  return {
    name: provider.name,
    charge: (request, signal) => guarded('charge', () => provider.charge(request, signal)),
    find: (request, signal) => guarded('find', () => provider.find(request, signal)),
    cancel: (request, signal) => guarded('cancel', () => provider.cancel(request, signal)),
    refund: (request, signal) => guarded('refund', () => provider.refund(request, signal)),
    parseWebhook: (body, headers) => provider.parseWebhook(body, headers),
  };
}
