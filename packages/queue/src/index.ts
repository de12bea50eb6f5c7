export { type Effect, type OutboxEvent, parseEvent, type Payload, type Topic } from './events.ts';
export { writeOutbox } from './outbox.ts';
