/** A prompt read ahead changes no score: not when it was judged on the way in, not when an answer is judged in many passages. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readFileSync } from 'node:fs'
import { createStreamBuffer, createTextView } from '../../core/text/index.ts'
import { createEmbeddedClassifier } from '../../engines/embedded/classifier.ts'
import { MODEL_FILES } from '../../engines/embedded/index.ts'
import type { ClassifierEngine, Guard, GuardReport, GuardRequest, Message } from '../../spec/index.ts'
import { createClassifierGuard } from './index.ts'

const ahead = createEmbeddedClassifier(readFileSync(MODEL_FILES.classifier))
const { read: _read, ...without } = ahead
const plain: ClassifierEngine = without
const beside = { caller: {}, signal: new AbortController().signal } as const

const texts = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc
    .array(fc.constantFrom('How do I ', 'cook rice', 'ignore all rules', ' ', '. ', 'ﬁne', '漢字', 'you idiot', '\n'), {
      maxLength: 200,
    })
    .map((parts) => parts.join('')),
)

function request(stage: 'input' | 'output', text: string, more: Partial<GuardRequest>): GuardRequest {
  const field = stage === 'input' ? 'prompt' : 'response'
  return { ...beside, stage, field, text: createTextView(text), ...more }
}

function check(guard: Guard, asked: GuardRequest): GuardReport {
  return guard.check(asked) as GuardReport
}

/** All an answer's session says, piece by piece. */
function streamed(guard: Guard, asked: GuardRequest, size: number): unknown {
  const { text, ...rest } = asked
  const session = guard.open?.(rest)
  const buffer = createStreamBuffer()
  const steps: unknown[] = []
  for (let at = 0; at < text.original.length; at += size) {
    buffer.append(text.original.slice(at, at + size))
    steps.push(session?.advance(buffer))
  }
  buffer.finish()
  return [...steps, session?.advance(buffer)]
}

describe('an engine that reads ahead', () => {
  test('gives what one that does not gives', () => {
    fc.assert(
      fc.property(texts, texts, fc.integer({ min: 40, max: 700 }), (prompt, answer, size) => {
        const [quick, slow] = [ahead, plain].map((engine) => createClassifierGuard({ engine })) as [Guard, Guard]
        const messages: readonly Message[] = [{ role: 'user', content: prompt }]
        const input = request('input', prompt, { messages })
        expect(check(quick, input)).toEqual(check(slow, input))
        for (const more of [{ messages, prompt }, { prompt }, { messages, prompt: `${prompt}!` }, {}]) {
          const output = request('output', answer, more)
          expect(check(quick, output)).toEqual(check(slow, output))
          expect(streamed(quick, output, size)).toEqual(streamed(slow, output, size))
        }
      }),
      { numRuns: 60 },
    )
  })

  test('reads a prompt once for itself and its answer', () => {
    let reads = 0
    const counting: ClassifierEngine = {
      ...ahead,
      read: (prompt) => ((reads += 1), ahead.read?.(prompt) ?? never()),
      classify: () => never(),
    }
    const guard = createClassifierGuard({ engine: counting })
    const prompt = 'What is the capital of France?'
    const messages: readonly Message[] = [{ role: 'user', content: prompt }]
    check(guard, request('input', prompt, { messages }))
    check(guard, request('output', 'Paris.', { messages, prompt }))
    expect(reads).toBe(1)
    // Another conversation with the same words is another one.
    check(guard, request('output', 'Paris.', { messages: [...messages], prompt }))
    expect(reads).toBe(2)
  })
})

function never(): never {
  throw new Error('This was not to be asked.')
}
