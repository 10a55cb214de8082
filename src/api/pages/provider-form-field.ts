import type { z } from 'zod';
import type { providerView } from '../provider-view.js';

export interface FormField {
  name: string;
  label: string;
  /** Says what an empty field means. */
  hint: string;
  input: 'text' | 'url' | 'number' | 'list' | 'json' | 'select' | 'check' | 'key';
  /** As it is shown; what a field is compared with before it is sent. */
  value: string;
  options?: [value: string, label: string][];
  /** JSON type of the chosen option. */
  kind?: 'boolean';
  required?: boolean;
  /** The only type that it means something for. */
  only?: 'ollama';
}

/** A stored provider, or what a new one starts with; what is missing has the default of the API. */
export type Shown = Partial<z.infer<typeof providerView>>;

export function textOf(value: string | number | null | undefined): string {
  return value == null ? '' : String(value);
}
