/**
 * The oracle networks: each watches the market every five minutes and reports when it moved by the deviation or when
 * the heartbeat is over. Between two blocks several rounds may fall due. Reports do not depend on when blocks happen.
 */
import { SYMBOLS, TOKENS, type TokenSymbol } from '../layout.ts';
import { type MarketPath, STEP_S } from './path.ts';

export type FeedRound = { readonly symbol: TokenSymbol; readonly answer: bigint; readonly updatedAt: number };

export type Feeds = {
  /** Rounds reported after the last call and up to `time`, in order of time. */
  readonly advance: (time: number) => FeedRound[];
  /** Reports nothing from `from` on until `to`, exclusive; what it saw meanwhile is never reported. */
  readonly freeze: (symbol: TokenSymbol, from: number, to: number) => void;
};

type Freeze = { readonly symbol: TokenSymbol; readonly from: number; readonly to: number };

/** @param startTime when the first round of every feed was published at the then market price */
export function createFeeds(path: MarketPath, startTime: number): Feeds {
  const freezes: Freeze[] = [];
  const last = new Map<TokenSymbol, FeedRound>(
    SYMBOLS.map((symbol) => [symbol, { symbol, answer: path.priceE8At(symbol, startTime), updatedAt: startTime }]),
  );
  let seenUntil = startTime;

  const frozen = (symbol: TokenSymbol, time: number): boolean =>
    freezes.some((f) => f.symbol === symbol && time >= f.from && time < f.to);

  function observe(symbol: TokenSymbol, time: number): FeedRound | null {
    const before = last.get(symbol);
    if (!before || time <= before.updatedAt || frozen(symbol, time)) return null;
    const { heartbeatS, deviationBps } = TOKENS[symbol].feed;
    const answer = path.priceE8At(symbol, time);
    const move = answer > before.answer ? answer - before.answer : before.answer - answer;
    if (time - before.updatedAt < heartbeatS && move * 10_000n < before.answer * BigInt(deviationBps)) return null;
    const round = { symbol, answer, updatedAt: time };
    last.set(symbol, round);
    return round;
  }

  return {
    advance: (time) => {
      const rounds: FeedRound[] = [];
      const firstPoint = Math.floor((seenUntil - path.startTime) / STEP_S) + 1;
      const lastPoint = Math.floor((time - path.startTime) / STEP_S);
      for (let point = firstPoint; point <= lastPoint; point++) {
        for (const symbol of SYMBOLS) {
          const round = observe(symbol, path.startTime + point * STEP_S);
          if (round) rounds.push(round);
        }
      }
      seenUntil = Math.max(seenUntil, time);
      return rounds;
    },
    freeze: (symbol, from, to) => freezes.push({ symbol, from, to }),
  };
}
