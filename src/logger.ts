import winston from 'winston';

export type Logger = winston.Logger;

const secretName = /key|token|secret|authorization|password|cookie/i;
const publicName = /^(has_|token_file|tokens?$)/i;

/** The last net: a field whose name sounds secret never leaves the process, whoever logs it. */
const redact = winston.format((info) => {
  for (const [name, value] of Object.entries(info)) {
    if (typeof value === 'string' && secretName.test(name) && !publicName.test(name)) info[name] = '***';
  }
  return info;
});

const pretty = winston.format.printf(({ timestamp, level, message, process: name, ...rest }) => {
  const fields = Object.entries(rest)
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');
  return `${String(timestamp)} ${level.padEnd(5)} ${String(name)} ${String(message)}${fields && ` ${fields}`}`;
});

export function createLogger(options: { process: string; level: string; format: 'json' | 'pretty' }): Logger {
  return winston.createLogger({
    level: options.level,
    defaultMeta: { process: options.process },
    format: winston.format.combine(
      winston.format.timestamp(),
      redact(),
      options.format === 'json' ? winston.format.json() : pretty,
    ),
    transports: [new winston.transports.Console()],
  });
}
