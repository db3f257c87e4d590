import { percent, plainPercent, points, usd } from '../format.ts';
import { useSuffix } from '../mode.ts';
import { seriesClass } from '../palette.ts';
import { ChartPanel } from '../ui/ChartPanel.tsx';
import { Money, TokenAmount } from '../ui/Money.tsx';
import { useWidth } from '../ui/useWidth.ts';
import { PRICE_WORDS } from '../words.ts';
import { type ApiAsset, allocationSentence, isOutside, roomText, scaleEnd } from './allocationModel.ts';

const HEIGHT = 30;

function Bar(props: {
  readonly asset: ApiAsset;
  readonly index: number;
  readonly end: number;
  readonly width: number;
}) {
  const { asset, width } = props;
  const x = (bps: number): number => Math.round((Math.max(0, Math.min(bps, props.end)) / props.end) * (width - 1));
  const low = x(asset.targetBps - asset.bandBps);
  const high = x(asset.targetBps + asset.bandBps);
  return (
    <svg
      width={width}
      height={HEIGHT}
      role="img"
      aria-label={allocationSentence(asset)}
      className={seriesClass(props.index)}
    >
      <rect className="band" x={low} y={4} width={Math.max(1, high - low)} height={22} />
      <rect
        className="weight-bar"
        x={0}
        y={11}
        width={asset.weightBps > 0 ? Math.max(1, x(asset.weightBps)) : 0}
        height={8}
      />
      <rect className="edge" x={low} y={4} width={1} height={22} />
      <rect className="edge" x={high} y={4} width={1} height={22} />
      <rect className="target" x={x(asset.targetBps) - 1} y={2} width={2} height={26} />
    </svg>
  );
}

function Row(props: { readonly asset: ApiAsset; readonly index: number; readonly end: number }) {
  const { asset } = props;
  const [ref, width] = useWidth<HTMLDivElement>();
  const outside = isOutside(asset);
  const suffix = useSuffix();
  return (
    <div className="alloc-row" data-testid="allocation-row" data-symbol={asset.symbol}>
      <span className="name" title={`${asset.symbol} ${asset.token}, ${usd(BigInt(asset.valueUsdE8))}${suffix}`}>
        {asset.symbol}
      </span>
      <div ref={ref} className="track">
        {width > 0 ? <Bar asset={asset} index={props.index} end={props.end} width={width} /> : null}
      </div>
      <span className="n weight">
        <span data-testid="weight">{percent(asset.weightBps)}</span>
        <small>
          target {plainPercent(asset.targetBps)}%, band {plainPercent(asset.bandBps)}
        </small>
      </span>
      <span className={`n drift ${asset.priceStatus !== 'OK' ? 'no-price' : outside ? 'out' : ''}`}>
        <span data-testid="drift">{points(asset.driftBps, 'always')} pt</span>
        <small>{asset.priceStatus === 'OK' ? roomText(asset) : PRICE_WORDS[asset.priceStatus]}</small>
      </span>
    </div>
  );
}

function Table(props: { readonly assets: readonly ApiAsset[] }) {
  return (
    <table className="data">
      <thead>
        <tr>
          <th scope="col">Coin</th>
          <th scope="col" className="n">
            Amount
          </th>
          <th scope="col" className="n">
            Value
          </th>
          <th scope="col" className="n">
            Weight
          </th>
          <th scope="col" className="n">
            Target
          </th>
          <th scope="col" className="n">
            Band, points
          </th>
          <th scope="col" className="n">
            Drift, points
          </th>
        </tr>
      </thead>
      <tbody>
        {props.assets.map((a) => (
          <tr key={a.token}>
            <th scope="row">{a.symbol}</th>
            <td className="n">
              <TokenAmount amount={BigInt(a.balance)} decimals={a.decimals} symbol={a.symbol} />
            </td>
            <td className="n">
              <Money usdE8={BigInt(a.valueUsdE8)} />
            </td>
            <td className="n">{percent(a.weightBps)}</td>
            <td className="n">{percent(a.targetBps)}</td>
            <td className="n">{points(a.bandBps)}</td>
            <td className="n">{points(a.driftBps, 'always')}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function Allocation(props: { readonly assets: readonly ApiAsset[] }) {
  const { assets } = props;
  const end = scaleEnd(assets);
  const chart = (
    <div className="alloc">
      {assets.map((asset, index) => (
        <Row key={asset.token} asset={asset} index={index} end={end} />
      ))}
    </div>
  );
  if (assets.length === 0) return null;
  return (
    <ChartPanel
      title="Allocation against target and band"
      testId="allocation"
      chart={chart}
      table={<Table assets={assets} />}
    />
  );
}
