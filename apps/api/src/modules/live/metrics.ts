import { Counter, Gauge, type Registry } from '@tenfold/runtime';

export function createLiveMetrics(metrics: Registry, open: () => number) {
  const registers = [metrics];
  new Gauge({
    name: 'live_streams',
    help: 'Open WebSockets and event streams',
    registers,
    collect() {
      this.set(open());
    },
  });
  return {
    opened: new Counter({
      name: 'live_streams_opened_total',
      help: 'Streams opened, by what carries them',
      labelNames: ['wire'],
      registers,
    }),
    sent: new Counter({ name: 'live_events_sent_total', help: 'Changes of orders sent to open streams', registers }),
    resets: new Counter({ name: 'live_resets_total', help: 'Streams told to read their orders again', registers }),
    ended: new Counter({
      name: 'live_streams_ended_total',
      help: 'Streams that ended, by reason; `client`: the other side closed it, `dead`: it did not answer a ping',
      labelNames: ['reason'],
      registers,
    }),
  };
}
export type LiveMetrics = ReturnType<typeof createLiveMetrics>;
