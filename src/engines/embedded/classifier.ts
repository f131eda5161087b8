/**
 * The embedded classifier as an engine: heads by their public names, and the spans that drove a score.
 *
 * It is the fast tier and runs anywhere. The deep tier is handed to it ready made; nothing of that is loaded from here.
 */
import type {
  ClassifierEngine,
  ClassifierHead,
  ClassifierInput,
  ClassifierScores,
  ClassifierSpan,
  PromptReading,
} from '../../spec/index.ts'
import type { ModelPart } from '../../nn/embedded-model.ts'
import { ALONE, EmbeddedModel } from '../../nn/embedded-model.ts'
import type { DeepTier } from './deep-tier.ts'
import { HEADS, isHazard } from './heads.ts'

/** Longer texts are explained by their beginning. */
const LONGEST_EXPLAINED = 4096
/** The same for documents judged by their worst passage, of which only that is explained. */
const LONGEST_DOCUMENT = 20_000
/** Words of a span that add less than this share of its strongest word end it. */
const SHARE = 0.25

/** An engine from the bytes of a model file; needs no Node API. With a deep tier it refines where it is unsure. */
export function createEmbeddedClassifier(bytes: Uint8Array, name = 'embedded', deep?: DeepTier): ClassifierEngine {
  const model = EmbeddedModel.read(bytes, name)
  const fast: ClassifierEngine = {
    specVersion: 'v1',
    kind: 'classifier',
    id: model.id,
    version: model.checksum,
    card: { heads: model.coverage },
    wholeDocuments: model.judgesPassages,
    classify: (input) => classify(model, input),
    read: (prompt) => read(model, prompt),
    explain: (input, head, limit) => explain(model, input, head, limit),
  }
  if (deep === undefined) return fast
  return {
    ...fast,
    version: `${model.checksum}+${deep.version}`,
    card: { heads: model.coverage, deep: deep.coverage },
    refine: (input, scores) => refine(model, deep, input, scores),
    prepare: async () => void (await deep.open()),
  }
}

/**
 * The deep tier was calibrated together with the fast tier's general calibration, and has languages of its own: it is told what that
 * makes of the text. A score that it leaves alone stays the one of the text's language.
 */
function refine(
  model: EmbeddedModel,
  deep: DeepTier,
  input: ClassifierInput,
  scores: ClassifierScores,
): Promise<ClassifierScores> | null {
  const refined = deep.refine(input, inGeneral(model, input, scores))
  return refined === null ? null : refined.then((both) => onlyRefined(scores, both))
}

function inGeneral(model: EmbeddedModel, input: ClassifierInput, scores: ClassifierScores): ClassifierScores {
  const languages = {
    prompt: model.languageOf(input.prompt ?? ''),
    response: model.languageOf(input.response ?? ''),
    system: null,
  }
  if (languages.prompt === null && languages.response === null) return scores
  const alone = (input.prompt ?? '') === ''
  const heads: { -readonly [Head in ClassifierHead]?: number | null } = {}
  for (const head of Object.keys(HEADS) as ClassifierHead[]) {
    const [, output, field] = HEADS[head]
    const score = scores[head]
    const calibrated = alone && head === 'response_harm' ? ALONE : output
    heads[head] = score === null ? null : model.inGeneral(calibrated, languages[field], score)
  }
  const language = input.response === undefined ? languages.prompt : languages.response
  const categories = Object.entries(scores.categories).map(([hazard, score]) => [
    hazard,
    model.inGeneral(hazard, language, score),
  ])
  return { ...scores, ...heads, categories: Object.fromEntries(categories) as Record<string, number> }
}

/** What the deep tier answered, and the rest as it was. */
function onlyRefined(scores: ClassifierScores, both: ClassifierScores): ClassifierScores {
  const { deep } = both
  if (deep === undefined) return scores
  const heads: { -readonly [Head in ClassifierHead]?: number | null } = {}
  for (const head of Object.keys(HEADS) as ClassifierHead[]) if (deep.includes(head)) heads[head] = both[head]
  const categories = { ...scores.categories }
  for (const hazard in categories) if (deep.includes(hazard)) categories[hazard] = both.categories[hazard] ?? 0
  return { ...scores, ...heads, categories, deep }
}

function classify(model: EmbeddedModel, { prompt, response }: ClassifierInput): ClassifierScores {
  const language = model.languageOf(prompt ?? '')
  const ofPrompt = prompt === undefined ? null : model.readPrompt(prompt, language)
  const ofResponse = response === undefined ? null : model.scoreAnswer(response, ofPrompt?.context ?? null)
  const document = prompt === undefined ? null : model.scoreDocument(prompt, language)
  const scores = toScores(ofPrompt?.text ?? null, ofResponse)
  return document === null ? scores : { ...scores, injection_indirect: document }
}

/** A prompt that is read ahead comes from a user, so it is not judged as a document: that would cost as much again. */
function read(model: EmbeddedModel, prompt: string): PromptReading {
  const { text, context } = model.readPrompt(prompt)
  return {
    scores: { ...toScores(text, null), injection_indirect: null },
    answer: (response) => toScores(null, model.scoreAnswer(response, context)),
  }
}

function toScores(
  ofPrompt: Readonly<Record<string, number>> | null,
  ofResponse: ReturnType<EmbeddedModel['scoreAnswer']> | null,
): ClassifierScores {
  return {
    prompt_harm: ofPrompt?.['prompt_harm'] ?? null,
    response_harm: ofResponse?.response['response_harm'] ?? null,
    refusal: ofResponse?.response['refusal'] ?? null,
    injection_direct: ofPrompt?.['injection_direct'] ?? null,
    injection_indirect: ofPrompt?.['injection_indirect'] ?? null,
    toxicity_prompt: ofPrompt?.['toxicity'] ?? null,
    toxicity_response: ofResponse?.text['toxicity'] ?? null,
    categories: hazardsOf(ofResponse?.text ?? ofPrompt ?? {}),
  }
}

function hazardsOf(scores: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const hazards: Record<string, number> = {}
  for (const output in scores) if (isHazard(output)) hazards[output] = scores[output] ?? 0
  return hazards
}

function explain(
  model: EmbeddedModel,
  input: ClassifierInput,
  head: ClassifierHead,
  limit: number,
): readonly ClassifierSpan[] {
  const [part, output, field] = HEADS[head]
  const asDocument = model.judgesPassages && head === 'injection_indirect'
  const text = input[field]?.slice(0, asDocument ? LONGEST_DOCUMENT : LONGEST_EXPLAINED)
  if (text === undefined || text === '' || limit <= 0) return []
  const words = wordContributions(model, part, output, text)
  const strongest = words.reduce((most, word) => Math.max(most, word.value), 0)
  if (strongest <= 0) return []
  const spans: { start: number; end: number; value: number }[] = []
  let open: { start: number; end: number; value: number } | null = null
  for (const word of words) {
    if (word.value < SHARE * strongest) {
      open = null
      continue
    }
    if (open === null) spans.push((open = { ...word }))
    else {
      open.end = Math.max(open.end, word.end)
      open.value += word.value
    }
  }
  const total = words.reduce((sum, { value }) => sum + Math.max(0, value), 0)
  return spans
    .toSorted((left, right) => right.value - left.value || left.start - right.start)
    .slice(0, limit)
    .map(({ start, end, value }) => ({ start, end, field, score: Math.min(1, value / total) }))
}

/** What each word adds, in order of position. Every feature carries the range of the word it came from. */
function wordContributions(
  model: EmbeddedModel,
  part: ModelPart,
  output: string,
  text: string,
): readonly { start: number; end: number; value: number }[] {
  const { starts, ends, values } = model.attribute(part, output, text)
  const words = new Map<number, { start: number; end: number; value: number }>()
  for (let index = 0; index < starts.length; index++) {
    const start = starts[index] ?? 0
    const end = ends[index] ?? 0
    if (end <= start) continue
    const word = words.get(start) ?? { start, end, value: 0 }
    word.end = Math.max(word.end, end)
    word.value += values[index] ?? 0
    words.set(start, word)
  }
  return [...words.values()].toSorted((left, right) => left.start - right.start)
}
