import { integer, shortHex } from '../format.ts';
import type { ActionName, ActionState } from './action.ts';

const DOING: Record<ActionName, string> = { pause: 'Pause', resume: 'Resume', withdrawAll: 'Withdraw' };
const DONE: Record<ActionName, string> = {
  pause: 'Paused. The vault refuses every trade until you resume it.',
  resume: 'Resumed. The vault may be traded again inside its limits.',
  withdrawAll: 'Withdrawn to the owner.',
};

export type Said = { readonly text: string; readonly tone: 'info' | 'good' | 'bad' };

/** What to tell the user about an action, in one or two facts. Null while there is nothing to tell. */
export function sayAction(state: ActionState): Said | null {
  if (state.kind === 'idle') return null;
  const doing = DOING[state.action];
  switch (state.kind) {
    case 'simulating':
      return { tone: 'info', text: `${doing}: trying it on the newest block first. Nothing is sent.` };
    case 'would-fail':
      return { tone: 'bad', text: `${doing} would fail now: ${state.reason} Nothing was sent.` };
    case 'needs-you':
      return { tone: 'info', text: `${doing}: open ${state.walletName} to answer.` };
    case 'refused':
      return { tone: 'info', text: 'You declined. Nothing was sent.' };
    case 'pending':
      return { tone: 'info', text: 'A request is already open in your wallet. Answer it there first.' };
    case 'failed':
      return { tone: 'bad', text: `${doing} was not sent: ${state.message}` };
    case 'sent':
      return {
        tone: 'info',
        text: `${doing}: sent as ${shortHex(state.hash)}, waiting for its block.${state.note === null ? '' : ` ${state.note}`}`,
      };
    case 'replaced':
      return {
        tone: 'bad',
        text: `${doing}: the network no longer knows ${shortHex(state.hash)}. It was replaced or dropped in your wallet. Look there before trying again.`,
      };
    case 'reverted':
      return {
        tone: 'bad',
        text: `${doing} was refused by the chain: ${state.reason} Only the network fee was spent. Transaction ${shortHex(state.hash)}.`,
      };
    case 'confirmed':
      return { tone: 'good', text: `${DONE[state.action]} Confirmed in block ${integer(state.block)}.` };
  }
}
