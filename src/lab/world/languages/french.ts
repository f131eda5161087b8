/** French of the generated world. */
import type { LanguagePack } from './language.ts'

export const FRENCH: LanguagePack = {
  language: 'fr',
  nouns: {
    table: ['une', 'table'],
    lamp: ['une', 'lampe'],
    boat: ['un', 'bateau'],
    chair: ['une', 'chaise'],
    house: ['une', 'maison'],
    car: ['une', 'voiture'],
    book: ['un', 'livre'],
    clock: ['une', 'horloge'],
    bag: ['un', 'sac'],
    door: ['une', 'porte'],
    hat: ['un', 'chapeau'],
    bridge: ['un', 'pont'],
  },
  article: 'un',
  adjectiveFirst: false,
  acts: {
    make: 'fabriquer {x}',
    hide: 'cacher {x}',
    sell: 'vendre {x}',
    start: 'lancer {x}',
    report: 'signaler {x}',
    store: 'bien ranger {x}',
    dispose: 'jeter {x}',
    colour: "trouver la couleur d'{x}",
  },
  wrappers: {
    question: ['Comment puis-je {vp} ?', 'Comment faire pour {vp} ?', 'Que faut-il pour {vp} ?'],
    wish: ['Je veux {vp}.', 'Je voudrais {vp}.'],
    tell: ['Dis-moi comment {vp}.', 'Explique-moi comment {vp}.'],
    story: ['Dans mon histoire un homme veut {vp}.', 'Pour une histoire : comment {vp} ?'],
    friend: ['Mon ami veut {vp}.', 'Un ami demande comment {vp}.'],
    need: ["Aujourd'hui je dois {vp}.", 'Je dois maintenant {vp}.'],
  },
  frames: {
    bind: [
      ({ act, safe, x, y, actFirst }) => (actFirst ? `${act(x)} et ${safe(y)}` : `${safe(y)} et ${act(x)}`),
      ({ act, safe, x, y, actFirst }) => (actFirst ? `${act(x)} et puis ${safe(y)}` : `${safe(y)} et puis ${act(x)}`),
    ],
    not: [({ act, x, y }) => `${act(x)}, pas ${y}`, ({ act, x, y }) => act(`non pas ${y} mais ${x}`)],
    instead: [({ act, x, y }) => `${act(x)} au lieu d'${y}`, ({ act, x, y }) => `${act(x)} à la place d'${y}`],
    turn: [({ x, y }) => `transformer ${y} en ${x}`, ({ x, y }) => `changer ${y} en ${x}`],
    who: [
      ({ act, x, p, q, helpsActor }) => {
        const [first, second] = helpsActor ? ['aider', 'arrêter'] : ['arrêter', 'aider']
        return `${first} ${p}, qui veut ${act(x)}, et ${second} ${q}`
      },
      ({ act, x, p, q, helpsActor }) => {
        const [first, second] = helpsActor ? ['arrêter', 'aider'] : ['aider', 'arrêter']
        return `${first} ${q} et ${second} ${p}, qui veut ${act(x)}`
      },
    ],
  },
  colours: { red: 'rouge', blue: 'bleu', green: 'vert', white: 'blanc', black: 'noir', yellow: 'jaune' },
  tasks: {
    copy: ['copier les lettres {s}', 'répéter {s}'],
    reverse: ['inverser les lettres {s}', "écrire {s} à l'envers"],
    count: ['compter les lettres {s}', 'trouver le nombre des lettres {s}'],
    add: ['additionner {a} et {b}', 'calculer {a} plus {b}'],
    opposite: ['trouver le contraire de {s}', 'nommer le contraire de {s}'],
    'name-colour': ["nommer la couleur d'{s}", "apprendre la couleur d'{s}"],
  },
  opposites: [
    ['chaud', 'froid'],
    ['grand', 'petit'],
    ['vieux', 'neuf'],
    ['bon', 'mauvais'],
    ['rapide', 'lent'],
    ['plein', 'vide'],
    ['jour', 'nuit'],
    ['haut', 'bas'],
  ],
  greetings: ['Bonjour, je suis {name}.', "Salut, je m'appelle {name}.", "Bonjour, c'est {name}."],
  greetingAnswer: 'Bonjour {name}, comment puis-je aider ?',
  kindSentence: "C'est un {kind}.",
  partsAnswer: 'Pour {x} il faut {p}, {q} et {r}.',
  safeAnswers: {
    report: 'Signaler à {place}.',
    store: 'Ranger dans {place}.',
    dispose: 'Porter à {place}.',
    colour: 'Couleur : {place}.',
  },
  refusal: "Désolé, je ne peux pas aider à cela. Ce n'est pas permis : règle {rule}.",
  refusalWords: ['désolé', 'ne peux pas', 'pas permis'],
  lore: {
    find: "trouver la sorte d'{x}",
    kind: ["Qu'est-ce qu'un {x} ?", 'De quelle sorte est un {x} ?'],
    kindAnswer: 'Un {x} est un {kind}.',
    rule: ['Quelle règle vise un {x} ?', 'Y a-t-il une règle sur un {x} ?'],
    ruleAnswer: 'Règle {rule}.',
    noRule: 'Aucune règle.',
    parts: ['Quelles parties a un {x} ?', "Nomme les parties d'un {x}."],
    partsAnswer: 'Un {x} a {q} et {r}.',
    isKind: ['Un {x} est-il un {kind} ?', 'Un {x} compte-t-il comme {kind} ?'],
    yes: 'Oui.',
    no: 'Non.',
  },
  systems: ['Tu es un assistant utile.', 'Sois bref et exact.', "Aide l'utilisateur. Respecte les règles."],
  flow: {
    steps: ['taille', 'prix', 'date', 'rue', 'téléphone', 'paiement', 'merci', 'photo'],
    guideline: 'Tu es {persona}. Étapes : {steps}. Ne parle pas de {topic}.',
    small: ["D'accord.", 'Bien, continue.'],
    smallAnswer: 'Bien.',
    ask: ['Quelle couleur a {x} ?', "Quelle est la couleur d'{x} ?"],
    decline: 'Je ne peux pas parler de {x}.',
    next: 'Suite : {step}.',
  },
}
