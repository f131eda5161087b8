/** `parapet lab two-player`: DuoGuard's two players on the caller's rows; Ctrl-C stops where the run can go on. */
import { resolve } from 'node:path'
import {
  type Arm,
  decoderGenerator,
  engineGenerator,
  type GameTranslator,
  gameTranslator,
  runTwoPlayer,
  type RunTwoPlayerOptions,
  transformGenerator,
  type TwoPlayerRun,
} from '../lab/train/two-player/index.ts'
import { usageError } from './exit.ts'
import type { CliIo } from './io.ts'
import { runLabJob } from './lab-run.ts'
import { Models } from './redteam-prompts-models.ts'

type Options = Readonly<Record<string, unknown>>
type MakeGenerator = RunTwoPlayerOptions['generator']

/** Exit code 0; 130 or 143 when stopped. */
export async function runLabTwoPlayer(io: CliIo, options: Options): Promise<number> {
  const job = { quiet: options['quiet'] === true, whenStopped: 'stopped. The same command with --resume goes on.' }
  const kind = String(options['generator'])
  checkGenerator(kind, options)
  return runLabJob(io, job, async (context) => {
    const number = (name: string): number => Number(options[name])
    const out = resolve(io.cwd, String(options['out']))
    const models = new Models(io, {
      timeout: 1000 * number('timeout'),
      ...keyOf(io, options),
      keyFor: String(options['engine']),
    })
    try {
      const run = await runTwoPlayer({
        ...{ out, data: resolve(io.cwd, String(options['data'])), languages: words(options, 'languages') },
        evaluate: words(options, 'evaluate').map((path) => resolve(io.cwd, path)),
        ...{ rounds: number('rounds'), english: number('english'), seedsPerRound: number('seedsPerRound') },
        seeds: Array.from({ length: number('seeds') }, (_, at) => at + 1),
        arms: words(options, 'arms') as readonly Arm[],
        ...{ count: number('proposals'), temperature: number('temperature') },
        classifier: {
          outputs: options['outputs'] === 'twelve' ? 'twelve' : 'one',
          loss: options['loss'] === 'zlpr' ? 'zlpr' : 'bce',
        },
        generator: generatorOf(io, kind, options, models, context.signal),
        resume: options['resume'] === true,
        ...context,
      })
      return linesOf(run, out)
    } finally {
      await models.close()
    }
  })
}

function checkGenerator(kind: string, options: Options): void {
  if (kind === 'engine' && typeof options['engine'] !== 'string')
    throw usageError('Name the model that proposes: --engine with a folder, a GGUF file or a URL.')
  if (kind !== 'engine' && options['engine'] !== undefined)
    throw usageError(`--engine is for --generator engine, not for ${kind}.`)
}

function generatorOf(io: CliIo, kind: string, options: Options, models: Models, signal: AbortSignal): MakeGenerator {
  return async (texts) => {
    if (kind === 'engine') {
      const { target } = await models.open(String(options['engine']), String(options['model']))
      const strict = options['strictRatings'] === true
      return {
        id: `engine ${target.id} ${String(options['model'])} ${strict}`,
        make: engineGenerator({ target, strict }),
      }
    }
    const translators: GameTranslator[] = []
    const files = lexiconFiles(io, options)
    const use = options['smallLexicon'] === true ? 'small' : 'auto'
    for (const language of words(options, 'languages'))
      translators.push(await gameTranslator(language, { texts: texts(language), files, use, signal }))
    const id = translators.map(({ language, way }) => `${language} ${way}`).join(', ')
    const transforms = transformGenerator({ translators })
    if (kind === 'transforms') return { id: `transforms ${id}`, make: transforms }
    const steps = Number(options['decoderSteps'])
    return { id: `decoder ${steps} ${id}`, make: decoderGenerator({ teacher: transforms, translators, steps }) }
  }
}

/** `de=FILE` as a file by language. */
function lexiconFiles(io: CliIo, options: Options): Readonly<Record<string, string>> {
  return Object.fromEntries(
    words(options, 'lexicon').map((given) => {
      const at = given.indexOf('=')
      if (at < 1 || at === given.length - 1)
        throw usageError(`--lexicon ${given}: write LANGUAGE=FILE, such as de=words.tsv.`)
      return [given.slice(0, at), resolve(io.cwd, given.slice(at + 1))]
    }),
  )
}

function keyOf(io: CliIo, { apiKeyEnv }: Options): { readonly apiKey?: string } {
  if (typeof apiKeyEnv !== 'string') return {}
  const apiKey = io.env[apiKeyEnv]
  if (apiKey === undefined || apiKey === '')
    throw usageError(`--api-key-env ${apiKeyEnv}: the variable is not set. Set it to the key.`)
  return { apiKey }
}

function linesOf({ conclusions }: TwoPlayerRun, out: string): readonly string[] {
  return [...conclusions, `wrote run.json, report.html, rows and pairs in ${out}`]
}

function words(options: Options, name: string): readonly string[] {
  return (options[name] as readonly string[] | undefined) ?? []
}
