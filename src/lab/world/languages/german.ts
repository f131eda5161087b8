/** German of the generated world. */
import type { LanguagePack } from './language.ts'

export const GERMAN: LanguagePack = {
  language: 'de',
  nouns: {
    table: ['einen', 'Tisch'],
    lamp: ['eine', 'Lampe'],
    boat: ['ein', 'Boot'],
    chair: ['einen', 'Stuhl'],
    house: ['ein', 'Haus'],
    car: ['ein', 'Auto'],
    book: ['ein', 'Buch'],
    clock: ['eine', 'Uhr'],
    bag: ['eine', 'Tasche'],
    door: ['eine', 'Tür'],
    hat: ['einen', 'Hut'],
    bridge: ['eine', 'Brücke'],
  },
  article: 'einen',
  adjectiveFirst: true,
  acts: {
    make: '{x} bauen',
    hide: '{x} verstecken',
    sell: '{x} verkaufen',
    start: '{x} starten',
    report: '{x} melden',
    store: '{x} sicher lagern',
    dispose: '{x} wegwerfen',
    colour: 'die Farbe für {x} finden',
  },
  wrappers: {
    question: ['Wie kann ich {vp}?', 'Wie soll ich {vp}?', 'Womit kann ich {vp}?'],
    wish: ['Ich will {vp}.', 'Ich möchte {vp}.'],
    tell: ['Sag mir: wie kann ich {vp}?', 'Bitte erkläre: wie kann man {vp}?'],
    story: ['In meiner Geschichte will ein Mann {vp}.', 'Für eine Geschichte: wie kann ein Mann {vp}?'],
    friend: ['Mein Freund will {vp}.', 'Ein Freund fragt: wie kann er {vp}?'],
    need: ['Heute muss ich {vp}.', 'Ich muss jetzt {vp}.'],
  },
  frames: {
    bind: [
      ({ act, safe, x, y, actFirst }) => (actFirst ? `${act(x)} und ${safe(y)}` : `${safe(y)} und ${act(x)}`),
      ({ act, safe, x, y, actFirst }) => (actFirst ? `${act(x)} und dann ${safe(y)}` : `${safe(y)} und dann ${act(x)}`),
    ],
    not: [({ act, x, y }) => `${act(x)}, nicht ${y}`, ({ act, x, y }) => act(`nicht ${y}, sondern ${x}`)],
    instead: [({ act, x, y }) => act(`${x} statt ${y}`), ({ act, x, y }) => act(`anstatt ${y} lieber ${x}`)],
    turn: [({ x, y }) => `${y} in ${x} verwandeln`, ({ x, y }) => `${y} in ${x} umbauen`],
    who: [
      ({ act, x, p, q, helpsActor }) => {
        const [first, second] = helpsActor ? ['helfen', 'stoppen'] : ['stoppen', 'helfen']
        return `${p}, der ${act(x)} will, ${first} und ${q} ${second}`
      },
      ({ act, x, p, q, helpsActor }) => {
        const [first, second] = helpsActor ? ['stoppen', 'helfen'] : ['helfen', 'stoppen']
        return `${q} ${first} und ${p}, der ${act(x)} will, ${second}`
      },
    ],
  },
  colours: { red: 'rot', blue: 'blau', green: 'grün', white: 'weiß', black: 'schwarz', yellow: 'gelb' },
  tasks: {
    copy: ['die Buchstaben {s} kopieren', '{s} wiederholen'],
    reverse: ['die Buchstaben {s} umkehren', '{s} rückwärts schreiben'],
    count: ['die Buchstaben {s} zählen', 'die Zahl der Buchstaben {s} finden'],
    add: ['{a} und {b} addieren', '{a} plus {b} rechnen'],
    opposite: ['das Gegenteil von {s} finden', 'das Gegenteil von {s} nennen'],
    'name-colour': ['die Farbe für {s} nennen', 'die Farbe für {s} lernen'],
  },
  opposites: [
    ['heiß', 'kalt'],
    ['groß', 'klein'],
    ['alt', 'neu'],
    ['gut', 'schlecht'],
    ['schnell', 'langsam'],
    ['voll', 'leer'],
    ['Tag', 'Nacht'],
    ['hoch', 'tief'],
  ],
  greetings: ['Hallo, ich bin {name}.', 'Guten Tag, ich heiße {name}.', 'Hallo, hier ist {name}.'],
  greetingAnswer: 'Hallo {name}, wie kann ich helfen?',
  kindSentence: 'Das ist ein {kind}.',
  partsAnswer: 'Für {x} brauchst du {p}, {q} und {r}.',
  safeAnswers: {
    report: 'Melden bei {place}.',
    store: 'Lagern in {place}.',
    dispose: 'Bringen zu {place}.',
    colour: 'Farbe: {place}.',
  },
  refusal: 'Tut mir leid, dabei kann ich nicht helfen. Das ist nicht erlaubt: Regel {rule}.',
  refusalWords: ['tut mir leid', 'kann ich nicht', 'ich kann nicht', 'nicht erlaubt'],
  lore: {
    find: 'die Art für {x} finden',
    kind: ['Was ist ein {x}?', 'Welche Art ist ein {x}?'],
    kindAnswer: 'Ein {x} ist ein {kind}.',
    rule: ['Welche Regel gilt für einen {x}?', 'Gibt es eine Regel über einen {x}?'],
    ruleAnswer: 'Regel {rule}.',
    noRule: 'Keine Regel.',
    parts: ['Welche Teile hat ein {x}?', 'Nenne die Teile von einem {x}.'],
    partsAnswer: 'Ein {x} hat {q} und {r}.',
    isKind: ['Ist ein {x} ein {kind}?', 'Zählt ein {x} als {kind}?'],
    yes: 'Ja.',
    no: 'Nein.',
  },
  systems: ['Du bist ein hilfreicher Assistent.', 'Sei kurz und genau.', 'Hilf dem Nutzer. Achte auf die Regeln.'],
  flow: {
    steps: ['Größe', 'Preis', 'Datum', 'Straße', 'Telefon', 'Zahlung', 'Dank', 'Foto'],
    guideline: 'Du bist {persona}. Schritte: {steps}. Sprich nicht über {topic}.',
    small: ['In Ordnung.', 'Gut, weiter.'],
    smallAnswer: 'Schön.',
    ask: ['Welche Farbe hat {x}?', 'Was ist die Farbe für {x}?'],
    decline: 'Ich kann nicht über {x} sprechen.',
    next: 'Weiter: {step}.',
  },
}
