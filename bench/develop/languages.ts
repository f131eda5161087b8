/**
 * The general model in other languages: twelve invented scopes with five requests each, the same in English, German, French and Spanish,
 * none of which any model of the package was taught with. On topic: a request beside its own scope; off topic: beside each other scope.
 * Scope and request in one language, and an English scope with requests in another. Small and made by hand: it shows a gap, not a quality.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { MODEL_FILES } from '../../src/engines/embedded/index.ts'
import { TOPIC_FILE } from '../../src/engines/embedded/topic-engine.ts'
import { GRAMMAR_LANGUAGES, HELD_BACK } from '../../src/lab/develop/library/languages.ts'
import { cosineScore } from '../../src/lab/develop/measure/baselines.ts'
import { figuresOf } from '../../src/lab/develop/measure/figures.ts'
import { addPairs, createEncoderOfTexts, FeatureMaker } from '../../src/lab/develop/model/encode.ts'
import { readGuardEncoder } from '../../src/nn/encoder/guard-encoder.ts'
import { loadOnnxRuntime } from '../../src/nn/runtime/onnx-runtime.ts'
import { readTopicModel, topicProbability } from '../../src/nn/topic-model.ts'

const SEED = 1

export async function measureLanguages(print: (line: string) => void): Promise<void> {
  const deep = readGuardEncoder(readFileSync(fileURLToPath(MODEL_FILES.deep)), 'deep')
  const model = readTopicModel(readFileSync(fileURLToPath(TOPIC_FILE)), 'topic.bin')
  const encoder = createEncoderOfTexts(deep, await loadOnnxRuntime())
  const maker = new FeatureMaker(encoder, model.background)
  print('| scope | requests | rows | AUC | cosine | found at 0.5 | false alarms |\n|---|---|---|---|---|---|---|')
  for (const [scopes, requests] of [
    ...GRAMMAR_LANGUAGES.map((language) => [language, language] as const),
    ...GRAMMAR_LANGUAGES.slice(1).map((language) => ['en', language] as const),
  ]) {
    const pairs = HELD_BACK[scopes].scopes.flatMap(({ system }, own) =>
      HELD_BACK[requests].scopes.flatMap((scope, other) =>
        scope.requests.map((prompt) => ({ system, prompt, label: own === other ? (0 as const) : (1 as const) })),
      ),
    )
    await addPairs(encoder, pairs)
    const figures = figuresOf(
      pairs.map((pair) => ({ label: pair.label, score: topicProbability(model, maker.of(pair)) })),
      { threshold: 0.5, seed: SEED },
    )
    const plain = figuresOf(
      pairs.map(({ system, prompt, label }) => ({
        label,
        score: cosineScore(encoder.vector(system), encoder.vector(prompt)),
      })),
      { threshold: 0.5, seed: SEED, calibrated: false },
    )
    const shown = (value: number | null | undefined): string => value?.toFixed(3) ?? '–'
    print(
      `| ${scopes} | ${requests} | ${pairs.length} | ${shown(figures.auc)} (${shown(figures.intervals.auc?.low)} to ${shown(figures.intervals.auc?.high)}) | ${shown(plain.auc)} | ${shown(figures.recall)} | ${shown(figures.falsePositiveRate)} |`,
    )
  }
  print('')
}
