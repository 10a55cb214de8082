/** What a token may do; each includes those before it. */
export const scopes = ['read', 'operate', 'admin'] as const;
export type Scope = (typeof scopes)[number];

export function includes(has: Scope, needs: Scope): boolean {
  return scopes.indexOf(has) >= scopes.indexOf(needs);
}
