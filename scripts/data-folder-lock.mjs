import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Refusal } from './terminal.mjs';

const lockName = 'start.lock';

/** When the process with this id began, in ticks since boot (Linux; '' elsewhere): tells a reused id from the same process. */
function beginOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return '';
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM'; // it runs, as somebody else
  }
}

function holderOf(path) {
  try {
    const [pid, begin = ''] = readFileSync(path, 'utf8').trim().split(' ');
    return isAlive(Number(pid)) && beginOf(pid) === begin ? Number(pid) : undefined;
  } catch {
    return undefined;
  }
}

/** Makes this process the only start in `dataDir`, and returns the function that gives it up. */
export function lockDataFolder(dataDir) {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const path = join(dataDir, lockName);
  const holder = holderOf(path);
  if (holder === undefined) rmSync(path, { force: true });
  try {
    writeFileSync(path, `${process.pid} ${beginOf(process.pid)}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    throw new Refusal(
      `LiteLLM Updater already runs in ${dataDir} (process ${holderOf(path) ?? 'just started'}).\n` +
        'Stop it first, or set DATA_DIR to another folder and PORT to another port.',
    );
  }
  return () => rmSync(path, { force: true });
}
