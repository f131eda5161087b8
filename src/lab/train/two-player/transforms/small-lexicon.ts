/**
 * A small lexicon of Parapet's own, English to German, French and Spanish: function words, which lists of words serve badly, and everyday
 * words, so that the game runs where no lexicon is installed. With it alone most words of real prompts stay English, and proposals that
 * hold too much English are rejected; `lexicons.ts` says when more is needed.
 */
import type { Lexicon } from '../../../translate/lexicon.ts'

const LANGUAGES = ['de', 'fr', 'es'] as const

/** `english|de|fr|es`. One usual form each, without agreement. */
const FUNCTION_WORDS = `
the|die|le|el;a|eine|un|un;an|eine|un|un;and|und|et|y;or|oder|ou|o;but|aber|mais|pero;if|wenn|si|si;not|nicht|pas|no;no|kein|non|no
yes|ja|oui|sí;i|ich|je|yo;you|du|tu|tú;he|er|il|él;she|sie|elle|ella;it|es|il|lo;we|wir|nous|nosotros;they|sie|ils|ellos;me|mich|moi|me
him|ihn|lui|él;her|ihr|elle|ella;us|uns|nous|nos;them|sie|eux|ellos;my|mein|mon|mi;your|dein|ton|tu;his|sein|son|su;our|unser|notre|nuestro
their|ihr|leur|su;this|dies|ce|este;that|das|cela|eso;these|diese|ces|estos;those|jene|ces|esos;is|ist|est|es;are|sind|sont|son;am|bin|suis|soy
was|war|était|era;were|waren|étaient|eran;be|sein|être|ser;been|gewesen|été|sido;do|tun|faire|hacer;does|tut|fait|hace;did|tat|a fait|hizo
have|haben|avoir|tener;has|hat|a|tiene;had|hatte|avait|tenía;will|wird|va|va a;would|würde|voudrais|quisiera;can|kann|peux|puedo
could|könnte|pourrais|podría;should|sollte|devrais|debería;may|darf|peut|puede;might|könnte|pourrait|podría;must|muss|doit|debe
to|zu|à|a;of|von|de|de;in|in|dans|en;on|auf|sur|en;at|bei|à|en;by|durch|par|por;for|für|pour|para;from|aus|de|desde;with|mit|avec|con
without|ohne|sans|sin;about|über|sur|sobre;into|in|dans|en;over|über|sur|sobre;under|unter|sous|bajo;after|nach|après|después
before|vor|avant|antes;between|zwischen|entre|entre;as|als|comme|como;than|als|que|que;what|was|quoi|qué;who|wer|qui|quién;how|wie|comment|cómo
why|warum|pourquoi|por qué;when|wann|quand|cuándo;where|wo|où|dónde;which|welche|quel|cuál;there|dort|là|allí;here|hier|ici|aquí;all|alle|tous|todos
some|einige|des|algunos;any|irgendein|quelque|cualquier;more|mehr|plus|más;most|meist|plus|más;many|viele|beaucoup de|muchos;much|viel|beaucoup|mucho
very|sehr|très|muy;only|nur|seulement|solo;also|auch|aussi|también;so|so|alors|así;because|weil|parce que|porque;then|dann|puis|entonces;now|jetzt|maintenant|ahora`

const EVERYDAY_WORDS = `
tell|sagen|dire|decir;give|geben|donner|dar;write|schreiben|écrire|escribir;make|machen|faire|hacer;explain|erklären|expliquer|explicar;help|helfen|aider|ayudar
show|zeigen|montrer|mostrar;find|finden|trouver|encontrar;use|benutzen|utiliser|usar;get|bekommen|obtenir|obtener;need|brauchen|avoir besoin|necesitar
want|wollen|vouloir|querer;know|wissen|savoir|saber;think|denken|penser|pensar;say|sagen|dire|decir;ask|fragen|demander|preguntar;buy|kaufen|acheter|comprar
sell|verkaufen|vendre|vender;pay|bezahlen|payer|pagar;steal|stehlen|voler|robar;take|nehmen|prendre|tomar;hide|verstecken|cacher|esconder;break|brechen|casser|romper
open|öffnen|ouvrir|abrir;close|schließen|fermer|cerrar;read|lesen|lire|leer;cook|kochen|cuisiner|cocinar;bake|backen|cuire|hornear;eat|essen|manger|comer
drink|trinken|boire|beber;grow|wachsen|cultiver|cultivar;plant|Pflanze|plante|planta;water|gießen|arroser|regar;clean|putzen|nettoyer|limpiar;learn|lernen|apprendre|aprender
teach|lehren|enseigner|enseñar;play|spielen|jouer|jugar;travel|reisen|voyager|viajar;trick|austricksen|tromper|engañar;lie|lügen|mentir|mentir;cheat|betrügen|tricher|estafar
insult|beleidigen|insulter|insultar;threaten|bedrohen|menacer|amenazar;copy|kopieren|copier|copiar;good|gut|bon|bueno;bad|schlecht|mauvais|malo;new|neu|nouveau|nuevo
old|alt|vieux|viejo;small|klein|petit|pequeño;large|groß|grand|grande;best|beste|meilleur|mejor;secretly|heimlich|secrètement|en secreto;quickly|schnell|rapidement|rápido
summer|Sommer|été|verano;winter|Winter|hiver|invierno;morning|Morgen|matin|mañana;night|Nacht|nuit|noche;day|Tag|jour|día;time|Zeit|temps|tiempo;year|Jahr|année|año
man|Mann|homme|hombre;woman|Frau|femme|mujer;child|Kind|enfant|niño;friend|Freund|ami|amigo;sister|Schwester|sœur|hermana;brother|Bruder|frère|hermano
mother|Mutter|mère|madre;father|Vater|père|padre;neighbour|Nachbar|voisin|vecino;teacher|Lehrer|professeur|profesor;people|Leute|gens|gente;house|Haus|maison|casa
garden|Garten|jardin|jardín;school|Schule|école|escuela;shop|Laden|magasin|tienda;city|Stadt|ville|ciudad;car|Auto|voiture|coche;bicycle|Fahrrad|vélo|bicicleta
door|Tür|porte|puerta;key|Schlüssel|clé|llave;money|Geld|argent|dinero;letter|Brief|lettre|carta;book|Buch|livre|libro;story|Geschichte|histoire|historia
poem|Gedicht|poème|poema;song|Lied|chanson|canción;recipe|Rezept|recette|receta;bread|Brot|pain|pan;cake|Kuchen|gâteau|pastel;candy|Bonbons|bonbons|caramelos
cookies|Kekse|biscuits|galletas;pie|Torte|tarte|tarta;honey|Honig|miel|miel;fudge|Karamell|caramel|caramelo;toffee|Sahnebonbon|caramel mou|tofe;gum|Kaugummi|chewing-gum|chicle
roses|Rosen|roses|rosas;tulips|Tulpen|tulipes|tulipanes;beans|Bohnen|haricots|frijoles;herbs|Kräuter|herbes|hierbas;ferns|Farne|fougères|helechos;lilies|Lilien|lys|lirios
moss|Moos|mousse|musgo;ivy|Efeu|lierre|hiedra;tree|Baum|arbre|árbol;flower|Blume|fleur|flor;soil|Erde|terre|tierra;dog|Hund|chien|perro;cat|Katze|chat|gato
way|Weg|façon|manera;question|Frage|question|pregunta;answer|Antwort|réponse|respuesta;list|Liste|liste|lista;plan|Plan|plan|plan;idea|Idee|idée|idea;work|Arbeit|travail|trabajo`

/** Empty for a language that is not there. */
export function smallLexicon(language: string): Lexicon {
  return readTable(`${FUNCTION_WORDS}\n${EVERYDAY_WORDS}`, language)
}

/** Only the function words: what goes before the entries of a larger lexicon. */
export function functionWords(language: string): Lexicon {
  return readTable(FUNCTION_WORDS, language)
}

function readTable(table: string, language: string): Lexicon {
  const column = 1 + LANGUAGES.findIndex((known) => known === language)
  if (column === 0) return new Map()
  return new Map(
    table.split(/[\n;]/).flatMap((line): readonly [string, readonly string[]][] => {
      const cells = line.split('|')
      const [english, target] = [cells[0], cells[column]]
      return english === undefined || target === undefined ? [] : [[english, [target]]]
    }),
  )
}
