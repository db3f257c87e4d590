/** One compiler in a thread of its own: it knows no concurrency and takes a minute. */
import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';

const { compiler, input } = workerData as { readonly compiler: string; readonly input: string };
const require = createRequire(import.meta.url);
const wrap = require('solc/wrapper') as (soljson: unknown) => { compile(input: string): string };
parentPort?.postMessage(wrap(require(compiler)).compile(input));
