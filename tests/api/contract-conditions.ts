import type { ContractWorld } from './contract-world.js';

/** What is sent; what the document asks for beyond it stays out. */
export interface Input {
  params?: Record<string, string | number>;
  query?: Record<string, string>;
  body?: unknown;
  headers?: Record<string, string>;
  /** Puts back what was made for this call only. */
  after?: () => unknown;
}

export type Make = (world: ContractWorld) => Input | Promise<Input>;

/** The same input while no LiteLLM is configured. */
export const noLitellm =
  (make: Make): Make =>
  async (world) => {
    const input = await make(world);
    return { ...input, after: await world.withoutLitellm() };
  };
export const litellmAway =
  (make: Make): Make =>
  async (world) => {
    const input = await make(world);
    return { ...input, after: world.litellm.faults.add({ path: /./, behaviour: { kind: 'drop' } }) };
  };
export const ollamaAway =
  (make: Make): Make =>
  async (world) => {
    const input = await make(world);
    return { ...input, after: world.ollama.faults.add({ path: /./, behaviour: { kind: 'drop' } }) };
  };
export const ollamaEmpty =
  (make: Make): Make =>
  async (world) => {
    const input = await make(world);
    const behaviour = { kind: 'status' as const, status: 200, body: { models: [] } };
    return { ...input, after: world.ollama.faults.add({ path: '/api/tags', behaviour }) };
  };
