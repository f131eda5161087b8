/** The guard as it stands in a policy. */
import { stringify } from 'yaml'
import type { Specification } from './specification.ts'

/** A whole policy with the one guard in it; its model lies beside it. Single-prompt applications get their system prompt as a fallback. */
export function policyEntry({ systemPrompts }: Specification, threshold: number): string {
  const [system] = systemPrompts
  const policy = {
    parapet: 1,
    rails: { input: ['topic'] },
    guards: {
      topic: { use: 'topic', model: 'topic.bin', threshold, ...(systemPrompts.length === 1 ? { system } : {}) },
    },
  }
  return `# Written by parapet develop. Copy the guard into your policy; model is a path that begins at the policy's folder.\n${stringify(policy)}`
}
