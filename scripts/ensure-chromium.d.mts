export type ChromiumInstallPlan =
  { advice: string; install?: undefined } | { advice?: undefined; install: string[]; refresh: string[] };

export function findChromium(env?: {
  CHROMIUM_PATH?: string | undefined;
  PATH?: string | undefined;
}): string | undefined;

export function planChromiumInstall(machine: {
  platform: string;
  isRoot: boolean;
  has: (command: string) => boolean;
}): ChromiumInstallPlan;

export function needsChromium(args: string[], root?: string): boolean;

export function ensureChromium(): Promise<string>;
