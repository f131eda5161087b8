/** What the passages of one text add up to: the largest score of each head, and a finding for each passage worth one. */
import type { Finding, GuardReport, Scores } from '../../spec/index.ts'
import type { HeadScore, PassageJudgement } from './judge-text.ts'

/** Findings below this are not reported; scores always are. */
export const LOWEST_FINDING = 0.1

/** The largest score of each head over the passages of a text, and a finding for each passage worth one. */
export class Summary {
  readonly findings: Finding[] = []
  readonly #tops = new Map<keyof Scores, HeadScore>()
  readonly #categories: Record<string, number> = {}

  add(judgement: PassageJudgement, span: NonNullable<Finding['span']> | null): readonly Finding[] {
    const found: Finding[] = []
    for (const one of judgement.heads) {
      const top = this.#tops.get(one.label)
      if (top === undefined || one.score > top.score) this.#tops.set(one.label, one)
      if (one.score >= LOWEST_FINDING)
        found.push({ label: one.label, score: one.score, ...(span === null ? {} : { span }) })
    }
    for (const [category, score] of Object.entries(judgement.categories)) {
      this.#categories[category] = Math.max(this.#categories[category] ?? 0, score)
    }
    this.findings.push(...found)
    return found
  }

  tops(): readonly HeadScore[] {
    return [...this.#tops.values()]
  }

  report(): Omit<GuardReport, 'findings'> {
    const scores = Object.fromEntries(this.tops().map(({ label, score }) => [label, score])) as Partial<Scores>
    return { scores, categories: this.#categories }
  }
}
