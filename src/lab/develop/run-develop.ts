/**
 * From a specification to a guard: samples, split, training, calibration, measurement, report and an entry for a policy. What `parapet develop`
 * does (Chua et al. 2024, arXiv 2411.12946, the methodology). Every step is kept; a run that was killed goes on and ends the same.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createTopicEngine, TOPIC_FILE } from '../../engines/embedded/topic-engine.ts'
import { MODEL_FILES } from '../../engines/embedded/index.ts'
import { TOPIC_THRESHOLDS } from '../../guards/topic/index.ts'
import { readGuardEncoder } from '../../nn/encoder/guard-encoder.ts'
import { loadOnnxRuntime } from '../../nn/runtime/onnx-runtime.ts'
import { readTopicModel, topicProbability, writeTopicModel } from '../../nn/topic-model.ts'
import type { CompletionEngine } from '../../spec/index.ts'
import { ParapetError } from '../../spec/errors.ts'
import { exactInterval } from '../eval/metrics/binomial.ts'
import type { Subject } from '../eval/subject.ts'
import { holdFolder } from '../jobs/hold-folder.ts'
import { readRecordFile } from '../train/records.ts'
import { writeAtomically } from '../train/write-atomically.ts'
import type { DevelopRun } from './develop-run.ts'
import { type EngineSamples, engineSamples, isReplyRecord } from './generate/engine-samples.ts'
import { sourceKey } from './generate/clean.ts'
import { checkForGrammar, GRAMMAR_VERSION } from './generate/grammar.ts'
import { makeSamples } from './generate/make-samples.ts'
import { ENGINE_VERSION } from './generate/meta-prompt.ts'
import { openJournal } from './journal.ts'
import { askJudge, isJudgeAnswer } from './measure/ask-judge.ts'
import { measureLatency } from './measure/latency.ts'
import { measureGuard } from './measure/measure-guard.ts'
import { besideRandomScopes } from './measure/random-scopes.ts'
import { addPairs, createEncoderOfTexts, type EncoderOfTexts, FeatureMaker } from './model/encode.ts'
import { specialise } from './model/specialise.ts'
import { policyEntry } from './policy-entry.ts'
import { conclusionOf, renderDevelopReport } from './report/develop-report.ts'
import { PARTS, SLICES } from './sample.ts'
import { readSpecification, type Specification } from './specification.ts'
import { Steps } from './steps.ts'

export interface RunDevelopOptions {
  /** YAML file. */
  readonly specification: string
  readonly out: string
  /** Writes the samples; the grammar does without one. */
  readonly engine?: CompletionEngine
  /** A zero-shot judge to stand beside the guard, and to say how far it agrees with the labels. */
  readonly judge?: Subject
  /** Questions to the engine, each for one system prompt. */
  readonly replies: number
  /** No further question once so many tokens are spent. */
  readonly tokens?: number
  /** System prompts of the grammar. */
  readonly scopes: number
  /** Samples of each system prompt, half of them off topic. */
  readonly perScope: number
  /** 0.4 to 0.6. */
  readonly threshold: number
  /** Share of on-topic requests that may be flagged: `model/operating-point.ts` says what is made of it. */
  readonly falseAlarms: number
  /** A model file to start from; the general one of the package if absent. */
  readonly start?: string
  /** Labelled records whose harmful prompts are put beside random scopes. */
  readonly harmful?: string
  readonly seed: number
  readonly onProgress: (message: string) => void
  readonly signal?: AbortSignal
}

/** Prompts timed, and harmful ones measured, at most. */
const [TIMED, MOST_HARMFUL] = [200, 5000]

/**
 * Writes `topic.bin`, `samples.jsonl`, `run.json`, `report.html` and `parapet.yaml`. Throws `configuration` while another run works in the
 * folder, and for mistakes, which are said before a folder is made.
 */
export async function runDevelop(options: RunDevelopOptions): Promise<DevelopRun> {
  const { threshold, falseAlarms, engine } = options
  if (!(threshold >= TOPIC_THRESHOLDS.lowest && threshold <= TOPIC_THRESHOLDS.highest))
    throw new ParapetError('configuration', `The threshold lies from 0.4 to 0.6, not at ${threshold}.`)
  if (!(falseAlarms >= 0 && falseAlarms <= 0.5))
    throw new ParapetError('configuration', `The share of false alarms lies from 0 to 0.5, not at ${falseAlarms}.`)
  const specification = readSpecification(options.specification)
  if (engine === undefined) checkForGrammar(specification)
  // Two runs in one folder would ask everything twice.
  const letGo = holdFolder(options.out)
  try {
    return await runHeld(specification, options)
  } finally {
    letGo()
  }
}

async function runHeld(specification: Specification, options: RunDevelopOptions): Promise<DevelopRun> {
  const { out, seed, threshold, engine, judge, onProgress, signal } = options
  const during = signal === undefined ? {} : { signal }
  const startPath = options.start ?? fileURLToPath(TOPIC_FILE)
  const [startBytes, deepBytes] = [fileBytes(startPath), fileBytes(fileURLToPath(MODEL_FILES.deep))]
  const harmful = options.harmful === undefined ? null : readRecordFile(options.harmful)
  const steps = Steps.open(out, {
    ...{ formatVersion: 2, specification: digest(readFileSync(options.specification)), seed, threshold },
    ...{ generator: engine === undefined ? GRAMMAR_VERSION : ENGINE_VERSION, engine: engine?.version ?? null },
    ...{ judge: judge?.version ?? null, replies: options.replies, tokens: options.tokens ?? null },
    ...{ scopes: options.scopes, perScope: options.perScope, falseAlarms: options.falseAlarms },
    ...{ start: digest(startBytes), encoder: digest(deepBytes), harmful: harmful?.sha256 ?? null },
  })
  const runtime = await loadOnnxRuntime()
  const deep = readGuardEncoder(deepBytes, 'deep')
  const general = readTopicModel(startBytes, startPath)

  onProgress('making samples')
  const made = await steps.once('samples', async () => {
    const written: EngineSamples | null =
      engine === undefined
        ? null
        : await engineSamples(specification, {
            ...{ engine, seed, replies: options.replies, each: Math.ceil(options.perScope / 2), onProgress, ...during },
            ...(options.tokens === undefined ? {} : { tokens: options.tokens }),
            journal: openJournal(steps.path('replies.jsonl'), isReplyRecord),
          })
    return makeSamples(specification, { seed, scopes: options.scopes, perScope: options.perScope, engine: written })
  })
  const { split, ...account } = made
  const lines = PARTS.flatMap((part) => split[part].map((sample) => `${JSON.stringify({ part, ...sample })}\n`))
  writeAtomically(join(out, 'samples.jsonl'), Buffer.from(lines.join('')))

  // Each step encodes anew: which texts share a batch moves the last bits, and a resumed run must not differ.
  const freshEncoder = (): EncoderOfTexts => createEncoderOfTexts(deep, runtime)
  const id = `topic-${slug(specification.name)}-${seed}`
  const facts = await steps.once('training', async () => {
    const { model, ...rest } = await specialise({
      ...{ general, runtime, encoder: freshEncoder(), split, id, seed, threshold, onProgress, ...during },
      ...{ falseAlarms: options.falseAlarms, once: (part, make) => steps.once(part, make) },
      made: { generator: account.generator, seed, start: general.id },
    })
    return { ...rest, bytes: Buffer.from(writeTopicModel(model)).toString('base64') }
  })
  const bytes = new Uint8Array(Buffer.from(facts.bytes, 'base64'))
  writeAtomically(join(out, 'topic.bin'), bytes)
  const model = readTopicModel(bytes, 'topic.bin')

  const judged =
    judge === undefined
      ? undefined
      : {
          name: judge.name,
          scores: await askJudge(judge, split.test, openJournal(steps.path('judge.jsonl'), isJudgeAnswer), {
            ...{ onProgress, ...during },
          }),
        }
  onProgress(`measuring on ${split.test.length} samples`)
  const measured = await steps.once('measured', () =>
    measureGuard({
      ...{ model, encoder: freshEncoder(), split, threshold, seed, ...during },
      ...{ falseAlarms: options.falseAlarms, scored: facts.scored },
      ...(judged === undefined ? {} : { judge: judged }),
    }),
  )
  const beside = await steps.once('harmful', async () => (harmful === null ? null : await besideHarm()))
  const latency = await steps.once('latency', async () => {
    const own = await createTopicEngine({ topic: bytes, encoder: deepBytes, runtime })
    return measureLatency(own, split.test.slice(0, TIMED), runtime.kind)
  })

  const all = PARTS.flatMap((part) => split[part])
  const base: Omit<DevelopRun, 'conclusion'> = {
    ...{
      formatVersion: 2,
      specification,
      specificationSha256: digest(readFileSync(options.specification)),
      ...{ seed, threshold, falseAlarms: options.falseAlarms, promise: facts.promise },
    },
    samples: {
      ...account,
      parts: Object.fromEntries(
        PARTS.map((part) => [
          part,
          {
            rows: split[part].length,
            systemPrompts: new Set(split[part].map(({ system }) => system)).size,
            texts: new Set(split[part].map(sourceKey)).size,
          },
        ]),
      ) as DevelopRun['samples']['parts'],
      slices: SLICES.map((slice) => ({
        slice,
        onTopic: all.filter((one) => one.slice === slice && one.label === 0).length,
        offTopic: all.filter((one) => one.slice === slice && one.label === 1).length,
      })).filter(({ onTopic, offTopic }) => onTopic + offTopic > 0),
      languages: [...new Set(all.map(({ language }) => language))].toSorted().map((language) => ({
        language,
        rows: all.filter((one) => one.language === language).length,
      })),
      agreement: judged === undefined ? null : agreementOf(judged),
    },
    guard: {
      ...{ id, bytes: bytes.length, sha256: digest(bytes), start: general.id },
      ...{ kept: facts.kept, folds: facts.folds, before: facts.before, after: facts.after },
    },
    ...measured,
    ...{ harmful: beside, latency },
  }
  const run: DevelopRun = { ...base, conclusion: conclusionOf(base) }
  const policy = join(out, 'parapet.yaml')
  // Whoever has changed it since keeps it.
  if (!existsSync(policy)) writeAtomically(policy, Buffer.from(policyEntry(specification, threshold)))
  writeAtomically(join(out, 'report.html'), Buffer.from(renderDevelopReport(run)))
  writeAtomically(join(out, 'run.json'), Buffer.from(`${JSON.stringify(run, null, 2)}\n`))
  return run

  async function besideHarm(): Promise<DevelopRun['harmful']> {
    const prompts = (harmful?.records ?? [])
      .filter(({ task, label, prompt }) => task === 'prompt_harm' && label === 1 && prompt !== '')
      .map(({ prompt }) => prompt)
      .slice(0, MOST_HARMFUL)
    if (prompts.length === 0)
      throw new ParapetError(
        'input_invalid',
        `${options.harmful ?? ''} holds no harmful prompts (task prompt_harm, label 1).`,
      )
    const pairs = besideRandomScopes(prompts, [...new Set(split.test.map(({ system }) => system))], seed)
    const encoder = freshEncoder()
    await addPairs(encoder, pairs, signal)
    const maker = new FeatureMaker(encoder, model.background)
    const flagged = pairs.filter((pair) => topicProbability(model, maker.of(pair)) > threshold).length
    return { file: harmful?.name ?? '', rows: pairs.length, flagged, interval: exactInterval(flagged, pairs.length) }
  }

  function agreementOf({
    name,
    scores,
  }: {
    readonly name: string
    readonly scores: readonly (number | null)[]
  }): NonNullable<DevelopRun['samples']['agreement']> {
    const agree = scores.filter((score, at) => score !== null && Number(score > 0.5) === split.test[at]?.label).length
    const failures = scores.filter((score) => score === null).length
    return { judge: name, sameModel: engine !== undefined, rows: scores.length - failures, agree, failures }
  }
}

function fileBytes(path: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new ParapetError('configuration', `The model file ${path} cannot be read. Give the path of one.`, { cause })
  }
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function slug(name: string): string {
  return (
    name
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^-|-$/g, '')
      .slice(0, 40) || 'application'
  )
}
