import { findPort, type InputSpec } from "@interactor/shared/wire/messages/port";
import { type ReadonlySignal, type Signal, useComputed, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useCallback } from "preact/hooks";
import { InputControl } from "../inputs/input-control.tsx";
import { useInputHandle } from "../inputs/input-handle.ts";
import { sortedByName } from "../inputs/control-list.ts";
import { ageText } from "../format/age.ts";
import { useLive } from "../live/live-context.ts";
import { isNodeHere, type Nodes } from "../live/node-record.ts";
import { Section } from "../shell/section.tsx";
import { channelsMax, levelText } from "./grid-shape.ts";
import { UniverseGrid } from "./universe-grid.tsx";
import { wayWords, type WayWords } from "./ways.ts";
import { cueWords, numberWords } from "./universe-words.ts";

interface Universe {
  readonly node: string;
  readonly instance: string;
  /** What its channels take; `undefined` when they cannot be set. */
  readonly channel: InputSpec | undefined;
}

const noSlots = new Uint8Array();
const channelInput = "ch";

/** The channels of every universe, as they are sent. */
export function Universes(): JSX.Element {
  const universes = universesOf(useLive().nodes.value);
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

function universesOf(nodes: Nodes): Universe[] {
  return sortedByName(nodes.values()).flatMap(({ name: node, birth }) =>
    Object.entries(birth?.instances ?? {})
      .filter(([, { outputs }]) => findPort(outputs, "universe")?.type === "bytes")
      .map(([instance, { inputs }]) => ({ node, instance, channel: findPort(inputs, `${channelInput}1`) })),
  );
}

function UniverseView({ universe }: { readonly universe: Universe }): JSX.Element {
  const live = useLive();
  const { node, instance } = universe;
  const id = `${node}-${instance}`;
  const chosen = useSignal(1);
  const pointed = useSignal<number | undefined>(undefined);
  const slots = useCallback(() => {
    const value = live.values.get(node, instance, "universe")?.value;
    return value instanceof Uint8Array ? value : noSlots;
  }, [live, node, instance]);
  const pointedText = useComputed(() => {
    void live.beats.value;
    return pointed.value === undefined ? "" : levelText(slots(), pointed.value);
  });
  const isKnown = useComputed(() => isNodeHere(live.stateOf(node)));
  const summary = useComputed(() => {
    void live.beats.value;
    const at = live.values.get(node, instance, "universe")?.at;
    if (at === undefined) return "nothing sent yet";
    const lit = slots().reduce((count, level) => count + (level > 0 ? 1 : 0), 0);
    const age = ageText(live.clock.now() - at);
    return `${lit} of ${slots().length} lit · ${isKnown.value ? "changed" : "last known"} ${age}`;
  });
  const said = (output: string) => live.values.get(node, instance, output)?.value;
  const number = useComputed(() => (void live.beats.value, numberWords(said("monitor"))));
  const cue = useComputed(() => (void live.beats.value, cueWords(said("cue"), said("cue-paused"))));
  const ways = useComputed(() => (void live.beats.value, wayWords(said("ways"))));
  return (
    <div class={`group universe ${isKnown.value ? "" : "universe-stale"}`}>
      <div class="universe-head">
        <h3>
          {node}/{instance}
        </h3>
        <span class="quiet" data-testid={`universe-${id}-number`}>
          {number}
        </span>
        <span data-testid={`universe-${id}-cue`}>{cue}</span>
        <span class="quiet">{summary}</span>
        <span data-testid={`universe-${id}-ways`}>
          <WayList ways={ways} />
        </span>
        <span class="pointed">{pointedText}</span>
      </div>
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
    </div>
  );
}

function WayList({ ways }: { readonly ways: ReadonlySignal<readonly WayWords[]> }): JSX.Element {
  return (
    <>
      {ways.value.map(({ words, isIll }, index) => (
        <span key={words} class={isIll ? "tone-warn" : "quiet"}>
          {index === 0 ? words : ` · ${words}`}
        </span>
      ))}
    </>
  );
}

interface ChannelProps {
  readonly universe: Universe;
  readonly chosen: Signal<number>;
  readonly slots: () => Uint8Array;
}

/** The chosen channel in words, and the control that takes it over. */
function Channel({ universe, chosen, slots }: ChannelProps): JSX.Element {
  const { node, instance, channel: spec } = universe;
  const id = `${node}-${instance}`;
  const live = useLive();
  const text = useComputed(() => (void live.beats.value, levelText(slots(), chosen.value)));
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
