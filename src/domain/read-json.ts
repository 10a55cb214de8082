import { isJsonObject, type Json, type JsonObject } from './json.js';

/** A string with something in it; servers send `""` for "unknown". */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}

export function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => textOf(item) !== undefined) : [];
}

/** An object, or an empty one: llama.cpp sends `""` and others `null` where an object belongs. */
export function objectOf(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}

export function objectsOf(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

/** A set as JSON: sorted by code units (never by locale), without repetitions. */
export function sortedSet(values: Iterable<string>): string[] {
  return [...new Set(values)].sort();
}

export function firstDefined<T>(
  candidates: Iterable<Json | undefined>,
  read: (value: unknown) => T | undefined,
): T | undefined {
  for (const candidate of candidates) {
    const value = read(candidate);
    if (value !== undefined) return value;
  }
  return undefined;
}
