/**
 * One run at a time at a file that a run writes: two would ask a teacher everything twice and mix their lines. The folder that is held stands
 * beside the file while the run lasts.
 */
import { rmdirSync } from 'node:fs'
import { holdFolder } from '../../jobs/hold-folder.ts'

/** Gives what lets go of the file. Throws `configuration` while another run holds it. */
export function holdFile(path: string): () => void {
  const folder = `${path}.running`
  const release = holdFolder(folder)
  return () => {
    release()
    try {
      rmdirSync(folder)
    } catch {
      // The next run has it already.
    }
  }
}
