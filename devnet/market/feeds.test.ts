import { describe, expect, it } from 'vitest';
import { SYMBOLS, TOKENS } from '../layout.ts';
import { scenarioByName } from '../scenarios/catalogue.ts';
import { createFeeds, type FeedRound } from './feeds.ts';
import { buildPath, STEP_S } from './path.ts';

const path = buildPath(scenarioByName('2022-11-ftx'), 7);
const deployedAt = path.startTime - 12;
const HOUR_S = 3_600;

describe('feeds', () => {
  it('never lag the market by the deviation, nor time by the heartbeat', () => {
    const feeds = createFeeds(path, deployedAt);
    const last = new Map<string, FeedRound>();
    let lagged = 0;
    for (let t = path.startTime; t <= path.endTime; t += STEP_S) {
      for (const round of feeds.advance(t)) last.set(round.symbol, round);
      for (const symbol of SYMBOLS) {
        const round = last.get(symbol);
        if (!round) continue;
        const { heartbeatS, deviationBps } = TOKENS[symbol].feed;
        const price = path.priceAt(symbol, t);
        const answer = Number(round.answer) / 1e8;
        expect(Math.abs(price / answer - 1) * 10_000).toBeLessThan(deviationBps + 1e-3);
        expect(t - round.updatedAt).toBeLessThan(heartbeatS);
        if (Math.abs(price / answer - 1) > 0.001) lagged += 1;
      }
    }
    expect(lagged).toBeGreaterThan(1_000);
  });

  it('report for a reason only: a move by the deviation, or the heartbeat', () => {
    const before = new Map<string, FeedRound>(
      SYMBOLS.map((symbol) => [symbol, { symbol, answer: path.priceE8At(symbol, deployedAt), updatedAt: deployedAt }]),
    );
    const rounds = createFeeds(path, deployedAt).advance(path.endTime);
    let early = 0;
    for (const round of rounds) {
      const last = before.get(round.symbol);
      if (!last) throw new Error(round.symbol);
      const { heartbeatS, deviationBps } = TOKENS[round.symbol].feed;
      const moveBps = Math.abs(Number(round.answer) / Number(last.answer) - 1) * 10_000;
      const waited = round.updatedAt - last.updatedAt;
      expect(round.answer).toBe(path.priceE8At(round.symbol, round.updatedAt));
      expect(moveBps >= deviationBps - 1e-6 || waited >= heartbeatS).toBe(true);
      if (waited < heartbeatS) early += 1;
      before.set(round.symbol, round);
    }
    expect(early).toBeGreaterThan(100);
    expect(rounds.length - early).toBeGreaterThan(100);
  });

  it('do not depend on when blocks happen', () => {
    const whole = createFeeds(path, deployedAt).advance(path.endTime);
    const feeds = createFeeds(path, deployedAt);
    const pieces: FeedRound[] = [];
    for (let t = path.startTime + 7; t < path.endTime; t += 1_741) pieces.push(...feeds.advance(t));
    pieces.push(...feeds.advance(path.endTime));
    expect(pieces).toEqual(whole);
  });

  it('stay silent while frozen and report at once afterwards', () => {
    const feeds = createFeeds(path, deployedAt);
    const [from, to] = [path.startTime + 6 * HOUR_S, path.startTime + 18 * HOUR_S];
    feeds.freeze('WETH', from, to);
    const rounds = feeds.advance(path.startTime + 24 * HOUR_S);
    const eth = rounds.filter((r) => r.symbol === 'WETH').map((r) => r.updatedAt);
    expect(eth.filter((t) => t >= from && t < to)).toEqual([]);
    expect(eth.filter((t) => t < from).length).toBeGreaterThan(0);
    expect(eth).toContain(to);
    expect(rounds.some((r) => r.symbol === 'WBTC' && r.updatedAt >= from && r.updatedAt < to)).toBe(true);
  });
});
