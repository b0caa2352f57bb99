import { useComputed, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { ageText } from "../format/age.ts";
import { quantityOf } from "../format/quantity.ts";
import { rowsShownMax } from "../live/limits.ts";
import { useLive } from "../live/live-context.ts";
import { filterText } from "../shell/filter.ts";
import { Section } from "../shell/section.tsx";
import { qualityWord } from "./quality-word.ts";
import { Sparkline } from "./sparkline.tsx";
import { ValueChart } from "./value-chart.tsx";
import { type ValueGroup, valueList, type ValueRow } from "./value-list.ts";

/** What everything measures and holds now. */
export function Values(): JSX.Element {
  const live = useLive();
  const list = useComputed(() => {
    void live.valuesKnown.value;
    const heard = Array.from(live.values.all(), ({ address }) => address);
    return valueList(live.nodes.value, heard, filterText.value, rowsShownMax);
  });
  const { groups, hidden } = list.value;
  return (
    <Section id="values" title="Values" tools={<Filter />}>
      {groups.length === 0 ? <NoValues /> : groups.map((group) => <Group key={group.name} group={group} />)}
      {hidden === 0 ? null : <p class="quiet">{hidden} more values: use the filter to find them</p>}
    </Section>
  );
}

function Filter(): JSX.Element {
  return (
    <input
      class="filter"
      type="search"
      placeholder="filter values and inputs"
      aria-label="filter values and inputs"
      value={filterText}
      onInput={(event) => {
        filterText.value = event.currentTarget.value.trim().toLowerCase();
      }}
    />
  );
}

function NoValues(): JSX.Element {
  return filterText.value === "" ? (
    <p class="empty">
      No values yet. They appear by themselves when a node runs a module that measures, such as{" "}
      <code>host</code> or <code>serial</code>.
    </p>
  ) : (
    <p class="empty">No value matches “{filterText.value}”.</p>
  );
}

function Group({ group }: { readonly group: ValueGroup }): JSX.Element {
  return (
    <div class="group">
      <h3>{group.name}</h3>
      <ul class="values">
        {group.rows.map((row) => (
          <Row key={row.address.port} row={row} />
        ))}
      </ul>
    </div>
  );
}

function Row({ row }: { readonly row: ValueRow }): JSX.Element {
  const live = useLive();
  const isOpen = useSignal(false);
  const { node, instance, port } = row.address;
  const value = useComputed(() => {
    void live.beats.value;
    return live.values.get(node, instance, port);
  });
  const text = useComputed(() => (void live.beats.value, quantityOf(value.value?.value, row.spec).text));
  const unit = useComputed(() => (void live.beats.value, quantityOf(value.value?.value, row.spec).unit));
  const age = useComputed(() => {
    void live.beats.value;
    const known = value.value;
    return known === undefined ? "" : ageText(live.clock.now() - known.at);
  });
  const quality = useComputed(() => {
    void live.beats.value;
    const known = value.value;
    return known === undefined ? "" : qualityWord(known.quality, live.stateOf(node));
  });
  const textClass = useComputed(() => (value.value === undefined ? "quiet" : "value-text"));
  const qualityClass = useComputed(() => `quality quality-${quality.value}`);
  const hasChart = value.value?.history !== undefined;
  return (
    <li class="value" data-testid={`value-${node}-${instance}-${port}`}>
      <button
        type="button"
        class="value-line"
        aria-expanded={isOpen}
        disabled={!hasChart}
        onClick={() => {
          isOpen.value = !isOpen.value;
        }}
      >
        <span class="value-name" title={`${node}/${instance}/${port}`}>
          {row.spec?.label ?? port}
          {row.isInput ? <span class="tag">input</span> : null}
        </span>
        <span class="value-now">
          <span class={textClass}>{text}</span> <span class="unit">{unit}</span>
        </span>
        <Sparkline row={row} />
        <span class={qualityClass}>{quality}</span>
        <span class="age">{age}</span>
      </button>
      {isOpen.value ? <ValueChart row={row} /> : null}
    </li>
  );
}
