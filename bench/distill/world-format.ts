/** The small world's judge as a judge format: the words it was taught, label first, the critique in a second request that continues from it. */
import {
  type JudgeFormat,
  type JudgeInput,
  labelReading,
  type PolicyClause,
  unparsable,
} from '../../src/guards/judge/index.ts'
import { readCritique } from '../../src/guards/judge/formats/index.ts'
import { CRITIQUE_SYSTEM, judgedText, parseLabel } from '../../src/lab/world/judge-format.ts'
import { HAZARD_KINDS } from '../../src/lab/world/things.ts'

const CLAUSES: readonly PolicyClause[] = HAZARD_KINDS.map(({ name, rule = '' }) => ({ id: rule, title: name }))

export const WORLD_FORMAT: JudgeFormat = {
  name: 'world judge',
  source: { follows: [], verified: true, open: '' },
  ...{ tasks: ['prompt_harm', 'response_harm'], sees: 'last_exchange', clauses: CLAUSES },
  ask(input: JudgeInput) {
    const task = input.response === undefined ? 'prompt_harm' : 'response_harm'
    const chat = {
      messages: [
        { role: 'system' as const, content: CRITIQUE_SYSTEM },
        { role: 'user' as const, content: judgedText(input.prompt, input.response) },
      ],
    }
    return {
      tasks: [task],
      // It was taught label, rules and critique as three lines of one turn; the first two are the label.
      request: { chat, completion: null, stop: [], maxTokens: 12 },
      parse(text) {
        const label = parseLabel(text)
        if (label === null) return unparsable('no_label', text)
        const categories = CLAUSES.filter(({ id }) => label.rules.includes(id)).map(({ id, title }) => ({
          id,
          title,
          hazards: [],
        }))
        return labelReading({ [task]: label.unsafe }, { categories })
      },
      score: () => null,
      later: {
        kind: 'critique',
        request: () => ({ chat, completion: null, stop: [], maxTokens: 80 }),
        read: (text, reading) => readCritique(parseLabel(text)?.critique ?? '', reading, input, CLAUSES),
      },
    }
  },
}
