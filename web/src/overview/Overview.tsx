import { appData } from '../data.ts';
import { useStore } from '../store.ts';
import { PanelError, Skeleton } from '../ui/Panel.tsx';
import { Prose } from '../ui/Prose.tsx';
import { OwnerActions } from '../wallet/OwnerActions.tsx';
import { Allocation } from './Allocation.tsx';
import { CostSplit } from './CostSplit.tsx';
import { Drift } from './Drift.tsx';
import { Figures } from './Figures.tsx';
import { LatestDecisions } from './LatestDecisions.tsx';

function Loading() {
  return (
    <div className="page overview" aria-busy="true" data-testid="loading">
      <h1 className="sr-only">Overview is loading</h1>
      <div className="hero">
        <div className="hero-say">
          <Skeleton rows={1} row="headline" />
          <Skeleton rows={2} row="line" />
        </div>
        <div className="figures">
          <Skeleton rows={5} row="line" />
        </div>
      </div>
      <div className="column">
        <section className="panel">
          <Skeleton rows={4} row="alloc-skeleton" />
        </section>
        <section className="panel">
          <Skeleton rows={4} row="strip" />
        </section>
      </div>
      <div className="column">
        <section className="panel">
          <Skeleton rows={4} row="line" />
        </section>
      </div>
    </div>
  );
}

export function Overview(props: { readonly stale: boolean }) {
  const status = useStore(appData, (d) => d.status);
  const checks = useStore(appData, (d) => d.checks);
  const series = useStore(appData, (d) => d.series);
  if (status.data === null) {
    if (status.error === null) return <Loading />;
    return (
      <div className="page plain">
        <h1>The vault cannot be shown.</h1>
        <PanelError error={status.error} />
      </div>
    );
  }
  const s = status.data;
  return (
    <div className={props.stale ? 'page overview stale' : 'page overview'} data-testid="overview">
      <div className="hero">
        <div className="hero-say">
          <h1 data-testid="headline">
            <Prose text={s.headline} />
          </h1>
          <p className="lead" data-testid="detail">
            <Prose text={s.detail} />
          </p>
          <OwnerActions status={s} stale={props.stale} />
        </div>
        <Figures status={s} />
      </div>
      <div className="column">
        <Allocation assets={s.assets} />
        <Drift series={series} status={s} />
      </div>
      <div className="column">
        <LatestDecisions checks={checks} status={s} />
        <CostSplit costs={s.costs} />
      </div>
    </div>
  );
}
