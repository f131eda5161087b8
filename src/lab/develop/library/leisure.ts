/** Invented scopes of sport, health, hobbies and shopping. The form is that of `life.ts`. */
export const LEISURE = `
# a fitness studio
membership of the studio: How much is a month at your gym? | pause my membership for june | Can I bring a friend once? | i want to end my contract
training plans: How often should a beginner lift weights? | make me a plan for stronger legs | Is running before weights a bad idea? | what do i do against sore muscles
courses at the studio: When is the yoga class on Thursdays? | is there space left in spinning tonight | Do I need my own mat? | how hard is the boxing class
equipment: How do I set up the rowing machine? | the second treadmill is broken | Where are the kettlebells? | which machine trains the back
# a swimming pool
pool times: When can I swim lengths? | is the pool open on holidays | Which hours are for families? | how warm is the big basin
swimming lessons: Do you teach adults to swim? | my daughter wants to learn the crawl | What age do the children's lessons start? | how many children are in a group
sauna: Does the sauna cost extra? | is there a day for women only | Do I have to wear anything in the sauna? | at what time is the last infusion
lockers and lost things: I forgot my goggles in the changing room | what coin do the lockers take | The key of locker 40 is gone | did someone find a blue towel
# a bicycle shop
bike repairs: My gears jump when I go uphill | how much is a service before spring | The back brake squeals | can you fix a flat tyre while i wait
buying a bike: Which frame size do I need at 1.80 m? | are electric bikes good for commuting hills | Can I try the gravel bike? | do you take my old bike in part payment
bike parts: Do you sell a chain for eleven speeds? | i need a lock that is hard to cut | Which lamp is bright enough for the woods? | is this saddle made for long rides
bike leasing: How does a leased bike through my firm work? | who pays when a leased bike is stolen | Can I buy it when the lease ends? | what is covered by the bike insurance
# a chess club
rules of chess: Can a pawn capture backwards? | when am i allowed to castle | What is en passant? | is it a draw when only kings are left
openings: What should I play against the Sicilian? | explain the idea of the london system | Is the king's gambit any good? | which opening suits a beginner with black
tournaments: When is the next rapid tournament? | how do i get a rating | What do I bring to a league match? | may i watch the club championship
endgames: How do I mate with rook and king? | is this pawn ending won | What is the opposition? | why do rooks belong behind passed pawns
# a hiking association
trails: Is there an easy walk around the lake? | how long is the ridge path | Which trail can I do with a pram? | are dogs allowed on the gorge path
mountain huts: Does the upper hut have beds free on Saturday? | when do the huts open after winter | Do I need my own sleeping bag? | is there supper at the hut
gear for hiking: Which shoes for stony ground? | how heavy should my rucksack be | Do I need poles downhill? | what goes in a first aid kit for the mountains
safety outdoors: What do I do in a thunderstorm on a summit? | is the snow field still dangerous | How do I signal an emergency? | where do ticks sit most
# a photography school
exposure: Which shutter speed freezes a runner? | my photos are too bright at noon | What does ISO do? | how do i shoot stars without trails
lenses and cameras: Is a 50 mm lens good for portraits? | should i buy a camera without mirror | How do I clean the sensor? | which tripod is light
composition: What is the rule of thirds? | how do i place people in a landscape | Why do my pictures look flat? | should the horizon be in the middle
photo editing: How do I remove a red cast? | best way to sharpen without noise | Can I bring back a white sky? | how do i turn a colour photo into black and white
# a dance school
dance courses: Is there a tango course for beginners? | which class can i join without a partner | How many people are in the salsa group? | when do children's ballet classes start
steps and figures: How does the basic step of a waltz go? | i always turn the wrong way in the rumba | What is a cross body lead? | teach me the box step
shoes and clothes for dancing: Do I need special shoes? | are sneakers allowed on the floor | What does one wear to a ball? | where do i buy suede soles
dance evenings: When is the next practice evening? | can guests come to the social on friday | Is there a live band at the spring ball? | how much is the entrance to the milonga
# a pharmacy
over the counter medicine: What can I take for a sore throat? | is ibuprofen ok on an empty stomach | Do you have something against hay fever without drowsiness? | which cream helps with a sunburn
prescriptions: Is my prescription ready? | can you send my pills home | My prescription is from abroad, do you take it? | how long is a prescription valid
side effects: Can these tablets make me tired? | i have a rash since the new pills | May I drink wine with antibiotics? | does this syrup go with my blood pressure medicine
skin and baby care: Which sun cream is for babies? | my hands are dry and cracked | Do you have nappies for sensitive skin? | what do i put on a small graze
# an optician
eye tests: How often should I have my eyes tested? | do you test children | Do I need an appointment for an eye test? | letters far away are blurry at night
glasses: How much are varifocals? | my frame is bent, can you fix it | Do you have light frames for small faces? | can i get sunglasses with my strength
contact lenses: Can I sleep in my lenses? | my lens is stuck in the eye | Do you sell monthly lenses for astigmatism? | which solution for dry eyes
eye complaints: My eyes burn after screen work | is twitching of the lid dangerous | Why do I see small dots floating? | what helps against red eyes
# a shoe shop online
shoe sizes: Do these boots run small? | i am between 41 and 42 | Is there a wide version of the trainers? | how do i measure my child's feet
returns of shoes: How do I send back the sandals? | when do i get my money back for the shoes | Can I exchange for another colour? | the return label does not print
orders of shoes: Where is my order with the boots? | you sent two left shoes | Can I still change the address of my order? | add a second pair to my order
shoe care: How do I clean suede? | my leather boots got wet in the snow | Which spray protects canvas? | can i wash running shoes in the machine
# a bookshop
finding a book: I look for a crime novel set in Iceland | what is the red book about bees everyone reads | Do you have anything for a girl who loves horses? | is the third part of the saga out
book orders: When does the cookery book I ordered arrive? | can i pick up the novel today | Order two copies of the atlas please | my parcel of books came torn
gift vouchers for books: Do your vouchers expire? | i want a voucher over thirty euros | Can I pay online with a book voucher? | the code on the voucher is unreadable
readings by authors: Who is reading in your shop this month? | do i need a ticket for the poet on friday | Can I get my book signed? | is the reading group open to new people
# a board game cafe
board game rules: How many cards do you draw in the train game? | can i build on a corner with two roads | Who starts when there is a tie? | what happens when the draw pile is empty
choosing a game: Which game is fun for two? | a quick party game for eight please | Is there something like it but without fighting? | what can we play with a six year old
tables: Can we have a table for five at seven? | how long may we stay at a table | Do you have a quiet corner? | cancel our table for tonight
game events: When is the quiz night? | is there a beginners' evening for role play | Do I sign up for the card tournament? | who can help us paint miniatures
`
