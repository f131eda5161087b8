/** The page that lies beside an export: what it is, the commands that train, and those that bring the result back. */
import type { ExportData } from './data.ts'
import type { ExportSettings } from './settings.ts'
import { TRL_METHOD, hasTrlCommand } from './trl/options.ts'

export function exportReadme(data: ExportData, settings: ExportSettings, notes: readonly string[]): string {
  const { method, trainer, loraRank, model, recipe } = settings
  const { kind, ...options } = method
  const numbers = kind === 'sft' ? [] : Object.entries(options).map(([name, value]) => `${name} ${String(value)}`)
  return [
    `# ${kind} of ${data.rows.length} ${data.kind}`,
    '',
    `Written by \`parapet lab export\` for ${TRAINER_NAMES[trainer]}. ${loraRank > 0 ? `An adapter of rank ${loraRank}` : 'The whole model'} is tuned${numbers.length === 0 ? '' : `, with ${numbers.join(', ')}`}.`,
    '',
    '## Train',
    '',
    `Copy this folder to the machine that trains and run there, in the folder. \`model_name_or_path\` must name the model as it lies on that machine; now it is \`${model}\`.`,
    '',
    '```sh',
    ...trainCommands(settings),
    '```',
    '',
    '## Bring back',
    '',
    'Copy the result back beside the model that was tuned, and measure it by the commands that measure any other:',
    '',
    '```sh',
    ...backCommands(settings),
    '```',
    '',
    '## What to know',
    '',
    `- Sequences of more than ${settings.maxLength} tokens are cut by the trainer. \`parapet lab train\` leaves them out instead.`,
    `- It computes in bfloat16; a device that has none needs \`bf16: false\` in ${trainer === 'trl' ? 'config' : 'train'}.yaml.`,
    ...[...notes, ...(recipe?.notes ?? [])].map((note) => `- ${note}`),
    '',
  ].join('\n')
}

const TRAINER_NAMES = { trl: 'TRL 1.13.0', 'llama-factory': 'LLaMA-Factory 0.9' } as const

function trainCommands({ trainer, method, loraRank }: ExportSettings): readonly string[] {
  if (trainer === 'llama-factory')
    return [
      'pip install llamafactory',
      'llamafactory-cli train train.yaml',
      ...(loraRank > 0 ? ['llamafactory-cli export merge.yaml    # base and adapter as one model, in merged/'] : []),
    ]
  const trl = TRL_METHOD[method.kind]
  return [
    `pip install "trl${loraRank > 0 ? '[peft]' : ''}==1.13.0"`,
    hasTrlCommand(trl) ? `trl ${trl} --config config.yaml` : 'accelerate launch train.py --config config.yaml',
  ]
}

function backCommands({ loraRank, model, recipe }: ExportSettings): readonly string[] {
  if (recipe !== undefined) return recipe.measure
  const parts = loraRank > 0 ? [JSON.stringify(model), '--adapter output'] : ['output']
  const checkpoint = parts.join(' ')
  return [
    `parapet lab generate --model ${checkpoint} --prompt "Hello"`,
    `parapet lab world --evaluate ${checkpoint} --out measured`,
  ]
}
