import type { Order as StoredOrder } from '@tenfold/orders';
import type { CustomerOrder, Order } from './schemas.ts';

/** An order as clients see it. */
export function toBody(order: StoredOrder): Order {
  const { id, state, currency, shippingAddress, createdAt, updatedAt, expiresAt } = order;
  const money = (amount: number) => ({ amount, currency });
  return {
    id,
    state,
    items: order.items.map(({ sku, productName, variantName, quantity, unitAmount }) => ({
      sku,
      name: productName,
      variant: variantName,
      quantity,
      unitPrice: money(unitAmount),
      total: money(unitAmount * quantity),
    })),
    subtotal: money(order.itemsAmount),
    shipping: money(order.shippingAmount),
    tax: money(order.taxAmount),
    total: money(order.totalAmount),
    payment: { id: order.paymentId, method: order.paymentMethod, state: order.paymentState },
    shippingAddress,
    createdAt,
    updatedAt,
    expiresAt,
  };
}

/** The same for staff, who see whose it is. */
export function toStaffBody(order: StoredOrder): CustomerOrder {
  return { userId: order.userId, ...toBody(order) };
}
