export const productVariables: string[];
export function withoutProductVariables(env?: NodeJS.ProcessEnv): NodeJS.ProcessEnv;
