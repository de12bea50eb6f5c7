import { Counter, Gauge, type Logger, type Registry } from '@tenfold/runtime';
import { BrokenCircuitError, circuitBreaker, CircuitState, handleType, SamplingBreaker } from 'cockatiel';
import { type PaymentProvider, ProviderLeftInPeace, ProviderUnavailable } from './provider.ts';

/** The provider is left in peace when more than this part of its answers was missing, of five or more in ten seconds. */
const SAMPLING = { threshold: 0.5, duration: 10_000, minimumRps: 0.5 };
/** Milliseconds until it is tried again with one request. */
const HALF_OPEN_AFTER = 2000;

/**
 * The provider behind a circuit breaker: one that doesn't answer is not asked for a while, so that workers do not spend
 * their time in time-outs. What is refused meanwhile throws ProviderLeftInPeace.
 */
export function withBreaker(provider: PaymentProvider, logger: Logger, metrics: Registry): PaymentProvider {
  const breaker = circuitBreaker(handleType(ProviderUnavailable), {
    breaker: new SamplingBreaker(SAMPLING),
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
        throw new ProviderLeftInPeace(`${provider.name} is not asked for a while, since it did not answer`, { cause: error });
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
  };
}
