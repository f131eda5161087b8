/**
 * YAML of one flat mapping as Python's readers of YAML 1.1 take it: texts always quoted, numbers with a point before an exponent (PyYAML
 * reads 1e-6 as a text). Lists and mappings within stand on one line. No reader; checks use the library.
 */
export type YamlValue = string | number | boolean | readonly YamlValue[] | { readonly [name: string]: YamlValue }

/** `comment` stands at the head, a line each. */
export function flatYaml(comment: readonly string[], entries: readonly (readonly [string, YamlValue])[]): string {
  const head = comment.map((line) => `# ${line}\n`).join('')
  return `${head}${entries.map(([name, value]) => `${name}: ${yamlText(value)}\n`).join('')}`
}

function yamlText(value: YamlValue): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'number') return numberText(value)
  if (typeof value === 'boolean') return String(value)
  if (Array.isArray(value)) return `[${(value as readonly YamlValue[]).map(yamlText).join(', ')}]`
  return `{${Object.entries(value)
    .map(([name, inner]) => `${name}: ${yamlText(inner)}`)
    .join(', ')}}`
}

/** 5e-7 as 5.0e-7. */
function numberText(value: number): string {
  const text = String(value)
  return text.includes('e') && !text.includes('.') ? text.replace('e', '.0e') : text
}
