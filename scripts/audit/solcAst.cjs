#!/usr/bin/env node
// slither's compiler: solc-js behind native solc's command line, as in scripts/solc.cjs, but without code generation,
// which slither does not read and which would take half a minute. It insists on finding the members, so they are empty.
const solc = require('solc');

if (process.argv.includes('--version')) {
  const version = solc.version().replace('.Emscripten.clang', '.Linux.g++');
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${version}\n`);
} else {
  let text = '';
  process.stdin.setEncoding('utf8');
  process.stdin.on('data', (chunk) => {
    text += chunk;
  });
  process.stdin.on('end', () => {
    const input = JSON.parse(text);
    input.settings.outputSelection = { '*': { '*': ['abi', 'userdoc', 'devdoc'], '': ['ast'] } };
    const output = JSON.parse(solc.compile(JSON.stringify(input)));
    const none = { object: '', sourceMap: '' };
    for (const file of Object.values(output.contracts ?? {})) {
      for (const contract of Object.values(file)) contract.evm = { bytecode: none, deployedBytecode: none };
    }
    process.stdout.write(JSON.stringify(output));
  });
}
