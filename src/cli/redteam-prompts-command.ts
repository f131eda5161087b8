/** `parapet redteam prompts`: attacks with prompts on a model or gateway of one's own; Ctrl-C loses nothing, limits decide the exit code. */
import { resolve } from 'node:path'
import {
  allAttacks,
  checkFamilies,
  checkGates,
  type Gate,
  parseGate,
  pickAttacks,
  REDTEAM_FILES,
  runRedTeam,
  summaryLines,
  writeRedTeam,
} from '../lab/redteam/prompts/index.ts'
import { EXIT_NEGATIVE, EXIT_OK, usageError } from './exit.ts'
import type { CliIo } from './io.ts'
import { type LabContext, runLabJob } from './lab-run.ts'
import { Models, type OpenModel } from './redteam-prompts-models.ts'
import { goalsOf, judgesOf, settingsOf } from './redteam-prompts-parts.ts'
import { printable } from './terminal.ts'

type Options = Readonly<Record<string, unknown>>

const PROGRESS_MS = 10_000

/** Exit code 0; 1 when a limit was passed; 130 or 143 when stopped. */
export async function runRedteamPrompts(io: CliIo, options: Options): Promise<number> {
  if (options['list'] === true) return list(io, options)
  if (typeof options['out'] !== 'string') throw usageError('Name a folder for the run: --out FOLDER.')
  const gates = words(options, 'failOn').map(parseGate)
  let passed = false
  const job = { quiet: options['quiet'] === true, whenStopped: 'stopped. The same command with --resume goes on.' }
  const code = await runLabJob(io, job, async (context) => {
    const done = await run(io, options, gates, context)
    passed = done.passed
    return done.lines
  })
  return code === EXIT_OK && passed ? EXIT_NEGATIVE : code
}

interface Finished {
  readonly lines: readonly string[]
  /** Whether a limit was passed. */
  readonly passed: boolean
}

async function run(io: CliIo, options: Options, gates: readonly Gate[], context: LabContext): Promise<Finished> {
  const guards = words(options, 'guards')
  checkGates(gates, guards)
  const attacks = attacksOf(options)
  checkFamilies(
    gates,
    attacks.map(({ family }) => family),
  )
  const goals = await goalsOf(io, options)
  for (const note of goals.notes) context.onProgress(note)
  const models = new Models(io, {
    ...{ timeout: 1000 * Number(options['timeout']), ...keyOf(io, options), keyFor: String(options['target']) },
    ...(options['rate'] === undefined ? {} : { perMinute: Number(options['rate']) }),
  })
  let close = async (): Promise<void> => undefined
  try {
    const target = await models.open(String(options['target']), String(options['model']))
    requireWeights(options, attacks, target)
    const opened = await settingsOf(io, guards, target, context.onProgress)
    close = opened.close
    const { attacker } = options
    const leads = typeof attacker === 'string' ? await models.open(attacker, String(options['attackerName'])) : null
    const settings = {
      ...{
        out: resolve(io.cwd, String(options['out'])),
        resume: options['resume'] === true,
        goals: goals.set,
        attacks,
      },
      ...{ settings: opened.settings, judges: await judgesOf(io, options, goals.set, models, target) },
      ...{ scorer: target.local?.scorer ?? null, attacker: leads?.engine ?? null },
      targetVersion: target.local?.version ?? '',
      seeds: Array.from({ length: Number(options['seeds']) }, (_, at) => at + 1),
      ...{ maxTokens: Number(options['maxTokens']), temperature: Number(options['temperature']) },
      ...{ concurrency: Number(options['concurrency']), benign: options['controls'] !== false },
      keepTexts: options['keepTexts'] === true || goals.set.origin === 'world',
      ...{ budget: budgetOf(options), signal: context.signal },
    }
    const outcome = await runRedTeam({ ...settings, onProgress: progressOf(io, context) })
    const { junit } = options
    const record = writeRedTeam({
      ...{ options: settings, outcome, gates, skippedLines: goals.skipped.length },
      ...(typeof junit === 'string' ? { junit: resolve(io.cwd, junit) } : {}),
    })
    return {
      lines: [...summaryLines(record), `${settings.out}: ${REDTEAM_FILES.run}, ${REDTEAM_FILES.report}`],
      passed: record.gates.some(({ failed }) => failed),
    }
  } finally {
    await close()
    await models.close()
  }
}

function attacksOf(options: Options): ReturnType<typeof pickAttacks> {
  // A word that begins with a dash would be an option.
  const left = words(options, 'without').map((word) => `-${word}`)
  return pickAttacks([...words(options, 'attacks'), ...left], catalogue(options))
}

/** Searches that were asked for by name must not be left out silently: they need numbers that only a model decoded here shows. */
function requireWeights(options: Options, attacks: ReturnType<typeof pickAttacks>, { local }: OpenModel): void {
  const named = words(options, 'attacks')
  if (named.length === 0 || named.includes('all') || local?.scorer != null) return
  const search = attacks.find(({ needs }) => needs === 'scorer' || needs === 'gradients')
  if (search === undefined) return
  const why =
    local === null
      ? 'a model behind a URL or in a GGUF file shows neither its weights nor gradients. Take --target demo or a Hugging Face folder'
      : 'this model is decoded without onnxruntime-node. Install it: npm install onnxruntime-node'
  throw usageError(
    `${search.id} searches along what the target's numbers say, and ${why}, or leave it out: --without ${search.id}.`,
  )
}

function catalogue(options: Options): Parameters<typeof allAttacks>[0] {
  return {
    languages: words(options, 'languages'),
    ...{ bestOf: Number(options['bestOf']), turns: Number(options['turns']) },
  }
}

async function list(io: CliIo, options: Options): Promise<number> {
  for (const { id, family, source } of allAttacks(catalogue(options)))
    await io.stdout.write(`${printable(`${family.padEnd(18)} ${id.padEnd(28)} ${source}`)}\n`)
  return EXIT_OK
}

function keyOf(io: CliIo, { apiKeyEnv }: Options): { readonly apiKey?: string } {
  if (typeof apiKeyEnv !== 'string') return {}
  const apiKey = io.env[apiKeyEnv]
  if (apiKey === undefined || apiKey === '') throw usageError(`the environment variable ${apiKeyEnv} is not set.`)
  return { apiKey }
}

function budgetOf({
  maxQueries,
  maxTotalTokens,
  maxMinutes,
}: Options): Parameters<typeof runRedTeam>[0]['budget'] & {} {
  return {
    ...(maxQueries === undefined ? {} : { queries: Number(maxQueries) }),
    ...(maxTotalTokens === undefined ? {} : { tokens: Number(maxTotalTokens) }),
    ...(maxMinutes === undefined ? {} : { time: 60_000 * Number(maxMinutes) }),
  }
}

function progressOf(io: CliIo, { onProgress }: LabContext): (done: number, all: number) => void {
  let shown = io.now()
  return (done, all) => {
    if (io.now() - shown < PROGRESS_MS) return
    shown = io.now()
    onProgress(`${done} of ${all} cases`)
  }
}

function words(options: Options, name: string): readonly string[] {
  const given = options[name]
  return Array.isArray(given) ? given.map(String) : []
}
