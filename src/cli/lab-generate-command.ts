/** `parapet lab generate`: a checkpoint answers a prompt. */
import { resolve } from 'node:path'
import { checkpointPath } from '../lab/checkpoints/checkpoint-path.ts'
import { generateText } from '../lab/checkpoints/generate-text.ts'
import type { CliIo } from './io.ts'
import { runLabJob } from './lab-run.ts'

/** Exit code 0; 130 or 143 when stopped. */
export function runLabGenerate(io: CliIo, options: Readonly<Record<string, unknown>>): Promise<number> {
  const { system, adapter } = options
  return runLabJob(io, { quiet: true, whenStopped: 'stopped.' }, ({ signal }) =>
    generateText({
      folder: checkpointPath(io.cwd, String(options['model'])),
      ...(typeof adapter === 'string' ? { adapter: resolve(io.cwd, adapter) } : {}),
      messages: [
        ...(typeof system === 'string' ? [{ role: 'system', content: system }] : []),
        { role: 'user', content: String(options['prompt']) },
      ],
      ...{ maxTokens: Number(options['maxTokens']), temperature: Number(options['temperature']) },
      ...(options['topP'] === undefined ? {} : { topP: Number(options['topP']) }),
      ...{ seed: Number(options['seed']), count: Number(options['count']), signal },
    }),
  )
}
