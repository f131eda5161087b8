/** Rules from configuration. */
export { createRulesGuard } from './rules-guard.ts'
export type { RulePattern, RulesOptions } from './rules-guard.ts'
export { RE2JS_ENGINE, compileLinearPattern, compileLinearTest, linearEngine } from './linear-pattern.ts'
export type { LinearEngine, LinearPattern, LinearPatternOptions } from './linear-pattern.ts'
