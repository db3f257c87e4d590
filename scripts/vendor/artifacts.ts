/** Other people's contracts that run in tests and benchmarks as they run on the chains: what each is made of. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Artifact, Compilation } from './compile.ts';
import {
  BALANCER_V3,
  CHAINLINK,
  OPENZEPPELIN_5_4,
  type Package,
  SET_PROTOCOL,
  SOLC_0_8_26,
  UNISWAP_V3_PERIPHERY,
  UNISWAP_V4,
  unpacked,
} from './packages.ts';

/** Bytecode that its makers published. */
export type Shipped = { readonly name: string; readonly from: Package; readonly path: string };

export const SHIPPED: readonly Shipped[] = [
  { name: 'PoolManager', from: UNISWAP_V4, path: 'out/PoolManager.sol/PoolManager.json' },
  { name: 'SwapRouter', from: UNISWAP_V3_PERIPHERY, path: 'artifacts/contracts/SwapRouter.sol/SwapRouter.json' },
  ...[
    'Controller',
    'SetTokenCreator',
    'SetToken',
    'IntegrationRegistry',
    'modules/BasicIssuanceModule',
    'modules/TradeModule',
    'modules/GeneralIndexModule',
    'integration/exchange/UniswapV2ExchangeAdapterV2',
    'integration/exchange/UniswapV3ExchangeAdapter',
    'integration/index-exchange/UniswapV3IndexExchangeAdapter',
  ].map((path) => {
    const name = path.slice(path.lastIndexOf('/') + 1);
    return {
      name: `Set${name.replace(/^Set/, '')}`,
      from: SET_PROTOCOL,
      path: `artifacts/contracts/protocol/${path}.sol/${name}.json`,
    };
  }),
];

type AnyArtifact = {
  readonly abi: readonly unknown[];
  readonly bytecode: string | { readonly object: string };
  readonly deployedBytecode: string | { readonly object: string };
};

/** Hardhat writes the code as a string, forge as an object. */
const codeOf = (code: AnyArtifact['bytecode']): string => (typeof code === 'string' ? code : code.object);

export function readShipped(shipped: Shipped): Artifact {
  const file = join(unpacked(shipped.from), shipped.path);
  const { abi, bytecode, deployedBytecode } = JSON.parse(readFileSync(file, 'utf8')) as AnyArtifact;
  return { abi, bytecode: codeOf(bytecode), deployedBytecode: codeOf(deployedBytecode) };
}

const EAC_SOURCE = 'src/v0.6/EACAggregatorProxy.sol';

export const EAC_ORIGIN = `${EAC_SOURCE} of ${CHAINLINK.name}@${CHAINLINK.version} (MIT), solc 0.6.6, 1,000,000 runs`;

export function chainlink(): Compilation {
  return {
    compiler: createRequire(import.meta.url).resolve('solc-0.6/soljson.js'),
    roots: { 'src/': join(unpacked(CHAINLINK), 'src') },
    contracts: { EACAggregatorProxy: EAC_SOURCE },
    settings: { optimizer: { enabled: true, runs: 1_000_000 }, metadata: { bytecodeHash: 'none' } },
  };
}

/** Balancer's own: the vault does not fit its 24 kB with solc's default steps. */
const BALANCER_YUL_STEPS =
  'dhfoDgvulfnTUtnIf [ xa[r]EscLM cCTUtTOntnfDIul Lcul Vcul [j] Tpeul xa[rul] xa[r]cL gvif CTUca[r]LSsTFOtfDnca[r]Iulc ] jmul[jul] VcTOcul jmul : fDnTOcmu';

function balancer(runs: number, contracts: Compilation['contracts']): Compilation {
  const roots: Record<string, string> = { '@openzeppelin/contracts/': unpacked(OPENZEPPELIN_5_4) };
  for (const pkg of BALANCER_V3) roots[`${pkg.name}/`] = unpacked(pkg);
  return {
    compiler: join(unpacked(SOLC_0_8_26), 'soljson.js'),
    roots,
    contracts,
    settings: {
      viaIR: true,
      evmVersion: 'cancun',
      optimizer: { enabled: true, runs, details: { yulDetails: { optimizerSteps: BALANCER_YUL_STEPS } } },
      metadata: { bytecodeHash: 'none' },
    },
  };
}

/** The two sets of optimizer runs are Balancer's. */
export function balancerVault(): Compilation {
  return balancer(500, {
    Vault: '@balancer-labs/v3-vault/contracts/Vault.sol',
    VaultExtension: '@balancer-labs/v3-vault/contracts/VaultExtension.sol',
  });
}

export function balancerRest(): Compilation {
  return balancer(9_999, {
    VaultAdmin: '@balancer-labs/v3-vault/contracts/VaultAdmin.sol',
    ProtocolFeeController: '@balancer-labs/v3-vault/contracts/ProtocolFeeController.sol',
    WeightedPool: '@balancer-labs/v3-pool-weighted/contracts/WeightedPool.sol',
    StablePool: '@balancer-labs/v3-pool-stable/contracts/StablePool.sol',
  });
}
