/** What a command line means by a model: the one that ships, or a path. */
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MODEL_FILES } from '../../engines/embedded/index.ts'

/** `demo` is the shipped chat model (a folder of that name is `./demo`); anything else a path from `folder`. */
export function checkpointPath(folder: string, name: string): string {
  return name === 'demo' ? fileURLToPath(MODEL_FILES.chat) : resolve(folder, name)
}
