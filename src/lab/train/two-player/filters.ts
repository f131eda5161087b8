/**
 * The filters that a proposal must pass before it may join the training set (arXiv 2502.05163): the rating agrees with the label, the
 * length is near the seed's, and it is no refusal in any language.
 *
 * Length and refusal are judged before pairs are made too (the paper does not say); the rating is then what the levels are made of.
 */

/** Most characters by which a proposal may be longer or shorter than its seed. */
export const MOST_LENGTH_DIFFERENCE = 200

/** Whether the absolute difference in UTF-16 units is small enough: 200 is, 201 is not. */
export function lengthFits(proposal: string, seed: string): boolean {
  return Math.abs(proposal.length - seed.length) <= MOST_LENGTH_DIFFERENCE
}

/** Openings of refusals, in own words; each must stand near the beginning, where a model declines. */
const REFUSALS: Readonly<Record<string, readonly string[]>> = {
  en: [
    "i can't help",
    'i cannot help',
    "i can't assist",
    'i cannot assist',
    "i'm sorry, but i",
    'i am sorry, but i',
    'i must decline',
    "i won't be able to",
    'i cannot create',
    "i can't create",
    'as an ai',
    'i cannot fulfill',
  ],
  de: [
    'dabei kann ich nicht helfen',
    'damit kann ich nicht',
    'das kann ich nicht',
    'ich kann dir dabei nicht',
    'ich kann ihnen dabei nicht',
    'es tut mir leid, aber',
    'tut mir leid, aber',
    'ich muss ablehnen',
    'als ki',
  ],
  fr: [
    'je ne peux pas',
    'je suis désolé, mais',
    'je suis désolée, mais',
    'désolé, mais je',
    'je dois refuser',
    'je ne suis pas en mesure',
    "en tant qu'ia",
  ],
  es: [
    'no puedo ayudar',
    'no puedo crear',
    'no puedo hacer eso',
    'lo siento, pero',
    'debo negarme',
    'no me es posible',
    'como ia',
  ],
  it: ['non posso aiutar', 'non posso creare', 'mi dispiace, ma', 'devo rifiutare', 'come ia'],
  pt: ['não posso ajudar', 'não posso criar', 'sinto muito, mas', 'desculpe, mas não', 'devo recusar'],
  nl: ['ik kan je daar niet', 'ik kan daar niet', 'het spijt me, maar', 'sorry, maar ik'],
  pl: ['nie mogę pomóc', 'nie mogę tego', 'przykro mi, ale'],
  ru: ['я не могу помочь', 'я не могу создать', 'извините, но', 'к сожалению, я не могу'],
  ar: ['لا أستطيع', 'لا يمكنني', 'آسف، لكن', 'أعتذر'],
  hi: ['मैं मदद नहीं', 'मुझे खेद है', 'माफ़ कीजिए'],
  ja: ['お手伝いできません', '申し訳ありません', '申し訳ございません', 'お答えできません'],
  ko: ['도와드릴 수 없', '죄송하지만', '죄송합니다'],
  zh: ['我无法', '我不能帮', '抱歉', '对不起'],
}

/** Characters at the beginning in which a refusal must begin. */
const NEAR_BEGINNING = 60

const ALL_REFUSALS: readonly string[] = Object.values(REFUSALS).flat()

/**
 * Whether a text declines in one of fourteen languages, whatever language was asked for. A phrase that the seed holds too is the text's
 * subject, not a refusal.
 */
export function isRefusal(proposal: string, seed: string = ''): boolean {
  const opening = folded(proposal).slice(0, NEAR_BEGINNING + 40)
  const own = folded(seed)
  return ALL_REFUSALS.some((phrase) => {
    const at = opening.indexOf(phrase)
    return at >= 0 && at <= NEAR_BEGINNING && !own.includes(phrase)
  })
}

function folded(text: string): string {
  return text.normalize('NFC').toLowerCase().replaceAll('’', "'").replaceAll(/\s+/g, ' ').trim()
}
