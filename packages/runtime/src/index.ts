export { createLifecycle, type Lifecycle, type LifecycleState } from './lifecycle.ts';
export { createLogger, type Logger } from './logger.ts';
export { Counter, createMetrics, Gauge, Histogram, type Registry, serveMetrics } from './metrics.ts';
export { ConfigError, type Environment, parseConfig, secret } from './parse-config.ts';
export { covers, parsePosition, position, type Position } from './position.ts';
