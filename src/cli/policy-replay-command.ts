/**
 * `parapet policy replay`: judges captured decisions again under another policy and tells what would change, before it is put in
 * force. Reads an export (JSON Lines) or asks the running gateway.
 *
 * Decisions without captured texts cannot be judged again; they are counted, never guessed. Redacted texts are judged as they were
 * kept, so what a redaction took away is not found again: the summary says how many were.
 */
import { createReadStream } from 'node:fs'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { DecisionBody } from '../contract/index.ts'
import type { Decision } from '../spec/decision.ts'
import { decisionFilter } from './decision-filter.ts'
import { EXIT_NEGATIVE, EXIT_OK, fileProblem, usageError } from './exit.ts'
import { findPolicy } from './find-policy.ts'
import { connectGateway } from './gateway-client.ts'
import type { CliIo } from './io.ts'
import type { Checker, Runtime } from './runtime.ts'
import { createPaint } from './terminal.ts'

/** One decision that came out differently. */
interface Change {
  readonly id: string
  readonly before: Decision
  readonly after: Decision
  /** Labels that decided now. */
  readonly labels: readonly string[]
}

interface Replay {
  readonly policyVersion: string
  readonly replayed: number
  readonly withoutContent: number
  readonly unreadable: number
  readonly changed: readonly Change[]
}

/** Exit code 0; 1 with `--fail-on-change` when something changed. */
export async function runPolicyReplay(
  io: CliIo,
  runtime: Runtime,
  file: string | undefined,
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  const option = options['policy']
  const policy = findPolicy(io, typeof option === 'string' ? option : undefined)
  const lines = file === undefined ? await gatewayLines(io, options) : fileLines(io, file)
  const checker = await runtime.openChecker(policy?.path ?? null)
  try {
    const replay = await replayAll(checker, lines)
    if (options['json'] === true) await io.stdout.write(`${JSON.stringify(replay)}\n`)
    else await io.stdout.write(render(replay, io))
    return options['failOnChange'] === true && replay.changed.length > 0 ? EXIT_NEGATIVE : EXIT_OK
  } finally {
    await checker.close()
  }
}

async function replayAll(checker: Checker, lines: AsyncIterable<string>): Promise<Replay> {
  let replayed = 0
  let withoutContent = 0
  let unreadable = 0
  const changed: Change[] = []
  for await (const line of lines) {
    if (line.trim() === '') continue
    const decision = parseLine(line)
    if (decision === null) {
      unreadable += 1
      continue
    }
    if (decision.content === null) {
      withoutContent += 1
      continue
    }
    const { application, user, conversation, key } = decision
    const caller = {
      ...(application === null ? {} : { application }),
      ...(user === null ? {} : { user }),
      ...(conversation === null ? {} : { conversation }),
      ...(key === null ? {} : { key }),
    }
    const result = await checker.check({ ...decision.content, caller })
    replayed += 1
    if (result.decision === decision.decision) continue
    const labels = [
      ...new Set(result.guards.filter((guard) => guard.decision !== 'pass').flatMap((guard) => guard.labels)),
    ]
    changed.push({ id: decision.id, before: decision.decision, after: result.decision, labels })
  }
  return { policyVersion: checker.policyVersion, replayed, withoutContent, unreadable, changed }
}

function parseLine(line: string): DecisionBody | null {
  try {
    const value = JSON.parse(line) as Partial<DecisionBody> | null
    const readable = value?.object === 'parapet.decision' && typeof value.id === 'string' && value.content !== undefined
    return readable ? (value as DecisionBody) : null
  } catch {
    return null
  }
}

function fileLines(io: CliIo, file: string): AsyncIterable<string> {
  const input = file === '-' ? io.stdin : createReadStream(resolve(io.cwd, file))
  return linesOf(input, file)
}

async function* linesOf(input: NodeJS.ReadableStream, file: string): AsyncGenerator<string> {
  try {
    // An error of the source ends the lines early and silently, so it is kept.
    let failed: unknown
    input.once('error', (error) => {
      failed = error
    })
    yield* createInterface({ input, crlfDelay: Infinity })
    if (failed !== undefined) throw failed
  } catch (error) {
    throw usageError(`cannot read ${file}: ${fileProblem(error)}. Give it the path of an export.`, error)
  }
}

async function gatewayLines(io: CliIo, options: Readonly<Record<string, unknown>>): Promise<AsyncIterable<string>> {
  const text = (name: string): string | undefined => {
    const value = options[name]
    return typeof value === 'string' ? value : undefined
  }
  const client = await connectGateway(io, { url: text('url'), dataDir: text('dataDir') })
  const response = await client.send('GET', `/v1/export${decisionFilter(options)}`)
  return responseLines(response)
}

async function* responseLines(response: Response): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const bytes of response.body ?? []) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest !== '') yield rest
}

function render(replay: Replay, io: CliIo): string {
  const paint = createPaint(io.stdout.colours)
  const { changed, replayed, withoutContent, unreadable, policyVersion } = replay
  const kinds = new Map<string, number>()
  for (const { before, after } of changed)
    kinds.set(`${before} -> ${after}`, (kinds.get(`${before} -> ${after}`) ?? 0) + 1)
  const lines = [
    `${replayed} decision(s) judged again under policy ${policyVersion}, ${changed.length} changed`,
    ...[...kinds].toSorted((left, right) => right[1] - left[1]).map(([kind, count]) => `  ${kind.padEnd(22)} ${count}`),
    ...changed
      .slice(0, 20)
      .map(({ id, before, after, labels }) => paint('dim', `  ${id}  ${before} -> ${after}  ${labels.join(', ')}`)),
    ...(changed.length > 20 ? [paint('dim', `  and ${changed.length - 20} more; --json lists all`)] : []),
    ...(withoutContent > 0 ? [`${withoutContent} without texts were left out (the policy captured none)`] : []),
    ...(unreadable > 0 ? [`${unreadable} line(s) are no decisions and were left out`] : []),
  ]
  return `${lines.join('\n')}\n`
}
