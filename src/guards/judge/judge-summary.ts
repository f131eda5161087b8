/**
 * What the passages of a text add up to: findings of each, the largest scores, the passages a judge quotes. Reasons given with a finding
 * name clauses of the judge's policy only; a critique quotes judged text and is no part of a report.
 */
import type { Finding, GuardReport, Scores, TextView } from '../../spec/index.ts'
import type { JudgeAnswer, TaskScore } from './ask-judge.ts'
import type { CritiqueReading, QuotedSpan } from './formats/critique.ts'
import type { JudgeInput, JudgeTask } from './judge-input.ts'
import type { NamedClause } from './judge-reading.ts'
import type { ClauseVerdict } from './policy-parallel/ask-clauses.ts'

/** A passage with its judge's answer. Offsets count in the original text. */
export interface JudgedPassage {
  readonly start: number
  readonly end: number
  /** The text is this passage. */
  readonly whole: boolean
  readonly view: TextView
  /** What the judge was shown. */
  readonly input: JudgeInput
  readonly answer: JudgeAnswer
  /** Null where none was asked for, none was given, or giving it failed. */
  readonly critique: CritiqueReading | null
}

type Highlight = NonNullable<GuardReport['highlights']>[number]

/** Heads of the row that judges speak of; a task that is none of them has findings only. */
const HEADS: readonly (keyof Scores & JudgeTask)[] = ['prompt_harm', 'response_harm', 'refusal']
const MOST_HIGHLIGHTS = 64

export class JudgeSummary {
  readonly findings: Finding[] = []
  readonly #judge: string
  readonly #scores: Partial<Record<keyof Scores, number>> = {}
  readonly #categories: Record<string, number> = {}
  readonly #highlights: Highlight[] = []

  /** @param judge name of the judge, for reasons */
  constructor(judge: string) {
    this.#judge = judge
  }

  /** Adds a passage and gives its findings. */
  add(passage: JudgedPassage): readonly Finding[] {
    const { answer, whole, start, end } = passage
    const span = whole ? {} : { span: { start, end } }
    const names = clauseNames(answer)
    const reason = `Judged by ${this.#judge}${names === '' ? '' : `: ${names}`}.`
    const found = answer.scores.map(({ task, score }): Finding => ({ label: task, score, reason, ...span }))
    for (const { task, score } of answer.scores) {
      const head = HEADS.find((name) => name === task)
      if (head !== undefined) this.#scores[head] = Math.max(this.#scores[head] ?? 0, score)
    }
    const harm = harmOf(answer.scores)
    if (harm !== undefined) {
      const own = clauseScores(answer.clauses ?? [])
      for (const [label, score] of own) this.#categorise(label, score)
      const broken = labelsOf(answer.reading.categories)
      for (const label of broken) {
        const score = own.get(label) ?? harm.score
        this.#categorise(label, score)
        // The task decides what happens; a category does where the policy says so.
        found.push({ label, score, action: 'pass', reason, ...span })
      }
      for (const { clause } of unjudged(answer))
        for (const label of labelsOf([clause]))
          if (!broken.has(label))
            found.push({ label, score: 1, action: 'pass', reason: `No verdict on ${nameOf(clause)}.`, ...span })
      this.#quote(passage, harm)
    }
    this.findings.push(...found)
    return found
  }

  report(): Omit<GuardReport, 'findings'> {
    return {
      scores: this.#scores,
      categories: this.#categories,
      ...(this.#highlights.length === 0 ? {} : { highlights: this.#highlights }),
    }
  }

  #categorise(label: string, score: number): void {
    this.#categories[label] = Math.max(this.#categories[label] ?? 0, score)
  }

  #quote({ start, view, critique }: JudgedPassage, { task, score }: TaskScore): void {
    const quotes: readonly QuotedSpan[] =
      (task === 'response_harm' ? critique?.response : critique?.prompt)?.found ?? []
    for (const quote of quotes) {
      if (this.#highlights.length >= MOST_HIGHLIGHTS) return
      const [from, to] = view.toOriginal(quote.start, quote.end)
      this.#highlights.push({ start: start + from, end: start + to, label: task, score })
    }
  }
}

/** The task that categories and quotes belong to. */
function harmOf(scores: readonly TaskScore[]): TaskScore | undefined {
  return scores.find(({ task }) => task !== 'refusal')
}

function clauseNames({ reading }: JudgeAnswer): string {
  return reading.categories.map(nameOf).join(', ')
}

function nameOf({ id, title }: NamedClause): string {
  return `${id} ${title}`
}

/** Clauses that stand beside a broken one without a verdict: whoever acts on their category must act on its worst. */
function unjudged({ clauses = [] }: JudgeAnswer): readonly ClauseVerdict[] {
  return clauses.filter(({ verdict }) => verdict === 'failed')
}

/** MLCommons hazards of clauses; `clause.<id>` for a clause that stands for none. */
function labelsOf(clauses: readonly NamedClause[]): ReadonlySet<string> {
  return new Set(clauses.flatMap(({ id, hazards }) => (hazards.length === 0 ? [`clause.${id}`] : hazards)))
}

/** The highest score of each label, of clauses that were asked about on their own; of one without a verdict the highest there is. */
function clauseScores(verdicts: readonly ClauseVerdict[]): ReadonlyMap<string, number> {
  const scores = new Map<string, number>()
  for (const { clause, score } of verdicts)
    for (const label of labelsOf([clause])) scores.set(label, Math.max(scores.get(label) ?? 0, score ?? 1))
  return scores
}
