import { type Static, Type } from 'typebox';
import { Available, Money, Sku } from '../catalogue/schemas.ts';

const strict = { additionalProperties: false };
export const Quantity = Type.Integer({ minimum: 1, maximum: 99, examples: [2] });

export const CartItem = Type.Object(
  {
    sku: Sku,
    quantity: Quantity,
    productId: Type.Union([Type.String({ format: 'uuid' }), Type.Null()], { description: 'Null when it is no longer sold' }),
    name: Type.Union([Type.String(), Type.Null()], { examples: ['Quiet Oak Mug'] }),
    variant: Type.Union([Type.String(), Type.Null()], { examples: ['Small'] }),
    price: Type.Union([Money, Type.Null()], { description: 'Of one, as it is now' }),
    available: Available,
  },
  { title: 'CartItem' },
);
export type CartItem = Static<typeof CartItem>;

export const Cart = Type.Object(
  {
    items: Type.Array(CartItem, { description: 'In the order in which they were added' }),
    total: Type.Union([Money, Type.Null()], {
      description: 'At the prices of now, before shipping; null when nothing has a price, or prices are in different currencies',
    }),
  },
  { title: 'Cart', description: 'What somebody may buy' },
);
export type Cart = Static<typeof Cart>;

export const CartItemParams = Type.Object({ sku: Sku }, strict);
export const SetQuantity = Type.Object({ quantity: Quantity }, { ...strict, title: 'SetQuantity' });
