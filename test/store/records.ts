/** Records and drafts for tests, known by their ids. */
import fc from 'fast-check'
import type {
  CheckResult,
  Decision,
  DecisionDraft,
  DecisionRecord,
  RecordPolicy,
  StoredDecision,
} from '../../src/spec/index.ts'

export const NOW = 1_800_000_000_000
export const DAY = 86_400_000

export function aRecord(id: string, changes: Partial<DecisionRecord> = {}): DecisionRecord {
  return {
    id,
    at: NOW,
    state: 'final',
    door: 'chat-completions',
    decision: 'pass',
    shadowDecision: 'pass',
    policyVersion: 'b0a4fe8101e575b0',
    caller: {},
    ms: 1.25,
    guards: [],
    scores: { prompt_harm: null, response_harm: null, refusal: null, injection: null, toxicity: null },
    categories: {},
    spans: [],
    error: null,
    exceptions: [],
    warnings: [],
    content: null,
    expires: NOW + 30 * DAY,
    ...changes,
  }
}

/** As it is read back when nobody added anything. */
export function asStored(record: DecisionRecord): StoredDecision {
  return { ...record, ...(record.decision === 'hold' ? { review: { state: 'pending' } as const } : {}), feedback: [] }
}

export function aResult(decisionId: string, changes: Partial<CheckResult> = {}): CheckResult {
  return {
    decision: 'pass',
    scores: { prompt_harm: 0.125, response_harm: null, refusal: null, injection: null, toxicity: null },
    categories: {},
    spans: [],
    error: null,
    ms: 2,
    startedAt: NOW,
    decisionId,
    policyVersion: 'b0a4fe8101e575b0',
    guards: [],
    shadowDecision: 'pass',
    exceptions: [],
    warnings: [],
    ...changes,
  }
}

export const POLICY: Required<RecordPolicy> = { capture: 'none', retention: 30, mode: 'async', whenFull: 'refuse' }

export function aDraft(
  id: string,
  policy: Partial<RecordPolicy> = {},
  changes: Partial<DecisionDraft> = {},
): DecisionDraft {
  return {
    state: 'final',
    result: aResult(id),
    caller: {},
    door: 'guard',
    policy: { ...POLICY, ...policy },
    ...changes,
  }
}

const DECISIONS: readonly Decision[] = ['pass', 'flag', 'modify', 'refuse', 'hold', 'block', 'error', 'timeout']
/** Any text, with what databases find hard: zero characters, half surrogate pairs, private use. */
export const hardText: fc.Arbitrary<string> = fc.string({
  unit: fc.oneof(
    fc.constantFrom('\0', '\uD800', '\uDFFF', '\uE000', "'", '"', '\\', '{', '}', ',', '\n', '🦜', 'é', '$1'),
    fc.string({ minLength: 1, maxLength: 1 }),
  ),
  maxLength: 40,
})
const score = fc.integer({ min: 0, max: 10_000 }).map((value) => value / 10_000)
const milliseconds = fc.nat(1_000_000).map((value) => value / 1000)
const optionalScore = fc.option(score, { nil: null })

/** Any record a recorder can make. */
export function anyRecord(id: fc.Arbitrary<string>): fc.Arbitrary<DecisionRecord> {
  return fc.record(
    {
      id,
      at: fc.integer({ min: 0, max: 10_000_000 }).map((value) => NOW + value / 1000),
      state: fc.constantFrom('open', 'final'),
      door: hardText,
      decision: fc.constantFrom(...DECISIONS),
      shadowDecision: fc.constantFrom(...DECISIONS),
      policyVersion: hardText,
      caller: fc.record(
        { application: hardText, user: hardText, conversation: hardText, key: hardText, traceparent: hardText },
        { requiredKeys: [] },
      ),
      model: hardText,
      ms: milliseconds,
      guards: fc.array(
        fc.record(
          {
            guard: hardText,
            stage: fc.constantFrom('input', 'output', 'tool_call'),
            status: fc.constantFrom('judged', 'error', 'timeout', 'cancelled'),
            decision: fc.constantFrom(...DECISIONS),
            labels: fc.array(hardText, { maxLength: 2 }),
            ms: milliseconds,
            cached: fc.boolean(),
            shadow: fc.boolean(),
            error: fc.record({ code: hardText, message: hardText }),
          },
          { requiredKeys: ['guard', 'stage', 'status', 'decision', 'labels', 'ms', 'cached', 'shadow'] },
        ),
        { maxLength: 3 },
      ),
      scores: fc.record({
        prompt_harm: optionalScore,
        response_harm: optionalScore,
        refusal: optionalScore,
        injection: optionalScore,
        toxicity: optionalScore,
      }),
      categories: fc.dictionary(fc.stringMatching(/^S\d{1,2}$/), score, { maxKeys: 3, noNullPrototype: true }),
      spans: fc.array(
        fc.record({ start: fc.nat(), end: fc.nat(), label: hardText, field: fc.constant('prompt'), score }),
        { maxLength: 3 },
      ),
      error: fc.option(fc.record({ code: hardText, message: hardText }), { nil: null }),
      exceptions: fc.array(hardText, { maxLength: 2 }),
      warnings: fc.array(hardText, { maxLength: 2 }),
      content: fc.option(
        fc.record({
          prompt: hardText,
          messages: fc.array(fc.record({ role: fc.constant('user'), content: hardText }), { maxLength: 2 }),
          answers: fc.array(fc.record({ role: fc.constant('assistant'), content: hardText, reasoning: hardText }), {
            maxLength: 2,
          }),
        }),
        { nil: null },
      ),
      expires: fc.integer({ min: 0, max: 1000 }).map((value) => NOW + value),
    },
    {
      requiredKeys: [
        'id',
        'at',
        'state',
        'door',
        'decision',
        'shadowDecision',
        'policyVersion',
        'caller',
        'ms',
        'guards',
        'scores',
        'categories',
        'spans',
        'error',
        'exceptions',
        'warnings',
        'content',
        'expires',
      ],
    },
  )
}
