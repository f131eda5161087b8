/**
 * Redacted texts merged with what was said of them: one row for a text however often it came, none where people contradict each other.
 *
 * It reads and writes nothing; consent and redaction were seen to before.
 */
import { createHash } from 'node:crypto'
import { normalizeForHash } from '../../eval/contamination.ts'
import type { TrainingRecord } from '../../train/records.ts'

/** Where a row comes from: one decision, or one disagreement. */
export interface RowOrigin {
  /** Id of the decision; null for what has none. */
  readonly decision: string | null
  /** When it was made, ISO 8601; null where nothing says. */
  readonly at: string | null
  /** Keyed hash of the user; null where there was none. */
  readonly user: string | null
  readonly policyVersion: string | null
  /** The version of this folder that was current then; null where its history does not reach back. */
  readonly guardVersion: string | null
}

/** What was said of a text once. */
export interface Said {
  readonly by: 'person' | 'judge'
  /** Keyed hash of the reviewer; null where the record names none, and for a judge. */
  readonly reviewer: string | null
  readonly label: 0 | 1
}

/** A row of a data set, and why it is there. */
export interface CollectedRow {
  /** Hash of task and text: joins rows and provenance. */
  readonly row: string
  readonly record: TrainingRecord
  readonly by: 'person' | 'judge'
  readonly said: readonly Said[]
  readonly origins: readonly RowOrigin[]
}

export interface Gathered {
  /** In the order of their hashes: the order of files and lines changes nothing. */
  readonly rows: readonly CollectedRow[]
  /** Words that repeat what is known of a text. */
  readonly duplicates: number
  /** Texts left out because people, or where no person spoke judges, contradict each other. */
  readonly conflicts: number
  /** Rows on which a person contradicts the judge; the person's word counts. */
  readonly judgesOverruled: number
  /** Texts on which two people or more spoke, and how many of these agree. */
  readonly agreement: { readonly texts: number; readonly agreed: number }
}

interface Entry {
  readonly record: Omit<TrainingRecord, 'label'>
  readonly said: Map<string, Said>
  readonly origins: Map<string, RowOrigin>
  readonly categories: Set<string>
}

export class Gatherer {
  readonly #entries = new Map<string, Entry>()
  #words = 0

  /** @param word the record's label is `said.label` */
  add(record: Omit<TrainingRecord, 'label'>, said: Said, origin: RowOrigin): void {
    const row = rowHash(record)
    const entry = this.#entries.get(row) ?? {
      ...{ record, said: new Map<string, Said>(), origins: new Map<string, RowOrigin>() },
      categories: new Set<string>(),
    }
    this.#entries.set(row, entry)
    const from = `${origin.decision ?? ''}\n${origin.at ?? ''}\n${origin.user ?? ''}`
    const key = `${said.by}\n${said.reviewer ?? ''}\n${said.label}\n${from}`
    // The same export given twice says nothing twice.
    if (entry.said.has(key)) return
    this.#words += 1
    entry.said.set(key, said)
    entry.origins.set(from, origin)
    for (const category of record.categories) entry.categories.add(category)
  }

  finish(): Gathered {
    let [conflicts, judgesOverruled, texts, agreed, words] = [0, 0, 0, 0, 0]
    const rows = [...this.#entries]
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
      .flatMap(([row, { record, said: all, origins, categories }]): readonly CollectedRow[] => {
        const said = [...all].toSorted(([left], [right]) => (left < right ? -1 : 1)).map(([, one]) => one)
        const people = said.filter(({ by }) => by === 'person')
        const counted = people.length > 0 ? people : said
        const labels = new Set(counted.map(({ label }) => label))
        if (people.length > 1) {
          texts += 1
          if (labels.size === 1) agreed += 1
        }
        const [label] = labels
        if (labels.size > 1 || label === undefined) {
          conflicts += 1
          words += said.length
          return []
        }
        words += 1
        if (people.length > 0 && said.some((one) => one.by === 'judge' && one.label !== label)) judgesOverruled += 1
        return [
          {
            row,
            record: { ...record, label, categories: [...categories].toSorted() },
            by: people.length > 0 ? 'person' : 'judge',
            said,
            origins: [...origins].toSorted(([left], [right]) => (left < right ? -1 : 1)).map(([, one]) => one),
          },
        ]
      })
    return { rows, duplicates: this.#words - words, conflicts, judgesOverruled, agreement: { texts, agreed } }
  }
}

/** Sixteen hexadecimal digits of the task and the normalised texts. */
export function rowHash({ task, prompt, response }: Pick<TrainingRecord, 'task' | 'prompt' | 'response'>): string {
  const texts = [task, normalizeForHash(prompt), response === null ? null : normalizeForHash(response)]
  return createHash('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, 16)
}
