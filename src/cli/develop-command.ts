/** `parapet develop`: a specification in, an off-topic guard and a report out. Ctrl-C stops where the same command goes on. */
import { resolve } from 'node:path'
import { type RunDevelopOptions, runDevelop } from '../lab/develop/index.ts'
import { createJudgeSubject } from '../lab/eval/subjects/index.ts'
import { usageError } from './exit.ts'
import { findPolicy } from './find-policy.ts'
import type { CliIo } from './io.ts'
import { runLabJob } from './lab-run.ts'
import type { Runtime } from './runtime.ts'

type Options = Readonly<Record<string, unknown>>

/** Exit code 0; 130 or 143 when stopped. */
export async function runDevelopCommand(
  io: CliIo,
  runtime: Runtime,
  specification: string,
  options: Options,
): Promise<number> {
  const path = (name: string): string | undefined =>
    typeof options[name] === 'string' ? resolve(io.cwd, options[name]) : undefined
  const number = (name: string): number => Number(options[name])
  const out = resolve(io.cwd, String(options['out']))
  const [start, harmful] = [path('start'), path('harmful')]
  const models = await modelOf(io, runtime, options['engine'])
  const whenStopped = 'stopped. The same command goes on.'
  return runLabJob(io, { quiet: options['quiet'] === true, whenStopped }, async (context) => {
    const run = await runDevelop({
      ...{ specification: resolve(io.cwd, specification), out, replies: number('replies'), scopes: number('scopes') },
      ...{ perScope: number('perScope'), threshold: number('threshold'), falseAlarms: number('falseAlarms') },
      ...{ seed: number('seed'), ...models, ...context },
      ...(options['tokens'] === undefined ? {} : { tokens: number('tokens') }),
      ...(start === undefined ? {} : { start }),
      ...(harmful === undefined ? {} : { harmful }),
    })
    return [run.conclusion, `${out}/parapet.yaml`, `${out}/report.html`]
  })
}

type Models = Pick<Partial<RunDevelopOptions>, 'engine' | 'judge'>

/** One model for both: it writes samples, and as a zero-shot judge it stands beside the guard. */
async function modelOf(io: CliIo, runtime: Runtime, given: unknown): Promise<Models> {
  if (typeof given !== 'string') return {}
  const [file = '', guard = ''] = given.split('#')
  if (file === '' || guard === '') throw usageError(`--engine ${given} names no judge. Write POLICY.yaml#NAME.`)
  const judge = await runtime.openJudge(findPolicy(io, file)?.path ?? file, guard, io.env)
  if (judge.format !== 'off-topic')
    throw usageError(`The judge ${guard} has the format ${String(judge.format)}. Give one with format: off-topic.`)
  return { engine: judge.engine, judge: createJudgeSubject({ ...judge, name: `judge ${guard}` }) }
}
