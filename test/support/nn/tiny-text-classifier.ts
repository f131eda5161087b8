/**
 * A text classifier so small that a test trains it, in the folder layout of Hugging Face Optimum: a WordPiece tokenizer, an encoder
 * that tells attacks on invented locks from gardening, and one of pairs that tells whether a question is about the topic named.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type EncoderConfig, USE_LITE, initialParameters } from '../../../src/nn/encoder/config.ts'
import { exportTextClassifier } from '../../../src/nn/encoder/export-classifier.ts'
import { encode } from '../../../src/nn/encoder/forward.ts'
import { symbolicWeights } from '../../../src/nn/encoder/weights.ts'
import { constantSchedule } from '../../../src/nn/optim/schedules.ts'
import { createRandom } from '../../../src/nn/random.ts'
import { TrainingSession } from '../../../src/nn/runtime/training-session.ts'
import { crossEntropyLosses, mean } from '../../../src/nn/tensor/index.ts'
import type { ParameterValues } from '../../../src/nn/tensor/parameters.ts'
import { runtime } from './run-graph.ts'

const CONTROLS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]']
const [PAD, UNK, CLS, SEP] = [0, 1, 2, 3]
/** Words that are harmless, and those that make a text an attack. */
export const HARMLESS: readonly string[] = ['water', 'rose', 'garden', 'soil', 'sun', 'bread', 'salt', 'oven']
export const ATTACK: readonly string[] = ['ignore', 'override', 'bypass', 'unlock']
/** Two topics of four words each. */
export const TOPICS: readonly (readonly string[])[] = [HARMLESS.slice(0, 4), HARMLESS.slice(4)]
export const VOCABULARY: readonly string[] = [...CONTROLS, ...HARMLESS, ...ATTACK]
/** Longest sequence, control tokens included. */
export const MAX_TOKENS = 16

export const CONFIG: EncoderConfig = {
  ...USE_LITE,
  vocabularySize: VOCABULARY.length,
  embeddingWidth: 8,
  layers: [{ width: 8, heads: 2, feedForward: 16 }],
  maxLength: MAX_TOKENS,
  projection: 0,
  unitLength: false,
  labels: 2,
}
/** Of pairs: a token knows which text it belongs to. */
export const PAIR_CONFIG: EncoderConfig = {
  ...CONFIG,
  segments: 2,
  hidden: 16,
  embeddingWidth: 16,
  pooling: 'mean-max',
}

interface Example {
  readonly ids: readonly number[]
  readonly segments: readonly number[]
  readonly label: 0 | 1
}

export function wordIds(words: readonly string[]): readonly number[] {
  return words.map((word) => Math.max(UNK, VOCABULARY.indexOf(word)))
}

/** Label 1 where a text holds a word of attack; lengths differ. */
function singleExample(random: () => number): Example {
  const words = Array.from({ length: 2 + Math.floor(11 * random()) }, () => anyOf(HARMLESS, random))
  const label = random() < 0.5 ? 1 : 0
  if (label === 1) words[Math.floor(words.length * random())] = anyOf(ATTACK, random)
  const ids = [CLS, ...wordIds(words), SEP]
  return { ids, segments: ids.map(() => 0), label }
}

/** Label 1 where the second text is of another topic than the first. */
function pairExample(random: () => number): Example {
  const topic = random() < 0.5 ? 0 : 1
  const label = random() < 0.5 ? 1 : 0
  const words = (index: number): readonly string[] =>
    Array.from({ length: 2 + Math.floor(4 * random()) }, () => anyOf(TOPICS[index] ?? [], random))
  const first = [CLS, ...wordIds(words(topic)), SEP]
  const second = [...wordIds(words(label === 1 ? 1 - topic : topic)), SEP]
  return { ids: [...first, ...second], segments: [...first.map(() => 0), ...second.map(() => 1)], label }
}

function anyOf(words: readonly string[], random: () => number): string {
  return words[Math.floor(words.length * random())] ?? ''
}

/** Parameters after some steps: they tell the two classes apart. */
export async function trainedClassifier(kind: 'single' | 'pair', steps = 150): Promise<ParameterValues> {
  const config = kind === 'single' ? CONFIG : PAIR_CONFIG
  const parameters = initialParameters(config, 5)
  const size = 32
  const session = new TrainingSession<number>({
    runtime: await runtime(),
    parameters,
    schedule: constantSchedule(0.02),
    build(graph, symbols) {
      const ids = graph.input('ids', [size, MAX_TOKENS], { dataType: 'int64' })
      const segments =
        config.segments > 0 ? graph.input('segments', [size, MAX_TOKENS], { dataType: 'int64' }) : undefined
      const labels = graph.input('labels', [size], { dataType: 'int64' })
      const { logits } = encode(config, symbolicWeights(symbols), ids, undefined, segments)
      if (logits === undefined) throw new Error('no labels')
      return { loss: mean(crossEntropyLosses(logits, labels)) }
    },
  })
  const random = createRandom(11)
  for (let step = 0; step < steps; step += 1) {
    const rows = Array.from({ length: size }, () => (kind === 'single' ? singleExample(random) : pairExample(random)))
    const filled = (values: (row: Example) => readonly number[], fill: number): BigInt64Array =>
      BigInt64Array.from(
        rows.flatMap((row) => Array.from({ length: MAX_TOKENS }, (_, place) => values(row)[place] ?? fill)),
        BigInt,
      )
    await session.step(0, {
      ids: filled(({ ids }) => ids, -1),
      ...(kind === 'pair' ? { segments: filled(({ segments }) => segments, 0) } : {}),
      labels: BigInt64Array.from(rows, ({ label }) => BigInt(label)),
    })
  }
  await session.dispose()
  return parameters
}

/** `tokenizer.json` as BERT has it. */
export const TOKENIZER_JSON = {
  version: '1.0',
  added_tokens: CONTROLS.map((content, id) => ({ id, content, special: true, normalized: false })),
  normalizer: {
    type: 'BertNormalizer',
    clean_text: true,
    handle_chinese_chars: true,
    strip_accents: null,
    lowercase: true,
  },
  pre_tokenizer: { type: 'BertPreTokenizer' },
  post_processor: {
    type: 'TemplateProcessing',
    single: [special('[CLS]', 0), sequence('A', 0), special('[SEP]', 0)],
    pair: [special('[CLS]', 0), sequence('A', 0), special('[SEP]', 0), sequence('B', 1), special('[SEP]', 1)],
    special_tokens: {},
  },
  decoder: null,
  model: {
    type: 'WordPiece',
    unk_token: '[UNK]',
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries(VOCABULARY.map((word, id) => [word, id])),
  },
}

function special(id: string, type: number): object {
  return { SpecialToken: { id, type_id: type } }
}

function sequence(id: string, type: number): object {
  return { Sequence: { id, type_id: type } }
}

export const TOKENIZER_CONFIG = { tokenizer_class: 'BertTokenizer', pad_token: '[PAD]', model_max_length: MAX_TOKENS }

export const MODEL_CONFIG = {
  model_type: 'bert',
  vocab_size: VOCABULARY.length,
  max_position_embeddings: MAX_TOKENS,
  pad_token_id: PAD,
  problem_type: 'single_label_classification',
  id2label: { '0': 'BENIGN', '1': 'ATTACK' },
}

const folders: string[] = []

/** A new folder with files by their path in it: bytes, text, or a value that becomes JSON. */
export function modelFolder(files: Readonly<Record<string, unknown>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'parapet-onnx-'))
  folders.push(folder)
  mkdirSync(join(folder, 'onnx'))
  for (const [name, value] of Object.entries(files))
    writeFileSync(
      join(folder, name),
      value instanceof Uint8Array || typeof value === 'string' ? value : JSON.stringify(value),
    )
  return folder
}

/** Files of a whole folder around a graph; `change` replaces some, undefined takes one out. */
export function folderFiles(
  graph: Uint8Array,
  change: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  const files = {
    'config.json': MODEL_CONFIG,
    'tokenizer.json': TOKENIZER_JSON,
    'tokenizer_config.json': TOKENIZER_CONFIG,
    'model.onnx': graph,
    ...change,
  }
  return Object.fromEntries(Object.entries(files).filter(([, value]) => value !== undefined))
}

export function removeModelFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
}

const trained = new Map<'single' | 'pair', Promise<{ parameters: ParameterValues; graph: Uint8Array }>>()

/** The trained parameters with their graph, made once a test file. */
export function tinyModel(kind: 'single' | 'pair'): Promise<{ parameters: ParameterValues; graph: Uint8Array }> {
  const known = trained.get(kind)
  if (known !== undefined) return known
  const config = kind === 'single' ? CONFIG : PAIR_CONFIG
  const made = trainedClassifier(kind).then((parameters) => ({
    parameters,
    graph: exportTextClassifier(config, parameters),
  }))
  trained.set(kind, made)
  return made
}
