/** Wrapped ether for everybody who pays, out of nothing, and ether itself for who makes pools of it. */
import { parseAbi } from 'viem';
import type { Address } from '../../src/core/types.ts';
import { SENDER, shipped, type World } from './world.ts';

const EACH = 10n ** 30n;
const wethAbi = parseAbi(['function deposit() payable', 'function transfer(address, uint256)']);

export async function makeWeth(world: World): Promise<Address> {
  const at = await world.deploy(shipped('@uniswap/v2-periphery/build/WETH9.json'));
  await world.ether(SENDER, 10n * EACH);
  await world.ether(world.maker, EACH);
  for (const holder of [world.caller, world.seeder, world.maker, SENDER]) {
    await world.send(at, wethAbi, 'deposit', [], EACH);
    if (holder !== SENDER) await world.send(at, wethAbi, 'transfer', [holder, EACH]);
  }
  return at.toLowerCase() as Address;
}
