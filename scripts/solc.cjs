#!/usr/bin/env node
// forge's compiler: solc-js behind native solc's command line. Output leaves by a stream that is allowed to drain:
// process.exit would cut anything over 64 KB.
const solc = require('solc');

if (process.argv.includes('--version')) {
  const version = solc.version().replace('.Emscripten.clang', '.Linux.g++');
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${version}\n`);
} else {
  let input = '';
  process.stdin.setEncoding('utf8');
  process.stdin.on('data', (chunk) => {
    input += chunk;
  });
  process.stdin.on('end', () => {
    process.stdout.write(solc.compile(input));
  });
}
