/** What trained guards say of the invented texts, with quotes that are not of these texts masked. */
import { judgeFormat } from '../../../guards/judge/index.ts'
import { locate, quotations } from '../../../guards/judge/formats/critique.ts'
import type { OnnxRuntime } from '../../../nn/runtime/onnx-runtime.ts'
import { judgeGuardedRows, sampleRows } from '../guard/judge-rows.ts'
import type { Guard } from '../guard/small-guard.ts'
import { ANSWER_TOKENS } from '../measure/measure-guard.ts'
import { type GuardedRow, judgeInputOf } from '../rows/guarded-row.ts'
import { ARM_FORMATS, type ArmName } from './ablation-settings.ts'
import type { InventedSample } from './ablation-run.ts'
import { INVENTED_ROWS } from './invented-rows.ts'

const CRITIQUE_TOKENS = 80

export async function saySamples(
  guards: readonly { readonly arm: ArmName; readonly guard: Guard }[],
  runtime: OnnxRuntime,
): Promise<readonly InventedSample[]> {
  const said = await Promise.all(
    guards.map(async ({ arm, guard }) => ({ arm, texts: await saidBy(arm, guard, runtime) })),
  )
  return INVENTED_ROWS.map((row, at) => ({
    ...{ prompt: row.prompt, response: row.response ?? null },
    said: said.map(({ arm, texts }) => ({ arm, text: masked(texts[at] ?? '', row) })),
  }))
}

async function saidBy(arm: ArmName, guard: Guard, runtime: OnnxRuntime): Promise<readonly string[]> {
  const format = judgeFormat(ARM_FORMATS[arm])
  const judging = { runtime, format, maxTokens: ANSWER_TOKENS[ARM_FORMATS[arm]] }
  const judged = await judgeGuardedRows(guard, INVENTED_ROWS, judging)
  if (arm !== 'critique') return judged.map(({ text }) => text.trim())
  return Promise.all(
    judged.map(async ({ reading, text }, at) => {
      const later = format.ask(judgeInputOf(INVENTED_ROWS[at] as GuardedRow)).later
      if (reading.kind === 'unparsable' || later === undefined) return text.trim()
      const prompt = later.request(reading).completion ?? ''
      const [[critique = ''] = []] = await sampleRows(guard, [prompt], {
        ...judging,
        maxTokens: CRITIQUE_TOKENS,
        samples: 1,
        sampling: { temperature: 0 },
        seed: 0,
      })
      return `${text.trim()}\n\n${critique.trim()}`
    }),
  )
}

/** Quotes of the text stay; others become their length. */
export function masked(text: string, { prompt, response = '' }: Pick<GuardedRow, 'prompt' | 'response'>): string {
  const { missing } = locate(quotations(text), `${prompt}\n${response}`)
  return missing
    .toSorted((one, other) => other.length - one.length)
    .reduce((rest, quote) => rest.replaceAll(quote, `[${quote.length} characters]`), text)
}
