/**
 * Settings as options of LLaMA-Factory: stage, loss and the name of each number. What it computes otherwise than `parapet/lab/align` is
 * said in `notes`; what it cannot compute is refused.
 *
 * Read from its repository (hiyouga/LLaMA-Factory, now LlamaFactory) at 00577a8: src/llamafactory/hparams/finetuning_args.py,
 * hparams/model_args.py, data/template.py; train/dpo/trainer.py at 0005269, train/kto/trainer.py at 297e5e8; examples/train_lora and
 * examples/merge_lora. The names of the losses' options are the same in 0.9.6.dev0 (105d781). Not read: `dpo_loss` and `kto_loss`, which
 * come from the TRL that is installed beside it (0.18 to 0.24), and so what `dpo_label_smoothing` does there.
 */
import { BLOCK_LINEARS } from '../../../nn/decoder/config.ts'
import { ParapetError } from '../../../spec/errors.ts'
import type { PreferenceSettings } from '../../align/preference-loss.ts'
import type { ChatTemplateKind } from '../chat-template.ts'
import type { YamlValue } from '../flat-yaml.ts'
import { scheduleOptions } from '../schedule.ts'
import { type ExportSettings, settled } from '../settings.ts'

type Options = readonly (readonly [string, YamlValue])[]

export interface LlamaFactoryOptions {
  readonly train: Options
  /** What makes one model of the base and the adapter; nothing where the whole model is tuned. */
  readonly merge?: Options
  readonly notes: readonly string[]
}

/** Throws `configuration` for a method or an option of one that LLaMA-Factory has not. */
export function llamaFactoryOptions(
  settings: ExportSettings,
  rows: number,
  template: ChatTemplateKind,
): LlamaFactoryOptions {
  const { model, name, loraRank, passes, maxLength, batchSize, accumulation, seed, method, recipe } = settings
  const { options, notes } = lossOptions(method)
  const base: Options = [['model_name_or_path', model], ...templateOption(template, recipe)]
  return {
    train: [
      ...base,
      ...options,
      ['do_train', true],
      ...(loraRank > 0 ? loraOptions(loraRank) : ([['finetuning_type', 'full']] as const)),
      ['dataset', name],
      ['dataset_dir', 'data'],
      ['cutoff_len', maxLength],
      ['output_dir', 'output'],
      ['num_train_epochs', passes],
      ['per_device_train_batch_size', batchSize],
      ['gradient_accumulation_steps', accumulation],
      ...scheduleOptions(settings, rows),
      ['bf16', true],
      ['seed', seed],
      ['logging_steps', 10],
      ['save_strategy', 'epoch'],
      ['report_to', 'none'],
    ],
    ...(loraRank > 0 ? { merge: mergeOptions(base) } : {}),
    notes: [...notes, ...(recipe?.llamaFactoryTemplate === undefined ? templateNotes(template) : [])],
  }
}

function templateOption(template: ChatTemplateKind, recipe: ExportSettings['recipe']): Options {
  const name = recipe === undefined ? (template === 'chatml' ? 'chatml' : undefined) : recipe.llamaFactoryTemplate
  return name === undefined ? [] : [['template', name]]
}

function loraOptions(rank: number): Options {
  return [
    ['finetuning_type', 'lora'],
    ['lora_rank', rank],
    ['lora_alpha', 2 * rank],
    ['lora_dropout', 0],
    ['lora_target', BLOCK_LINEARS.map((linear) => linear.slice(linear.lastIndexOf('.') + 1)).join(',')],
  ]
}

function mergeOptions(base: Options): Options {
  return [
    ...base,
    ['adapter_name_or_path', 'output'],
    ['finetuning_type', 'lora'],
    ['export_dir', 'merged'],
    ['export_size', 5],
    ['export_device', 'cpu'],
    ['export_legacy_format', false],
  ]
}

function templateNotes(template: ChatTemplateKind): readonly string[] {
  if (template === 'chatml')
    return [
      'Its template `chatml` writes the same text as the template of the model: system, turns, the end token. It makes `<|im_end|>` the end token and stores its own spelling of the template with the result, in which the head of an answer belongs to the turn of the user.',
    ]
  return [
    'No `template` is set, so that LLaMA-Factory takes the one of the tokenizer apart by itself. Where it names one for your model (its list of supported models), set that name in train.yaml and merge.yaml.',
  ]
}

function lossOptions(method: PreferenceSettings): { readonly options: Options; readonly notes: readonly string[] } {
  switch (method.kind) {
    case 'sft':
      if (method.mean === 'response') throw missing('sft with the mean over responses', 'Take the mean over tokens.')
      return { options: [['stage', 'sft']], notes: [] }
    case 'dpo': {
      const smoothing = method.labelSmoothing ?? 0
      const more: Options = smoothing > 0 ? [['dpo_label_smoothing', smoothing]] : []
      return { options: [...preference('sigmoid', method.beta), ...more], notes: [] }
    }
    case 'ipo':
      if (method.logRatio === 'sum') throw missing('IPO on summed log-ratios', 'Its IPO takes the mean of the tokens.')
      return { options: preference('ipo', method.tau), notes: [] }
    case 'kto':
      if (method.referencePoint === 'zero') throw missing('KTO without a reference point', 'TRL has.')
      return {
        options: [
          ['stage', 'kto'],
          ['pref_beta', settled(method.beta)],
          ['kto_chosen_weight', settled(method.desirableWeight)],
          ['kto_rejected_weight', settled(method.undesirableWeight)],
        ],
        notes: [],
      }
    case 'orpo':
      return { options: preference('orpo', method.lambda), notes: [] }
    case 'simpo':
      return {
        options: [
          ...preference('simpo', method.beta),
          ['simpo_gamma', settled(method.beta) * settled(method.marginRatio)],
        ],
        notes: [],
      }
    case 'hard-dpo':
      if (method.sftMean === 'batch' && settled(method.sftCoefficient) > 0)
        throw missing('hard-dpo with the likelihood over a batch', 'Its likelihood is a response (sftMean response).')
      return {
        options: [...preference('sigmoid', method.beta), ['pref_ftx', settled(method.sftCoefficient)]],
        notes: [
          'LLaMA-Factory has no weights of rows: this is the loss of hard-sample DPO with every pair weighing the same.',
        ],
      }
  }
}

function preference(loss: string, beta: number | undefined): Options {
  return [
    ['stage', 'dpo'],
    ['pref_loss', loss],
    ['pref_beta', settled(beta)],
  ]
}

function missing(what: string, instead: string): ParapetError {
  return new ParapetError('configuration', `LLaMA-Factory has no ${what}. ${instead}`)
}
