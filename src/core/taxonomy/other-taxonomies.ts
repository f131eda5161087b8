/**
 * What other taxonomies call the hazards. Llama Guard 3 has the ids of `hazards.ts`; the others are coarser or cut elsewhere, so a name may
 * stand under several hazards and a hazard may have none.
 *
 * Sources: Llama Guard 3 model card; OpenAI `moderations` types (openai-node 6.49.0); dataset card of Aegis AI Content Safety 1.0;
 * DuoGuard (arXiv 2502.05163) and its code. The pairing is Parapet's reading of the descriptions.
 */

export type Taxonomy = 'llama_guard_3' | 'openai' | 'aegis' | 'duoguard'

type Names = Readonly<Record<Taxonomy, readonly string[]>>

/** Names for one hazard, in the order Llama Guard 3, OpenAI, Aegis, DuoGuard. */
function names(
  id: string,
  duoguard: readonly string[],
  openai: readonly string[],
  aegis: readonly string[],
): readonly [string, Names] {
  return [id, { llama_guard_3: [id], openai, aegis, duoguard }]
}

const NAMES: ReadonlyMap<string, Names> = new Map([
  names(
    'S1',
    ['Violent crimes'],
    ['violence', 'illicit/violent'],
    ['Violence', 'Threat', 'Criminal Planning/Confessions'],
  ),
  names(
    'S2',
    ['Non-violent crimes'],
    ['illicit'],
    ['Criminal Planning/Confessions', 'Controlled/Regulated substances', 'Guns/Illegal Weapons'],
  ),
  names('S3', ['Sex-related crimes'], [], ['Sexual', 'Criminal Planning/Confessions']),
  names('S4', ['Child sexual exploitation'], ['sexual/minors'], ['Sexual Minor']),
  names('S5', [], [], []),
  names('S6', ['Specialized advice'], [], []),
  names('S7', ['Privacy'], [], ['PII/Privacy']),
  names('S8', ['Intellectual property'], [], []),
  names('S9', ['Indiscriminate weapons'], ['illicit/violent'], ['Guns/Illegal Weapons']),
  names('S10', ['Hate'], ['hate'], ['Hate/Identity Hate']),
  names('S11', ['Suicide and self-harm'], ['self-harm'], ['Suicide and Self Harm']),
  names('S12', ['Sexual content'], ['sexual'], ['Sexual']),
  names('S13', [], [], []),
  names('S14', [], [], []),
])

/** What a taxonomy calls a hazard; empty where it has no name for it, or for an unknown id. */
export function hazardNames(id: string, taxonomy: Taxonomy): readonly string[] {
  return NAMES.get(id)?.[taxonomy] ?? []
}

/** Hazards that a name of a taxonomy stands for, whatever its case; empty for a name it does not have. */
export function hazardsNamed(name: string, taxonomy: Taxonomy): readonly string[] {
  const wanted = name.toLowerCase()
  return [...NAMES].flatMap(([id, of]) => (of[taxonomy].some((known) => known.toLowerCase() === wanted) ? [id] : []))
}
