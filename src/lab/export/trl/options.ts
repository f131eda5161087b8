/**
 * Settings as options of TRL 1.13.0: which configuration class, which loss, which name for each number. What TRL computes otherwise than
 * `parapet/lab/align` is said in `notes`; what it cannot compute is refused.
 *
 * Read from the released package: trl/trainer/{sft,dpo,kto}_trainer.py, trl/experimental/{orpo,cpo}/*_trainer.py and the *_config.py
 * beside them, trl/trainer/model_config.py, trl/scripts/utils.py.
 */
import { BLOCK_LINEARS } from '../../../nn/decoder/config.ts'
import { ParapetError } from '../../../spec/errors.ts'
import type { PreferenceSettings } from '../../align/preference-loss.ts'
import type { ChatTemplateKind } from '../chat-template.ts'
import type { YamlValue } from '../flat-yaml.ts'
import { scheduleOptions } from '../schedule.ts'
import { type ExportSettings, settled } from '../settings.ts'
import type { TrlColumns } from './rows.ts'

/** What TRL trains with: a command of its own, or a class that a script has to call. */
export type TrlMethod = 'sft' | 'dpo' | 'kto' | 'orpo' | 'cpo'

export const TRL_METHOD: Readonly<Record<PreferenceSettings['kind'], TrlMethod>> = {
  ...{ sft: 'sft', dpo: 'dpo', ipo: 'dpo', kto: 'kto', orpo: 'orpo', simpo: 'cpo', 'hard-dpo': 'dpo' },
}

/** Whether `trl METHOD --config config.yaml` exists (trl/scripts); the others are under `trl.experimental` and need `train.py`. */
export function hasTrlCommand(method: TrlMethod): boolean {
  return method === 'sft' || method === 'dpo' || method === 'kto'
}

export const TRL_DATA = 'train.jsonl'
export const TRL_TEMPLATE = 'chat_template.jinja'

export interface TrlOptions {
  readonly options: readonly (readonly [string, YamlValue])[]
  /** Where the result is not the same as here. */
  readonly notes: readonly string[]
}

/** Throws `configuration` for a method or an option of one that TRL has not. */
export function trlOptions(
  settings: ExportSettings,
  rows: number,
  data: { readonly columns: TrlColumns; readonly template: ChatTemplateKind },
): TrlOptions {
  const { model, loraRank, passes, maxLength, batchSize, accumulation, seed, method } = settings
  const { options, notes } = lossOptions(method, data)
  return {
    options: [
      ['model_name_or_path', model],
      ['datasets', [{ path: 'json', data_files: TRL_DATA, split: 'train' }]],
      ['output_dir', 'output'],
      ...options,
      ...(loraRank > 0 ? loraOptions(loraRank) : []),
      ['max_length', maxLength],
      ['num_train_epochs', passes],
      ['per_device_train_batch_size', batchSize],
      ['gradient_accumulation_steps', accumulation],
      ...scheduleOptions(settings, rows),
      ['seed', seed],
      ['logging_steps', 10],
      ['save_strategy', 'epoch'],
      ['report_to', 'none'],
    ],
    notes,
  }
}

function loraOptions(rank: number): TrlOptions['options'] {
  return [
    ['use_peft', true],
    ['lora_r', rank],
    ['lora_alpha', 2 * rank],
    ['lora_dropout', 0],
    ['lora_target_modules', BLOCK_LINEARS.map((name) => name.slice(name.lastIndexOf('.') + 1))],
  ]
}

function lossOptions(
  method: PreferenceSettings,
  { columns, template }: { readonly columns: TrlColumns; readonly template: ChatTemplateKind },
): TrlOptions {
  switch (method.kind) {
    case 'sft':
      if (method.mean === 'response') throw missing('sft with the mean over responses', 'Take the mean over tokens.')
      return sftOptions(columns, template)
    case 'dpo':
      if ((method.labelSmoothing ?? 0) > 0)
        throw missing('DPO with label smoothing', 'Its DPO ignores label_smoothing; LLaMA-Factory has it.')
      return { options: [lossTypes('sigmoid'), ['beta', settled(method.beta)]], notes: [] }
    case 'ipo':
      if (method.logRatio === 'sum') throw missing('IPO on summed log-ratios', 'Its IPO takes the mean of the tokens.')
      return { options: [lossTypes('ipo'), ['beta', settled(method.tau)]], notes: [] }
    case 'kto':
      return {
        options: [
          ['loss_type', method.referencePoint === 'zero' ? 'apo_zero_unpaired' : 'kto'],
          ['beta', settled(method.beta)],
          ['desirable_weight', settled(method.desirableWeight)],
          ['undesirable_weight', settled(method.undesirableWeight)],
        ],
        notes: [],
      }
    case 'orpo':
      return {
        options: [['beta', settled(method.lambda)]],
        notes: [
          'TRL takes the likelihood term of ORPO over the prompt too; the paper and this project take the chosen answer alone.',
          MORE_TOKENS,
        ],
      }
    case 'simpo':
      return {
        options: [
          ['loss_type', 'simpo'],
          ['cpo_alpha', 0],
          ['beta', settled(method.beta)],
          ['simpo_gamma', settled(method.beta) * settled(method.marginRatio)],
        ],
        notes: [MORE_TOKENS],
      }
    case 'hard-dpo':
      return hardDpoOptions(method)
  }
}

const MORE_TOKENS =
  'This trainer of TRL puts the begin token of the tokenizer before prompts and its end token after answers that do not begin and end with them, whatever the template has written.'

function sftOptions(columns: TrlColumns, template: ChatTemplateKind): TrlOptions {
  if (columns === 'prompt-completion') return { options: [['completion_only_loss', true]], notes: [] }
  if (template === 'chatml' || template === 'marked')
    return {
      options: [
        ['assistant_only_loss', true],
        ['chat_template_path', TRL_TEMPLATE],
      ],
      notes: [],
    }
  return {
    options: [['assistant_only_loss', true]],
    notes: [
      'The chat template does not mark its answers. TRL replaces the templates that it knows by ones that do, and stops with an error on others.',
    ],
  }
}

function hardDpoOptions(method: PreferenceSettings & { readonly kind: 'hard-dpo' }): TrlOptions {
  const coefficient = settled(method.sftCoefficient)
  const notes = ['TRL has no weights of rows: this is the loss of hard-sample DPO with every pair weighing the same.']
  if (coefficient === 0) return { options: [lossTypes('sigmoid'), ['beta', settled(method.beta)]], notes }
  if (method.sftMean !== 'batch')
    throw missing(
      'hard-dpo with the likelihood a response',
      'Its likelihood is over all chosen tokens of a batch (sftMean batch); LLaMA-Factory has it a response.',
    )
  return {
    options: [lossTypes('sigmoid', 'sft'), ['loss_weights', [1, coefficient]], ['beta', settled(method.beta)]],
    notes,
  }
}

const lossTypes = (...types: readonly string[]): readonly [string, YamlValue] => ['loss_type', types]

function missing(what: string, instead: string): ParapetError {
  return new ParapetError('configuration', `TRL has no ${what}. ${instead}`)
}
