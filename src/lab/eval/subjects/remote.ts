/**
 * Guards behind HTTP: a Parapet gateway's `POST /v1/guard`, and OpenAI's `POST /v1/moderations` (types of openai-node 6.49.0,
 * `resources/moderations.d.ts`), which many servers speak.
 *
 * Replies are checked before anything is read from them; one of another form is a parse failure.
 */
import { z } from 'zod'
import { SEVERITY, type Decision } from '../../../spec/index.ts'
import { judgedText } from '../contamination.ts'
import type { EvaluationSample, EvaluationTask } from '../sample.ts'
import type { Prediction, Subject } from '../subject.ts'
import { askJson, endpointUrl } from './http-ask.ts'
import { PIPELINE_TASKS, predictionOf, rowOf, type JudgedRowResult } from './pipeline.ts'

export interface RemoteSubjectOptions {
  /** Base address: of the gateway (`http://127.0.0.1:4141`), or of an OpenAI-compatible API (`…/v1`). */
  readonly url: string
  /** Default: the kind of subject and the host. */
  readonly name?: string
  readonly apiKey?: string
  readonly tasks?: readonly EvaluationTask[]
}

const DECISIONS = SEVERITY.filter((decision): decision is Decision => decision !== 'retry')
const score = z.number().min(0).max(1)
const guardReplySchema: z.ZodType<JudgedRowResult> = z.object({
  decision: z.enum(DECISIONS),
  scores: z.object({
    prompt_harm: score.nullable(),
    response_harm: score.nullable(),
    refusal: score.nullable(),
    injection: score.nullable(),
    toxicity: score.nullable(),
  }),
  categories: z.record(z.string(), score),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  guards: z.array(
    z.object({ decision: z.enum([...DECISIONS, 'retry']), labels: z.array(z.string()), shadow: z.boolean() }),
  ),
})

/**
 * A running gateway, asked for rows as `pipeline.ts` would.
 *
 * @throws ParapetError `configuration` for an address that is none.
 */
export function createGatewaySubject({ url, name, apiKey, tasks = PIPELINE_TASKS }: RemoteSubjectOptions): Subject {
  const endpoint = endpointUrl(url, '/v1/guard')
  return {
    name: name ?? `remote ${new URL(endpoint).host}`,
    version: endpoint,
    kind: 'measured',
    tasks,
    predict: (sample, signal) =>
      ask(guardReplySchema, { url: endpoint, body: rowOf(sample), apiKey, signal }, (reply, milliseconds) =>
        predictionOf(sample.task, reply, milliseconds),
      ),
  }
}

const moderationReplySchema = z.object({
  results: z
    .array(
      z.object({
        flagged: z.boolean(),
        // Some servers leave out categories they cannot score, or send null for them.
        categories: z.record(z.string(), z.boolean().nullable()),
        category_scores: z.record(z.string(), score.nullable()),
      }),
    )
    .length(1),
})

/** OpenAI's categories that are toxicity rather than harm in general. */
const TOXIC = ['harassment', 'harassment/threatening', 'hate', 'hate/threatening']

/**
 * A moderation endpoint: harm of the judged text by its largest category, toxicity by harassment and hate. Prompts beside an answer
 * and system prompts are not sent, because the interface has no place for them.
 *
 * @throws ParapetError `configuration` for an address that is none.
 */
export function createModerationSubject({
  url,
  name,
  apiKey,
  model,
  tasks = ['prompt_harm', 'response_harm', 'toxicity'],
}: RemoteSubjectOptions & { readonly model?: string }): Subject {
  const endpoint = endpointUrl(url, '/moderations')
  return {
    name: name ?? `moderation ${model ?? new URL(endpoint).host}`,
    version: model === undefined ? endpoint : `${endpoint} ${model}`,
    kind: 'measured',
    tasks,
    predict: (sample, signal) => {
      const body = { input: judgedText(sample), ...(model === undefined ? {} : { model }) }
      return ask(moderationReplySchema, { url: endpoint, body, apiKey, signal }, (reply, milliseconds) =>
        moderationPrediction(sample, reply, milliseconds),
      )
    },
  }
}

function moderationPrediction(
  { task }: EvaluationSample,
  { results: [result] }: z.infer<typeof moderationReplySchema>,
  milliseconds: number,
): Prediction {
  if (result === undefined) return { outcome: 'parse_failure', message: 'The answer holds no result.', milliseconds }
  const counts = (category: string): boolean => task !== 'toxicity' || TOXIC.includes(category)
  const scores = Object.entries(result.category_scores).flatMap(([category, value]) =>
    value === null ? [] : [[category, value] as const],
  )
  const counted = scores.filter(([category]) => counts(category)).map(([, value]) => value)
  const positive = task === 'toxicity' ? TOXIC.some((category) => result.categories[category] === true) : result.flagged
  return {
    outcome: 'scored',
    score: counted.length === 0 ? null : Math.max(...counted),
    positive,
    milliseconds,
    categories: Object.fromEntries(scores),
  }
}

/** Asks, checks the reply and reads a prediction from it. */
async function ask<Reply>(
  schema: z.ZodType<Reply>,
  asked: Parameters<typeof askJson>[0],
  read: (reply: Reply, milliseconds: number) => Prediction,
): Promise<Prediction> {
  const started = performance.now()
  const answer = await askJson(asked)
  const milliseconds = performance.now() - started
  if (answer.outcome !== 'answered') return { ...answer, milliseconds }
  const checked = schema.safeParse(answer.body)
  if (checked.success) return read(checked.data, milliseconds)
  const [issue] = checked.error.issues
  const place = issue === undefined || issue.path.length === 0 ? 'the answer' : issue.path.join('.')
  return { outcome: 'parse_failure', message: `${place}: ${issue?.message ?? 'of another form'}`, milliseconds }
}
