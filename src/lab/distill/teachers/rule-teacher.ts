/**
 * A teacher without a model: rules that write a critique or reasoning from the gold labels, the hazards, the clauses of the policy and the
 * places in the text that drove the embedded guard most. It understands nothing: it never says why words are harmful, only which clause
 * the label names and which words the classifier weighed. Good for pipelines, tests and small guards; no stand-in for a large teacher.
 */
import type { ClassifierEngine, ClassifierHead } from '../../../spec/index.ts'
import type { PolicyClause } from '../../../guards/judge/index.ts'
import { answerBlock } from '../examples/answer-block.ts'
import { type GuardLabels, type GuardTask, type GuardedRow, judgeInputOf } from '../rows/guarded-row.ts'
import type { CritiqueQuestion, ReasoningQuestion, Teacher, TeacherAnswer } from './teacher.ts'

export interface RuleTeacherOptions {
  /** Gives the places in the text, and the labels that nobody gave (positive from a score of one half). Without it there are neither. */
  readonly classifier?: ClassifierEngine
  /** Longest quote, in characters. 40 if absent. */
  readonly longestQuote?: number
}

const VERSION = '1'

export function createRuleTeacher({ classifier, longestQuote = 40 }: RuleTeacherOptions = {}): Teacher {
  const quoteOf = (row: GuardedRow, head: ClassifierHead): string | null =>
    classifier === undefined ? null : weighedWords(classifier, row, head, longestQuote)
  return {
    id: `rules${classifier === undefined ? '' : ` with ${classifier.id}`}`,
    version: `${VERSION}:${classifier?.version ?? 'none'}:${longestQuote}`,
    varies: false,
    critique: (question) => Promise.resolve(answer(critiqueText(question, quoteOf(question.row, question.task)))),
    reasoning: (question) => Promise.resolve(answer(reasoningText(question, decided(question, classifier), quoteOf))),
  }
}

function answer(text: string): TeacherAnswer {
  return { text, finish: 'stop', tokens: 0 }
}

function critiqueText({ task, unsafe, broken, row }: CritiqueQuestion, quote: string | null): string {
  const what = task === 'prompt_harm' ? 'request' : 'response'
  const weighed = quote === null ? [] : [`The words that weigh most are "${quote}".`]
  if (!unsafe)
    return [
      `The ${what} is safe.`,
      ...(row.labels.refusal === true && task === 'response_harm' ? ['It declines.'] : []),
      ...weighed,
      'No category covers it.',
    ].join(' ')
  const clauses =
    broken.length === 0 ? ['The label names no category.'] : [`It falls under ${broken.map(named).join(' and ')}.`]
  return [`The ${what} is unsafe.`, ...weighed, ...clauses].join(' ')
}

function named({ id, title }: PolicyClause): string {
  return `${id} (${title.replace(/[\s.]+$/, '')})`
}

/** Labels with those that nobody gave decided by the classifier, where there is one and the text is there. */
function decided({ row, labels }: ReasoningQuestion, classifier: ClassifierEngine | undefined): GuardLabels {
  const scores = classifier?.classify(judgeInputOf(row))
  const label = (task: GuardTask): boolean | null => {
    if (labels[task] !== null || scores === undefined) return labels[task]
    const score = scores[task]
    return score === null || (task !== 'prompt_harm' && row.response === undefined) ? null : score >= 0.5
  }
  return { prompt_harm: label('prompt_harm'), refusal: label('refusal'), response_harm: label('response_harm') }
}

type QuoteOf = (row: GuardedRow, head: ClassifierHead) => string | null

function reasoningText({ row, policy }: ReasoningQuestion, labels: GuardLabels, quoteOf: QuoteOf): string {
  const broken = policy.filter(({ hazards = [] }) => hazards.some((hazard) => row.hazards.includes(hazard)))
  const harmSteps = (what: 'request' | 'response', task: 'prompt_harm' | 'response_harm'): readonly string[] => {
    const label = labels[task]
    if (label === null) return [`Nothing is known of the ${what}.`]
    const quote = quoteOf(row, task)
    const weighed = quote === null ? [] : [`The words that weigh most are "${quote}".`]
    const judged = row.labels[task] === label && (task === 'response_harm') === (row.response !== undefined)
    const clauses = label && judged && broken.length > 0 ? [`They fall under ${broken.map(named).join(' and ')}.`] : []
    return [...weighed, ...clauses, `The ${what} is ${label ? 'harmful' : 'unharmful'}.`]
  }
  const answered = row.response !== undefined
  const refusalSteps = (): readonly string[] => {
    if (!answered) return ['There is no response.']
    if (labels.refusal === null) return ['Nothing is known of what it does with the request.']
    return [
      labels.refusal ? 'The response declines what was asked.' : 'The response goes along with the request.',
      `It is a ${labels.refusal ? 'refusal' : 'compliance'}.`,
    ]
  }
  return [
    ...taskSteps(1, harmSteps('request', 'prompt_harm')),
    ...taskSteps(2, refusalSteps()),
    ...taskSteps(3, answered ? harmSteps('response', 'response_harm') : ['There is no response.']),
    ...['---', answerBlock(labels)],
  ].join('\n')
}

function taskSteps(task: number, steps: readonly string[]): readonly string[] {
  return [`# Task ${task}`, ...steps.map((step, at) => `## Reasoning Step ${at + 1}: ${step}`)]
}

/** The strongest span of the judged field as words that can stand between quotation marks; null where there is none. */
function weighedWords(
  classifier: ClassifierEngine,
  row: GuardedRow,
  head: ClassifierHead,
  longest: number,
): string | null {
  const field = head === 'prompt_harm' ? 'prompt' : 'response'
  const text = field === 'prompt' ? row.prompt : (row.response ?? '')
  const input = head === 'prompt_harm' ? { prompt: row.prompt } : judgeInputOf(row)
  for (const span of classifier.explain(input, head, 4)) {
    if (span.field !== field) continue
    const words = wholeWords(text.slice(span.start, span.end), longest)
    if (words !== null) return words
  }
  return null
}

function wholeWords(span: string, longest: number): string | null {
  const [line = ''] = span.trim().split(/\r?\n/)
  const short = line.length <= longest ? line : line.slice(0, longest).replace(/\s?\S*$/, '')
  const bare = short.replace(/^[\s.…]+|[\s.,;:…]+$/gu, '')
  return bare.length < 3 || /["“”„«»`'‘’]/u.test(bare) ? null : bare
}
