import type { ApiCheck } from '../api.ts';
import { Copyable } from '../ui/Copyable.tsx';
import { TokenAmount } from '../ui/Money.tsx';
import { Panel } from '../ui/Panel.tsx';

const VENUES = {
  UNISWAP_V2: 'Uniswap V2',
  UNISWAP_V3: 'Uniswap V3',
  UNISWAP_V4: 'Uniswap V4',
  BALANCER_V3: 'Balancer V3',
} as const;

function Amount(props: { readonly check: ApiCheck; readonly symbol: string; readonly amount: string }) {
  const decimals = props.check.assets.find((a) => a.symbol === props.symbol)?.decimals;
  // An amount whose decimals are unknown is shown in base units rather than scaled by a guess.
  if (decimals === undefined)
    return (
      <span className="money">
        {props.amount} base units of {props.symbol}
      </span>
    );
  return <TokenAmount amount={BigInt(props.amount)} decimals={decimals} symbol={props.symbol} />;
}

/** What was planned and what the chain gave. */
export function Fills(props: { readonly check: ApiCheck }) {
  const { plan, realised, txHashes } = props.check;
  const legs = plan?.slices.flatMap((s) => s.legs.map((leg) => ({ sequence: s.sequence, leg }))) ?? [];
  const left = plan?.leftOver ?? [];
  if (legs.length === 0 && realised === null && txHashes.length === 0) return null;
  return (
    <Panel title={realised === null ? 'Planned trades' : 'Trades'} testId="fills">
      {legs.length === 0 ? null : (
        <table className="data stack">
          <caption>Promised by the plan</caption>
          <thead>
            <tr>
              <th scope="col">Slice</th>
              <th scope="col">Venue</th>
              <th scope="col" className="n">
                Sell
              </th>
              <th scope="col" className="n">
                Buy
              </th>
              <th scope="col" className="n">
                At least
              </th>
            </tr>
          </thead>
          <tbody>
            {legs.map(({ sequence, leg }) => (
              <tr key={`${sequence} ${leg.hops.map((h) => h.pool)} ${leg.sell} ${leg.buy}`}>
                <td data-label="Slice">{sequence + 1}</td>
                <td data-label="Venue">{leg.hops.map((h) => VENUES[h.venue]).join(', then ')}</td>
                <td className="n" data-label="Sell">
                  <Amount check={props.check} symbol={leg.sellSymbol} amount={leg.amountIn} />
                </td>
                <td className="n" data-label="Buy">
                  <Amount check={props.check} symbol={leg.buySymbol} amount={leg.quotedOut} />
                </td>
                <td className="n" data-label="At least">
                  <Amount check={props.check} symbol={leg.buySymbol} amount={leg.minOut} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {realised === null ? null : (
        <table className="data stack">
          <caption>Realised on the chain</caption>
          <thead>
            <tr>
              <th scope="col">Transaction</th>
              <th scope="col" className="n">
                Sold
              </th>
              <th scope="col" className="n">
                Received
              </th>
              <th scope="col" className="n">
                Promised
              </th>
            </tr>
          </thead>
          <tbody>
            {realised.fills.map((f) => (
              <tr key={`${f.txHash} ${f.sellSymbol} ${f.buySymbol} ${f.amountIn}`} data-testid="fill">
                <td data-label="Transaction">
                  <Copyable hex={f.txHash} what="transaction hash" />
                </td>
                <td className="n" data-label="Sold">
                  <Amount check={props.check} symbol={f.sellSymbol} amount={f.amountIn} />
                </td>
                <td className="n" data-label="Received">
                  <Amount check={props.check} symbol={f.buySymbol} amount={f.amountOut} />
                </td>
                <td className="n" data-label="Promised">
                  <Amount check={props.check} symbol={f.buySymbol} amount={f.quotedOut} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {realised === null && txHashes.length > 0 ? (
        <ul className="plain-list">
          {txHashes.map((hash) => (
            <li key={hash}>
              Sent as <Copyable hex={hash} what="transaction hash" />
            </li>
          ))}
        </ul>
      ) : null}
      {left.length === 0 ? null : (
        <ul className="plain-list left-over">
          {left.map((l) => (
            <li key={`${l.symbol} ${l.detail}`}>
              Left over, {l.symbol}: {l.detail}.
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
