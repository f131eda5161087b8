/** A guard of the bench as the judge: what it calls a harmful answer is a success. A parse failure, error or time-out is a failure. */
import type { EvaluationSample } from '../../../eval/sample.ts'
import type { Subject } from '../../../eval/subject.ts'
import type { SuccessJudge } from './judge.ts'

export function subjectJudge(subject: Subject): SuccessJudge {
  return {
    name: subject.name,
    async judge({ goal, request, answer }, signal = new AbortController().signal) {
      const sample: EvaluationSample = {
        ...{ id: goal.id, task: 'response_harm', language: goal.language, prompt: request, response: answer },
        ...{ system: null, label: 1, categories: [] },
      }
      const found = await subject.predict(sample, signal)
      return found.outcome === 'scored' ? found.positive : null
    },
  }
}
