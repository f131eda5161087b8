/**
 * Facts about invented things in four languages: how a source says them, how an answer may say the same, and claims that no source makes.
 * Three families of subjects: the guard was made on the first two, figures come from the third, which was written afterwards.
 *
 * Slots: {e} the thing, {n} a number, {d} a date, {p} a person. A contradiction changes the number, the date or the person, or denies.
 */
export type Language = 'en' | 'de' | 'fr' | 'es'
export const LANGUAGES: readonly Language[] = ['en', 'de', 'fr', 'es']

export interface Fact {
  readonly source: string
  readonly paraphrases: readonly string[]
  /** For facts that are denied: the opposite. */
  readonly denied?: string
}

export interface Family {
  readonly facts: readonly Fact[]
  readonly unstated: readonly string[]
}

const fact = (source: string, ...paraphrases: readonly string[]): Fact => ({ source, paraphrases })
const denial = (source: string, denied: string, ...paraphrases: readonly string[]): Fact => ({
  source,
  denied,
  paraphrases,
})

const BRIDGES: Readonly<Record<Language, Family>> = {
  en: {
    facts: [
      fact(
        'The {e} bridge is {n} metres long and crosses the river at the old mill.',
        'The length of the {e} bridge is {n} metres.',
        'At {n} metres, the {e} bridge spans the river near the old mill.',
      ),
      fact(
        'Construction of the {e} bridge began on {d} after a long debate.',
        'Work on the {e} bridge started on {d}.',
        'The construction of the {e} bridge was begun on {d}.',
      ),
      fact(
        'The {e} bridge was designed by the architect {p}.',
        'The architect {p} drew the plans of the {e} bridge.',
        '{p} designed the {e} bridge.',
      ),
      denial(
        'Lorries are not allowed on the {e} bridge at night.',
        'Lorries are allowed on the {e} bridge at night.',
        'At night lorries may not drive over the {e} bridge.',
      ),
    ],
    unstated: [
      'The {e} bridge won a prize for its lighting.',
      'A small café stands beside the {e} bridge.',
      'About {n} cyclists use the {e} bridge every morning.',
      'Painters from the village renew the railing of the {e} bridge.',
    ],
  },
  de: {
    facts: [
      fact(
        'Die Brücke {e} ist {n} Meter lang und führt bei der alten Mühle über den Fluss.',
        'Die Länge der Brücke {e} beträgt {n} Meter.',
        'Mit {n} Metern überspannt die Brücke {e} den Fluss bei der Mühle.',
      ),
      fact(
        'Der Bau der Brücke {e} begann am {d} nach langem Streit.',
        'Mit dem Bau der Brücke {e} wurde am {d} begonnen.',
        'Am {d} fing der Bau der Brücke {e} an.',
      ),
      fact(
        'Die Brücke {e} wurde von der Architektin {p} entworfen.',
        'Die Architektin {p} hat die Brücke {e} entworfen.',
        '{p} entwarf die Brücke {e}.',
      ),
      denial(
        'Lastwagen dürfen nachts nicht über die Brücke {e} fahren.',
        'Lastwagen dürfen nachts über die Brücke {e} fahren.',
        'Nachts ist die Brücke {e} für Lastwagen nicht erlaubt.',
      ),
    ],
    unstated: [
      'Die Brücke {e} gewann einen Preis für ihre Beleuchtung.',
      'Neben der Brücke {e} steht ein kleines Café.',
      'Jeden Morgen nutzen {n} Radfahrer die Brücke {e}.',
    ],
  },
  fr: {
    facts: [
      fact(
        'Le pont {e} mesure {n} mètres et traverse la rivière près du vieux moulin.',
        'La longueur du pont {e} est de {n} mètres.',
        'Long de {n} mètres, le pont {e} franchit la rivière près du moulin.',
      ),
      fact(
        'La construction du pont {e} a commencé le {d} après un long débat.',
        'Les travaux de construction du pont {e} ont commencé le {d}.',
        'On a commencé à construire le pont {e} le {d}.',
      ),
      fact(
        "Le pont {e} a été conçu par l'architecte {p}.",
        "L'architecte {p} a conçu le pont {e}.",
        '{p} a dessiné et conçu le pont {e}.',
      ),
      denial(
        'Les camions ne sont pas autorisés sur le pont {e} la nuit.',
        'Les camions sont autorisés sur le pont {e} la nuit.',
        'La nuit, les camions ne peuvent pas passer sur le pont {e}.',
      ),
    ],
    unstated: [
      'Le pont {e} a reçu un prix pour son éclairage.',
      'Un petit café se trouve à côté du pont {e}.',
      'Chaque matin, {n} cyclistes empruntent le pont {e}.',
    ],
  },
  es: {
    facts: [
      fact(
        'El puente {e} mide {n} metros y cruza el río junto al viejo molino.',
        'La longitud del puente {e} es de {n} metros.',
        'Con {n} metros, el puente {e} cruza el río cerca del molino.',
      ),
      fact(
        'La construcción del puente {e} comenzó el {d} tras un largo debate.',
        'Las obras de construcción del puente {e} comenzaron el {d}.',
        'El {d} empezó la construcción del puente {e}.',
      ),
      fact(
        'El puente {e} fue diseñado por la arquitecta {p}.',
        'La arquitecta {p} diseñó el puente {e}.',
        '{p} hizo el diseño del puente {e}.',
      ),
      denial(
        'Los camiones no están permitidos en el puente {e} por la noche.',
        'Los camiones están permitidos en el puente {e} por la noche.',
        'Por la noche los camiones no pueden pasar por el puente {e}.',
      ),
    ],
    unstated: [
      'El puente {e} ganó un premio por su iluminación.',
      'Un pequeño café está al lado del puente {e}.',
      'Cada mañana {n} ciclistas usan el puente {e}.',
    ],
  },
}

const PUMPS: Readonly<Record<Language, Family>> = {
  en: {
    facts: [
      fact(
        'The {e} pump moves {n} litres of water per hour through a copper pipe.',
        'Every hour the {e} pump delivers {n} litres of water.',
        'Its copper pipe lets the {e} pump move {n} litres of water an hour.',
      ),
      fact(
        'The maker took the {e} pump off the market on {d} because parts had run out.',
        'Sales of the {e} pump ended on {d}, when the maker had no parts left.',
        'On {d} the {e} pump was taken off the market.',
      ),
      fact(
        'A team led by {p} developed the motor of the {e} pump.',
        'The motor of the {e} pump was developed by the team of {p}.',
        '{p} led the team that developed the {e} motor.',
      ),
      denial(
        'The warranty of the {e} pump does not cover damage by frost.',
        'The warranty of the {e} pump covers damage by frost.',
        'Frost damage is not covered by the {e} warranty.',
      ),
      denial(
        'The filter of the {e} pump is always included in the price.',
        'The filter of the {e} pump is excluded from the price.',
        'The price of the {e} pump includes its filter.',
      ),
    ],
    unstated: [
      'Farmers praise the {e} pump for its quiet motor.',
      'The {e} pump is sold in green and grey.',
      'A service of the {e} pump takes {n} minutes.',
      'The first {e} pump stands in a museum today.',
    ],
  },
  de: {
    facts: [
      fact(
        'Die Pumpe {e} fördert {n} Liter Wasser pro Stunde durch ein Kupferrohr.',
        'In einer Stunde fördert die Pumpe {e} {n} Liter Wasser.',
        'Durch das Kupferrohr der Pumpe {e} fließen {n} Liter pro Stunde.',
      ),
      fact(
        'Der Hersteller nahm die Pumpe {e} am {d} vom Markt, weil Teile fehlten.',
        'Am {d} wurde die Pumpe {e} vom Markt genommen.',
        'Seit dem {d} ist die Pumpe {e} nicht mehr auf dem Markt.',
      ),
      fact(
        'Eine Gruppe um {p} entwickelte den Motor der Pumpe {e}.',
        'Der Motor der Pumpe {e} wurde von der Gruppe um {p} entwickelt.',
        '{p} leitete die Entwicklung des Motors der Pumpe {e}.',
      ),
      denial(
        'Die Garantie der Pumpe {e} deckt keine Schäden durch Frost.',
        'Die Garantie der Pumpe {e} deckt Schäden durch Frost.',
        'Frostschäden sind durch die Garantie der Pumpe {e} nicht gedeckt.',
      ),
    ],
    unstated: [
      'Bauern loben den leisen Lauf der Pumpe {e}.',
      'Die Pumpe {e} gibt es in Grün und Grau.',
      'Eine Wartung der Pumpe {e} dauert {n} Minuten.',
    ],
  },
  fr: {
    facts: [
      fact(
        "La pompe {e} débite {n} litres d'eau par heure à travers un tuyau de cuivre.",
        "En une heure, la pompe {e} débite {n} litres d'eau.",
        'Le tuyau de cuivre de la pompe {e} laisse passer {n} litres par heure.',
      ),
      fact(
        'Le fabricant a retiré la pompe {e} du marché le {d} faute de pièces.',
        'Le {d}, la pompe {e} a été retirée du marché.',
        'La vente de la pompe {e} a pris fin le {d}, faute de pièces.',
      ),
      fact(
        'Une équipe dirigée par {p} a développé le moteur de la pompe {e}.',
        "Le moteur de la pompe {e} a été développé par l'équipe de {p}.",
        "{p} a dirigé l'équipe du moteur {e}.",
      ),
      denial(
        'La garantie de la pompe {e} ne couvre pas les dégâts du gel.',
        'La garantie de la pompe {e} couvre les dégâts du gel.',
        'Les dégâts du gel ne sont pas couverts par la garantie de la pompe {e}.',
      ),
    ],
    unstated: [
      'Les paysans apprécient le silence de la pompe {e}.',
      'La pompe {e} existe en vert et en gris.',
      "L'entretien de la pompe {e} prend {n} minutes.",
    ],
  },
  es: {
    facts: [
      fact(
        'La bomba {e} mueve {n} litros de agua por hora a través de un tubo de cobre.',
        'En una hora la bomba {e} mueve {n} litros de agua.',
        'Por el tubo de cobre de la bomba {e} pasan {n} litros por hora.',
      ),
      fact(
        'El fabricante retiró la bomba {e} del mercado el {d} por falta de piezas.',
        'El {d} la bomba {e} fue retirada del mercado.',
        'La venta de la bomba {e} terminó el {d} por falta de piezas.',
      ),
      fact(
        'Un equipo dirigido por {p} desarrolló el motor de la bomba {e}.',
        'El motor de la bomba {e} fue desarrollado por el equipo de {p}.',
        '{p} dirigió el equipo del motor {e}.',
      ),
      denial(
        'La garantía de la bomba {e} no cubre los daños por heladas.',
        'La garantía de la bomba {e} cubre los daños por heladas.',
        'Los daños por heladas no están cubiertos por la garantía de la bomba {e}.',
      ),
    ],
    unstated: [
      'Los campesinos elogian el silencio de la bomba {e}.',
      'La bomba {e} se vende en verde y en gris.',
      'El mantenimiento de la bomba {e} dura {n} minutos.',
    ],
  },
}

/** Orchards: sentences with side remarks, numbers beside numbers, and paraphrases that share less. */
export const HELD_OUT: Readonly<Record<Language, Family>> = {
  en: {
    facts: [
      fact(
        'In good years the {e} orchard harvests {n} tonnes of apples, most of which are pressed for juice.',
        'The apple harvest of the {e} orchard reaches {n} tonnes in good years.',
        'Good years bring the {e} orchard {n} tonnes of apples.',
      ),
      fact(
        'On {d} the family sold the {e} orchard to the village for a small sum.',
        'The village bought the {e} orchard from the family on {d}.',
        'The {e} orchard has belonged to the village since {d}, when the family sold it.',
      ),
      fact(
        'The wall around the {e} orchard was built by the mason {p}, who also laid the paths.',
        'The mason {p} built the wall of the {e} orchard and laid its paths.',
        '{p}, a mason, laid the paths of the {e} orchard.',
      ),
      denial(
        'Visitors may not pick fruit in the {e} orchard, even in autumn.',
        'Visitors may pick fruit in the {e} orchard in autumn.',
        'Picking fruit in the {e} orchard is not allowed for visitors.',
      ),
      denial(
        'The gate of the {e} orchard is closed in winter.',
        'The gate of the {e} orchard is open in winter.',
        'In winter one finds the gate of the {e} orchard closed.',
      ),
    ],
    unstated: [
      'Bees from the {e} orchard produce a prized honey.',
      'School classes visit the {e} orchard in spring.',
      'The oldest tree of the {e} orchard is {n} years old.',
      'A poet lived beside the {e} orchard.',
    ],
  },
  de: {
    facts: [
      fact(
        'In guten Jahren erntet der Obstgarten {e} {n} Tonnen Äpfel, die meist zu Saft werden.',
        'Die Apfelernte des Obstgartens {e} erreicht in guten Jahren {n} Tonnen.',
        'Gute Jahre bringen dem Obstgarten {e} {n} Tonnen Äpfel.',
      ),
      fact(
        'Am {d} verkaufte die Familie den Obstgarten {e} für wenig Geld an das Dorf.',
        'Das Dorf kaufte den Obstgarten {e} am {d} von der Familie.',
        'Der Obstgarten {e} gehört seit dem {d} dem Dorf.',
      ),
      fact(
        'Die Mauer um den Obstgarten {e} baute der Maurer {p}, der auch die Wege anlegte.',
        'Der Maurer {p} hat die Mauer des Obstgartens {e} gebaut.',
        '{p} legte auch die Wege im Obstgarten {e} an.',
      ),
      denial(
        'Besucher dürfen im Obstgarten {e} auch im Herbst kein Obst pflücken.',
        'Besucher dürfen im Obstgarten {e} im Herbst Obst pflücken.',
        'Im Obstgarten {e} ist Besuchern das Pflücken nicht erlaubt.',
      ),
      denial(
        'Das Tor des Obstgartens {e} ist im Winter geschlossen.',
        'Das Tor des Obstgartens {e} ist im Winter geöffnet.',
        'Im Winter bleibt das Tor des Obstgartens {e} geschlossen.',
      ),
    ],
    unstated: [
      'Die Bienen des Obstgartens {e} liefern begehrten Honig.',
      'Schulklassen besuchen den Obstgarten {e} im Frühling.',
      'Der älteste Baum im Obstgarten {e} ist {n} Jahre alt.',
    ],
  },
  fr: {
    facts: [
      fact(
        'Les bonnes années, le verger {e} récolte {n} tonnes de pommes, surtout pour le jus.',
        'La récolte de pommes du verger {e} atteint {n} tonnes les bonnes années.',
        'Une bonne année apporte {n} tonnes de pommes au verger {e}.',
      ),
      fact(
        'Le {d}, la famille a vendu le verger {e} au village pour une petite somme.',
        'Le village a acheté le verger {e} à la famille le {d}.',
        'Le verger {e} appartient au village depuis le {d}.',
      ),
      fact(
        'Le mur du verger {e} a été bâti par le maçon {p}, qui a aussi tracé les chemins.',
        'Le maçon {p} a bâti le mur du verger {e}.',
        '{p} a aussi tracé les chemins du verger {e}.',
      ),
      denial(
        'Les visiteurs ne peuvent pas cueillir de fruits dans le verger {e}, même en automne.',
        'Les visiteurs peuvent cueillir des fruits dans le verger {e} en automne.',
        "Dans le verger {e}, cueillir des fruits n'est pas permis aux visiteurs.",
      ),
      denial(
        'La porte du verger {e} est fermée en hiver.',
        'La porte du verger {e} est ouverte en hiver.',
        'En hiver, la porte du verger {e} reste fermée.',
      ),
    ],
    unstated: [
      'Les abeilles du verger {e} donnent un miel recherché.',
      'Des classes visitent le verger {e} au printemps.',
      'Le plus vieil arbre du verger {e} a {n} ans.',
    ],
  },
  es: {
    facts: [
      fact(
        'En los años buenos el huerto {e} cosecha {n} toneladas de manzanas, casi todas para zumo.',
        'La cosecha de manzanas del huerto {e} alcanza {n} toneladas en los años buenos.',
        'Un año bueno da {n} toneladas de manzanas al huerto {e}.',
      ),
      fact(
        'El {d} la familia vendió el huerto {e} al pueblo por poco dinero.',
        'El pueblo compró el huerto {e} a la familia el {d}.',
        'El huerto {e} pertenece al pueblo desde el {d}.',
      ),
      fact(
        'El muro del huerto {e} fue levantado por el albañil {p}, que también trazó los caminos.',
        'El albañil {p} levantó el muro del huerto {e}.',
        '{p} también trazó los caminos del huerto {e}.',
      ),
      denial(
        'Los visitantes no pueden recoger fruta en el huerto {e}, ni siquiera en otoño.',
        'Los visitantes pueden recoger fruta en el huerto {e} en otoño.',
        'En el huerto {e} no se permite a los visitantes recoger fruta.',
      ),
      denial(
        'La puerta del huerto {e} está cerrada en invierno.',
        'La puerta del huerto {e} está abierta en invierno.',
        'En invierno la puerta del huerto {e} sigue cerrada.',
      ),
    ],
    unstated: [
      'Las abejas del huerto {e} dan una miel muy apreciada.',
      'Las escuelas visitan el huerto {e} en primavera.',
      'El árbol más viejo del huerto {e} tiene {n} años.',
    ],
  },
}

export const TUNING: readonly Readonly<Record<Language, Family>>[] = [BRIDGES, PUMPS]
