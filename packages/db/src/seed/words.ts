/** Departments, and on each shelf the thing that lies there. */
export const DEPARTMENTS: readonly { name: string; shelves: readonly (readonly [shelf: string, noun: string])[] }[] = [
  {
    name: 'Kitchen',
    shelves: [
      ['Mugs', 'Mug'],
      ['Knives', 'Knife'],
      ['Pans', 'Pan'],
      ['Bowls', 'Bowl'],
      ['Kettles', 'Kettle'],
    ],
  },
  {
    name: 'Home',
    shelves: [
      ['Lamps', 'Lamp'],
      ['Chairs', 'Chair'],
      ['Shelves', 'Shelf'],
      ['Rugs', 'Rug'],
      ['Clocks', 'Clock'],
    ],
  },
  {
    name: 'Clothing',
    shelves: [
      ['Shirts', 'Shirt'],
      ['Coats', 'Coat'],
      ['Scarves', 'Scarf'],
      ['Hats', 'Hat'],
      ['Socks', 'Socks'],
    ],
  },
  {
    name: 'Outdoors',
    shelves: [
      ['Tents', 'Tent'],
      ['Backpacks', 'Backpack'],
      ['Bottles', 'Bottle'],
      ['Torches', 'Torch'],
      ['Stoves', 'Stove'],
    ],
  },
  {
    name: 'Office',
    shelves: [
      ['Notebooks', 'Notebook'],
      ['Pens', 'Pen'],
      ['Desks', 'Desk'],
      ['Folders', 'Folder'],
      ['Easels', 'Easel'],
    ],
  },
  {
    name: 'Garden',
    shelves: [
      ['Spades', 'Spade'],
      ['Planters', 'Planter'],
      ['Benches', 'Bench'],
      ['Shears', 'Shears'],
      ['Hoses', 'Hose'],
    ],
  },
  {
    name: 'Music',
    shelves: [
      ['Guitars', 'Guitar'],
      ['Drums', 'Drum'],
      ['Flutes', 'Flute'],
      ['Stands', 'Music Stand'],
      ['Cables', 'Cable'],
    ],
  },
  {
    name: 'Play',
    shelves: [
      ['Puzzles', 'Puzzle'],
      ['Kites', 'Kite'],
      ['Balls', 'Ball'],
      ['Board Games', 'Board Game'],
      ['Blocks', 'Building Blocks'],
    ],
  },
];

export const MOODS = [
  'Quiet',
  'Bright',
  'Sturdy',
  'Gentle',
  'Northern',
  'Little',
  'Grand',
  'Everyday',
  'Plain',
  'Curious',
  'Honest',
  'Swift',
  'Warm',
  'Early',
] as const;
export const MATERIALS = [
  'Oak',
  'Wool',
  'Ceramic',
  'Steel',
  'Linen',
  'Copper',
  'Cotton',
  'Glass',
  'Leather',
  'Bamboo',
  'Enamel',
  'Cork',
  'Birch',
  'Slate',
] as const;
export const USES = [
  'for every day',
  'for long journeys',
  'for small rooms',
  'for a rainy week',
  'for two',
  'for the first morning coffee',
  'for people who share',
] as const;
export const SIZES = [
  { code: 'S', name: 'Small' },
  { code: 'M', name: 'Medium' },
  { code: 'L', name: 'Large' },
] as const;
