import { apiReads } from './api-reads.js';
import { details } from './floors/details.js';
import { memory } from './floors/memory.js';
import { pipeline } from './floors/pipeline.js';
import { push } from './floors/push.js';
import { upsert } from './floors/upsert.js';
import type { Section } from './section.js';
import { sync } from './sync.js';

/** `sync` comes first: it tells the most that Redis ever held. */
export const sections: Section[] = [sync, push, pipeline, upsert, details, memory, apiReads];
