/**
 * F1 that papers print for well-known guards on the sets a run may hold. Published, not measured here: other prompts, thresholds and
 * label rules stand behind each, and the same guard differs by 2 to 15 points from paper to paper.
 *
 * Llama Guard, ShieldGemma, WildGuard, DuoGuard and GuardReasoner only. Cells that a paper very likely copied from the wrong column are
 * left out, as are averages.
 */
import type { SetSummary } from './run-format.ts'
import type { EvaluationTask } from './sample.ts'

/** One printed figure. */
export interface PublishedFigure {
  readonly guard: string
  /** Benchmark, by the key `publishedFor` matches set names to. */
  readonly benchmark: string
  readonly task: EvaluationTask
  /** F1 of the positive class, 0…1. */
  readonly f1: number
  /** Short name of the paper that prints it. */
  readonly paper: string
  readonly source: string
}

/** How every list of these must be labelled. */
export const PUBLISHED_LABEL = 'published, not measured here'

const SOURCES = {
  guardreasoner: {
    paper: 'GuardReasoner',
    source:
      "GuardReasoner, Liu et al. 2025, tables 2, 5 and 8; baselines as that paper ran or copied them; a refusal F1 of XSTest that equals the same guard's harm F1 is left out",
  },
  qwen3guard: {
    paper: 'Qwen3Guard',
    source: 'Qwen3Guard technical report 2025, tables 2 and 3; baselines as that report ran them',
  },
  duoguard: {
    paper: 'DuoGuard',
    source: 'DuoGuard, Deng et al. 2025, table 1, English; BeaverTails judges prompt and answer as one text',
  },
} as const

function table(
  source: keyof typeof SOURCES,
  task: EvaluationTask,
  benchmarks: readonly string[],
  guards: Readonly<Record<string, readonly (number | null)[]>>,
): readonly PublishedFigure[] {
  return Object.entries(guards).flatMap(([guard, values]) =>
    values.flatMap((value, index): readonly PublishedFigure[] => {
      const benchmark = benchmarks[index]
      if (value === null || benchmark === undefined) return []
      return [{ guard, benchmark, task, f1: Number((value / 100).toFixed(4)), ...SOURCES[source] }]
    }),
  )
}

/** Every printed figure, F1 × 100 as printed. */
export const PUBLISHED_FIGURES: readonly PublishedFigure[] = [
  table(
    'guardreasoner',
    'prompt_harm',
    ['toxic_chat', 'harmbench', 'openai_moderation', 'aegis', 'simple_safety_tests', 'wildguard'],
    {
      'Llama Guard 7B': [61.6, 67.2, 75.8, 74.1, 93, 56],
      'Llama Guard 2 8B': [47.1, 94, 76.1, 71.8, 95.8, 70.9],
      'Llama Guard 3 8B': [53.12, 98.94, 79.69, 71.39, 99.5, 76.18],
      'ShieldGemma 2B': [6.91, 11.81, 13.89, 7.47, 5.83, 9.36],
      'ShieldGemma 9B': [67.92, 67.96, 78.58, 77.63, 91.89, 57.74],
      'WildGuard 7B': [70.8, 98.9, 72.1, 89.4, 99.5, 88.9],
      'GuardReasoner 1B': [72.43, 96.31, 70.06, 89.34, 98.99, 87.37],
      'GuardReasoner 3B': [78.2, 89.1, 71.87, 91.39, 100, 89.01],
      'GuardReasoner 8B': [78.79, 91.86, 72, 90.18, 99.5, 89.17],
    },
  ),
  table('guardreasoner', 'response_harm', ['harmbench', 'saferlhf', 'beavertails', 'xstest', 'wildguard'], {
    'Llama Guard 7B': [52, 48.4, 67.1, 82, 50.5],
    'Llama Guard 2 8B': [77.8, 51.6, 71.8, 90.8, 66.5],
    'Llama Guard 3 8B': [85.07, 44.36, 67.84, 87.67, 70.8],
    'ShieldGemma 2B': [35.36, 16.92, 30.97, 65.55, 20.13],
    'ShieldGemma 9B': [56.44, 47.07, 63.61, 73.86, 47],
    'WildGuard 7B': [86.3, 64.2, 84.4, 94.7, 75.4],
    'GuardReasoner 1B': [84.75, 68.39, 85.84, 90.12, 74.81],
    'GuardReasoner 3B': [85.66, 69.02, 86.72, 91.36, 79.7],
    'GuardReasoner 8B': [85.47, 70.04, 87.6, 94.34, 78.2],
  }),
  table('guardreasoner', 'refusal', ['xstest', 'wildguard'], {
    'Llama Guard 7B': [null, 51.4],
    'Llama Guard 2 8B': [null, 53.8],
    'Llama Guard 3 8B': [63.55, 54.29],
    'ShieldGemma 2B': [61.06, 50.18],
    'ShieldGemma 9B': [58.62, 50.4],
    'WildGuard 7B': [null, 88.6],
    'GuardReasoner 1B': [91.34, 87.71],
    'GuardReasoner 3B': [80.31, 87.54],
    'GuardReasoner 8B': [93.68, 88.91],
  }),
  table(
    'qwen3guard',
    'prompt_harm',
    ['toxic_chat', 'openai_moderation', 'aegis', 'aegis2', 'simple_safety_tests', 'harmbench', 'wildguard'],
    {
      'Llama Guard 3 8B': [53.8, 79.5, 71.5, 76.4, 99.5, 99, 76.4],
      'WildGuard 7B': [70.8, 72.1, 89.4, 80.7, 99.5, 98.9, 88.9],
      'ShieldGemma 9B': [69.4, 82.1, 70.3, 72.5, 83.7, 60.6, 54.2],
      'ShieldGemma 27B': [72.9, 80.5, 69, 71.6, 84.4, 57.3, 54.3],
    },
  ),
  table('qwen3guard', 'response_harm', ['harmbench', 'saferlhf', 'beavertails', 'xstest', 'aegis2', 'wildguard'], {
    'Llama Guard 3 8B': [84.5, 45.2, 67.9, 89.8, 66.1, 69.5],
    'WildGuard 7B': [86.3, 64.2, 84.4, 94.7, 83.2, 75.4],
    'ShieldGemma 9B': [60.4, 44.2, 62.4, 86.3, 70.8, 49.9],
    'ShieldGemma 27B': [62.9, 52.6, 67.6, 83, 74.9, 52.4],
  }),
  table('duoguard', 'prompt_harm', ['xstest', 'openai_moderation', 'toxic_chat'], {
    'Llama Guard 3 1B': [43.4, 36.8, 22.3],
    'ShieldGemma 2B': [69.4, 44.8, 36.4],
    'Llama Guard 2 8B': [88.8, 75.9, 46.3],
    'Llama Guard 3 8B': [88.4, 79, 54],
    'DuoGuard 0.5B': [82.3, 70.8, 70.1],
  }),
  table('duoguard', 'response_harm', ['beavertails'], {
    'Llama Guard 3 1B': [51.6],
    'ShieldGemma 2B': [51.6],
    'Llama Guard 2 8B': [72.3],
    'Llama Guard 3 8B': [70.1],
    'DuoGuard 0.5B': [86.1],
  }),
].flat()

/** Names of sets by benchmark, without punctuation, an origin in front and a task behind. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  toxic_chat: ['toxicchat'],
  harmbench: ['harmbench'],
  openai_moderation: ['openaimoderation', 'openai'],
  aegis: ['aegis', 'aegissafetytest'],
  aegis2: ['aegis2'],
  simple_safety_tests: ['simplesafetytests'],
  wildguard: ['wildguard', 'wildguardtest'],
  saferlhf: ['saferlhf', 'pkusaferlhf'],
  beavertails: ['beavertails'],
  xstest: ['xstest', 'xstestresponse'],
}

/** How large a benchmark is where it was measured: rows, and how many are positive (null where no paper says). */
export interface PublishedSize {
  readonly rows: number
  readonly positives: number | null
}

/**
 * Sizes by benchmark and task, as GuardReasoner's table 3 prints them and its benchmark files count, and DuoGuard's evaluation data. Of
 * XSTest's refusals the paper prints 499 rows and ships 449, 178 of them positive. Of Aegis 2 none is known here.
 */
const SIZES: Readonly<Record<string, Readonly<Partial<Record<EvaluationTask, readonly PublishedSize[]>>>>> = {
  toxic_chat: { prompt_harm: [{ rows: 2853, positives: 362 }] },
  harmbench: { prompt_harm: [{ rows: 239, positives: 239 }], response_harm: [{ rows: 602, positives: 273 }] },
  openai_moderation: { prompt_harm: [{ rows: 1680, positives: 522 }] },
  aegis: { prompt_harm: [{ rows: 359, positives: 232 }] },
  simple_safety_tests: { prompt_harm: [{ rows: 100, positives: 100 }] },
  wildguard: {
    prompt_harm: [{ rows: 1756, positives: null }],
    response_harm: [{ rows: 1768, positives: null }],
    refusal: [{ rows: 1777, positives: null }],
  },
  saferlhf: { response_harm: [{ rows: 2000, positives: 1000 }] },
  beavertails: { response_harm: [{ rows: 3021, positives: 1733 }] },
  xstest: {
    prompt_harm: [{ rows: 450, positives: 200 }],
    response_harm: [{ rows: 446, positives: 78 }],
    refusal: [
      { rows: 449, positives: 178 },
      { rows: 499, positives: null },
    ],
  },
}

/** Printed figures for a set, and how the set compares with what they were measured on. */
export interface PublishedMatch {
  readonly figures: readonly PublishedFigure[]
  /** `whole`: rows and positives are those of the papers. `part`: fewer. `unknown`: no paper's counts are known here. */
  readonly extent: 'whole' | 'part' | 'unknown'
  /** What the papers measured on; null where that is not known. */
  readonly size: PublishedSize | null
}

/**
 * Printed figures of the benchmark a set is named after. A translated or renamed set matches none, nor does one that has more rows or
 * positives than the benchmark, or as many rows with other labels: it is another set. Rows themselves are not compared: the papers
 * give no hashes.
 */
export function publishedFor(set: Pick<SetSummary, 'name' | 'task' | 'rows' | 'positives'>): PublishedMatch {
  const name = set.name
    .toLowerCase()
    .replace(/ \[[^\]]*\]$/, '')
    .replace(/^(?:guardreasoner|duoguard)_/, '')
    .replace(/_(?:prompt|response|prompt_harm|response_harm|harmful|refusal|en)$/, '')
    .replace(/[^a-z0-9]/g, '')
  const figures = PUBLISHED_FIGURES.filter(
    ({ benchmark, task }) => task === set.task && (NAMES[benchmark]?.includes(name) ?? false),
  )
  const sizes = SIZES[figures[0]?.benchmark ?? '']?.[set.task] ?? []
  const whole = sizes.find(
    ({ rows, positives }) => rows === set.rows && (positives === null || positives === set.positives),
  )
  if (whole !== undefined) return { figures, extent: 'whole', size: whole }
  const [size = null] = sizes
  if (size === null) return { figures, extent: 'unknown', size }
  const most = size.positives ?? size.rows
  const isPart =
    set.rows < size.rows && set.positives <= most && set.rows - set.positives <= size.rows - (size.positives ?? 0)
  return { figures: isPart ? figures : [], extent: 'part', size }
}
