/** `parapet lab train --chat`: a chat model tuned on conversations, with progress, which Ctrl-C stops where it can go on. */
import { resolve } from 'node:path'
import { checkpointPath } from '../lab/checkpoints/checkpoint-path.ts'
import { runChat } from '../lab/train/decoder/run-chat.ts'
import { usageError } from './exit.ts'
import type { CliIo } from './io.ts'
import { runLabJob } from './lab-run.ts'

/** Exit code 0; 130 or 143 when stopped. */
export async function runLabChat(io: CliIo, options: Readonly<Record<string, unknown>>): Promise<number> {
  const { from } = options
  if (typeof from !== 'string') throw usageError('Name the model to tune: --from FOLDER, a Hugging Face folder.')
  const number = (name: string): number => Number(options[name])
  const whenStopped = 'stopped. The same command with --resume goes on.'
  return runLabJob(io, { quiet: options['quiet'] === true, whenStopped }, (context) =>
    runChat({
      ...{ from: checkpointPath(io.cwd, from), out: resolve(io.cwd, String(options['out'])) },
      chat: (options['chat'] as readonly string[]).map((path) => resolve(io.cwd, path)),
      ...{ passes: number('passes'), learningRate: number('learningRate'), loraRank: number('loraRank') },
      ...{ maxLength: number('maxLength'), seed: number('seed'), threads: number('threads') },
      resume: options['resume'] === true,
      ...context,
    }),
  )
}
