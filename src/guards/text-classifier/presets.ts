/**
 * Public classifiers by name: how each is loaded, what its labels mean, and what it was read from. None ships with Parapet, and none was
 * run here with its real weights: `source` says what each follows, and what could not be read.
 */
import type { Stage } from '../../spec/index.ts'
import { DUOGUARD } from '../judge/formats/taxonomies/other-vendors.ts'
import type { LabelMap, LabelMeaning } from './label-map.ts'
import { wrong } from './label-map.ts'

/**
 * What a model is shown. `text`: the judged text. `joined`: before an answer its prompt and a space, as one text. `prompt`: an answer
 * beside its prompt, as a pair. `system`: the text beside the system prompt, as a pair.
 */
export type Sees = 'text' | 'joined' | 'prompt' | 'system'

/** How a folder has to be loaded: options of `loadTextClassifier`. */
export interface ModelSettings {
  readonly labels?: readonly string[]
  readonly activation?: 'softmax' | 'sigmoid'
  readonly maxTokens?: number
  readonly padTo?: number
  readonly first?: 'context' | 'text'
}

export interface PresetSource {
  /** Public files with their revision, or cards. */
  readonly follows: readonly string[]
  /** Labels, their order and how the model is asked were all read in `follows`. */
  readonly verified: boolean
  /** What was not read; empty where nothing is open. */
  readonly open: string
}

export interface TextClassifierPreset {
  readonly name: string
  readonly source: PresetSource
  readonly model: ModelSettings
  readonly labels: LabelMap
  readonly sees: Sees
  readonly stages: readonly Stage[]
  /** A label counts above this probability. */
  readonly threshold: number
}

const GIVEN: readonly Stage[] = ['input', 'retrieval', 'tool_result']
const DOCUMENTS: readonly Stage[] = ['retrieval', 'tool_result']

/** A jailbreak is harm to DuoGuard, with no hazard of its own. */
function duoGuardMeaning({ title, hazards = [] }: (typeof DUOGUARD)[number]): readonly LabelMeaning[] {
  return ['harm', ...hazards, ...(title === 'Jailbreak prompts' ? [{ label: 'injection', stages: GIVEN }] : [])]
}

/** Of the two off-topic models: outputs as `any_guardrail` reads them, system prompt first as on the command line of the card. */
const OFF_TOPIC = {
  labels: { 'on-topic': [], 'off-topic': ['off_topic'] },
  sees: 'system',
  stages: ['input'],
  threshold: 0.5,
} as const satisfies Partial<TextClassifierPreset>
const OFF_TOPIC_MODEL = { labels: ['on-topic', 'off-topic'], activation: 'softmax' } as const satisfies ModelSettings

const PRESETS: readonly TextClassifierPreset[] = [
  {
    name: 'duoguard',
    source: {
      follows: [
        'yihedeng9/DuoGuard evaluation/test_single_input.py @7a2a4a3a7787, evaluation/evaluate_duoguard.py @145e11279b3a',
      ],
      verified: true,
      open: '',
    },
    model: { labels: DUOGUARD.map(({ title }) => title), activation: 'sigmoid' },
    labels: Object.fromEntries(DUOGUARD.map((clause) => [clause.title, duoGuardMeaning(clause)])),
    sees: 'joined',
    stages: ['input', 'output'],
    threshold: 0.5,
  },
  {
    name: 'prompt-guard',
    source: {
      follows: ['meta-llama/PurpleLlama Prompt-Guard/MODEL_CARD.md @2167fc2dbb87'],
      verified: false,
      open: 'The card names the labels but not the entries of config.json, and no threshold.',
    },
    model: { activation: 'softmax' },
    // The card: jailbreaks anywhere; what looks like an instruction only in documents, where none belongs.
    labels: {
      BENIGN: [],
      LABEL_0: [],
      INJECTION: [{ label: 'injection', stages: DOCUMENTS }],
      LABEL_1: [{ label: 'injection', stages: DOCUMENTS }],
      JAILBREAK: ['injection'],
      LABEL_2: ['injection'],
    },
    sees: 'text',
    stages: GIVEN,
    threshold: 0.5,
  },
  {
    name: 'prompt-guard-2',
    source: {
      follows: ['meta-llama/PurpleLlama Llama-Prompt-Guard-2/86M/MODEL_CARD.md @cd9fe6579234'],
      verified: false,
      open: 'The card names the labels but not the entries of config.json, and no threshold.',
    },
    model: { activation: 'softmax' },
    labels: { BENIGN: [], LABEL_0: [], MALICIOUS: ['injection'], LABEL_1: ['injection'] },
    sees: 'text',
    stages: GIVEN,
    threshold: 0.5,
  },
  {
    name: 'off-topic-cross-encoder',
    source: {
      follows: [
        'card of govtech/stsb-roberta-base-off-topic @505c86b18bc6',
        'mozilla-ai/any-guardrail guardrails/off_topic/off_topic_stsb.py',
        'arXiv 2411.12946, §3.3',
      ],
      verified: false,
      open: 'The inference script of the card was not read; the port reads the user’s text first, the card the system prompt.',
    },
    model: OFF_TOPIC_MODEL,
    ...OFF_TOPIC,
  },
  {
    name: 'off-topic-bi-encoder',
    source: {
      follows: [
        'card of govtech/jina-embeddings-v2-small-en-off-topic @806cf24c6786',
        'mozilla-ai/any-guardrail guardrails/off_topic/off_topic_jina.py',
        'arXiv 2411.12946, §3.3',
      ],
      verified: false,
      open: 'The names of the graph’s inputs are those of the port’s call; the inference script of the card was not read.',
    },
    // Its cross-attention and pooling see padding, so that it has to be as long as in training.
    model: { ...OFF_TOPIC_MODEL, maxTokens: 1024, padTo: 1024 },
    ...OFF_TOPIC,
  },
]

/** Names of the presets. */
export const TEXT_CLASSIFIER_PRESETS: readonly string[] = PRESETS.map(({ name }) => name)

/** @throws ParapetError `configuration` for a name that is none */
export function textClassifierPreset(name: string): TextClassifierPreset {
  const preset = PRESETS.find((one) => one.name === name)
  if (preset !== undefined) return preset
  throw wrong(`there is no preset ${name}; there are ${TEXT_CLASSIFIER_PRESETS.join(', ')}`)
}
