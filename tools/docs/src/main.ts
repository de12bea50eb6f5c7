/** `npm run docs`: brings the tables of docs/configuration.md up to date with the schemas of the processes. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fillIn, PAGE } from './configuration.ts';
import { ROOT } from './repository.ts';

const file = `${ROOT}${PAGE}`;
writeFileSync(file, await fillIn(readFileSync(file, 'utf8')));
execFileSync(`${ROOT}node_modules/.bin/oxfmt`, [file]);
