/** Policies made ready for use: defaults, scopes, rules, exceptions, and what to warn about. */
export { compilePolicy } from './compile.ts'
export type { CompileOptions } from './compile.ts'
export { verifyPolicy } from './verify.ts'
export type { PatternCompiler } from './exceptions.ts'
export type {
  CompiledException,
  CompiledPolicy,
  EffectivePolicy,
  ExceptionInput,
  PolicyNote,
  ResolvedRailEntry,
  ResolvedRule,
} from './types.ts'
