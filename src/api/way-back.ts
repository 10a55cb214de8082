/** Stands for this installation, whatever its address; only to see where a browser would go. */
const here = 'http://here.invalid';

/** A form's address must stay below the limits of servers in front. */
const mostCharacters = 2_000;

/** The login page, which leads back to `path` afterwards. */
export function loginAddress(path: string): string {
  const wanted = ownPath(path);
  return wanted === '/' ? '/login' : `/login?next=${encodeURIComponent(wanted)}`;
}

/**
 * The path if a browser that follows it stays here, and the overview otherwise: nobody's link may lead from our login to
 * another site. Read as browsers do, which take `\` for `/` and drop tabs and line ends.
 */
export function ownPath(text: unknown): string {
  if (typeof text !== 'string' || !text.startsWith('/')) return '/';
  if (!URL.canParse(text, here)) return '/';
  const { origin, pathname, search, hash } = new URL(text, here);
  const path = pathname + search + hash;
  const isOurs = origin === here && !pathname.startsWith('//');
  return isOurs && path.length <= mostCharacters && !/^\/login\/?$/i.test(pathname) ? path : '/';
}
