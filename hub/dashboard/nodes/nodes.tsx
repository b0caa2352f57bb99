import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { ageText } from "../format/age.ts";
import { sortedByName } from "../inputs/control-list.ts";
import { ledgers } from "../live/ledger-watch.ts";
import { nodesShownMax, routesShownMax } from "../live/limits.ts";
import { useLive } from "../live/live-context.ts";
import { isNodeHere, type NodeRecord } from "../live/node-record.ts";
import { Section } from "../shell/section.tsx";
import { ledgerLines } from "./ledger-view.ts";
import { instanceLines, refusedLine, routeLines } from "./node-view.ts";

/** Every node, and how it is. */
export function Nodes(): JSX.Element {
  const live = useLive();
  const records = sortedByName(live.nodes.value.values());
  const hidden = records.length - nodesShownMax;
  return (
    <Section id="nodes" title="Nodes">
      {records.length === 0 ? (
        <p class="empty">
          No node has been heard of. Start one on a Pi, or here: <code>npx interactor agent</code>
        </p>
      ) : (
        <ul class="nodes">
          {records.slice(0, nodesShownMax).map((record) => (
            <NodeCard key={record.name} record={record} />
          ))}
        </ul>
      )}
      {hidden > 0 ? <p class="quiet">{hidden} more nodes</p> : null}
    </Section>
  );
}

function NodeCard({ record }: { readonly record: NodeRecord }): JSX.Element {
  const live = useLive();
  const { name, birth } = record;
  const state = live.stateOf(name);
  const seen = useComputed(() => {
    void live.beats.value;
    const at = lastSeen(record, live.values.lastOf(name));
    return at === undefined ? "never seen from here" : `seen ${ageText(live.clock.now() - at)}`;
  });
  return (
    <li class={`node node-${state}`} data-testid={`node-${name}`}>
      <div class="node-head">
        <h3>{name}</h3>
        <span class={`state state-${state}`} data-testid={`node-${name}-state`}>
          {state}
        </span>
      </div>
      <p class="node-facts">
        <span data-testid={`node-${name}-seen`}>{seen}</span>
        {birth === undefined ? null : (
          <>
            <span>unit {birth.unit}</span>
            <span>agent {birth.agentVersion}</span>
          </>
        )}
      </p>
      <Reasons node={name} />
      <Instances record={record} />
      <Routes record={record} />
      <Refused record={record} />
      <Endings name={name} />
    </li>
  );
}

/** Why a node is not as it should be. That one is starting is no news. */
function Reasons({ node }: { readonly node: string }): JSX.Element | null {
  const live = useLive();
  const reasons = live.reasonsOf(node);
  if (live.stateOf(node) !== "degraded" && live.stateOf(node) !== "sleeping") return null;
  return (
    <p class="refused tone-warn" data-testid={`node-${node}-reasons`}>
      {reasons.join("; ")}
    </p>
  );
}

/** By the site's clock, in ms; a birth's own clock may be ahead or decades behind. */
function lastSeen({ birth }: NodeRecord, lastValueAt: number | undefined): number | undefined {
  if (birth === undefined) return lastValueAt;
  return Math.max(lastValueAt ?? 0, birth.at / 1000);
}

function Instances({ record }: { readonly record: NodeRecord }): JSX.Element | null {
  const lines = instanceLines(record, useLive().stateOf(record.name));
  if (lines.length === 0) return null;
  return (
    <ul class="lines" aria-label={`instances of ${record.name}`}>
      {lines.map(({ name, module, state, tone }) => (
        <li key={name}>
          <span class="line-name">
            {name} <span class="quiet">{module}</span>
          </span>
          <span class={`tone-${tone}`} data-testid={`instance-${record.name}-${name}-state`}>
            {state}
          </span>
        </li>
      ))}
    </ul>
  );
}

function Routes({ record }: { readonly record: NodeRecord }): JSX.Element | null {
  const lines = routeLines(record);
  if (lines.length === 0) return null;
  const isReady = isNodeHere(useLive().stateOf(record.name));
  return (
    <>
      <h4>routes here</h4>
      <ul class="lines" aria-label={`routes on ${record.name}`}>
        {lines.slice(0, routesShownMax).map(({ name, count, failure }) => (
          <li key={name} class={failure === "" ? "" : "line-wide"}>
            <span class="line-name">{name}</span>
            {isReady ? <span class="quiet">{count}</span> : null}
            {failure === "" ? null : <span class="tone-bad failure">{failure}</span>}
          </li>
        ))}
      </ul>
      {lines.length > routesShownMax ? (
        <p class="quiet">{lines.length - routesShownMax} more routes</p>
      ) : null}
    </>
  );
}

function Endings({ name }: { readonly name: string }): JSX.Element | null {
  const lines = ledgerLines(ledgers.value.get(name));
  if (lines.length === 0) return null;
  return (
    <ul class="lines" aria-label={`messages of ${name}`} data-testid={`endings-${name}`}>
      {lines.map(({ way, words, isLoss }) => (
        <li key={way}>
          <span class="line-name">{way}</span>
          <span class={isLoss ? "tone-warn" : "quiet"}>{words}</span>
        </li>
      ))}
    </ul>
  );
}

function Refused({ record }: { readonly record: NodeRecord }): JSX.Element | null {
  const line = refusedLine(record);
  return line === "" ? null : <p class="refused tone-warn">refused {line}</p>;
}
