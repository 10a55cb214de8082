export type RedisInstallPlan =
  | { advice: string; install?: undefined }
  | {
      advice?: undefined;
      from: string;
      install: string[];
      refresh?: string[];
      env?: Record<string, string>;
    };

export function findRedis(path?: string): string | undefined;

export function planRedisInstall(machine: {
  platform: string;
  isRoot: boolean;
  has: (command: string) => boolean;
}): RedisInstallPlan;

export function ensureRedis(): Promise<string>;
