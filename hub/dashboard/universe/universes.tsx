import { channelWords, readMonitor } from "@interactor/shared/site/fixtures/universe-monitor";
import { findPort, type InputSpec } from "@interactor/shared/wire/messages/port";
import { type Signal, useComputed, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useCallback } from "preact/hooks";
import { InputControl } from "../inputs/input-control.tsx";
import { useInputHandle } from "../inputs/input-handle.ts";
import { useLive } from "../live/live-context.ts";
import { isNodeHere } from "../live/node-record.ts";
import { Section } from "../shell/section.tsx";
import { type Universe, universesIn } from "./universes-in.ts";
import { cueInputsIn, CuePanel } from "./cue-panel.tsx";
import { channelsMax } from "./grid-shape.ts";
import { UniverseGrid } from "./universe-grid.tsx";
import { Desks, UniverseHead } from "./universe-head.tsx";

const noSlots = new Uint8Array();
const channelInput = "ch";

/** The channels of every universe, as they are sent. */
export function Universes(): JSX.Element {
  const universes = universesIn(useLive().nodes.value);
  return (
    <Section id="universe" title="Universe">
      {universes.length === 0 ? (
        <p class="empty">
          No node sends a universe. Give one an instance of <code>dmx</code>, and its channels are seen here.
        </p>
      ) : (
        universes.map((universe) => (
          <UniverseView key={`${universe.node}/${universe.instance}`} universe={universe} />
        ))
      )}
    </Section>
  );
}

function UniverseView({ universe }: { readonly universe: Universe }): JSX.Element {
  const live = useLive();
  const { node, instance } = universe;
  const id = `${node}-${instance}`;
  const cues = cueInputsIn(universe.inputs);
  const chosen = useSignal(1);
  const pointed = useSignal<number | undefined>(undefined);
  const slots = useCallback(() => {
    const value = live.values.get(node, instance, "universe")?.value;
    return value instanceof Uint8Array ? value : noSlots;
  }, [live, node, instance]);
  const isKnown = useComputed(() => isNodeHere(live.stateOf(node)));
  return (
    <div class={`group universe ${isKnown.value ? "" : "universe-stale"}`}>
      <UniverseHead node={node} instance={instance} slots={slots} pointed={pointed} chosen={chosen} />
      {cues === undefined ? null : <CuePanel node={node} instance={instance} inputs={cues} />}
      <UniverseGrid
        id={id}
        name={`${node}/${instance}`}
        slots={slots}
        chosen={chosen}
        choose={(channel) => {
          chosen.value = channel;
        }}
        point={(channel) => {
          pointed.value = channel;
        }}
      />
      <Channel universe={universe} chosen={chosen} slots={slots} />
      <Desks node={node} instance={instance} />
    </div>
  );
}

interface ChannelProps {
  readonly universe: Universe;
  readonly chosen: Signal<number>;
  readonly slots: () => Uint8Array;
}

/** The chosen channel in words, and the control that takes it over. */
function Channel({ universe, chosen, slots }: ChannelProps): JSX.Element {
  const { node, instance, inputs } = universe;
  const spec = findPort(inputs, `${channelInput}1`);
  const id = `${node}-${instance}`;
  const live = useLive();
  const text = useComputed(() => {
    void live.beats.value;
    const monitor = readMonitor(live.values.get(node, instance, "monitor")?.value);
    return channelWords(slots(), chosen.value, monitor);
  });
  return (
    <div class="channel">
      <label class="channel-number">
        <span>channel</span>
        <input
          type="number"
          min={1}
          max={channelsMax}
          value={chosen}
          data-testid={`universe-${id}-channel`}
          onInput={(event) => {
            const typed = event.currentTarget.valueAsNumber;
            if (Number.isInteger(typed) && typed >= 1 && typed <= channelsMax) chosen.value = typed;
          }}
        />
      </label>
      <span class="level" data-testid={`universe-${id}-level`}>
        {text}
      </span>
      {spec === undefined ? (
        <p class="quiet">its channels cannot be set one by one</p>
      ) : (
        <ChannelControl universe={universe} spec={spec} channel={chosen.value} slots={slots} />
      )}
    </div>
  );
}

interface ChannelControlProps {
  readonly universe: Universe;
  readonly spec: InputSpec;
  readonly channel: number;
  readonly slots: () => Uint8Array;
}

function ChannelControl({ universe, spec, channel, slots }: ChannelControlProps): JSX.Element {
  const { node, instance } = universe;
  // As it is sent, whoever sets it: a named dimmer may stand on the same channel.
  const sent = useCallback(() => slots()[channel - 1], [slots, channel]);
  const handle = useInputHandle({ node, instance, port: `${channelInput}${channel}` }, spec, sent);
  return (
    <ul class="inputs">
      <InputControl key={channel} handle={handle} label={`channel ${channel}`} />
    </ul>
  );
}
