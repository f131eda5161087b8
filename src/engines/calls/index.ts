/** What makes calls of any completion engine reliable, and the failures they end in. */
export { createReliableEngine } from './reliable-engine.ts'
export type { ReliabilityOptions } from './reliable-engine.ts'
export type { CircuitChange, CircuitOptions, CircuitState } from './circuit.ts'
export type { BudgetOptions, TokenPrices } from './budget.ts'
export { engineFailure, failureReason } from './failure.ts'
