/**
 * `parapet review`: held decisions wait here for a human; any decision can be labelled afterwards. Works on the running gateway.
 *
 * Without a subcommand on a terminal it goes through the queue one by one; elsewhere it lists it.
 */
import { createInterface } from 'node:readline/promises'
import type { DecisionBody, DecisionListBody, FeedbackBody, ReviewBody } from '../contract/index.ts'
import { ParapetError } from '../spec/errors.ts'
import { decisionFilter } from './decision-filter.ts'
import { EXIT_OK, usageError } from './exit.ts'
import type { GatewayClient } from './gateway-client.ts'
import { connectGateway } from './gateway-client.ts'
import type { CliIo } from './io.ts'
import { renderDecision, renderDecisionLine } from './render-decision.ts'
import { createPaint } from './terminal.ts'

type Options = Readonly<Record<string, unknown>>

const PAGE = 50

export async function runReview(io: CliIo, options: Options): Promise<number> {
  const interactive = io.stdin.isTTY === true && io.stdout.isTTY && options['json'] !== true
  return interactive ? walkQueue(io, await connect(io, options)) : runReviewList(io, options)
}

/** Prints the queue, oldest first: who waited longest is served first. */
export async function runReviewList(io: CliIo, options: Options): Promise<number> {
  const client = await connect(io, options)
  const filter = { ...options, review: options['review'] ?? 'pending' }
  const items = await allOf(client, filter)
  if (options['json'] === true) {
    for (const item of items) await io.stdout.write(`${JSON.stringify(item)}\n`)
    return EXIT_OK
  }
  if (items.length === 0) await io.stdout.write('nothing waits for a review\n')
  const paint = createPaint(io.stdout.colours)
  for (const item of items) await io.stdout.write(`${renderDecisionLine(item, paint)}\n`)
  return EXIT_OK
}

export async function runReviewShow(io: CliIo, id: string, options: Options): Promise<number> {
  const decision = await one(await connect(io, options), id)
  if (options['json'] === true) await io.stdout.write(`${JSON.stringify(decision)}\n`)
  else await io.stdout.write(renderDecision(decision, createPaint(io.stdout.colours)))
  return EXIT_OK
}

export async function runReviewSettle(
  io: CliIo,
  id: string,
  verdict: ReviewBody['verdict'],
  options: Options,
): Promise<number> {
  await settle(await connect(io, options), id, verdict, textOf(options, 'note'))
  await io.stdout.write(`${verdict === 'approve' ? 'approved' : 'rejected'} ${id}\n`)
  return EXIT_OK
}

/** Says of any decision whether it was right. */
export async function runReviewLabel(io: CliIo, id: string, verdict: string, options: Options): Promise<number> {
  const client = await connect(io, options)
  const { label } = options
  const expected = textOf(options, 'expected') as FeedbackBody['expected']
  const note = textOf(options, 'note')
  const body: FeedbackBody = {
    verdict: verdict.replace('-', '_') as FeedbackBody['verdict'],
    ...(expected === undefined ? {} : { expected }),
    ...(Array.isArray(label) ? { labels: label as string[] } : {}),
    ...(note === undefined ? {} : { note }),
  }
  await client.json<DecisionBody>('POST', `${pathOf(id)}/feedback`, body)
  await io.stdout.write(`labelled ${id} as ${verdict}\n`)
  return EXIT_OK
}

async function walkQueue(io: CliIo, client: GatewayClient): Promise<number> {
  const paint = createPaint(io.stdout.colours)
  const lines = createInterface({ input: io.stdin, terminal: false })
  const answers = lines[Symbol.asyncIterator]()
  try {
    const items = await allOf(client, { review: 'pending' })
    if (items.length === 0) await io.stdout.write('nothing waits for a review\n')
    for (const [index, item] of items.entries()) {
      await io.stdout.write(`\n${paint('bold', `${index + 1} of ${items.length}`)}\n${renderDecision(item, paint)}`)
      const verdict = await askVerdict(io, answers)
      if (verdict === 'quit') break
      if (verdict === 'skip') continue
      await settleOrTell(io, client, item.id, verdict)
    }
    return EXIT_OK
  } finally {
    lines.close()
  }
}

async function settleOrTell(
  io: CliIo,
  client: GatewayClient,
  id: string,
  verdict: ReviewBody['verdict'],
): Promise<void> {
  try {
    await settle(client, id, verdict, undefined)
  } catch (error) {
    // Somebody else was faster, or it has expired: the queue goes on.
    if (!ParapetError.isInstance(error) || !['conflict', 'not_found'].includes(error.code)) throw error
    await io.stdout.write(`${error.message}\n`)
  }
}

async function askVerdict(io: CliIo, answers: AsyncIterator<string>): Promise<ReviewBody['verdict'] | 'skip' | 'quit'> {
  for (;;) {
    await io.stdout.write('[a]pprove  [r]eject  [s]kip  [q]uit > ')
    const line = await answers.next()
    if (line.done === true) return 'quit'
    switch (line.value.trim().toLowerCase()) {
      case 'a':
      case 'approve':
        return 'approve'
      case 'r':
      case 'reject':
        return 'reject'
      case 's':
      case 'skip':
        return 'skip'
      case 'q':
      case 'quit':
        return 'quit'
      default:
    }
  }
}

async function settle(
  client: GatewayClient,
  id: string,
  verdict: ReviewBody['verdict'],
  note: string | undefined,
): Promise<void> {
  const body: ReviewBody = { verdict, ...(note === undefined ? {} : { note }) }
  await client.json<DecisionBody>('POST', `${pathOf(id)}/review`, body)
}

async function one(client: GatewayClient, id: string): Promise<DecisionBody> {
  return client.json<DecisionBody>('GET', pathOf(id))
}

async function allOf(client: GatewayClient, options: Options): Promise<readonly DecisionBody[]> {
  const items: DecisionBody[] = []
  let cursor: string | null = null
  do {
    const extra: Record<string, string> = { limit: String(PAGE), ...(cursor === null ? {} : { cursor }) }
    const page: DecisionListBody = await client.json('GET', `/v1/decisions${decisionFilter(options, extra)}`)
    items.push(...page.data)
    cursor = page.next_cursor
  } while (cursor !== null)
  return items.reverse()
}

function connect(io: CliIo, options: Options): Promise<GatewayClient> {
  return connectGateway(io, { url: textOf(options, 'url'), dataDir: textOf(options, 'dataDir') })
}

function pathOf(id: string): string {
  if (/^[\w-]{1,128}$/.test(id)) return `/v1/decisions/${id}`
  throw usageError('that is no decision id; ids look like dec_5f0c0a3e6d5b4a0e9b1f6c2d7e8a9b10.')
}

function textOf(options: Options, name: string): string | undefined {
  const value = options[name]
  return typeof value === 'string' ? value : undefined
}
