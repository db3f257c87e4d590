/** Writes docs/openapi.json from the routes' schemas; with --check it only says whether the file is up to date. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openApiDocument } from '../src/api/app.ts';

const FILE = fileURLToPath(new URL('../docs/openapi.json', import.meta.url));
const wanted = `${JSON.stringify(openApiDocument(), null, 2)}\n`;

function committed(): string | null {
  try {
    return readFileSync(FILE, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

if (!process.argv.includes('--check')) {
  writeFileSync(FILE, wanted);
  console.log(`wrote ${FILE}`);
} else if (committed() === wanted) {
  console.log('docs/openapi.json is up to date');
} else {
  console.error('docs/openapi.json differs from the schemas in src/api; run: npm run openapi');
  process.exitCode = 1;
}
