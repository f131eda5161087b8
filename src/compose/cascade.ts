/**
 * The option `band` of a policy's judge: the embedded classifier first, the judge only inside a band of its score. It is an option of the
 * judge and no family of its own, because everything that a judge is told stays as it is and a rail still names one guard; a family would
 * have to hold two definitions, or name another guard.
 */
import { z } from 'zod'
import type { ClassifierEngine, Guard } from '../spec/index.ts'
import { ParapetError } from '../spec/index.ts'
import { createClassifierGuard } from '../guards/classifier/index.ts'
import type { CascadeDisagreement } from '../guards/judge/index.ts'
import { createCascadeGuard, harmLabelAt } from '../guards/judge/index.ts'
import { createLanguageDetector } from '../guards/limits/index.ts'

const share = z.number().min(0).max(1)

export const bandOptions = z
  .strictObject({
    from: share,
    to: share,
    head: z.enum(['prompt_harm', 'response_harm', 'refusal', 'injection', 'toxicity']).exactOptional(),
    deep: z.enum(['auto', 'off', 'required']).exactOptional(),
    onJudgeError: z.enum(['error', 'classifier']).exactOptional(),
    speculative: z.boolean().exactOptional(),
    sample: share.exactOptional(),
  })
  .refine(({ from, to }) => from <= to, 'Write from no larger than to, for example { from: 0.2, to: 0.8 }.')

export interface CascadeParts {
  /** What is asked first. */
  readonly judging: (deep: 'auto' | 'off' | 'required') => Promise<ClassifierEngine>
  /** Told where classifier and judge disagree. */
  readonly disagreed: (disagreement: CascadeDisagreement) => void
}

export interface BandedJudge {
  readonly judge: Guard
  readonly tasks: readonly string[]
  readonly timeout: number | undefined
  readonly streamed: boolean
  readonly band: z.infer<typeof bandOptions>
}

/**
 * Puts a judge behind the classifier.
 *
 * @throws ParapetError `configuration` for a judge that cannot stand there
 */
export async function createPolicyCascade(
  { judge, tasks, timeout, streamed, band: { deep = 'auto', from, to, ...rest } }: BandedJudge,
  parts: CascadeParts,
): Promise<Guard> {
  const { id, stages } = judge
  if (stages.some((stage) => !tasks.includes(harmLabelAt(stage))))
    throw wrong(id, 'a band needs a judge that reports prompt_harm or response_harm at each of its stages')
  if (streamed) throw wrong(id, 'a judge with a band sees whole answers; leave out stream: windows')
  if (rest.onJudgeError === 'classifier' && timeout === undefined)
    throw wrong(
      id,
      'onJudgeError: classifier needs a timeout below the rail’s deadline, or a slow judge leaves no time',
    )
  const language = await createLanguageDetector()
  const classifier = createClassifierGuard({ id, stages, engine: await parts.judging(deep), language })
  return createCascadeGuard({ ...rest, id, classifier, judge, band: { from, to }, onDisagreement: parts.disagreed })
}

function wrong(id: string, message: string): ParapetError {
  return new ParapetError('configuration', `The band of the judge ${id} is wrong: ${message}.`)
}
