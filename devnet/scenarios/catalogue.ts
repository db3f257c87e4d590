import { EXIT, KeelError } from '../../src/core/errors.ts';
import { crash202105 } from './2021-05-crash.ts';
import { luna202205 } from './2022-05-luna.ts';
import { ftx202211 } from './2022-11-ftx.ts';
import { depeg202303 } from './2023-03-usdc-depeg.ts';
import { calm202309 } from './2023-09-calm.ts';
import { carry202408 } from './2024-08-carry.ts';
import { flat, frozenFeed, gasSpike, thinPool } from './drills.ts';
import type { Scenario } from './scenario.ts';

export const SCENARIOS: readonly Scenario[] = [
  crash202105,
  luna202205,
  ftx202211,
  depeg202303,
  calm202309,
  carry202408,
  flat,
  gasSpike,
  frozenFeed,
  thinPool,
];

/** @throws KeelError */
export function scenarioByName(name: string): Scenario {
  const found = SCENARIOS.find((s) => s.name === name);
  if (found) return found;
  throw new KeelError({
    code: 'UNKNOWN_SCENARIO',
    exit: EXIT.usage,
    field: 'scenario',
    value: name,
    reason: 'no bundled scenario has this name',
    remedy: `Use one of ${SCENARIOS.map((s) => s.name).join(', ')}`,
  });
}
