/**
 * Other guard packages for TypeScript as subjects, called as their documentation says, with their own thresholds. Each is asked only
 * about what it says it detects; the rest is "not judged". None is a dependency of Parapet.
 *
 * Seen and tried on 2026-11-26: @andersmyrmel/vard 1.2.0, llm_guardrail 2.1.2, @presidio-dev/hai-guardrails 1.12.0.
 */
import { z } from 'zod'
import { ParapetError } from '../../../spec/index.ts'
import { judgedText } from '../contamination.ts'
import type { Prediction, Subject } from '../subject.ts'
import { loadHaiGuardrails } from './hai-guardrails.ts'
import { findPackage, importPackage } from './optional-package.ts'

/** A package that can be measured beside Parapet. */
export interface Rival {
  /** Name of the subject, as `--subject` takes it. */
  readonly name: string
  /** Name of the package on npm. */
  readonly package: string
  /**
   * Makes the subject from the installation nearest to `folder`.
   *
   * @throws ParapetError `engine_unavailable` where it is not installed, with what to install.
   */
  readonly load: (folder: string) => Promise<Subject>
}

/** All of them, in the order of a comparison. */
export const RIVALS: readonly Rival[] = [
  { name: 'vard', package: '@andersmyrmel/vard', load: loadVard },
  { name: 'llm_guardrail', package: 'llm_guardrail', load: loadLlmGuardrail },
  { name: 'hai-guardrails', package: '@presidio-dev/hai-guardrails', load: loadHaiGuardrails },
]

/** Which of them are not installed as seen from `folder`. */
export function missingRivals(folder: string): readonly Rival[] {
  return RIVALS.filter((rival) => findPackage(rival.package, folder) === null)
}

const vardResult = z.object({ safe: z.boolean() })

/** vard's default: patterns against prompt injection, a verdict without a score. */
async function loadVard(folder: string): Promise<Subject> {
  const name = '@andersmyrmel/vard'
  const { version, exports } = await importPackage(name, folder, ['default'])
  const { default: vard } = exports
  const safe = callable(name, typeof vard === 'function' ? Reflect.get(vard, 'safe') : undefined, 'vard.safe')
  return {
    name: 'vard',
    version,
    kind: 'measured',
    tasks: ['injection'],
    predict: (sample) =>
      timed(
        () => Reflect.apply(safe, vard, [judgedText(sample)]),
        vardResult,
        ({ safe: passed }) => ({ score: null, positive: !passed }),
      ),
  }
}

const head = z.object({
  detected: z.boolean(),
  probabilities: z.object({ threat: z.number().min(0).max(1) }),
})
const heads = z.array(head).min(1)

/**
 * llm_guardrail: its injection and jailbreak heads for injection, its malicious head for prompt harm. Several heads give the largest
 * probability, and flag where one does.
 */
async function loadLlmGuardrail(folder: string): Promise<Subject> {
  const name = 'llm_guardrail'
  const names = ['checkInjection', 'checkJailbreak', 'checkMalicious'] as const
  const { version, exports } = await importPackage(name, folder, names)
  const [injection, jailbreak, malicious] = names.map((one) => callable(name, exports[one], one))
  const ofInjection = [injection, jailbreak].filter((check) => check !== undefined)
  const ofHarm = [malicious].filter((check) => check !== undefined)
  return {
    name: 'llm_guardrail',
    version,
    kind: 'measured',
    tasks: ['injection', 'prompt_harm'],
    predict: (sample) => {
      const checks = sample.task === 'injection' ? ofInjection : ofHarm
      return timed(
        () => Promise.all(checks.map((check) => check(judgedText(sample)))),
        heads,
        (results) => ({
          score: Math.max(...results.map(({ probabilities }) => probabilities.threat)),
          positive: results.some(({ detected }) => detected),
        }),
      )
    },
  }
}

type Callable = (...parameters: readonly unknown[]) => unknown

function callable(name: string, value: unknown, what: string): Callable {
  if (typeof value === 'function') return value as Callable
  throw new ParapetError(
    'engine_unavailable',
    `${what} of the package ${name} is no function. Install a known version.`,
  )
}

/** Calls a rival, takes the time, and reads its answer. A throw is left to the bench, which calls it an error. */
async function timed<Answer>(
  call: () => unknown,
  schema: z.ZodType<Answer>,
  read: (answer: Answer) => { readonly score: number | null; readonly positive: boolean },
): Promise<Prediction> {
  const started = performance.now()
  const answer = await call()
  const milliseconds = performance.now() - started
  const checked = schema.safeParse(answer)
  if (!checked.success)
    return { outcome: 'parse_failure', message: 'The package answered in an unknown form.', milliseconds }
  return { outcome: 'scored', ...read(checked.data), milliseconds }
}
