import { type Address, ORDER_STATES } from '@tenfold/orders';
import { type Static, Type } from 'typebox';
import { PRINTABLE } from '../../text.ts';
import { Quantity } from '../cart/schemas.ts';
import { Amount, Money, Sku } from '../catalogue/schemas.ts';

const strict = { additionalProperties: false };
const Id = Type.String({ format: 'uuid', examples: ['019b7654-8c00-7abc-8def-0123456789ab'] });
const Line = (maxLength: number, examples: string[]) => Type.String({ minLength: 1, maxLength, pattern: PRINTABLE, examples });

const ShippingAddress = Type.Object(
  {
    name: Line(200, ['Ada Lovelace']),
    line1: Line(200, ['Unter den Linden 1']),
    line2: Type.Optional(Line(200, ['Second floor'])),
    city: Line(100, ['Berlin']),
    region: Type.Optional(Line(100, ['Berlin'])),
    postalCode: Line(20, ['10117']),
    country: Type.String({ pattern: '^[A-Z]{2}$', description: 'ISO 3166-1 alpha-2', examples: ['DE'] }),
  },
  { ...strict, title: 'ShippingAddress' },
);

const WantedItem = Type.Object(
  {
    sku: Sku,
    quantity: Quantity,
    expectedUnitPrice: Type.Optional(
      Type.Union([Amount, Type.Object(Money.properties, strict)], {
        description: 'What you have seen, as an amount or as the price itself: at another price the order is refused',
        examples: [1299],
      }),
    ),
  },
  strict,
);

export const PlaceOrder = Type.Object(
  {
    items: Type.Optional(
      Type.Array(WantedItem, { minItems: 1, maxItems: 100, description: 'Of different SKUs; without them the cart is ordered' }),
    ),
    paymentMethod: Type.String({
      pattern: '^pm_[A-Za-z0-9_]{1,60}$',
      description: "The payment provider's name for it; the sandbox knows pm_ok, pm_decline, pm_slow and pm_lost",
      examples: ['pm_ok'],
    }),
    shippingAddress: Type.Optional(ShippingAddress),
  },
  { ...strict, title: 'PlaceOrder' },
);
export type PlaceOrder = Static<typeof PlaceOrder>;

const State = Type.Enum([...ORDER_STATES], { examples: ['pending'] });

const OrderItem = Type.Object({
  sku: Sku,
  name: Type.String({ description: 'As it was when it was ordered', examples: ['Quiet Oak Mug'] }),
  variant: Type.String({ examples: ['Small'] }),
  quantity: Quantity,
  unitPrice: Money,
  total: Money,
});

export const Order = Type.Object(
  {
    id: Id,
    state: State,
    items: Type.Array(OrderItem),
    subtotal: Money,
    shipping: Money,
    tax: Type.Object(Money.properties, { description: 'Included in the total' }),
    total: Money,
    payment: Type.Object({ id: Id, method: Type.String({ examples: ['pm_ok'] }), state: Type.String({ examples: ['pending'] }) }),
    shippingAddress: Type.Union([Type.Unsafe<Address>(ShippingAddress), Type.Null()]),
    createdAt: Type.String({ format: 'date-time' }),
    updatedAt: Type.String({ format: 'date-time' }),
    expiresAt: Type.String({ format: 'date-time', description: 'Until then an unpaid order keeps its stock' }),
  },
  { title: 'Order', description: 'What was ordered, and how far it is' },
);
export type Order = Static<typeof Order>;

const Cursor = Type.Optional(
  Type.String({ minLength: 1, maxLength: 512, pattern: '^[A-Za-z0-9_.-]+$', description: 'nextCursor of the page before' }),
);
const Limit = Type.Integer({ minimum: 1, maximum: 100, default: 20, examples: [20] });
const NextCursor = Type.Union([Type.String(), Type.Null()], { description: 'Null on the last page', examples: ['WyIiLCIw…'] });

export const ListOrders = Type.Object({ limit: Limit, cursor: Cursor }, strict);
export type ListOrders = Static<typeof ListOrders>;
export const OrderList = Type.Object({ items: Type.Array(Order), nextCursor: NextCursor }, { title: 'OrderList' });

export const ListAllOrders = Type.Object({ state: State, limit: Limit, cursor: Cursor }, strict);
export type ListAllOrders = Static<typeof ListAllOrders>;
export const CustomerOrder = Type.Object(
  { userId: Id, ...Order.properties },
  { title: 'CustomerOrder', description: 'An order, and whose it is' },
);
export type CustomerOrder = Static<typeof CustomerOrder>;
export const CustomerOrderList = Type.Object({ items: Type.Array(CustomerOrder), nextCursor: NextCursor }, { title: 'CustomerOrderList' });

export const OrderParams = Type.Object({ id: Id }, strict);
export const Keyed = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      description: 'A new one for everything that is to be done once; the same one when it is sent again',
      examples: ['"8e03978e-40d5-43e8-bc93-6894a57f9324"'],
    }),
  ),
});
