import { useStore } from '../store.ts';
import { type ActionName, action } from './action.ts';
import { sayAction } from './actionWords.ts';

/** Polite for progress, assertive for a failed money action. The regions exist before they speak. */
export function ActionStatus(props: { readonly of: readonly ActionName[] }) {
  const state = useStore(action, (s) => s);
  const mine = state.kind !== 'idle' && props.of.includes(state.action);
  const said = mine ? sayAction(state) : null;
  const bad = said?.tone === 'bad';
  return (
    <div className="action-status" data-testid="action-status" data-state={mine ? state.kind : 'idle'}>
      <p role="status" aria-live="polite" className={said?.tone}>
        {said !== null && !bad ? said.text : ''}
      </p>
      <p role="alert" className="bad">
        {bad ? said.text : ''}
      </p>
    </div>
  );
}
