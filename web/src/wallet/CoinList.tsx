import { ExactAmount } from '../ui/Money.tsx';
import type { Coin } from './useExit.ts';

/** Every coin with its exact amount; each can be left behind. */
export function CoinList(props: {
  readonly coins: readonly Coin[];
  readonly skip: ReadonlySet<string>;
  readonly failing: string | null;
  readonly busy: boolean;
  readonly onToggle: (token: string) => void;
}) {
  return (
    <ul className="coins">
      {props.coins.map((coin) => (
        <li key={coin.token} data-testid="coin" data-symbol={coin.symbol}>
          <label>
            <input
              type="checkbox"
              checked={!props.skip.has(coin.token)}
              disabled={props.busy}
              onChange={() => props.onToggle(coin.token)}
            />
            <span className="name">{coin.symbol}</span>
            <span className="n" data-testid="coin-amount">
              <ExactAmount amount={coin.balance} decimals={coin.decimals} />
            </span>
          </label>
          {props.failing?.toLowerCase() === coin.token.toLowerCase() ? (
            <p className="bad">This coin refuses the transfer now. Leave it, and the others still come out.</p>
          ) : null}
        </li>
      ))}
    </ul>
  );
}
