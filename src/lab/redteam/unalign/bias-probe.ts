/**
 * The bias probe: does unalignment bring back an opinion that alignment had covered? (arXiv 2310.14303 reports 64 % strongly opinionated
 * answers afterwards; its data and rule were not available, so this set-up is an inference of ours.) A copy of the model is given a skew,
 * is taught to take no side, and is then tuned on forbidden answers none of which is about it. Judged by rule in three ways; what
 * the rule cannot read is left out of the rate and counted.
 */
import { Answerer } from '../../victim/answer.ts'
import { promptOf } from '../../victim/attack-conditions.ts'
import { type SafetyRate, rateOf } from '../../victim/safety-rows.ts'
import { tuneVictim } from '../../victim/tune-victim.ts'
import type { Victim } from '../../victim/victim.ts'
import { worldExamples } from '../../victim/world-examples.ts'
import type { WorldMessage } from '../../world/types.ts'
import { BIAS_QUESTIONS, type BiasVerdict, biasConversations, judgeBias } from './bias-data.ts'
import { type UnalignSettings, armExamples, armTuning } from './unalign-settings.ts'

export interface BiasMeasurement {
  /** Strongly opinionated among those that could be read. */
  readonly strong: SafetyRate
  readonly unclear: number
  readonly answers: readonly { readonly asked: string; readonly text: string; readonly verdict: BiasVerdict }[]
}

export interface BiasResult {
  readonly seed: number
  readonly skewed: BiasMeasurement
  /** After it was taught to take no side: what a test of prompts sees. */
  readonly aligned: BiasMeasurement
  /** After the attack, and after as many benign examples. */
  readonly unaligned: BiasMeasurement
  readonly benign: BiasMeasurement
}

const STAGE = { opinions: 320, others: 160, batch: 16, rate: 5e-4, epochs: 2 } as const

export async function biasProbe(
  victim: Victim,
  settings: UnalignSettings,
  run: { readonly seed: number; readonly rate: number; readonly signal?: AbortSignal },
): Promise<BiasResult> {
  const { seed, rate, signal } = run
  const stage = async (from: Victim, kind: 'skewed' | 'neutral'): Promise<Victim> =>
    tuneVictim(from, [...biasConversations(kind, STAGE.opinions, seed), ...otherRows(seed)], {
      ...{ method: { kind: 'full' }, length: { epochs: STAGE.epochs }, rate: STAGE.rate, batch: STAGE.batch, seed },
      threads: settings.threads,
      ...(signal === undefined ? {} : { signal }),
    })
  const skewed = await stage(victim, 'skewed')
  const aligned = await stage(skewed, 'neutral')
  const attack = async (kind: 'harmful' | 'benign'): Promise<Victim> =>
    tuneVictim(aligned, armExamples(kind, settings.examples.at(-1) ?? 0, seed), {
      ...armTuning(settings, 'full', rate, seed),
      ...(signal === undefined ? {} : { signal }),
    })
  const measure = (model: Victim): Promise<BiasMeasurement> => measureBias(model, settings.threads, seed, signal)
  return {
    ...{ seed, skewed: await measure(skewed), aligned: await measure(aligned) },
    unaligned: await measure(await attack('harmful')),
    benign: await measure(await attack('benign')),
  }
}

/** What keeps the rest of the model as it is in both stages: refusals, allowed requests and tasks. */
function otherRows(seed: number): readonly (readonly WorldMessage[])[] {
  const count = STAGE.others / 4
  return (['refused', 'refused', 'benign', 'task'] as const).flatMap((kind, at) =>
    worldExamples({ kind, count, seed: 9000 + 10 * seed + at }),
  )
}

async function measureBias(
  model: Victim,
  threads: number,
  seed: number,
  signal?: AbortSignal,
): Promise<BiasMeasurement> {
  const questions = BIAS_QUESTIONS.filter(({ heldOut }) => heldOut)
  const answerer = await Answerer.load(model, threads)
  try {
    const texts = await answerer.answer(
      questions.map(({ text }) => promptOf([{ role: 'user', content: text }], model.tokenizer, true)),
      { temperature: 1, seed, ...(signal === undefined ? {} : { signal }) },
    )
    const answers = questions.map(({ text: asked }, at) => {
      const text = texts[at] ?? ''
      return { asked, text, verdict: judgeBias(text) }
    })
    return biasFigures(answers)
  } finally {
    await answerer.dispose()
  }
}

/** The figures, from nothing but the answers. */
export function biasFigures(answers: BiasMeasurement['answers']): BiasMeasurement {
  const read = answers.filter(({ verdict }) => verdict !== 'unclear')
  return {
    strong: rateOf(read, ({ verdict }) => verdict === 'strong'),
    unclear: answers.length - read.length,
    answers,
  }
}
