/** A guard over a text that comes in pieces: all its findings, and the report of its last step, as `check` would give them. */
import { createStreamBuffer } from '../../src/core/text/index.ts'
import type { Finding, Guard, GuardReport, StreamRequest } from '../../src/spec/index.ts'

export async function guardStream(
  guard: Guard,
  request: StreamRequest,
  pieces: readonly string[],
): Promise<GuardReport> {
  const stream = guard.open?.(request)
  if (stream === undefined) throw new Error('The guard opens no stream.')
  const buffer = createStreamBuffer()
  const findings: Finding[] = []
  for (const piece of pieces) {
    buffer.append(piece)
    const step = await stream.advance(buffer)
    findings.push(...step.findings)
    buffer.release(step.keep)
  }
  buffer.finish()
  const { findings: last, report = {} } = await stream.advance(buffer)
  return { findings: [...findings, ...last], ...report }
}
