/**
 * A red team from its plan to its rows: so many cases at a time, each kept as soon as it is known. Stopped, killed or left by its target
 * it loses nothing but the cases that were running; with `resume` it goes on, and comes to the same rows.
 */
import { createHash } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { type LanguageModelEngine, ParapetError } from '../../../../spec/index.ts'
import type { Attack, TargetScorer } from '../attacks/attack.ts'
import type { GoalSet } from '../goals/goal.ts'
import type { SuccessJudge } from '../judges/judge.ts'
import type { GuardSetting } from '../settings/guard-setting.ts'
import { affordable, type BudgetLimits, checkBudget } from './budget.ts'
import { holdFolder } from '../../../jobs/hold-folder.ts'
import { type Journal, openJournal } from './journal.ts'
import { type Case, planCases, type Skipped } from './plan.ts'
import type { RedTeamRow } from './row.ts'
import { openSearches, type Searches } from './searches.ts'
import { type CaseContext, runCase } from './run-case.ts'

export interface RedTeamOptions {
  /** Folder of the run. */
  readonly out: string
  readonly resume?: boolean
  readonly goals: GoalSet
  readonly attacks: readonly Attack[]
  /** All over the same target. */
  readonly settings: readonly GuardSetting[]
  /** Of the target's numbers, where they are known. */
  readonly targetVersion?: string
  /** The first decides; the others are measured beside it. */
  readonly judges: readonly SuccessJudge[]
  readonly scorer?: TargetScorer | null
  readonly attacker?: LanguageModelEngine | null
  /** Default [1]. */
  readonly seeds?: readonly number[]
  /** Tokens of an answer. Default 64. */
  readonly maxTokens?: number
  /** Default 0. */
  readonly temperature?: number
  /** Cases at a time. Default 4. */
  readonly concurrency?: number
  /** Whether harmless requests go through the same attacks. Default true. */
  readonly benign?: boolean
  /** Default: for goals of the world only. */
  readonly keepTexts?: boolean
  readonly budget?: BudgetLimits
  readonly onProgress?: (done: number, all: number, row: RedTeamRow) => void
  readonly signal?: AbortSignal
}

export interface RedTeamOutcome {
  /** In the order of the plan. */
  readonly rows: readonly RedTeamRow[]
  readonly planned: number
  /** Cases that the budget did not reach. They are no evidence of anything. */
  readonly notRun: number
  readonly skipped: readonly Skipped[]
  readonly target: string
  readonly fingerprint: string
}

/**
 * Rejects with `configuration` for settings that cannot be; `aborted` when stopped; as targets do when it makes no sense to go on. Rows
 * known by then are kept.
 */
export async function runRedTeam(options: RedTeamOptions): Promise<RedTeamOutcome> {
  const { out, goals, settings, attacks, seeds = [1], budget = {}, resume = false, concurrency = 4 } = options
  check(options)
  checkBudget(budget)
  const { cases, skipped } = planCases({
    ...{ goals, seeds, attacks, settings: settings.map(({ name }) => name), benign: options.benign ?? true },
    has: {
      ...{ scorer: options.scorer != null, gradients: options.scorer?.swaps !== undefined },
      attacker: options.attacker != null,
    },
  })
  const wanted = affordable(cases, budget, settings.length)
  const fingerprint = fingerprintOf(options)
  const release = holdFolder(out)
  const rows = new Map<string, RedTeamRow>()
  try {
    const journal = openJournal(out, fingerprint, resume)
    for (const row of journal.known) rows.set(row.id, row)
    const searches = openSearches(out, fingerprint, keepsTexts(options))
    await runAll(wanted, rows, { journal, searches }, options, Math.max(1, concurrency))
  } finally {
    release()
  }
  const ordered = wanted.flatMap(({ id }) => rows.get(id) ?? [])
  return {
    ...{ rows: ordered, planned: cases.length, notRun: cases.length - ordered.length, skipped, fingerprint },
    target: settings[0]?.target.id ?? '',
  }
}

async function runAll(
  wanted: readonly Case[],
  rows: Map<string, RedTeamRow>,
  { journal, searches }: { readonly journal: Journal; readonly searches: Searches },
  options: RedTeamOptions,
  concurrency: number,
): Promise<void> {
  const { budget = {}, signal, onProgress } = options
  const context = contextOf(options, searches)
  const started = performance.now()
  let tokens = 0
  for (const { id } of wanted) tokens += tokensOf(rows.get(id))
  const left = wanted.filter(({ id }) => !rows.has(id)).values()
  let failure: unknown = null
  const spent = (): boolean =>
    tokens >= (budget.tokens ?? Infinity) || performance.now() - started >= (budget.time ?? Infinity)
  const work = async (): Promise<void> => {
    for (const next of left) {
      // Read anew each time: another worker may have met a dead target meanwhile.
      if (failure !== null || signal?.aborted === true || spent()) return
      try {
        const row = await runCase(next, context)
        journal.write(row)
        rows.set(row.id, row)
        tokens += tokensOf(row)
        onProgress?.(rows.size, wanted.length, row)
      } catch (error) {
        failure ??= error
        return
      }
    }
  }
  await Promise.all(Array.from({ length: concurrency }, work))
  if (signal?.aborted === true)
    throw new ParapetError('aborted', 'The run was stopped. What was asked is kept; --resume goes on.')
  if (failure !== null) throw failure
}

const tokensOf = (row: RedTeamRow | undefined): number => (row === undefined ? 0 : row.promptTokens + row.answerTokens)

const keepsTexts = ({ keepTexts, goals }: RedTeamOptions): boolean => keepTexts ?? goals.origin === 'world'

function contextOf(options: RedTeamOptions, searches: Searches): CaseContext {
  const { goals, settings, judges, scorer = null, attacker = null, maxTokens = 64, temperature = 0, signal } = options
  return {
    ...{ goals, judges, scorer, attacker, maxTokens, temperature, searches },
    settings: new Map(settings.map((setting) => [setting.name, setting])),
    keepTexts: keepsTexts(options),
    ...(signal === undefined ? {} : { signal }),
  }
}

function check({
  settings,
  judges,
  attacks,
  seeds = [1],
  maxTokens = 64,
  temperature = 0,
  concurrency = 4,
}: RedTeamOptions): void {
  const names = settings.map(({ name }) => name)
  if (names.length === 0 || new Set(names).size < names.length)
    throw wrong('Give at least one guard setting, each once.')
  if (judges.length === 0) throw wrong('A run needs a judge that decides what a success is.')
  if (attacks.length === 0) throw wrong('There is no attack left. Name a family or an attack.')
  if (seeds.length === 0 || seeds.some((seed) => !Number.isSafeInteger(seed) || seed < 0))
    throw wrong('Seeds are whole numbers from 0, at least one.')
  if (!Number.isSafeInteger(maxTokens) || maxTokens < 1) throw wrong('maxTokens must be a whole number above 0.')
  if (!(temperature >= 0)) throw wrong('The temperature must be a number of at least 0.')
  if (!Number.isSafeInteger(concurrency) || concurrency < 1) throw wrong('concurrency must be a whole number above 0.')
}

const wrong = (message: string): ParapetError => new ParapetError('configuration', message)

/** Of everything a row depends on. */
function fingerprintOf(options: RedTeamOptions): string {
  const { goals, attacks, settings, judges, seeds = [1], maxTokens = 64, temperature = 0, targetVersion = '' } = options
  const facts = [
    ...['redteam-2', goals.version, seeds, maxTokens, temperature, targetVersion],
    ...[attacks.map(({ id, queries }) => [id, queries]), judges.map(({ name }) => name)],
    ...[settings.map(({ name, version, target }) => [name, version, target.id])],
    ...[options.attacker?.id ?? '', keepsTexts(options), options.benign ?? true],
  ]
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex')
}
