export { type BalanceSettings, parseBalance } from './balance.ts';
export { edgeSettings } from './config.ts';
export { type EdgeOptions, type EdgeServer, type EdgeUpstream, edgeVariables, renderEdge } from './render.ts';
export type { EdgeSettings } from './settings.ts';
