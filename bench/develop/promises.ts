/**
 * What runs of `parapet develop` promise of false alarms beside what is seen: on the test part of the run, and on messages by hand beside
 * the specification's own system prompts. Two examples, some seeds; the package's general model as a reference.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadTopicEngine } from '../../src/engines/embedded/topic-engine.ts'
import { readSpecification, runDevelop } from '../../src/lab/develop/index.ts'
import { exactInterval } from '../../src/lab/eval/index.ts'
import { MESSAGES } from './messages.ts'

/** Those of the command line. */
const USUAL = { scopes: 24, perScope: 40, replies: 60, threshold: 0.5 } as const

export async function measurePromises(
  options: { readonly seeds: number; readonly falseAlarms: readonly number[] },
  print: (line: string) => void,
): Promise<void> {
  print(
    '| example | seed | allowed in 1,000 | requests | promised | at most, 95 % | seen: test part | seen: messages | found: test part | found: messages | AUC, test part | network |\n|---|---|---|---|---|---|---|---|---|---|---|---|',
  )
  for (const name of ['garden', 'marina'] as const)
    for (const falseAlarms of options.falseAlarms)
      for (let seed = 1; seed <= options.seeds; seed += 1) await one(name, falseAlarms, seed)

  async function one(name: 'garden' | 'marina', falseAlarms: number, seed: number): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), 'parapet-promises-'))
    try {
      const specification = fileURLToPath(new URL(`../../examples/develop/${name}.yaml`, import.meta.url))
      const run = await runDevelop({
        ...{ ...USUAL, specification, out: join(folder, 'guard'), falseAlarms, seed, onProgress: () => undefined },
      })
      const engine = await loadTopicEngine(join(folder, 'guard', 'topic.bin'))
      const flagged = async (texts: readonly string[]): Promise<readonly [flagged: number, of: number]> => {
        const pairs = readSpecification(specification).systemPrompts.flatMap((context) =>
          texts.map((text) => ({ text, context })),
        )
        const answers = await engine.classify(pairs)
        return [answers.filter(({ probabilities }) => (probabilities[1] ?? 1) > USUAL.threshold).length, pairs.length]
      }
      const { onTopic, offTopic } = MESSAGES[name]
      const [alarms, found] = [await flagged(onTopic), await flagged(offTopic)]
      const { promise, guard, subjects, operatingPoints, alarmsPerThousand } = run
      const own = operatingPoints.find(({ chosen }) => chosen)
      // A message beside two system prompts is one message.
      const messages = onTopic.length
      const interval = exactInterval(Math.round((alarms[0] / alarms[1]) * messages), messages)
      const thousand = (share: number | undefined): string => (1000 * (share ?? Number.NaN)).toFixed(0)
      const percent = (share: number): string => `${(100 * share).toFixed(0)} %`
      print(
        `| ${name} | ${seed} | ${thousand(falseAlarms)} | ${promise.texts} | ${thousand(promise.expected)} | ${thousand(promise.upper)} | ${thousand(alarmsPerThousand.value / 1000)} | ${thousand(alarms[0] / alarms[1])} (${thousand(interval?.low)} to ${thousand(interval?.high)}) | ${percent((own?.found ?? 0) / (own?.offTopic ?? 1))} | ${percent(found[0] / found[1])} | ${subjects[0]?.figures.auc?.toFixed(3) ?? '–'} | ${guard.kept} |`,
      )
      await engine.dispose()
    } finally {
      rmSync(folder, { recursive: true })
    }
  }
}
