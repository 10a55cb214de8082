/** `undefined` and `null`: no filter. */
export type FilterText = string | null | undefined;

/** Comma-separated terms, lower-cased. */
function termsOf(filter: FilterText): string[] {
  return (filter ?? '')
    .split(',')
    .map((term) => term.trim().toLowerCase())
    .filter((term) => term !== '');
}

/** A term is a substring of the raw id, without regard to case. Exclude wins; without include terms all are in. */
export function passesFilter(modelId: string, include: FilterText, exclude: FilterText): boolean {
  const id = modelId.toLowerCase();
  const matches = (term: string) => id.includes(term);
  if (termsOf(exclude).some(matches)) return false;
  const wanted = termsOf(include);
  return wanted.length === 0 || wanted.some(matches);
}

/** Whether a filter leaves anything of these ids: one that does not is a typing error as a rule (C27). */
export function filterMatchesAny(
  modelIds: Iterable<string>,
  include: FilterText,
  exclude: FilterText,
): boolean {
  for (const modelId of modelIds) if (passesFilter(modelId, include, exclude)) return true;
  return false;
}

/** Why an entry of the catalogue was skipped. */
export const filterReason = 'left out by the filter';
