/** How the learning rate moves and which AdamW steps, by the names of `TrainingArguments`: as `lab train` does, or as a recipe says. */
import type { YamlValue } from './flat-yaml.ts'
import type { ExportSettings } from './settings.ts'

/**
 * How `trainDecoder` trains: AdamW with β₂ 0.98 and decay 0.01 (norms and biases have none in either), gradients clipped to 1, a linear
 * rise, then a cosine to a tenth.
 */
const AS_HERE = [
  ['lr_scheduler_type', 'cosine_with_min_lr'],
  ['lr_scheduler_kwargs', { min_lr_rate: 0.1 }],
  ['weight_decay', 0.01],
  ['adam_beta2', 0.98],
  ['max_grad_norm', 1],
] as const

const BY_RECIPE = [
  ['lr_scheduler_type', 'cosine'],
  ['weight_decay', 0],
  ['max_grad_norm', 1],
] as const

export function scheduleOptions(settings: ExportSettings, rows: number): readonly (readonly [string, YamlValue])[] {
  const { learningRate, recipe } = settings
  const byRecipe = recipe !== undefined
  return [
    ['learning_rate', learningRate],
    ['warmup_steps', byRecipe ? 0 : warmUpSteps(rows, settings)],
    ...(byRecipe ? BY_RECIPE : AS_HERE),
  ]
}

/** Steps of the rise, as `trainDecoder` takes them. */
function warmUpSteps(rows: number, { passes, batchSize, accumulation }: ExportSettings): number {
  const steps = Math.max(1, Math.round((passes * rows) / (batchSize * accumulation)))
  return Math.min(200, Math.floor(steps / 20))
}
