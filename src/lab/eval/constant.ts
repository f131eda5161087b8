/** The two constant baselines: one flags everything, the other nothing. A figure that does not beat them says nothing. */
import { EVALUATION_TASKS } from './sample.ts'
import type { Subject } from './subject.ts'

function constantSubject(name: string, positive: boolean): Subject {
  return {
    name,
    version: '1',
    kind: 'constant',
    tasks: EVALUATION_TASKS,
    predict: () => ({ outcome: 'scored', score: positive ? 1 : 0, positive, milliseconds: 0 }),
  }
}

/** Part of every run. */
export const CONSTANT_SUBJECTS: readonly Subject[] = [
  constantSubject('constant: flag everything', true),
  constantSubject('constant: flag nothing', false),
]
