/**
 * `parapet export`: decisions as JSON Lines, through the running gateway.
 *
 * A file is written beside its name and moved there when it is complete, so that a broken export never looks like a whole one.
 */
import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Writable } from 'node:stream'
import { decisionFilter } from './decision-filter.ts'
import { EXIT_BROKEN_PIPE, EXIT_ERROR, EXIT_OK, fileProblem, usageError } from './exit.ts'
import { connectGateway } from './gateway-client.ts'
import type { CliIo } from './io.ts'

/** Exit code 0 when everything was written, 3 when the export broke off. */
export async function runExport(io: CliIo, options: Readonly<Record<string, unknown>>): Promise<number> {
  const text = (name: string): string | undefined => {
    const value = options[name]
    return typeof value === 'string' ? value : undefined
  }
  const client = await connectGateway(io, { url: text('url'), dataDir: text('dataDir') })
  const response = await client.send('GET', `/v1/export${decisionFilter(options)}`)
  const out = text('out')
  if (out === undefined || out === '-') return toStandardOutput(io, response)
  const path = resolve(io.cwd, out)
  const partial = `${path}.part`
  const file = createWriteStream(partial, { mode: 0o600 })
  const broken = new Promise<never>((_resolve, reject) => file.once('error', reject))
  broken.catch(() => undefined)
  try {
    const { lines, complete } = await copy(response, (chunk) => Promise.race([writeTo(file, chunk), broken]))
    await Promise.race([new Promise<void>((done) => file.end(done)), broken])
    if (!complete) {
      await io.stderr.write(`the export broke off after ${lines} decision(s); what came is in ${out}.part\n`)
      return EXIT_ERROR
    }
    await rename(partial, path)
    await io.stderr.write(`wrote ${lines} decision(s) to ${out}\n`)
    return EXIT_OK
  } catch (error) {
    file.destroy()
    await rm(partial, { force: true })
    throw usageError(`cannot write ${out}: ${fileProblem(error)}. Choose another --out.`, error)
  }
}

async function toStandardOutput(io: CliIo, response: Response): Promise<number> {
  let reading = true
  const { lines, complete } = await copy(response, async (chunk) => {
    reading &&= await io.stdout.write(chunk)
    return reading
  })
  if (!reading) return EXIT_BROKEN_PIPE
  if (complete) return EXIT_OK
  await io.stderr.write(`the export broke off after ${lines} decision(s)\n`)
  return EXIT_ERROR
}

/** Hands on whole lines. The gateway's own last line says so when its store failed on the way. */
async function copy(
  response: Response,
  write: (text: string) => Promise<boolean>,
): Promise<{ readonly lines: number; readonly complete: boolean }> {
  let lines = 0
  let rest = ''
  const take = async (text: string): Promise<boolean> => {
    if (text === '') return true
    const whole = text.split('\n').filter((line) => line !== '')
    const failed = whole.findIndex((line) => line.startsWith('{"error":'))
    const good = failed === -1 ? whole : whole.slice(0, failed)
    lines += good.length
    const wanted = good.length === 0 || (await write(`${good.join('\n')}\n`))
    return failed === -1 && wanted
  }
  try {
    const decoder = new TextDecoder()
    for await (const bytes of response.body ?? []) {
      const text = rest + decoder.decode(bytes, { stream: true })
      const end = text.lastIndexOf('\n') + 1
      rest = text.slice(end)
      if (!(await take(text.slice(0, end)))) return { lines, complete: false }
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('E'))
      throw error
    return { lines, complete: false }
  }
  return { lines, complete: rest === '' }
}

function writeTo(file: Writable, text: string): Promise<boolean> {
  return new Promise((done, fail) => {
    file.write(text, (error) => (error === null || error === undefined ? done(true) : fail(error)))
  })
}
