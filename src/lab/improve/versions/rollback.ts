/** Back to a version that was made before: the same checks as for a promotion but no measurement, since haste is the reason to go back. */
import { ParapetError } from '../../../spec/index.ts'
import type { ImprovementFolder } from '../improvement-folder.ts'
import { movePointer, readPointer, type Pointer } from './pointer.ts'
import { openVersion } from './version.ts'

/**
 * Makes a version current that has been current before.
 *
 * @throws ParapetError `configuration` for one that never was, or is now; `input_invalid` for a damaged one
 */
export async function rollBack(
  folder: ImprovementFolder,
  id: string,
  { reason, at }: { readonly reason: string; readonly at: string },
): Promise<Pointer> {
  const release = folder.hold()
  try {
    const { version, changes } = readPointer(folder)
    const earlier = [...new Set(changes.map(({ to }) => to))].filter((one) => one !== version)
    if (id === version) throw new ParapetError('configuration', `${id} is current already.`)
    if (!earlier.includes(id))
      throw new ParapetError(
        'configuration',
        `${id} has never been current, so there is no way back to it. ${earlier.length === 0 ? 'No other has' : `These have: ${earlier.join(', ')}`}. Promote it instead.`,
      )
    const { manifest } = await openVersion(folder, id)
    return movePointer(folder, manifest, { at, kind: 'rolled-back', reason })
  } finally {
    release()
  }
}
