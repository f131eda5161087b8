/**
 * Translates many short texts with Apertium, a rule-based translator (Forcada et al., 2011), as a child process without a shell.
 *
 * One process translates one batch: a line of a text is a line of its input, so thousands of texts cost one start. A target that has
 * no direct pair is reached over a route of modes (English to Spanish to French). Words that a mode does not know pass unchanged; their
 * share is reported, because a caller wants to drop a text that is still half English.
 *
 * Not here: which rows are worth translating (`translate-rows.ts`), and other directions than from English.
 */
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ParapetError } from '../../spec/index.ts'

/** Modes from English, in order, and the Debian packages that hold them. */
export const APERTIUM_ROUTES: Readonly<Record<string, readonly string[]>> = {
  es: ['eng-spa'],
  fr: ['eng-spa', 'es-fr'],
  it: ['eng-spa', 'spa-ita'],
  pt: ['eng-spa', 'es-pt'],
}

const PACKAGES: Readonly<Record<string, string>> = {
  'eng-spa': 'apertium-eng-spa',
  'es-fr': 'apertium-fr-es',
  'spa-ita': 'apertium-spa-ita',
  'es-pt': 'apertium-es-pt',
}

/** A translated text. */
export interface Translation {
  readonly text: string
  /** Words of the source text. */
  readonly words: number
  /** Words without a translation; over a route, of the mode that knew the fewest. */
  readonly unknown: number
}

export interface ApertiumOptions {
  /** Program to run; default `apertium` from the path. */
  readonly program?: string
  /** Lines one process translates; default 4,000 (about six seconds of English to Spanish). */
  readonly linesPerRun?: number
  readonly signal?: AbortSignal
  /** Gives a translation for a word that Apertium leaves unknown at the end of the route, or nothing. */
  readonly lexicon?: (word: string) => string | undefined
}

/**
 * `texts` translated along `route`, in their order and number. Line breaks within a text stay where they are.
 *
 * Throws `engine_unavailable` when the program or a mode is missing, `upstream_error` when it fails or loses a line, `aborted` when
 * the signal fires.
 */
export async function translateWithApertium(
  texts: readonly string[],
  route: readonly string[],
  options: ApertiumOptions = {},
): Promise<readonly Translation[]> {
  let current = texts
  const unknown = texts.map(() => 0)
  for (const [hop, mode] of route.entries()) {
    const last = hop === route.length - 1
    const marked = await runMode(current.map(protect), mode, options)
    current = marked.map((text, index) => {
      const { text: clean, unknown: missing } = unmark(text, last ? options.lexicon : undefined)
      unknown[index] = Math.max(unknown[index] ?? 0, missing)
      return restore(clean)
    })
  }
  return current.map((text, index) => {
    const words = countWords(texts[index] ?? '')
    return { text, words, unknown: Math.min(words, unknown[index] ?? 0) }
  })
}

/** Words of a text: runs of letters. */
export function countWords(text: string): number {
  return text.match(/\p{L}[\p{L}\p{M}]*/gu)?.length ?? 0
}

/** One mode over all texts; unknown words come back with Apertium's marks. */
async function runMode(texts: readonly string[], mode: string, options: ApertiumOptions): Promise<readonly string[]> {
  const split = texts.map((text) => text.split('\n'))
  const lines = split.flat()
  const work = lines.map((line, index) => ({ line, index })).filter(({ line }) => /\p{L}/u.test(line))
  const size = options.linesPerRun ?? 4000
  for (let from = 0; from < work.length; from += size) {
    const batch = work.slice(from, from + size)
    const translated = await runBatch(
      batch.map(({ line }) => line),
      mode,
      options,
    )
    batch.forEach(({ index }, place) => (lines[index] = translated[place] ?? ''))
  }
  let at = 0
  return split.map((parts) => lines.slice(at, (at += parts.length)).join('\n'))
}

/** A full stop ends every line, so that the rules of a mode never join a line with the next; it goes again if it was not there. */
async function runBatch(lines: readonly string[], mode: string, options: ApertiumOptions): Promise<readonly string[]> {
  const open = lines.map((line) => !/[.!?:;]\s*$/.test(line))
  const input = lines.map((line, index) => (open[index] === true ? `${line}.` : line)).join('\n')
  const output = await runProgram(options.program ?? 'apertium', mode, `${input}\n`, options.signal)
  const translated = output.replace(/\n$/, '').split('\n')
  if (translated.length !== lines.length)
    throw new ParapetError(
      'upstream_error',
      `Apertium gave ${translated.length} lines for ${lines.length} (mode ${mode}). Use fewer lines a run to find the text.`,
    )
  return translated.map((line, place) => {
    const bare = line.trim().replace(/\s*\.$/, '')
    if (open[place] === true) return bare
    // The line format of Apertium swallows a full stop at the end of a line.
    return lines[place]?.trimEnd().endsWith('.') === true ? `${bare}.` : line.trim()
  })
}

/** The input is a file, because Apertium opens `/dev/stdin` by name, which fails for the sockets Node gives a child. */
async function runProgram(
  program: string,
  mode: string,
  input: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'parapet-translate-'))
  try {
    const file = join(folder, 'input.txt')
    await writeFile(file, input, { mode: 0o600 })
    return await spawnProgram(program, mode, file, signal)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function spawnProgram(program: string, mode: string, file: string, signal: AbortSignal | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, ['-f', 'line', mode, file], {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(signal === undefined ? {} : { signal }),
    })
    const output: Buffer[] = []
    let complaint = ''
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => (complaint = `${complaint}${chunk.toString('utf8')}`.slice(-500)))
    child.on('error', (error: NodeJS.ErrnoException) => reject(startError(error, program, mode)))
    child.on('close', (status) => {
      if (status === 0) resolve(Buffer.concat(output).toString('utf8'))
      else reject(statusError(status, complaint, mode))
    })
  })
}

function startError(error: NodeJS.ErrnoException, program: string, mode: string): ParapetError {
  if (error.name === 'AbortError')
    return new ParapetError('aborted', 'The translation was cancelled.', { cause: error })
  return new ParapetError('engine_unavailable', `${program} cannot be started. ${installHint(mode)}`, { cause: error })
}

function statusError(status: number | null, complaint: string, mode: string): ParapetError {
  if (complaint.includes('does not exist'))
    return new ParapetError('engine_unavailable', `Apertium has no mode ${mode}. ${installHint(mode)}`)
  return new ParapetError('upstream_error', `Apertium ended with status ${status} (mode ${mode}): ${complaint.trim()}`)
}

function installHint(mode: string): string {
  return `On Debian: apt-get install apertium ${PACKAGES[mode] ?? `apertium-${mode}`}. "apertium -l" lists the modes.`
}

/** Apertium marks words with these characters; those of the text go through as look-alikes. */
const LOOK_ALIKES: Readonly<Record<string, string>> = { '*': '\u2217', '#': '\uFE5F', '@': '\uFE6B' }
const ORIGINALS: Readonly<Record<string, string>> = { '\u2217': '*', '\uFE5F': '#', '\uFE6B': '@' }

function protect(text: string): string {
  return text
    .replaceAll(/\r\n?|[\u2028\u2029\v\f\u0085]/g, '\n')
    .replaceAll('\0', '')
    .replaceAll(/[*#@]/g, (mark) => LOOK_ALIKES[mark] ?? mark)
}

function restore(text: string): string {
  return text.replaceAll(/[\u2217\uFE5F\uFE6B]/g, (mark) => ORIGINALS[mark] ?? mark)
}

/** Takes the marks off: `*` word not in the dictionary, `@` no translation, `#` no form. */
function unmark(
  text: string,
  lexicon: ((word: string) => string | undefined) | undefined,
): { text: string; unknown: number } {
  let unknown = 0
  const clean = text.replaceAll(/([*#@])(\p{L}[\p{L}\p{M}]*)?/gu, (_, mark: string, word: string | undefined) => {
    if (word === undefined) return ''
    const known = mark === '*' ? lexicon?.(word) : undefined
    if (known === undefined) unknown++
    return known ?? word
  })
  return { text: clean.replaceAll(/ {2,}/g, ' '), unknown }
}
