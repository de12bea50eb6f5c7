export {
  type ClockHandler,
  type Consumer,
  createJobMetrics,
  type EffectHandler,
  type EffectHandlers,
  type JobMetrics,
  startConsumer,
} from './consumer.ts';
export { type DeadLetter, listDeadLetters, replayDeadLetter } from './dead-letters.ts';
export { AlreadyDone, type EffectRun, RetryLater } from './effect.ts';
export { type Effect, type OutboxEvent, parseEvent, type Payload, type Topic } from './events.ts';
export { appendLive, isAfter, type LiveEntry, type LiveHistory } from './live.ts';
export { createLiveFeed, type LiveFeed } from './live-feed.ts';
export { writeOutbox } from './outbox.ts';
export { exportQueueMetrics } from './queue-metrics.ts';
export { createQueues, type QueueName, QUEUES, type Queues } from './queues.ts';
export { createConsumerRedis, createProducerRedis } from './redis.ts';
export { type Relay, startRelay } from './relay.ts';
export { createOutboxHint, type OutboxHint } from './wake.ts';
