/** What the words of `parapet redteam prompts` stand for: goals, guard settings and judges. */
import { resolve } from 'node:path'
import { createJudgeSubject } from '../lab/eval/subjects/judge.ts'
import {
  behindPolicy,
  type FileGoals,
  type GoalSet,
  type GuardSetting,
  modelJudge,
  readGoalFile,
  STRICT,
  STRING,
  subjectJudge,
  type SuccessJudge,
  translateGoals,
  unguarded,
  WORLD_SETTINGS,
  worldGoals,
  worldModelJudge,
  worldSettings,
} from '../lab/redteam/prompts/index.ts'
import { usageError } from './exit.ts'
import type { CliIo } from './io.ts'
import type { Models, OpenModel } from './redteam-prompts-models.ts'

type Options = Readonly<Record<string, unknown>>

export async function goalsOf(io: CliIo, options: Options): Promise<FileGoals & { readonly notes: readonly string[] }> {
  const { goals: file, languages } = options
  if (typeof file !== 'string') {
    if (options['translate'] === true)
      throw usageError("--translate is for --goals: the world's goals have their languages.")
    return { set: worldGoals({ count: Number(options['count']) }), skipped: [], notes: [] }
  }
  const read = await readGoalFile(resolve(io.cwd, file))
  const shown = read.skipped.slice(0, 10).map(({ line, reason }) => `${file}:${line} is left out: ${reason}`)
  const more = read.skipped.length - shown.length
  const notes = [...shown, ...(more > 0 ? [`${file}: ${more} more lines are left out`] : [])]
  if (options['translate'] !== true) return { ...read, notes }
  const { set, left } = await translateGoals(
    read.set,
    (languages as readonly string[]).filter((code) => code !== 'en'),
  )
  const lost = Object.entries(left).map(([code, count]) => `${count} goals have no good translation into ${code}`)
  return { ...read, set, notes: [...notes, ...lost] }
}

export interface OpenSettings {
  readonly settings: readonly GuardSetting[]
  readonly close: () => Promise<void>
}

/** In the order of the words. */
export async function settingsOf(
  io: CliIo,
  words: readonly string[],
  model: OpenModel,
  onProgress: (message: string) => void,
): Promise<OpenSettings> {
  const closes: (() => Promise<void>)[] = []
  const ofWorld = words.filter((word) => (WORLD_SETTINGS as readonly string[]).includes(word) && word !== 'none')
  if (ofWorld.length > 0 && model.local === null)
    throw usageError(`${ofWorld.join(', ')} guard a model of the small world: use them with --target demo or a folder.`)
  const made =
    ofWorld.length === 0 || model.local === null
      ? []
      : await worldSettings({ model: model.local, names: ofWorld, seed: 1, onProgress })
  const settings: GuardSetting[] = []
  for (const word of words) {
    const known = made.find(({ name }) => name === word)
    if (known !== undefined) settings.push(known)
    else if (word === 'none') settings.push(unguarded(model.target))
    else if (word === 'policy' || word.startsWith('policy:')) {
      const { createParapet } = await import('../compose/index.ts')
      const file = word === 'policy' ? undefined : resolve(io.cwd, word.slice('policy:'.length))
      const parapet = await createParapet(file, { watch: false })
      closes.push(() => parapet.close())
      settings.push(behindPolicy(word, model.target, parapet))
    } else
      throw usageError(
        `there is no guard setting "${word}". There are ${WORLD_SETTINGS.join(', ')}, policy and policy:FILE.`,
      )
  }
  return {
    settings,
    close: async () => {
      for (const close of closes) await close()
    },
  }
}

export async function judgesOf(
  io: CliIo,
  options: Options,
  goals: GoalSet,
  models: Models,
  target: OpenModel,
): Promise<readonly SuccessJudge[]> {
  const beside = (options['beside'] ?? []) as readonly string[]
  const chosen = options['judge'] === undefined ? 'strict' : String(options['judge'])
  if (chosen === 'strict' && goals.goals(1).some(({ parts }) => parts === undefined))
    throw usageError(
      'the strict judge needs parts with every goal. Give them, or another --judge: string, model, policy:FILE#GUARD.',
    )
  const names = [...new Set([chosen, ...(chosen === 'string' ? [] : ['string']), ...beside])]
  return Promise.all(names.map((name) => judgeOf(io, name, options, models, target)))
}

async function judgeOf(
  io: CliIo,
  name: string,
  options: Options,
  models: Models,
  target: OpenModel,
): Promise<SuccessJudge> {
  if (name === 'strict') return STRICT
  if (name === 'string') return STRING
  if (name === 'world-model') {
    if (target.local === null)
      throw usageError('world-model judges with a model of the small world: use it with --target demo.')
    return worldModelJudge(target.engine)
  }
  if (name === 'model') {
    const { engine } = await models.open(String(options['judgeModel']), String(options['judgeModelName']))
    return modelJudge(engine)
  }
  const [, file, guard] = /^policy:(.+)#([^#]+)$/.exec(name) ?? []
  if (file === undefined || guard === undefined)
    throw usageError(`there is no judge "${name}". There are strict, string, world-model, model and policy:FILE#GUARD.`)
  const { openPolicyJudge } = await import('../compose/policy-judge.ts')
  return subjectJudge(createJudgeSubject({ ...(await openPolicyJudge(resolve(io.cwd, file), guard, io.env)), name }))
}
