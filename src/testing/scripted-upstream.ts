/**
 * An OpenAI-compatible chat-completions server in one function, which follows a script: answers, tool calls, several choices,
 * reasoning, and every way of going wrong (refusing, stalling, half a frame, dying mid-stream, never ending). No network.
 *
 * Only what clients read is produced; the request is recorded, not validated.
 */
import type { Clock } from '../spec/index.ts'

/** A tool call of a scripted answer. */
export interface ScriptedToolCall {
  readonly id: string
  readonly name: string
  readonly arguments: string
}

/** One choice of an answer. */
export interface ScriptedChoice {
  /** Text; as a list, its pieces in a stream. */
  readonly content?: string | readonly string[]
  readonly reasoning?: string | readonly string[]
  readonly toolCalls?: readonly ScriptedToolCall[]
  /** Default `stop`, or `tool_calls` when there are some. */
  readonly finish?: string
}

/** What one request gets. */
export interface UpstreamStep {
  /** Default: one choice with the text `ok`. */
  readonly choices?: readonly ScriptedChoice[]
  /** Another status, with an error body. */
  readonly status?: number
  /** Body as it is, instead of an answer. */
  readonly body?: string
  /** The call rejects, as a refused connection does. */
  readonly refuse?: boolean
  /** Milliseconds on the clock before the answer begins. */
  readonly delay?: number
  /** Milliseconds on the clock between frames. */
  readonly pace?: number
  /** Frames sent before the stream ends in `ending`. Default all. */
  readonly frames?: number
  /** How the stream ends. Default `done`. */
  readonly ending?: 'done' | 'error' | 'half-frame' | 'close' | 'never'
  /** Bytes a piece of the stream; default one frame a piece. Splits frames and characters anywhere. */
  readonly pieceSize?: number
}

/** A request as it came. */
export interface RecordedRequest {
  readonly url: string
  readonly method: string
  readonly headers: Headers
  readonly body: unknown
  /** The answer's stream was cancelled, or the request aborted. */
  readonly cancelled: boolean
  /** Frames that were taken. */
  readonly framesSent: number
}

/** Settings of the server. */
export interface ScriptedUpstreamOptions {
  /** One step a request; or one function for any number of requests. */
  readonly script: readonly UpstreamStep[] | ((body: unknown, call: number) => UpstreamStep)
  /** Needed for `delay` and `pace`. */
  readonly clock?: Clock
}

/** A server for tests: call it, or hand it in as `fetch`. */
export interface ScriptedUpstream {
  (request: Request): Promise<Response>
  readonly requests: readonly RecordedRequest[]
  /** Throws when steps of the script were not used or more requests came than written. */
  verify(): void
}

type Recording = { -readonly [key in keyof RecordedRequest]: RecordedRequest[key] }

/** Creates the server. */
export function createScriptedUpstream(options: ScriptedUpstreamOptions): ScriptedUpstream {
  const { script, clock } = options
  const requests: Recording[] = []
  const answer = async (request: Request): Promise<Response> => {
    const text = await request.text()
    const record: Recording = {
      url: request.url,
      method: request.method,
      headers: request.headers,
      body: parse(text),
      cancelled: false,
      framesSent: 0,
    }
    requests.push(record)
    const step = typeof script === 'function' ? script(record.body, requests.length - 1) : script[requests.length - 1]
    if (step === undefined)
      throw new Error(`The upstream got ${requests.length} requests, more than its script has steps.`)
    return respond(step, record, request.signal, clock)
  }
  return Object.assign(answer, {
    requests,
    verify(): void {
      if (typeof script !== 'function' && requests.length !== script.length) {
        throw new Error(`The upstream got ${requests.length} requests; its script has ${script.length} steps.`)
      }
    },
  })
}

async function respond(
  step: UpstreamStep,
  record: Recording,
  signal: AbortSignal,
  clock: Clock | undefined,
): Promise<Response> {
  const cancel = (): void => {
    record.cancelled = true
  }
  signal.addEventListener('abort', cancel, { once: true })
  await pause(step.delay, clock, signal)
  if (step.refuse === true) throw new TypeError('fetch failed')
  const { status = 200 } = step
  if (step.body !== undefined)
    return new Response(step.body, { status, headers: { 'content-type': 'application/json' } })
  if (status >= 400)
    return Response.json({ error: { message: 'scripted error', type: 'server_error', code: null } }, { status })
  const choices = step.choices ?? [{ content: 'ok' }]
  if (!isStreaming(record.body)) return Response.json(completion(choices), { status })
  return new Response(frameStream(step, framesOf(choices), record, signal, clock), {
    status,
    headers: { 'content-type': 'text/event-stream' },
  })
}

function frameStream(
  step: UpstreamStep,
  all: readonly string[],
  record: Recording,
  signal: AbortSignal,
  clock: Clock | undefined,
): ReadableStream<Uint8Array> {
  const { ending = 'done', pace, pieceSize } = step
  const frames = all.slice(0, step.frames ?? all.length)
  if (ending === 'done') frames.push('data: [DONE]\n\n')
  if (ending === 'half-frame') frames.push('data: {"id":"chatcmpl-scripted","obj')
  const pieces = frames.flatMap((frame) => splitBytes(new TextEncoder().encode(frame), pieceSize))
  let next = 0
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (next > 0) await pause(pace, clock, signal)
        if (signal.aborted) return controller.error(signal.reason)
        const piece = pieces[next]
        if (piece !== undefined) {
          next += 1
          record.framesSent += 1
          return controller.enqueue(piece)
        }
        if (ending === 'error') return controller.error(new TypeError('terminated'))
        if (ending === 'never') return abortion(signal).then(() => controller.error(signal.reason))
        controller.close()
      },
      cancel() {
        record.cancelled = true
      },
    },
    { highWaterMark: 0 },
  )
}

function splitBytes(bytes: Uint8Array, size: number | undefined): Uint8Array[] {
  if (size === undefined) return [bytes]
  const pieces: Uint8Array[] = []
  for (let from = 0; from < bytes.length; from += size) pieces.push(bytes.slice(from, from + size))
  return pieces
}

/** Frames of a stream: the choices take turns, as they do in real ones. */
function framesOf(choices: readonly ScriptedChoice[]): string[] {
  const lanes = choices.map((choice, index) => deltasOf(choice).map((delta) => frame(index, delta, null)))
  const longest = lanes.reduce((most, lane) => Math.max(most, lane.length), 0)
  const frames: string[] = []
  for (let turn = 0; turn < longest; turn++) frames.push(...lanes.flatMap((lane) => lane.slice(turn, turn + 1)))
  for (const [index, choice] of choices.entries()) frames.push(frame(index, {}, finishOf(choice)))
  return frames
}

function deltasOf({ content, reasoning, toolCalls = [] }: ScriptedChoice): object[] {
  const deltas: object[] = [{ role: 'assistant', content: '' }]
  for (const piece of piecesOf(reasoning)) deltas.push({ reasoning_content: piece })
  for (const piece of piecesOf(content)) deltas.push({ content: piece })
  for (const [index, call] of toolCalls.entries()) {
    deltas.push({
      tool_calls: [{ index, id: call.id, type: 'function', function: { name: call.name, arguments: '' } }],
    })
    for (const piece of call.arguments.match(/[\s\S]{1,8}/g) ?? []) {
      deltas.push({ tool_calls: [{ index, function: { arguments: piece } }] })
    }
  }
  return deltas
}

function frame(index: number, delta: object, finish: string | null): string {
  const choices = [{ index, delta, finish_reason: finish }]
  return `data: ${JSON.stringify({ id: 'chatcmpl-scripted', object: 'chat.completion.chunk', created: 0, model: 'scripted', choices })}\n\n`
}

function completion(choices: readonly ScriptedChoice[]): object {
  return {
    id: 'chatcmpl-scripted',
    object: 'chat.completion',
    created: 0,
    model: 'scripted',
    choices: choices.map((choice, index) => ({ index, message: messageOf(choice), finish_reason: finishOf(choice) })),
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  }
}

function messageOf({ content, reasoning, toolCalls = [] }: ScriptedChoice): object {
  const calls = toolCalls.map((call) => ({
    id: call.id,
    type: 'function',
    function: { name: call.name, arguments: call.arguments },
  }))
  return {
    role: 'assistant',
    content: content === undefined ? null : piecesOf(content).join(''),
    ...(reasoning === undefined ? {} : { reasoning_content: piecesOf(reasoning).join('') }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  }
}

function finishOf({ finish, toolCalls = [] }: ScriptedChoice): string {
  return finish ?? (toolCalls.length > 0 ? 'tool_calls' : 'stop')
}

function piecesOf(text: string | readonly string[] | undefined): readonly string[] {
  if (text === undefined) return []
  return typeof text === 'string' ? (text.match(/[\s\S]{1,4}/g) ?? []) : text
}

function isStreaming(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'stream' in body && body.stream === true
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

async function pause(ms: number | undefined, clock: Clock | undefined, signal: AbortSignal): Promise<void> {
  if (ms === undefined || ms === 0) return
  if (clock === undefined) throw new Error('A step with `delay` or `pace` needs the option `clock`.')
  const wait = new Promise<void>((resolve) => {
    clock.setTimeout(resolve, ms)
  })
  await Promise.race([wait, abortion(signal)])
  signal.throwIfAborted()
}

function abortion(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
