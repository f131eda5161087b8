/**
 * `parapet check` of one text: an argument, a file or standard input. Readable on a terminal, the row as JSON elsewhere.
 */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { CheckInput, CheckResult, RowStage } from '../spec/check.ts'
import { ParapetError } from '../spec/errors.ts'
import { exitCodeOf, fileProblem, usageError } from './exit.ts'
import type { CliIo } from './io.ts'
import { MAX_LINE_BYTES } from './lines.ts'
import { renderResult } from './render-result.ts'
import { decodeUtf8, errorRow, thrownRow, toRow, type OutputRow } from './row.ts'
import type { Checker } from './runtime.ts'
import { createPaint, printableJson } from './terminal.ts'

export interface SingleOptions {
  /** The argument; `-` or undefined means standard input. */
  readonly text: string | undefined
  readonly file: string | undefined
  readonly response: string | undefined
  readonly system: string | undefined
  readonly stage: RowStage | undefined
  readonly id: string | undefined
  readonly json: boolean
  readonly openChecker: () => Promise<Checker>
}

/** Judges one text and prints the outcome; the exit code says which. */
export async function runSingleCheck(io: CliIo, options: SingleOptions): Promise<number> {
  const prompt = await readPrompt(io, options)
  const checker = await options.openChecker()
  const abort = new AbortController()
  const release = io.onStop(() => abort.abort())
  try {
    const answer = await judge(io, options, prompt, checker, abort.signal)
    const readable = io.stdout.isTTY && !options.json
    if (readable) {
      await io.stdout.write(renderResult(answer.row, answer.result, createPaint(io.stdout.colours)))
    } else {
      const json = JSON.stringify(answer.row)
      await io.stdout.write(`${io.stdout.isTTY ? printableJson(json) : json}\n`)
    }
    for (const warning of answer.result?.warnings ?? []) await io.stderr.write(`warning: ${warning}\n`)
    return exitCodeOf(answer.row.decision)
  } finally {
    release()
    await checker.close()
  }
}

interface Answer {
  readonly row: OutputRow
  readonly result: CheckResult | null
}

/** The text, or why there is none. */
type Prompt =
  | { readonly text: string }
  | { readonly code: 'input_invalid' | 'input_too_large'; readonly message: string }

async function judge(
  io: CliIo,
  options: SingleOptions,
  prompt: Prompt,
  checker: Checker,
  signal: AbortSignal,
): Promise<Answer> {
  if ('code' in prompt) return { row: errorRow(options.id, prompt.code, prompt.message), result: null }
  if (prompt.text === '' && options.response === undefined) {
    const message = 'the text is empty; it may be empty only with --response'
    return { row: errorRow(options.id, 'input_invalid', message), result: null }
  }
  const input: CheckInput = {
    ...(options.id === undefined ? {} : { id: options.id }),
    prompt: prompt.text,
    ...(options.response === undefined ? {} : { response: options.response }),
    ...(options.system === undefined ? {} : { system: options.system }),
    ...(options.stage === undefined ? {} : { stage: options.stage }),
  }
  const started = io.now()
  try {
    const result = await checker.check(input, { signal })
    return { row: toRow(result), result }
  } catch (error) {
    return { row: thrownRow(options.id, error, io.now() - started), result: null }
  }
}

async function readPrompt(io: CliIo, options: SingleOptions): Promise<Prompt> {
  if (options.file !== undefined && options.file !== '-') return fromBytes(await readWhole(io, options.file))
  if (options.file === undefined && options.text !== undefined && options.text !== '-') return { text: options.text }
  if (options.text === undefined && options.file === undefined && io.stdin.isTTY === true) {
    // With a response there may be no prompt at all; reading from a terminal would wait for typing.
    if (options.response !== undefined) return { text: '' }
    throw usageError(
      'there is no text to check. Give it as an argument (parapet check "…"), with --file PATH, or through a pipe; ' +
        'parapet check --help shows all ways.',
    )
  }
  return fromBytes(await readStdin(io))
}

function fromBytes(bytes: Uint8Array | null): Prompt {
  if (bytes === null) {
    return { code: 'input_too_large', message: `the text is longer than ${MAX_LINE_BYTES / 1024 / 1024} MB` }
  }
  const text = decodeUtf8(bytes)
  if (text === null) return { code: 'input_invalid', message: 'the text is not valid UTF-8' }
  // Files and `echo` end in a line feed that is not part of what was meant, as in the shell's $(…).
  return { text: text.replace(/\r?\n$/, '') }
}

async function readWhole(io: CliIo, file: string): Promise<Uint8Array | null> {
  try {
    const bytes = await readFile(resolve(io.cwd, file))
    return bytes.length > MAX_LINE_BYTES ? null : bytes
  } catch (error) {
    throw usageError(`cannot read ${file}: ${fileProblem(error)}. Give --file the path of a text file.`, error)
  }
}

async function readStdin(io: CliIo): Promise<Uint8Array | null> {
  const pieces: Buffer[] = []
  let length = 0
  try {
    for await (const piece of io.stdin as AsyncIterable<Uint8Array | string>) {
      const bytes = typeof piece === 'string' ? Buffer.from(piece) : Buffer.from(piece)
      length += bytes.length
      if (length > MAX_LINE_BYTES) return null
      pieces.push(bytes)
    }
  } catch (error) {
    throw new ParapetError('configuration', `cannot read standard input: ${fileProblem(error)}.`, { cause: error })
  }
  return Buffer.concat(pieces)
}
