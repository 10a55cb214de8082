import { deploymentId } from '../../src/domain/deployment-body.js';

/** No walk replaces a deployment more often than this. */
const generations = 400;

/** `<provider uuid>/<model id>`: names a model through renames, prefixes and generations. */
export function keyOf(provider: unknown, model: unknown): string {
  return `${String(provider)}/${String(model)}`;
}

/** Which model each row at LiteLLM stands for. By id alone, so that a row is known still when somebody takes its marker away. */
export class Keys {
  private readonly byId = new Map<string, string>();
  private readonly foundThere = new Set<string>();

  constructor(private readonly instance: string) {}

  know(provider: string, model: string): void {
    for (let generation = 0; generation < generations; generation += 1) {
      const identity = { instanceId: this.instance, providerUuid: provider, modelId: model, generation };
      this.byId.set(deploymentId(identity), keyOf(provider, model));
    }
  }

  /** A row of the predecessor, with an id of its own. */
  adopt(id: string, key: string): void {
    this.byId.set(id, key);
    this.foundThere.add(id);
  }

  isAdopted(id: string): boolean {
    return this.foundThere.has(id);
  }

  /** Undefined for everybody else's row. */
  of(id: unknown): string | undefined {
    return this.byId.get(String(id));
  }
}
