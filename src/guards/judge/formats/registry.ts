/**
 * All judge formats by name, with the settings each takes. DuoGuard is not here: it is a classifier and has no prompt.
 */
import { ParapetError } from '../../../spec/index.ts'
import { nearest } from '../../../core/taxonomy/index.ts'
import type { FormatSettings, JudgeFormat } from './format.ts'
import { createGptOssSafeguardFormat } from './gpt-oss-safeguard.ts'
import { createGraniteGuardianFormat } from './granite-guardian/format.ts'
import { createGuardReasonerFormat } from './guardreasoner.ts'
import { createLlamaGuardFormat } from './llama-guard/format.ts'
import { createNemoGuardContentFormat } from './nemoguard/content-safety.ts'
import { createNemoGuardTopicFormat } from './nemoguard/topic-control.ts'
import { createOffTopicFormat } from './off-topic.ts'
import { createPolicyJudgeFormat } from './policy-judge/format.ts'
import { createQwen3GuardFormat } from './qwen3guard.ts'
import { createShieldGemmaFormat } from './shieldgemma.ts'
import { createThinkGuardFormat } from './thinkguard.ts'
import { createWildGuardFormat } from './wildguard.ts'

interface Entry {
  readonly settings: readonly (keyof FormatSettings)[]
  create(settings: FormatSettings): JudgeFormat
}

const CLAUSES = ['clauses'] as const

/** Values of settings that come from a file, where no compiler has looked at them. */
const VALUES: Readonly<Partial<Record<keyof FormatSettings, readonly unknown[]>>> = {
  controversial: ['unsafe', 'safe'],
  reasoning: [true, false],
  listLiteral: [true, false],
  order: ['reason_first', 'label_first'],
  parser: ['strict', 'paper-compat'],
  shared: ['policy_first', 'texts_first'],
  parallel: [true, false],
}

const ENTRIES: Readonly<Record<string, Entry>> = {
  'llama-guard': { settings: CLAUSES, create: (settings) => createLlamaGuardFormat(1, settings) },
  'llama-guard-2': { settings: CLAUSES, create: (settings) => createLlamaGuardFormat(2, settings) },
  'llama-guard-3': { settings: CLAUSES, create: (settings) => createLlamaGuardFormat(3, settings) },
  'llama-guard-4': { settings: CLAUSES, create: (settings) => createLlamaGuardFormat(4, settings) },
  thinkguard: { settings: ['clauses', 'listLiteral', 'critiqueQuestion'], create: createThinkGuardFormat },
  guardreasoner: { settings: ['order', 'parser'], create: createGuardReasonerFormat },
  wildguard: { settings: [], create: createWildGuardFormat },
  shieldgemma: { settings: CLAUSES, create: createShieldGemmaFormat },
  'granite-guardian': {
    settings: ['clauses', 'risk'],
    create: (settings) => createGraniteGuardianFormat('3', settings),
  },
  'granite-guardian-3.3': {
    settings: ['clauses', 'risk', 'reasoning'],
    create: (settings) => createGraniteGuardianFormat('3.3', settings),
  },
  'granite-guardian-4.1': {
    settings: ['clauses', 'reasoning'],
    create: (settings) => createGraniteGuardianFormat('4.1', settings),
  },
  qwen3guard: { settings: ['controversial'], create: createQwen3GuardFormat },
  'gpt-oss-safeguard': { settings: ['clauses', 'reasoning'], create: createGptOssSafeguardFormat },
  nemoguard: { settings: CLAUSES, create: createNemoGuardContentFormat },
  'nemoguard-topic': { settings: [], create: createNemoGuardTopicFormat },
  'off-topic': { settings: [], create: createOffTopicFormat },
  policy: { settings: ['clauses', 'shared', 'parallel'], create: createPolicyJudgeFormat },
}

export const JUDGE_FORMATS: readonly string[] = Object.keys(ENTRIES)

/** Settings that a format takes; empty for a name that is none. */
export function formatSettings(name: string): readonly (keyof FormatSettings)[] {
  return Object.hasOwn(ENTRIES, name) ? (ENTRIES[name]?.settings ?? []) : []
}

/**
 * A format by its name.
 *
 * @throws ParapetError `configuration` for a name that is none, a setting the format does not take, or one with a wrong value.
 */
export function judgeFormat(name: string, settings: FormatSettings = {}): JudgeFormat {
  const entry = Object.hasOwn(ENTRIES, name) ? ENTRIES[name] : undefined
  if (entry === undefined) {
    const meant = nearest(name, JUDGE_FORMATS)
    const help = meant === undefined ? `There are ${JUDGE_FORMATS.join(', ')}.` : `Did you mean ${meant}?`
    throw new ParapetError('configuration', `There is no judge format "${name.slice(0, 80)}". ${help}`)
  }
  const given = Object.entries(settings).flatMap(([key, value]) => (value === undefined ? [] : [key]))
  const wrong = given.find((key) => !entry.settings.some((known) => known === key))
  if (wrong !== undefined) {
    const takes = entry.settings.length === 0 ? 'It takes none.' : `It takes ${entry.settings.join(', ')}.`
    throw new ParapetError('configuration', `Judge format ${name} has no setting "${wrong.slice(0, 80)}". ${takes}`)
  }
  for (const key of entry.settings) {
    const values = VALUES[key]
    if (settings[key] === undefined || values === undefined || values.includes(settings[key])) continue
    throw new ParapetError('configuration', `Judge format ${name}: ${key} is one of ${values.join(', ')}.`)
  }
  return entry.create(settings)
}
