export interface PrivateRedis {
  /** unix:///path/to/redis.sock */
  url: string;
  pid: number;
  exited: Promise<number>;
  stop: () => Promise<number>;
}

export function chooseSocket(dir: string): string;

export function startPrivateRedis(options: {
  dir: string;
  persistent: boolean;
  /** Default: what `ensureRedis()` finds or installs. */
  binary?: string;
  socketPath?: string;
}): Promise<PrivateRedis>;
