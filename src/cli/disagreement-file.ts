/**
 * Where `parapet serve` keeps what a cascade's classifier and judge disagreed on: one JSON object a line, appended, for
 * `parapet improve collect`. Texts are in it as far as the policy captures them.
 *
 * It is a file and no store: deleting a user's decisions does not reach it.
 */
import { type FileHandle, open } from 'node:fs/promises'
import type { Disagreement } from '../compose/index.ts'
import { fileProblem, usageError } from './exit.ts'

export interface DisagreementFile {
  /** Appends one. Never throws: what cannot be written is told to `onDefect`. */
  add(disagreement: Disagreement): void
  /** Waits for what was added. */
  close(): Promise<void>
}

/**
 * Opens it, readable by its owner only.
 *
 * @throws ParapetError `configuration` where it cannot be written
 */
export async function openDisagreementFile(
  path: string,
  onDefect: (error: unknown) => void,
): Promise<DisagreementFile> {
  const file: FileHandle = await open(path, 'a', 0o600).catch((error: unknown) => {
    throw usageError(
      `cannot write disagreements to ${path}: ${fileProblem(error)}. Give another --disagreements.`,
      error,
    )
  })
  let last: Promise<unknown> = Promise.resolve()
  return {
    add(disagreement) {
      const line = `${JSON.stringify({ ...disagreement, at: new Date().toISOString() })}\n`
      last = last.then(() => file.appendFile(line)).catch(onDefect)
    },
    async close() {
      await last
      await file.close()
    },
  }
}
