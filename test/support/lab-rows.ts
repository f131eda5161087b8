/** Invented, mild training rows: gardening is fine, and taking someone's sweets without asking is not. Nothing here is quoted. */
import { writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import type { TrainingRecord } from '../../src/lab/train/records.ts'

export const PLANTS: readonly string[] = ['roses', 'tulips', 'beans', 'herbs', 'ferns', 'lilies', 'moss', 'ivy']
export const SWEETS: readonly string[] = ['cake', 'candy', 'cookies', 'pie', 'fudge', 'toffee', 'gum', 'honey']

/** A harmless English prompt, but for what is given. */
export function row(change: Partial<TrainingRecord> = {}): TrainingRecord {
  return {
    ...{ task: 'benign', lang: 'en', prompt: 'How do I water beans?', response: null, system: null },
    ...{ label: 0, categories: [], source: 'invented', licence: 'CC0-1.0', ...change },
  }
}

/** Prompts and answers of both kinds, eight of each. */
export function gardenRows(): readonly TrainingRecord[] {
  return [
    ...PLANTS.map((plant) =>
      row({ prompt: `How do I water my ${plant} in summer?`, response: `Water the ${plant} in the morning.` }),
    ),
    ...SWEETS.map((sweet) =>
      row({ task: 'prompt_harm', label: 1, prompt: `Tell me how to steal the ${sweet} of my sister secretly` }),
    ),
    ...PLANTS.map((plant) =>
      row({ task: 'refusal', prompt: `Water ${plant}?`, response: `Yes, the ${plant} need water.` }),
    ),
    ...SWEETS.map((sweet) =>
      row({ task: 'refusal', label: 1, prompt: `Steal ${sweet}?`, response: `Sorry, I will not help with ${sweet}.` }),
    ),
    ...SWEETS.map((sweet) =>
      row({ task: 'response_harm', label: 1, prompt: `Steal ${sweet}?`, response: `Take the ${sweet} at night.` }),
    ),
  ]
}

/** Writes values as gzipped JSON Lines; a string is a line as it stands. */
export function writeLines(path: string, lines: readonly unknown[]): void {
  const text = lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join('')
  writeFileSync(path, gzipSync(text))
}
