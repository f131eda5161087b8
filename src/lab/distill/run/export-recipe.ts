/**
 * The papers' recipes for trainers on GPUs: under which chat template rows are learnt, by which schedule, and how the result is measured.
 * The chat template of a published guard is none for its own training: Llama Guard 3's wraps every conversation into its moderation prompt,
 * which these rows already hold, and a base model has none at all.
 *
 * GuardReasoner: section 2.6 and 2.8 of the released settings (LLaMA-Factory, template `llama3`, cosine without a rise). Of ThinkGuard only
 * "LLaMA-Factory, full" is known. `llama3` was read in src/llamafactory/data/template.py of hiyouga/LLaMA-Factory at 00577a8.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ParapetError } from '../../../spec/errors.ts'
import { FILES } from '../../checkpoints/checkpoint.ts'
import type { ExportRecipe, ExportTrainer } from '../../export/index.ts'
import { THINKGUARD_TEMPLATE } from '../examples/think-guard.ts'
import { END_OF_TURN } from '../examples/training-example.ts'
import type { ExportKind } from './export-distilled.ts'

/** Raw text, as the run time asks with it, and the model's own end behind an answer. Jinja. */
export const GUARDREASONER_TEMPLATE: string = [
  `{{ bos_token }}{% for message in messages %}{% if message['role'] == 'assistant' %}`,
  `{% generation %}{{ message['content'] + eos_token }}{% endgeneration %}`,
  `{% else %}{{ message['content'] }}{% endif %}{% endfor %}`,
].join('')

interface Asked {
  readonly kind: ExportKind
  readonly trainer: ExportTrainer
  readonly model: string
  readonly batchSize: number
  readonly accumulation: number
}

/** Throws `input_invalid` for a model in a folder that cannot read ThinkGuard's prompts. */
export function recipeOf({ kind, trainer, model, batchSize, accumulation }: Asked): ExportRecipe {
  const format = kind === 'thinkguard' ? 'thinkguard' : 'guardreasoner'
  const llama3 = readsLlama3(model)
  if (!llama3 && kind === 'thinkguard')
    throw new ParapetError(
      'input_invalid',
      `The tokenizer of ${model} has no ${END_OF_TURN}. ThinkGuard's prompts are Llama 3's: give a model of that family.`,
    )
  const devices = (kind === 'hard' ? 256 : 384) / (batchSize * accumulation)
  return {
    template: kind === 'thinkguard' ? THINKGUARD_TEMPLATE : GUARDREASONER_TEMPLATE,
    ...(llama3 ? { llamaFactoryTemplate: 'llama3' } : {}),
    measure: [
      `vllm serve ${kind === 'thinkguard' ? 'output' : 'output --max-model-len 4096'}    # or any server with completions`,
      `parapet bench --data labelled.jsonl --subject judge:${format}@http://127.0.0.1:8000/v1#output`,
      `parapet lab distill evaluate --format ${format} --model output --rows dev.jsonl --out figures.json    # models that Parapet loads itself`,
    ],
    notes: [
      ...(trainer === 'llama-factory' && llama3 ? [TEMPLATE_NOTES[format]] : []),
      ...(kind === 'thinkguard'
        ? [
            'The trainer averages over the tokens of both turns, which is `--reduction sum` of `lab distill train`: a long critique outweighs a short label.',
          ]
        : []),
      ...(kind === 'hard'
        ? ['A pair stands in the data as many times as its weight says; the exact weights are in `weights.jsonl`.']
        : []),
      ...(devices === 1
        ? []
        : [
            `GuardReasoner's batch is ${kind === 'hard' ? 256 : 384} rows; here it is ${batchSize * accumulation} a device, so take ${words(devices)} or change gradient_accumulation_steps.`,
          ]),
    ],
  }
}

const TEMPLATE_NOTES = {
  thinkguard:
    'Template `llama3` has line breaks where the prompts of the run time, which are those of ThinkGuard’s own script, have spaces around the first message. `--trainer trl` writes them to the byte.',
  guardreasoner:
    'GuardReasoner was trained under the template `llama3` and is asked with raw text, and so it is here. `--trainer trl` trains on the raw text itself.',
} as const

function words(devices: number): string {
  return Number.isInteger(devices) && devices > 1 ? `${devices} devices` : 'as many devices as come near it'
}

/** Whether the tokenizer has Llama 3's control tokens. A model that is only named is believed. */
function readsLlama3(model: string): boolean {
  try {
    return readFileSync(join(model, FILES.tokenizer), 'utf8').includes(`"${END_OF_TURN}"`)
  } catch {
    return true
  }
}
