/** What the passages of one text add up to: the largest score of each head, and a finding for each passage worth one. */
import type { ClassifierEngine, Coverage, Finding, GuardReport, Scores } from '../../spec/index.ts'
import type { HeadScore } from './judge-text.ts'
import type { Passage } from './passage.ts'

/** Findings below this are not reported; scores always are. */
export const LOWEST_FINDING = 0.1
/** Scores up to this say nothing that a language could put in doubt. */
const WORTH_A_MARK = 0.5

/** The largest score of a head or hazard, and where it stood. */
interface Top {
  readonly score: number
  /** The output it is of, as the engine's card names it. */
  readonly output: string
  readonly deep: boolean
  readonly text: string
}

/** The largest score of each head over the passages of a text, and a finding for each passage worth one. */
export class Summary {
  readonly findings: Finding[] = []
  readonly #heads = new Map<keyof Scores, HeadScore>()
  readonly #tops = new Map<string, Top>()
  readonly #categories: Record<string, number> = {}

  add({ text, span, judgement }: Pick<Passage, 'text' | 'span' | 'judgement'>): readonly Finding[] {
    const found: Finding[] = []
    for (const one of judgement.heads) {
      const { label, head, score, deep } = one
      const top = this.#heads.get(label)
      if (top === undefined || score > top.score) {
        this.#heads.set(label, one)
        if (score > WORTH_A_MARK) this.#tops.set(label, { score, output: outputOf(head), deep, text })
      }
      if (score >= LOWEST_FINDING) found.push({ label, score, ...(span === null ? {} : { span }) })
    }
    for (const [category, score] of Object.entries(judgement.categories)) {
      const top = this.#categories[category] ?? 0
      this.#categories[category] = Math.max(top, score)
      if (score > WORTH_A_MARK && score > top)
        this.#tops.set(category, { score, output: category, deep: judgement.deep.includes(category), text })
    }
    this.findings.push(...found)
    return found
  }

  tops(): readonly HeadScore[] {
    return [...this.#heads.values()]
  }

  /** Without a detector nothing is said about languages. */
  report(
    card: ClassifierEngine['card'],
    language: ((text: string) => string | null) | undefined,
  ): Omit<GuardReport, 'findings'> {
    const scores = Object.fromEntries(this.tops().map(({ label, score }) => [label, score])) as Partial<Scores>
    const untested = language === undefined ? [] : this.#untested(card, language)
    return { scores, categories: this.#categories, ...(untested.length === 0 ? {} : { untested }) }
  }

  /** Labels above one half in a language that the card of the tier says nothing good about. */
  #untested(card: ClassifierEngine['card'], language: (text: string) => string | null): readonly string[] {
    const spoken = new Map<string, string | null>()
    return [...this.#tops].flatMap(([label, { output, deep, text }]) => {
      const known = spoken.get(text)
      const found = known === undefined ? language(text) : known
      spoken.set(text, found)
      if (found === null) return []
      const outputs: Readonly<Record<string, Readonly<Record<string, Coverage>>>> =
        (deep ? card.deep : card.heads) ?? {}
      return (outputs[output]?.[found] ?? 'untested') === 'untested' ? [label] : []
    })
  }
}

/** Both heads of toxicity are one output. */
function outputOf(head: HeadScore['head']): string {
  return head === 'toxicity_prompt' || head === 'toxicity_response' ? 'toxicity' : head
}
