export const ROLES = ['customer', 'staff', 'admin'] as const;
export type Role = (typeof ROLES)[number];

export function isRole(value: unknown): value is Role {
  return ROLES.some((role) => role === value);
}

/**
 * Who may call a route. Every route names one of these; a route that names none keeps the process from starting.
 *
 * public    no token is looked at: what comes before having a good one, and what machines ask
 * anyone    with or without a token; a token that is sent must be good
 * user      signed in; what belongs to others is kept from them by the repository's WHERE clause
 * staff     staff and admins
 * admin     admins
 */
export const POLICIES = ['public', 'anyone', 'user', 'staff', 'admin'] as const;
export type Policy = (typeof POLICIES)[number];

const ALLOWED: Record<Policy, readonly Role[]> = {
  public: ROLES,
  anyone: ROLES,
  user: ROLES,
  staff: ['staff', 'admin'],
  admin: ['admin'],
};

export interface RoutePolicy {
  method: string;
  /** The route's pattern. */
  url: string;
  policy: Policy;
}

export function allows(policy: Policy, role: Role): boolean {
  return ALLOWED[policy].includes(role);
}

export function isPolicy(value: unknown): value is Policy {
  return POLICIES.some((policy) => policy === value);
}
