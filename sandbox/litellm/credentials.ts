import type { JsonObject } from '../json.js';

export interface Credential {
  credential_name: string;
  credential_values: JsonObject;
  credential_info: JsonObject;
}

/** Named secrets. A change is stored at once, but used and shown only from the next poll on; a delete is live at once. */
export class Credentials {
  private readonly stored = new Map<string, Credential>();
  private live = new Map<string, Credential>();

  list(): Credential[] {
    return [...this.live.values()];
  }

  find(name: string): Credential | undefined {
    return this.live.get(name);
  }

  /** False when the name is taken. */
  create(credential: Credential): boolean {
    if (this.stored.has(credential.credential_name)) return false;
    this.stored.set(credential.credential_name, credential);
    this.live.set(credential.credential_name, credential);
    return true;
  }

  /** False for an unknown name. */
  change(name: string, values: JsonObject, info: JsonObject): boolean {
    const known = this.stored.get(name);
    if (known === undefined) return false;
    this.stored.set(name, {
      credential_name: name,
      credential_values: { ...known.credential_values, ...values },
      credential_info: { ...known.credential_info, ...info },
    });
    return true;
  }

  remove(name: string): void {
    this.stored.delete(name);
    this.live.delete(name);
  }

  poll(): void {
    this.live = new Map(this.stored);
  }
}
