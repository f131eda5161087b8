/** A folder opened: its files read, its tokenizer and graph loaded, and checked against each other. */
import { basename, resolve } from 'node:path'
import type { SequenceTokenizer } from '../../nn/tokenizer/sequence-frame.ts'
import { loadSequenceTokenizer } from '../../nn/tokenizer/sequence-frame.ts'
import { ParapetError } from '../../spec/index.ts'
import { folderError } from './folder-error.ts'
import { GraphSession } from './graph-session.ts'
import { checkVocabulary, maxTokensOf, padTokenOf } from './model-config.ts'
import type { ModelFolder } from './model-folder.ts'
import { readModelFolder } from './model-folder.ts'
import type { OnnxModelOptions } from './options.ts'
import { limitsOf } from './options.ts'
import type { WindowRow } from './text-rows.ts'
import { TextRows } from './text-rows.ts'

export interface OpenModel {
  readonly folder: ModelFolder
  /** Name of the folder. */
  readonly id: string
  readonly session: GraphSession
  readonly rows: TextRows
  /** Options and files that a result depends on. */
  readonly facts: readonly unknown[]
}

/** Rejects with `engine_unavailable` for what is wrong with the folder, `configuration` for what is wrong with the options. */
export async function openModel(
  path: string,
  options: OnnxModelOptions,
  { outputs, contextFirst }: { readonly outputs: readonly string[]; readonly contextFirst: boolean },
): Promise<OpenModel> {
  const limits = limitsOf(options)
  const folder = await readModelFolder(path, options)
  const tokenizer = await openTokenizer(folder)
  const wanted = maxTokensOf(folder, options.maxTokens)
  const padToken = padTokenOf(folder.config, tokenizer.padToken)
  const session = await GraphSession.open(folder, { outputs, padToken, options })
  try {
    const maxTokens = Math.min(wanted, session.padTo ?? wanted)
    const { branches } = session.declared
    const rows = new TextRows({ folder: path, tokenizer, limits, maxTokens, branches, contextFirst })
    const facts = [folder.hash, maxTokens, limits.overlap ?? null, limits.longest, session.padTo ?? null, contextFirst]
    return { folder, id: basename(resolve(path)), session, rows, facts }
  } catch (cause) {
    await session.dispose()
    throw cause
  }
}

/** A short text with which a model is tried when it is loaded. Throws `engine_unavailable` where it cannot be read. */
export function trialRows({ folder, rows, session }: OpenModel): readonly WindowRow[] {
  try {
    return rows.rowsOf({ text: 'a', ...(session.declared.branches === 2 ? { context: 'a' } : {}) })
  } catch (cause) {
    if (!ParapetError.isInstance(cause) || cause.code !== 'input_invalid') throw cause
    throw folderError(folder.folder, `its tokenizer cannot read the text "a". ${cause.message}`, cause)
  }
}

async function openTokenizer(folder: ModelFolder): Promise<SequenceTokenizer> {
  const tokenizer = await loadSequenceTokenizer(folder.tokenizer).catch((cause: unknown) => {
    throw folderError(folder.folder, cause instanceof Error ? cause.message : 'its tokenizer cannot be read.', cause)
  })
  checkVocabulary(folder, tokenizer.vocabularySize)
  return tokenizer
}
