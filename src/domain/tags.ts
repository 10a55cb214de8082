import { sectionsOf } from './context-window.js';
import type { JsonObject } from './json.js';
import type { ProviderKind } from './kinds.js';
import { textsOf } from './read-json.js';

/** Commas and blanks become one hyphen, letters lower case; undefined where nothing is left. */
export function normaliseTag(tag: string): string | undefined {
  const text = tag.replaceAll(',', ' ').trim().replace(/\s+/g, '-').toLowerCase();
  return text === '' ? undefined : text;
}

/** In the given order, without repetitions. */
export function normaliseTags(tags: Iterable<string>): string[] {
  return [...new Set([...tags].flatMap((tag) => normaliseTag(tag) ?? []))];
}

/** A form's text (separated by commas or line breaks) or a list, whose items keep their commas as hyphens. */
export function parseTagList(input: string | readonly string[] | null | undefined): string[] {
  return normaliseTags(typeof input === 'string' ? input.split(/[,\n]/) : (input ?? []));
}

/** Tags that a server itself gives its model, in a cleaned listing. */
export function reportedTags(cleanListing: JsonObject): string[] {
  return normaliseTags(sectionsOf(cleanListing).flatMap((section) => textsOf(section['tags'])));
}

/** What a deployment is tagged with: ours, then the model's, then the provider's. */
export function systemTags(source: {
  providerName: string;
  kind: ProviderKind;
  modelTags?: readonly string[];
  providerTags?: readonly string[];
}): string[] {
  return normaliseTags([
    'lupdater',
    `provider:${source.providerName}`,
    `type:${source.kind}`,
    ...(source.modelTags ?? []),
    ...(source.providerTags ?? []),
  ]);
}
