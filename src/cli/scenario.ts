import { resolve } from 'node:path';
import { scenarioOfFile } from '../../devnet/market/csv.ts';
import { scenarioByName } from '../../devnet/scenarios/catalogue.ts';
import type { Scenario } from '../../devnet/scenarios/scenario.ts';
import { badOption, type Call, textOption } from './command.ts';

/** --scenario, --prices, or the default. @throws KeelError */
export function chosenScenario(call: Call, byDefault: string): Scenario {
  const name = textOption(call, 'scenario');
  const file = textOption(call, 'prices');
  if (name !== undefined && file !== undefined)
    throw badOption('--prices', file, 'cannot be combined with --scenario', 'Use one of the two');
  return file === undefined ? scenarioByName(name ?? byDefault) : scenarioOfFile(resolve(call.io.cwd, file));
}
