/**
 * The `<think>` block that reasoning models write before their answer. It reads no label in it: what a model says while it reasons is
 * no verdict.
 */

/** The reasoning in a leading think block, and what follows it; null where the block does not end. */
export function thinkBlock(trimmed: string): { readonly reasoning: string; readonly rest: string } | null {
  if (!trimmed.startsWith('<think>')) return { reasoning: '', rest: trimmed }
  const end = trimmed.indexOf('</think>')
  if (end < 0) return null
  return { reasoning: trimmed.slice('<think>'.length, end).trim(), rest: trimmed.slice(end + '</think>'.length).trim() }
}
