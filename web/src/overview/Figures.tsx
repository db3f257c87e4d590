import type { ApiStatus } from '../api.ts';
import { centsText, share, toCents, usd } from '../format.ts';
import { Changing, Money } from '../ui/Money.tsx';

function WithShare(props: { readonly cents: bigint; readonly of: bigint | null }) {
  const text = props.of === null ? null : share(props.cents * 1_000_000n, props.of);
  return (
    <>
      <Money usdE8={0n} text={centsText(props.cents, 'always')} />
      {text === null ? null : ` (${text})`}
    </>
  );
}

/** Value against the same coins left alone. Rows are subtracted after rounding to cents, so they always add up. */
export function Figures(props: { readonly status: ApiStatus }) {
  const { navUsdE8, holdNavUsdE8, depositedUsdE8, sinceStartUsdE8, costs } = props.status;
  const nav = navUsdE8 === null ? null : BigInt(navUsdE8);
  const deposited = depositedUsdE8 === null ? null : BigInt(depositedUsdE8);
  const since = sinceStartUsdE8 === null ? null : toCents(BigInt(sinceStartUsdE8));
  const ahead = nav === null || holdNavUsdE8 === null ? null : toCents(nav) - toCents(BigInt(holdNavUsdE8));
  const total = BigInt(costs.totalUsdE8);
  const costShare = deposited === null ? null : share(total, deposited, 'minus-only');
  const unknown = <span className="unknown">not known</span>;
  return (
    <dl className="figures" data-testid="figures">
      <dt>Value</dt>
      <dd className="v" data-testid="nav">
        {nav === null ? (
          <span className="unknown">not known, a price is missing</span>
        ) : (
          <Changing value={usd(nav)}>
            <Money usdE8={nav} />
          </Changing>
        )}
      </dd>
      <dt>Since start, after all costs</dt>
      <dd data-testid="since-start">{since === null ? unknown : <WithShare cents={since} of={deposited} />}</dd>
      <dt>Same coins, never rebalanced</dt>
      <dd data-testid="same-coins">
        {since === null || ahead === null ? unknown : <WithShare cents={since - ahead} of={deposited} />}
      </dd>
      <dt>Difference</dt>
      <dd data-testid="difference">
        {ahead === null ? unknown : <Money usdE8={0n} text={centsText(ahead, 'always')} />}
      </dd>
      <dt>Costs so far</dt>
      <dd data-testid="costs-so-far">
        <Money usdE8={total} />
        {costShare === null ? null : ` (${costShare})`}
      </dd>
    </dl>
  );
}
