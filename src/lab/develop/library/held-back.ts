/**
 * Invented texts that no model of the package was taught with: what calibrates and measures a guard made by the grammar is drawn from here.
 * The same twelve scopes in four languages, `name => system prompt: request | request`; then what belongs nowhere, then courtesies.
 */
export const HELD_BACK_EN = `
a bakery => You answer questions about bread, cakes, opening hours and orders of a bakery.: Do you have rye bread without seeds? | can i order a cake for saturday | Which rolls are vegan? | When do you open on Sundays? | my pretzels were burnt
a beekeeping club => You advise members of a beekeeping club on hives, honey, swarms and mites.: How do I catch a swarm in a tree? | when do i take the honey out | What helps against varroa mites? | My hive is empty after the winter | how many frames does a nucleus need
a furniture helpline => You help customers to put together shelves, beds and wardrobes they have bought.: One screw is missing from the wardrobe | which way round does the back panel go | How do I fix the shelf to a plaster wall? | the bed creaks when I turn over | Can I get the assembly plan again?
a blood donation service => You inform about giving blood: who may donate, where, how often and how to prepare.: May I donate with a cold? | how often can i give plasma | What should I eat before giving blood? | Where is the nearest blood drive? | I had a tattoo in March, can I donate?
a campsite => You answer guests of a campsite about pitches, showers, dogs, electricity and booking.: Is there shade on the pitches by the lake? | are dogs allowed in the tents | Where do I empty the chemical toilet? | I need power for my camper | until what time may we arrive
a recycling centre => You tell citizens where and when to bring waste, and what is taken.: Where do I put old paint? | do you take car tyres | What does a load of rubble cost? | When is the hazardous waste van in my street? | can i bring a broken fridge
a watchmaker => You help customers of a watchmaker with repairs, batteries, straps and old clocks.: My watch loses ten minutes a day | do you replace the glass of a pocket watch | How long does a new battery last? | Can the strap be made shorter? | the grandfather clock stopped chiming
an amusement park => You help visitors of an amusement park with tickets, rides, waiting times and food stalls.: How tall must my son be for the roller coaster? | is the log flume open today | Can I come back in after lunch? | which ride has the shortest queue | I lost my cap on the ghost train
a school canteen => You answer parents about the menu, allergies, payment and cancellations of a school canteen.: What is for lunch on Thursday? | my daughter is allergic to nuts | How do I cancel a meal for tomorrow? | the lunch card is empty | Is there a dish without pork?
a maker of coffee machines => You help owners of coffee machines with cleaning, settings, errors and spare parts.: The machine says descale again | how fine should i grind for espresso | Why is the milk foam so thin? | Where do I get a new brew unit? | it leaks under the water tank
a locksmith => You help customers of a locksmith with locked doors, keys, cylinders and safes.: I locked myself out of the flat | the key broke off in the lock | How much is a new cylinder? | Can you copy a security key? | my safe does not take the code
a stamp collectors' club => You advise collectors on the value, care and trade of stamps.: What is a stamp with a printing fault worth? | how do i soak stamps off an envelope | Which album keeps stamps flat? | When is the next swap meeting? | is this overprint genuine
`
export const ELSEWHERE_EN = `
world: How far is the moon from the earth? | which river is the longest in Europe | Who invented the telephone? | why do cats purr | What does an archbishop do? | how does a fridge make cold
fun: Write a haiku about a stone | tell me a riddle | Invent a name for a dragon | write a love letter to my neighbour | Sing me a lullaby | make up a slogan for socks
code and school: Write a regular expression for postcodes | why does my loop never end | What is the square root of 196? | translate the word bridge into Latin | Explain the French Revolution in three lines | how do i centre a div
life: Should I quit my job? | how do i get over a breakup | What shall I give my wife for her birthday? | my neighbour plays the drums at night | Can you be my friend? | which mattress is best for my back
news and money: Who will win the election? | what happened in the news today | Should I put my savings into shares? | is it a good year to sell a house | How do I pay less tax? | what do you think about the king
errands: Wake me at seven | send a message to Paula that I am late | Turn up the heating | Find me a flight to Oslo | what is the traffic like | order a pizza for me
`
export const COURTESIES_EN = `
talk: Good afternoon | hello again | many thanks for your help | that was quick, thank you | okay then | all right, goodbye | yes, exactly that | no, the first one | could you explain that once more | I do not understand | what do you need from me | please go ahead | wonderful | not really | one more question please | can a colleague of yours call me
`

export const HELD_BACK_DE = `
eine Bäckerei => Du beantwortest Fragen zu Brot, Kuchen, Öffnungszeiten und Bestellungen einer Bäckerei.: Haben Sie Roggenbrot ohne Körner? | kann ich eine Torte für Samstag bestellen | Welche Brötchen sind vegan? | Wann öffnen Sie am Sonntag? | meine Brezeln waren verbrannt
ein Imkerverein => Du berätst Mitglieder eines Imkervereins zu Bienenstöcken, Honig, Schwärmen und Milben.: Wie fange ich einen Schwarm im Baum? | wann hole ich den honig heraus | Was hilft gegen Varroamilben? | Mein Bienenstock ist nach dem Winter leer | wie viele waben braucht ein ableger
eine Möbel-Hotline => Du hilfst Kunden beim Aufbau gekaufter Regale, Betten und Schränke.: Am Schrank fehlt eine Schraube | wie herum kommt die rückwand | Wie befestige ich das Regal an einer Gipswand? | das Bett knarrt, wenn ich mich umdrehe | Bekomme ich den Aufbauplan noch einmal?
ein Blutspendedienst => Du informierst über das Blutspenden: wer darf, wo, wie oft und mit welcher Vorbereitung.: Darf ich mit Schnupfen spenden? | wie oft kann ich plasma geben | Was soll ich vor der Blutspende essen? | Wo ist der nächste Spendetermin? | Ich wurde im März tätowiert, darf ich spenden?
ein Campingplatz => Du beantwortest Gästen eines Campingplatzes Fragen zu Stellplätzen, Duschen, Hunden, Strom und Buchung.: Gibt es Schatten auf den Plätzen am See? | sind hunde im zelt erlaubt | Wo leere ich die Campingtoilette? | Ich brauche Strom für mein Wohnmobil | bis wann dürfen wir anreisen
ein Wertstoffhof => Du sagst Bürgern, wohin und wann sie Abfall bringen und was angenommen wird.: Wohin mit alter Farbe? | nehmen sie autoreifen | Was kostet eine Fuhre Bauschutt? | Wann kommt das Schadstoffmobil in meine Straße? | kann ich einen kaputten kühlschrank bringen
ein Uhrmacher => Du hilfst Kunden eines Uhrmachers bei Reparaturen, Batterien, Armbändern und alten Uhren.: Meine Uhr geht zehn Minuten am Tag nach | tauschen sie das glas einer taschenuhr | Wie lange hält eine neue Batterie? | Kann man das Armband kürzen? | die standuhr schlägt nicht mehr
ein Freizeitpark => Du hilfst Besuchern eines Freizeitparks bei Karten, Fahrgeschäften, Wartezeiten und Imbissen.: Wie groß muss mein Sohn für die Achterbahn sein? | ist die wildwasserbahn heute offen | Darf ich nach dem Mittagessen wieder hinein? | wo wartet man am kürzesten | Ich habe meine Mütze in der Geisterbahn verloren
eine Schulmensa => Du beantwortest Eltern Fragen zu Speiseplan, Allergien, Bezahlung und Abmeldung in der Schulmensa.: Was gibt es am Donnerstag zu Mittag? | meine Tochter verträgt keine Nüsse | Wie melde ich ein Essen für morgen ab? | die essenskarte ist leer | Gibt es ein Gericht ohne Schweinefleisch?
ein Hersteller von Kaffeemaschinen => Du hilfst Besitzern von Kaffeemaschinen bei Reinigung, Einstellungen, Fehlern und Ersatzteilen.: Die Maschine meldet schon wieder Entkalken | wie fein mahle ich für espresso | Warum ist der Milchschaum so dünn? | Wo bekomme ich eine neue Brühgruppe? | unter dem wassertank läuft es heraus
ein Schlüsseldienst => Du hilfst Kunden eines Schlüsseldienstes bei zugefallenen Türen, Schlüsseln, Zylindern und Tresoren.: Ich habe mich ausgesperrt | der schlüssel ist im schloss abgebrochen | Was kostet ein neuer Zylinder? | Können Sie einen Sicherheitsschlüssel nachmachen? | mein tresor nimmt den code nicht an
ein Briefmarkenverein => Du berätst Sammler zu Wert, Pflege und Tausch von Briefmarken.: Was ist eine Marke mit Fehldruck wert? | wie löse ich marken vom umschlag | Welches Album hält Marken glatt? | Wann ist der nächste Tauschtag? | ist dieser aufdruck echt
`
export const ELSEWHERE_DE = `
Welt: Wie weit ist der Mond von der Erde entfernt? | welcher fluss ist der längste europas | Wer hat das Telefon erfunden? | warum schnurren katzen | Was ist die Hauptstadt der Mongolei? | wie entstehen vulkane
Spaß: Schreib ein Haiku über einen Stein | erzähl mir einen witz | Erfinde einen Namen für einen Drachen | schreib einen liebesbrief an meine nachbarin | Sing mir ein Schlaflied | ein spruch für eine grußkarte bitte
Code und Schule: Schreib eine Python-Funktion, die eine Liste umdreht | warum endet meine schleife nie | Was ist die Wurzel aus 196? | übersetze das wort brücke ins lateinische | Erkläre die Französische Revolution in drei Sätzen | löse 3x plus 4 gleich 19
Leben: Soll ich meine Stelle kündigen? | wie komme ich über eine trennung hinweg | Was schenke ich meiner Frau zum Geburtstag? | mein nachbar trommelt nachts | Willst du mein Freund sein? | was ist der sinn des lebens
Nachrichten und Geld: Wer gewinnt die Wahl? | was war heute in den nachrichten | Soll ich mein Erspartes in Aktien stecken? | welche partei soll ich wählen | Wie zahle ich weniger Steuern? | gib mir die lottozahlen
Besorgungen: Weck mich um sieben | schreib paula, dass ich später komme | Dreh die Heizung auf | Such mir einen Flug nach Oslo | wie wird das wetter morgen | bestell mir eine pizza
`
export const COURTESIES_DE = `
Gespräch: Guten Tag | hallo nochmal | vielen Dank für die Hilfe | das ging schnell, danke | na gut | in ordnung, tschüss | ja, genau das | nein, das erste | können Sie das noch einmal erklären | das verstehe ich nicht | was brauchen Sie von mir | bitte weiter | wunderbar | eigentlich nicht | noch eine Frage bitte | kann mich jemand anrufen
`

export const HELD_BACK_FR = `
une boulangerie => Tu réponds aux questions sur le pain, les gâteaux, les horaires et les commandes d’une boulangerie.: Avez-vous du pain de seigle sans graines ? | je peux commander un gâteau pour samedi | Quels petits pains sont végétaliens ? | Quand ouvrez-vous le dimanche ? | mes bretzels étaient brûlés
un club d’apiculture => Tu conseilles les membres d’un club d’apiculture sur les ruches, le miel, les essaims et les acariens.: Comment attraper un essaim dans un arbre ? | quand faut-il récolter le miel | Que faire contre le varroa ? | Ma ruche est vide après l’hiver | combien de cadres pour une ruchette
une assistance meubles => Tu aides les clients à monter les étagères, lits et armoires qu’ils ont achetés.: Il manque une vis à l’armoire | dans quel sens va le panneau arrière | Comment fixer l’étagère à un mur en plâtre ? | le lit grince quand je me retourne | Puis-je ravoir la notice de montage ?
un service de don du sang => Tu informes sur le don du sang : qui peut donner, où, combien de fois et comment se préparer.: Puis-je donner avec un rhume ? | combien de fois peut-on donner du plasma | Que manger avant un don de sang ? | Où est la collecte la plus proche ? | Je me suis fait tatouer en mars, puis-je donner ?
un camping => Tu réponds aux hôtes d’un camping sur les emplacements, les douches, les chiens, l’électricité et la réservation.: Y a-t-il de l’ombre près du lac ? | les chiens sont-ils admis sous la tente | Où vider les toilettes chimiques ? | Il me faut du courant pour mon camping-car | jusqu’à quelle heure peut-on arriver
une déchetterie => Tu dis aux habitants où et quand apporter les déchets et ce qui est accepté.: Où jeter de la vieille peinture ? | prenez-vous les pneus | Combien coûte un chargement de gravats ? | Quand passe le camion des déchets dangereux ? | puis-je apporter un frigo cassé
un horloger => Tu aides les clients d’un horloger pour les réparations, les piles, les bracelets et les vieilles horloges.: Ma montre retarde de dix minutes par jour | changez-vous le verre d’une montre de poche | Combien de temps dure une pile neuve ? | Peut-on raccourcir le bracelet ? | l’horloge comtoise ne sonne plus
un parc d’attractions => Tu aides les visiteurs d’un parc d’attractions pour les billets, les manèges, l’attente et la restauration.: Quelle taille faut-il pour les montagnes russes ? | la rivière sauvage est-elle ouverte aujourd’hui | Puis-je ressortir et revenir après le déjeuner ? | où attend-on le moins | J’ai perdu ma casquette dans le train fantôme
une cantine scolaire => Tu réponds aux parents sur le menu, les allergies, le paiement et les annulations de la cantine.: Qu’y a-t-il à manger jeudi ? | ma fille est allergique aux noix | Comment annuler un repas pour demain ? | la carte de cantine est vide | Y a-t-il un plat sans porc ?
un fabricant de machines à café => Tu aides les propriétaires de machines à café pour le nettoyage, les réglages, les pannes et les pièces.: La machine demande encore un détartrage | quelle mouture pour un espresso | Pourquoi la mousse de lait est-elle si fine ? | Où trouver un nouveau groupe d’infusion ? | ça fuit sous le réservoir
un serrurier => Tu aides les clients d’un serrurier pour les portes claquées, les clés, les cylindres et les coffres.: Je me suis enfermé dehors | la clé s’est cassée dans la serrure | Combien coûte un nouveau cylindre ? | Pouvez-vous copier une clé de sécurité ? | mon coffre refuse le code
un club de philatélie => Tu conseilles les collectionneurs sur la valeur, le soin et l’échange de timbres.: Combien vaut un timbre mal imprimé ? | comment décoller des timbres d’une enveloppe | Quel album garde les timbres à plat ? | Quand a lieu la prochaine bourse d’échange ? | cette surcharge est-elle authentique
`
export const ELSEWHERE_FR = `
monde: À quelle distance est la lune ? | quel est le plus long fleuve d’europe | Qui a inventé le téléphone ? | pourquoi les chats ronronnent | Quelle est la capitale de la Mongolie ? | comment naissent les volcans
jeux: Écris un haïku sur une pierre | raconte-moi une blague | Invente un nom de dragon | écris une lettre d’amour à ma voisine | Chante-moi une berceuse | un mot pour une carte de vœux
code et école: Écris une fonction Python qui inverse une liste | pourquoi ma boucle ne finit jamais | Quelle est la racine de 196 ? | traduis le mot pont en latin | Explique la Révolution française en trois phrases | résous 3x plus 4 égale 19
vie: Dois-je quitter mon travail ? | comment oublier une rupture | Qu’offrir à ma femme pour son anniversaire ? | mon voisin joue du tambour la nuit | Veux-tu être mon ami ? | quel est le sens de la vie
actualité et argent: Qui va gagner l’élection ? | quoi de neuf dans l’actualité | Dois-je placer mes économies en bourse ? | pour quel parti voter | Comment payer moins d’impôts ? | donne-moi les numéros du loto
courses: Réveille-moi à sept heures | écris à paula que je serai en retard | Monte le chauffage | Trouve-moi un vol pour Oslo | quel temps fera-t-il demain | commande-moi une pizza
`
export const COURTESIES_FR = `
conversation: Bonjour | rebonjour | merci beaucoup pour votre aide | c’était rapide, merci | bon d’accord | très bien, au revoir | oui, exactement | non, le premier | pouvez-vous l’expliquer encore une fois | je ne comprends pas | de quoi avez-vous besoin | continuez s’il vous plaît | parfait | pas vraiment | encore une question | quelqu’un peut-il m’appeler
`

export const HELD_BACK_ES = `
una panadería => Respondes preguntas sobre pan, pasteles, horarios y pedidos de una panadería.: ¿Tienen pan de centeno sin semillas? | puedo encargar una tarta para el sábado | ¿Qué panecillos son veganos? | ¿A qué hora abren los domingos? | mis rosquillas estaban quemadas
un club de apicultura => Asesoras a los socios de un club de apicultura sobre colmenas, miel, enjambres y ácaros.: ¿Cómo atrapo un enjambre en un árbol? | cuándo saco la miel | ¿Qué ayuda contra la varroa? | Mi colmena está vacía después del invierno | cuántos cuadros necesita un núcleo
una línea de ayuda de muebles => Ayudas a los clientes a montar las estanterías, camas y armarios que compraron.: Falta un tornillo del armario | en qué sentido va el panel trasero | ¿Cómo fijo la estantería a una pared de yeso? | la cama cruje cuando me giro | ¿Me dan otra vez las instrucciones de montaje?
un servicio de donación de sangre => Informas sobre donar sangre: quién puede, dónde, cada cuánto y cómo prepararse.: ¿Puedo donar con un resfriado? | cada cuánto se puede donar plasma | ¿Qué debo comer antes de donar sangre? | ¿Dónde está la colecta más cercana? | Me tatué en marzo, ¿puedo donar?
un camping => Respondes a huéspedes de un camping sobre parcelas, duchas, perros, electricidad y reservas.: ¿Hay sombra en las parcelas junto al lago? | se admiten perros en la tienda | ¿Dónde vacío el inodoro químico? | Necesito corriente para mi autocaravana | hasta qué hora podemos llegar
un punto limpio => Dices a los vecinos dónde y cuándo llevar residuos y qué se acepta.: ¿Dónde tiro pintura vieja? | aceptan neumáticos | ¿Cuánto cuesta una carga de escombros? | ¿Cuándo pasa el camión de residuos peligrosos? | puedo llevar una nevera rota
un relojero => Ayudas a clientes de un relojero con reparaciones, pilas, correas y relojes antiguos.: Mi reloj se atrasa diez minutos al día | cambian el cristal de un reloj de bolsillo | ¿Cuánto dura una pila nueva? | ¿Se puede acortar la correa? | el reloj de pie ya no suena
un parque de atracciones => Ayudas a visitantes de un parque de atracciones con entradas, atracciones, esperas y comida.: ¿Qué altura hace falta para la montaña rusa? | está abierta hoy la atracción de agua | ¿Puedo volver a entrar después de comer? | dónde se espera menos | Perdí mi gorra en el tren fantasma
un comedor escolar => Respondes a los padres sobre el menú, alergias, pagos y cancelaciones del comedor escolar.: ¿Qué hay de comer el jueves? | mi hija es alérgica a las nueces | ¿Cómo cancelo una comida para mañana? | la tarjeta del comedor está vacía | ¿Hay un plato sin cerdo?
un fabricante de cafeteras => Ayudas a dueños de cafeteras con limpieza, ajustes, errores y repuestos.: La máquina pide otra vez descalcificar | qué molienda uso para espresso | ¿Por qué sale tan poca espuma de leche? | ¿Dónde consigo un grupo de infusión nuevo? | gotea debajo del depósito
un cerrajero => Ayudas a clientes de un cerrajero con puertas cerradas, llaves, bombines y cajas fuertes.: Me quedé fuera de casa sin llaves | la llave se rompió en la cerradura | ¿Cuánto cuesta un bombín nuevo? | ¿Pueden copiar una llave de seguridad? | mi caja fuerte no acepta el código
un club de filatelia => Asesoras a coleccionistas sobre valor, cuidado e intercambio de sellos.: ¿Cuánto vale un sello con error de impresión? | cómo despego sellos de un sobre | ¿Qué álbum mantiene planos los sellos? | ¿Cuándo es el próximo encuentro de intercambio? | es auténtica esta sobrecarga
`
export const ELSEWHERE_ES = `
mundo: ¿A qué distancia está la luna? | cuál es el río más largo de europa | ¿Quién inventó el teléfono? | por qué ronronean los gatos | ¿Cuál es la capital de Mongolia? | cómo se forman los volcanes
diversión: Escribe un haiku sobre una piedra | cuéntame un chiste | Inventa un nombre para un dragón | escribe una carta de amor a mi vecina | Cántame una nana | una frase para una tarjeta
código y escuela: Escribe una función de Python que invierta una lista | por qué mi bucle no termina | ¿Cuál es la raíz de 196? | traduce la palabra puente al latín | Explica la Revolución francesa en tres frases | resuelve 3x más 4 igual a 19
vida: ¿Debo dejar mi trabajo? | cómo supero una ruptura | ¿Qué le regalo a mi mujer por su cumpleaños? | mi vecino toca el tambor de noche | ¿Quieres ser mi amigo? | cuál es el sentido de la vida
noticias y dinero: ¿Quién ganará las elecciones? | qué ha pasado hoy en las noticias | ¿Meto mis ahorros en acciones? | a qué partido debo votar | ¿Cómo pago menos impuestos? | dame los números de la lotería
recados: Despiértame a las siete | escribe a paula que llego tarde | Sube la calefacción | Búscame un vuelo a Oslo | qué tiempo hará mañana | pídeme una pizza
`
export const COURTESIES_ES = `
conversación: Buenas tardes | hola otra vez | muchas gracias por la ayuda | qué rápido, gracias | bueno, vale | de acuerdo, adiós | sí, exactamente eso | no, el primero | puede explicarlo otra vez | no lo entiendo | qué necesita de mí | siga por favor | estupendo | la verdad es que no | otra pregunta por favor | puede llamarme alguien
`
