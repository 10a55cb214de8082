import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, test } from '@jest/globals';
import { jobList } from '../../src/jobs/job-list.js';
import { jobNames } from '../../src/jobs/payloads.js';

const folder = new URL('../../src/jobs/', import.meta.url);

test('every file that defines a job is in the job list, under its own name, and has a payload', () => {
  const files = readdirSync(folder)
    .filter((file) => file !== 'define-job.ts')
    .filter((file) => readFileSync(new URL(file, folder), 'utf8').includes('defineJob('))
    .map((file) => basename(file, '.ts'))
    .sort();
  expect(files.length).toBeGreaterThan(0);
  expect(jobList.map((job) => job.name).sort()).toEqual(files);
  expect([...jobNames].sort()).toEqual(files);
});

test('a job file holds one job, whose name is the file’s', () => {
  for (const { name } of jobList) {
    const names = [...readFileSync(new URL(`${name}.ts`, folder), 'utf8').matchAll(/^ {2}name: '([^']+)'/gm)];
    expect(names.map((match) => match[1])).toEqual([name]);
  }
});
