/**
 * The translations of a compiled message catalogue (`.mo`; GNU gettext manual, §10.3 "The Format of GNU MO Files"), without the header
 * entry. Plural forms count as texts of their own; the originals are not read.
 */
import { ParapetError } from '../../../spec/index.ts'

const LITTLE = 0x950412de

/** Translations in the order of the file. Throws `input_invalid` for what is no whole catalogue. */
export function readCatalog(bytes: Uint8Array, name: string): readonly string[] {
  try {
    return translations(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), bytes)
  } catch (cause) {
    throw new ParapetError('input_invalid', `${name} is no whole message catalogue. Install its package again.`, {
      cause,
    })
  }
}

function translations(view: DataView, bytes: Uint8Array): readonly string[] {
  const little = view.getUint32(0, true) === LITTLE
  if (!little && view.getUint32(0, false) !== LITTLE) throw new RangeError('the magic number is another')
  const count = view.getUint32(8, little)
  const table = view.getUint32(16, little)
  const decoder = new TextDecoder('utf-8', { fatal: true })
  // The first entry is that of the empty original: the header.
  return Array.from({ length: Math.max(0, count - 1) }, (_, index) => {
    const at = table + 8 * (index + 1)
    const [length, from] = [view.getUint32(at, little), view.getUint32(at + 4, little)]
    if (from + length > bytes.length) throw new RangeError('a text ends behind the file')
    return decoder.decode(bytes.subarray(from, from + length))
  }).flatMap((text) => text.split('\0').filter((form) => form !== ''))
}
