/** Invented scopes of home, garden, animals and family: `# a name of whoever answers`, then `topic: request | request`. */
export const LIFE = `
# a veterinary clinic
vaccinations: When is my puppy due for her next shot? | Do indoor cats need a rabies vaccine? | how much do the kitten vaccinations cost | My dog was sleepy after his injection, is that normal?
appointments with the vet: can i bring my rabbit in tomorrow morning | I need to move the check-up for Bella to Friday | Do you have anything free this afternoon for a limping dog? | cancel the visit for my parrot
diet and weight of animals: What should a ten year old cat eat? | My labrador is too heavy, what food do you recommend? | is it ok for guinea pigs to eat cucumber | How many times a day should I feed a kitten?
neutering and operations: How long does my cat need to rest after being spayed? | what does it cost to have a dog neutered | When can the stitches on my dog's leg come out? | Does the rabbit have to stay overnight after surgery?
# a garden centre
plants for shade and sun: Which shrubs grow on a balcony facing north? | what can i plant under a big oak | Do tomatoes need full sun? | I want flowers that survive a dry summer
pests on plants: There are tiny green bugs on my roses | how do i get rid of slugs without poison | My basil has white spots on its leaves | something is eating the cabbage at night
lawn care: When should I sow grass seed? | moss is taking over my lawn, what now | How short should I cut the grass in August? | does the lawn need fertiliser in spring
soil and compost: Can I put orange peel on the compost heap? | what soil do blueberries want | My flower pots drain badly | How deep should a raised bed be?
# a home improvement store
paint and walls: How many litres of paint does a small bedroom need? | which primer do i use on old plaster | Can I paint over wallpaper? | Do you mix a pale green for bathrooms?
power tools: Which drill bits go through concrete? | is the cordless saw back in stock | The sander I bought makes a burning smell | Can I rent a tile cutter for the weekend?
flooring: How do I lay laminate around a radiator? | what underlay is best against noise | I need twelve square metres of oak parquet | Can vinyl go over old tiles?
plumbing parts: My tap drips, which washer fits? | do you sell a siphon for a 40 mm pipe | The cistern keeps running after flushing | Which sealant is right for a shower tray?
# a pet adoption shelter
animals looking for a home: Is the brown terrier still available? | do you have any older cats that like children | I would like to meet the two rabbits on your page | Which of your dogs can stay alone for a few hours?
adoption conditions: What do you check before somebody may adopt? | can i adopt if i live in a flat | Is there a fee for taking a cat home? | Do I need a fence for a shelter dog?
volunteering: Can I walk your dogs on Saturdays? | how old do volunteers have to be | I want to help clean the cat rooms | Do you need people who can drive animals?
lost and found animals: I found a tortoise on the road | my grey cat has been missing since monday | Has anyone brought in a dog with a red collar? | Where do I report a stray kitten?
# a parenting advice line
sleep of babies: My baby wakes up every two hours | when do children stop their nap at noon | How warm should a nursery be at night? | our toddler will not stay in bed
feeding children: When can I start with solid food? | my son refuses all vegetables | How much milk does a six month old drink? | Is honey safe for a one year old?
nursery and school start: How do I prepare my daughter for her first day at nursery? | he cries each time i drop him off | What should a child be able to do before school? | She says she has no friends in class
toys and play: Which games suit a rainy day with a three year old? | are puzzles good at two years | What toys help babies to grasp? | how long should my kid look at screens
# a wedding planner
guests and invitations: How early should we send save the date cards? | two guests are vegan, who do i tell | Can we invite people to the party only? | How do I word an invitation without children?
ceremony: We want to say our own vows outdoors | who walks in first at the ceremony | Can a friend lead our wedding? | what do we do if it rains during the vows
flowers and decoration: What flowers are in season in September? | table decoration in white and sage please | How many candles do we need for twelve tables? | can you get an arch for the garden
wedding budget: How much does a wedding for eighty people cost? | where can we save without anyone noticing | Is a deposit due when we book you? | What share of the budget goes to the photographer?
# a moving company
quotes for a move: How much is a move from a three room flat? | do you charge by the hour or by the box | I need an estimate for moving a piano | what would it cost to go forty kilometres
packing: How many boxes do I need for my books? | can your people wrap the glasses for us | Do you bring wardrobe cartons? | When should we start to pack the kitchen?
moving day: What time will the lorry be here on Tuesday? | who keeps a parking space free for the van | The lift is broken, does that change anything? | how many movers are coming
storage: Can I store a sofa for three months? | is your storage hall heated | How do I get to my boxes while they are in storage? | what does five square metres of storage cost
# an interior designer
room layout: Where should the desk go in a narrow room? | my living room feels empty, what can i do | How do I fit a dining table in fifteen square metres? | Does a sofa belong in front of a window?
colours and materials: Which colours go with a walnut floor? | is linen a good choice for curtains with children around | We want a calm bedroom in earth tones | What goes with dark blue walls?
lighting: How many lamps does a hall need? | warm or cold light for a reading corner | At what height do I hang a lamp over the table? | The kitchen counter is too dark
furniture choice: Which shelf would you put in a child's room? | should i get a corner sofa | Is a round table better for six people? | I look for a slim sideboard for the hall
# a babysitting agency
finding a sitter: I need someone for two children on Friday evening | do you have sitters who speak french | Can the same sitter come every Wednesday? | is anyone free tonight at eight
sitter qualifications: Do your babysitters know first aid? | how do you check the people you send | Is the sitter used to twins? | can your sitters give a bottle
sitter prices: What does an evening of babysitting cost? | is there a surcharge after midnight | How do I pay the sitter? | do you charge when i cancel on the same day
house rules for sitters: May the sitter give the kids sweets? | tell her that they go to bed at half past seven | Our son is allergic to nuts, please pass it on | can she help with homework
# a laundry and dry cleaner
stains: Can you get red wine out of silk? | there is ink on my white shirt | How do I treat grass on jeans before I bring them? | the coat has a grease mark on its sleeve
collection and delivery of laundry: Can you pick up my laundry at seven? | when will my suit be back | I was not at home when your driver came | deliver the duvet on thursday please
prices of cleaning: How much is it to clean a down jacket? | do you offer a price for ten shirts | What does ironing one tablecloth cost? | is express cleaning more expensive
delicate clothes: Do you clean wedding dresses? | my cashmere jumper has shrunk | May this leather skirt be washed at all? | can you dye a faded pair of trousers
# a genealogy service
finding ancestors: How do I find out where my grandmother was born? | i am looking for my great uncle who emigrated in 1912 | Which church books cover that village? | Can you trace a family called Lindqvist?
old documents: What does this word in old German script say? | how do i read a parish register | Where can I order a birth record from 1890? | The date on the certificate is smudged
family tree building: How do I add a second marriage to my tree? | can i print the tree on one page | My cousin shows up twice in the tree | merge the two branches of my father's side
kinship tests: What does a kinship test say about my origins? | how long until my swab result is there | I got a match with an unknown cousin | Can two siblings have different ethnic shares?
# a knitting and sewing shop
yarn: How many balls of wool does a scarf take? | is this yarn scratchy | Which yarn replaces a discontinued merino? | do you have undyed cotton yarn
patterns: Do you have a pattern for a baby hat? | what does k2tog mean | How do I change a dress pattern to a larger size? | i search for an easy cardigan pattern
sewing machines: My machine skips stitches | which needle for denim | Does this machine do buttonholes by itself? | How do I thread an overlocker?
courses in needlework: Is there a crochet course for beginners? | when does the quilting class meet | Do I bring my own machine to the sewing lesson? | can my daughter join the felt workshop
`
