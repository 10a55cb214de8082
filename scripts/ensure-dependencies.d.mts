export function dependenciesFingerprint(root?: string): string;
export function stampDependencies(root?: string): void;
export function ensureDependencies(root?: string): Promise<void>;
