import { Refusal } from './terminal.mjs';

// The same floor as "engines" in package.json; npm only warns about that one.
const leastMajor = 20;
const leastMinor = 19;

/** Refuses to go on with a Node.js that the dependencies do not support. */
export function ensureNode(version = process.versions.node) {
  const [major, minor] = version.split('.').map(Number);
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return;
  throw new Refusal(`Node.js ${leastMajor}.${leastMinor} or newer is needed; this is ${version}.`);
}
