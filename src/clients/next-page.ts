import { isJsonObject, type Json } from '../domain/json.js';
import { PermanentError } from '../domain/errors.js';
import { redactUrl } from '../domain/base-url.js';

/**
 * The URL of the page after this one, or undefined after the last: Anthropic's `has_more` and `last_id`, Cohere's
 * `next_page_token`, Gemini's `nextPageToken`, OpenRouter's `links.next`. Another origin is refused: the key goes along.
 */
export function nextPageUrl(body: Json, current: string): string | undefined {
  if (!isJsonObject(body)) return undefined;
  if (body.has_more === true && isText(body.last_id)) return withParameter(current, 'after_id', body.last_id);
  if (isText(body.next_page_token)) return withParameter(current, 'page_token', body.next_page_token);
  if (isText(body.nextPageToken)) return withParameter(current, 'pageToken', body.nextPageToken);
  const next = isJsonObject(body.links) ? body.links.next : undefined;
  if (!isText(next)) return undefined;
  const here = new URL(current);
  if (!URL.canParse(next, here.href))
    throw new PermanentError(`${redactUrl(current)} names a next page that is no address`);
  const url = new URL(next, here);
  if (url.origin !== here.origin) {
    throw new PermanentError(
      `${redactUrl(current)} names a next page on another server, ${redactUrl(url.href)}: not followed`,
    );
  }
  url.username = here.username;
  url.password = here.password;
  return url.href;
}

function isText(value: Json | undefined): value is string {
  return typeof value === 'string' && value !== '';
}

function withParameter(current: string, name: string, value: string): string {
  const url = new URL(current);
  url.searchParams.set(name, value);
  return url.href;
}
