/**
 * Equal requests in flight become one call, whose answer all askers share. Somebody who leaves, or whose deadline passes, takes nothing
 * from the others; when the last has left, the call is cancelled. Nothing is kept once it has been answered.
 */
import type { Clock, Completion, CompletionEngine, CompletionOptions, CompletionRequest } from '../../spec/index.ts'
import { timeLeft } from './deadline.ts'
import { callAborted, engineFailure } from './failure.ts'

interface Flight {
  readonly answer: Promise<Completion>
  readonly controller: AbortController
  readonly deadline: number
  askers: number
}

export function withCoalescing(engine: CompletionEngine, clock: Clock): CompletionEngine {
  const flights = new Map<string, Flight>()

  const start = (key: string, request: CompletionRequest, deadline: number): Flight => {
    const controller = new AbortController()
    const { signal } = controller
    const answer = engine.complete(request, Number.isFinite(deadline) ? { signal, deadline } : { signal })
    const flight: Flight = { answer, controller, deadline, askers: 0 }
    flights.set(key, flight)
    const land = (): void => void (flights.get(key) === flight && flights.delete(key))
    answer.then(land, land)
    return flight
  }

  return {
    ...engine,
    async complete(request, call = {}) {
      if (call.signal?.aborted === true) throw callAborted()
      // Answers drawn by chance are wanted one by one.
      if ((request.temperature ?? 0) > 0 && request.seed === undefined) return engine.complete(request, call)
      const key = keyOf(request)
      const deadline = call.deadline ?? Infinity
      const flying = flights.get(key)
      // A call that gives up before this asker would is no help.
      const flight = flying !== undefined && flying.deadline >= deadline ? flying : start(key, request, deadline)
      flight.askers += 1
      try {
        return await share(flight.answer, call, clock)
      } finally {
        flight.askers -= 1
        if (flight.askers === 0) {
          if (flights.get(key) === flight) flights.delete(key)
          flight.controller.abort()
        }
      }
    },
  }
}

function keyOf({
  chat,
  completion,
  stop,
  maxTokens,
  schema,
  topLogprobs,
  temperature,
  seed,
}: CompletionRequest): string {
  return JSON.stringify([chat, completion, stop, maxTokens, schema, topLogprobs, temperature, seed])
}

/** The answer, unless this asker leaves or its deadline passes first. */
export function share<Answer>(
  answer: Promise<Answer>,
  { signal, deadline }: CompletionOptions,
  clock: Clock,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(callAborted())
    const late = (): void => reject(engineFailure('timeout', 'The deadline passed before the model had answered.'))
    const timer = deadline === undefined ? null : clock.setTimeout(late, timeLeft(deadline, clock))
    signal?.addEventListener('abort', leave, { once: true })
    answer.then(resolve, reject).finally(() => {
      signal?.removeEventListener('abort', leave)
      if (timer !== null) clock.clearTimeout(timer)
    })
  })
}
