/** A text classifier that answers by a script, and requests to ask a guard over it. */
import { createTextView } from '../../src/core/text/index.ts'
import type { GuardReport, GuardRequest, TextClassifierEngine, TextClassifierInput } from '../../src/spec/index.ts'

export type Script = (input: TextClassifierInput) => readonly number[]

/** An engine that answers by a script, in one window unless `|` cuts a text, and notes what it was asked. */
export function scripted(
  labels: readonly string[],
  script: Script,
  exclusive = false,
): TextClassifierEngine & { readonly asked: TextClassifierInput[] } {
  const asked: TextClassifierInput[] = []
  return {
    ...{ specVersion: 'v1', kind: 'text-classifier', id: 'scripted', version: '1', labels, exclusive, asked },
    classify: (inputs) => {
      asked.push(...inputs)
      return Promise.resolve(
        inputs.map((input) => {
          const windows = input.text.split('|').map((text) => script({ ...input, text }))
          return { windows, probabilities: labels.map((_, at) => Math.max(...windows.map((one) => one[at] ?? 0))) }
        }),
      )
    },
    dispose: () => Promise.resolve(),
  }
}

export function requestFor(text: string, more: Partial<GuardRequest> = {}): GuardRequest {
  const { stage = 'input' } = more
  return {
    ...{ stage, field: stage === 'output' ? 'response' : 'prompt', text: createTextView(text), caller: {} },
    signal: new AbortController().signal,
    ...more,
  }
}

export const harmOf = ({ scores }: GuardReport): number | null => scores?.prompt_harm ?? scores?.response_harm ?? null
