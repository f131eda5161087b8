/**
 * The released way to find a JSON object in a model's answer (dynamofl/PrimeGuard, bbf3bff), rebuilt from its behaviour. Newlines are
 * deleted first, braces are counted without regard to strings, one missing brace is repaired, and of several objects the first wins:
 * whoever makes the model repeat an object of theirs decides. The reader in use by default is `answer-object`.
 */

/** The value of a text that is JSON as a whole, else the first object in it; undefined where there is neither. */
export function releasedJson(text: string): unknown {
  const flat = text.replaceAll('\n', '')
  return parsed(flat) ?? firstObject(flat)
}

function firstObject(text: string): unknown {
  let [depth, start] = [0, 0]
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '{') {
      if (depth === 0) start = at
      depth += 1
    } else if (text[at] === '}' && depth > 0) {
      depth -= 1
      const value = depth === 0 ? parsed(text.slice(start, at + 1)) : undefined
      if (value !== undefined) return value
    }
  }
  return depth > 0 ? parsed(`${text.slice(start)}}`) : undefined
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json) as unknown
  } catch {
    return undefined
  }
}
