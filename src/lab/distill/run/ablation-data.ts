/**
 * What all arms of an ablation share, made once in the run folder: `rows.jsonl`, the explanations of the teacher (`critique.jsonl`,
 * `reasoning.jsonl`) and `tokenizer.json`. A file that is there and belongs to the same rows is used again.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { judgeFormat } from '../../../guards/judge/index.ts'
import { ParapetError } from '../../../spec/errors.ts'
import type { CheckpointTokenizer } from '../../checkpoints/index.ts'
import { writeAtomically } from '../../train/write-atomically.ts'
import { guardTokenizer } from '../guard/small-guard.ts'
import { guardedRowLines, readGuardedRows } from '../rows/row-file.ts'
import type { GuardedRow } from '../rows/guarded-row.ts'
import { type SynthesisKind, readSynthesis } from '../synthesis/synthesis-file.ts'
import { type SynthesisOutcome, synthesise } from '../synthesis/synthesise.ts'
import type { Teacher } from '../teachers/teacher.ts'
import type { AblationSettings } from './ablation-settings.ts'
import { armExamples } from './train-arm.ts'

export interface AblationData {
  readonly rows: readonly GuardedRow[]
  /** Kept explanations by the id of their row. */
  readonly critiques: ReadonlyMap<string, string>
  readonly reasoning: ReadonlyMap<string, string>
  readonly tokenizer: CheckpointTokenizer
  readonly outcomes: Readonly<Record<SynthesisKind, SynthesisOutcome>>
  readonly teacher: string
}

export interface AblationDataOptions {
  readonly rows: readonly GuardedRow[]
  readonly teacher: Teacher
  readonly settings: AblationSettings
  readonly folder: string
  readonly signal?: AbortSignal
  readonly onProgress?: (message: string) => void
}

/** Throws `configuration` for a folder that holds other rows. */
export async function ablationData(options: AblationDataOptions): Promise<AblationData> {
  const { rows, teacher, settings, folder, signal, onProgress } = options
  mkdirSync(folder, { recursive: true })
  keepRows(join(folder, 'rows.jsonl'), rows)
  const explained = async (kind: SynthesisKind): Promise<readonly [SynthesisOutcome, ReadonlyMap<string, string>]> => {
    const out = join(folder, `${kind}.jsonl`)
    const outcome = await synthesise({
      ...{ kind, rows, teacher, out, policy: judgeFormat('thinkguard').clauses },
      ...(signal === undefined ? {} : { signal }),
    })
    onProgress?.(`${kind}: ${outcome.kept} kept, ${outcome.dropped} dropped`)
    return [outcome, keptTexts(out)]
  }
  const [critiqueOutcome, critiques] = await explained('critique')
  const [reasoningOutcome, reasoning] = await explained('reasoning')
  const explanations = { rows, critiques, reasoning }
  const path = join(folder, 'tokenizer.json')
  const run = createHash('sha256')
    .update(JSON.stringify([settings.shape, [...critiques], [...reasoning]]))
    .digest('hex')
  const known = knownTokenizer(path, run)
  const tokenizer =
    known ??
    guardTokenizer(
      [...armExamples('critique', explanations), ...armExamples('reasoning', explanations)],
      settings.shape,
    )
  if (known === undefined) writeAtomically(path, Buffer.from(JSON.stringify({ run, ...tokenizer })))
  return {
    ...explanations,
    tokenizer,
    teacher: teacher.id,
    outcomes: { critique: critiqueOutcome, reasoning: reasoningOutcome },
  }
}

/** Texts of a synthesis that were kept, by the id of their row. */
export function keptTexts(path: string): ReadonlyMap<string, string> {
  return new Map(readSynthesis(path).lines.flatMap(({ id, text }) => (text === null ? [] : [[id, text] as const])))
}

function keepRows(path: string, rows: readonly GuardedRow[]): void {
  if (!existsSync(path)) {
    writeAtomically(path, Buffer.from(guardedRowLines(rows)))
    return
  }
  if (guardedRowLines(readGuardedRows(path)) !== guardedRowLines(rows))
    throw new ParapetError('configuration', `${path} holds other rows. Go on with those, or give another folder.`)
}

/** A tokenizer of the same texts and size; learning one again would give the same. */
function knownTokenizer(path: string, run: string): CheckpointTokenizer | undefined {
  if (!existsSync(path)) return undefined
  try {
    const {
      run: own,
      json,
      config,
    } = JSON.parse(readFileSync(path, 'utf8')) as CheckpointTokenizer & { readonly run: string }
    return own === run ? { json, config } : undefined
  } catch {
    return undefined
  }
}
