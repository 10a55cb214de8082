export function sourceFingerprint(root?: string): string;
export function stampBuild(root?: string, fingerprint?: string): void;
export function ensureBuild(root?: string): Promise<void>;
