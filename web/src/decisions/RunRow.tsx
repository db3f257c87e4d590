import { useState } from 'react';
import type { ApiCheckSummary } from '../api.ts';
import { dayMonth, fullTime, hourMinute, points, prose, when } from '../format.ts';
import { links } from '../router.ts';
import { Money } from '../ui/Money.tsx';
import { Prose } from '../ui/Prose.tsx';
import { OutcomeTag } from '../ui/Tag.tsx';
import { type Run, reasonWords } from './groupRuns.ts';

/** The hour, and under it the day when it is another one. */
function Time(props: { readonly time: number; readonly now: number }) {
  const { time, now } = props;
  const date = dayMonth(time);
  return (
    <>
      {hourMinute(time)}
      {date === dayMonth(now) ? null : <small>{date}</small>}
    </>
  );
}

function Why(props: { readonly check: ApiCheckSummary; readonly now: number }) {
  return (
    <a
      href={links.decision(props.check.checkId)}
      aria-label={`Why, check ${props.check.checkId} at ${when(props.check.time, props.now)}`}
    >
      Why
    </a>
  );
}

function CheckRow(props: { readonly check: ApiCheckSummary; readonly now: number; readonly inner?: boolean }) {
  const { check } = props;
  return (
    <tr data-testid="check-row" data-outcome={check.outcome} className={props.inner === true ? 'inner' : undefined}>
      <td className="mono" title={fullTime(check.time)}>
        <Time time={check.time} now={props.now} />
      </td>
      <td>
        <OutcomeTag outcome={check.outcome} /> <Prose text={check.sentence} />{' '}
        {/* The sentence of a trade says its cost; that of a failure does not. */}
        {check.outcome !== 'FAILED' || check.costUsdE8 === null ? null : (
          <>
            It cost <Money usdE8={BigInt(check.costUsdE8)} />.{' '}
          </>
        )}
        <Why check={check} now={props.now} />
      </td>
    </tr>
  );
}

function runSentence(run: Run): string {
  const { newest, checks } = run;
  if (newest.outcome === 'HELD_BACK') return `${prose(newest.sentence)} The same for ${checks.length} checks.`;
  if (newest.outcome === 'SKIPPED') return `${checks.length} checks, ${reasonWords(newest.reason)}.`;
  return `${checks.length} checks, ${reasonWords(newest.reason)}, max drift ${points(run.maxDriftBps)} points.`;
}

/** One row of the logbook: a check, or a run of checks that said the same, which opens in place. */
export function RunRow(props: { readonly run: Run; readonly now: number }) {
  const { run, now } = props;
  const [open, setOpen] = useState(false);
  if (run.checks.length === 1) return <CheckRow check={run.newest} now={now} />;
  return (
    <>
      <tr data-testid="run-row" data-outcome={run.newest.outcome}>
        <td className="mono" title={`${fullTime(run.oldest.time)} to ${fullTime(run.newest.time)}`}>
          <Time time={run.newest.time} now={now} />
        </td>
        <td>
          <OutcomeTag outcome={run.newest.outcome} /> {runSentence(run)} <Why check={run.newest} now={now} />{' '}
          <button type="button" className="link" aria-expanded={open} onClick={() => setOpen((o) => !o)}>
            {open ? 'Hide' : 'Show each'}
          </button>
        </td>
      </tr>
      {open ? run.checks.map((c) => <CheckRow key={c.checkId} check={c} now={now} inner />) : null}
    </>
  );
}
