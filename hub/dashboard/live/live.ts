/**
 * All that the page knows. Messages are only decoded and written down here; what they change is shown on the next
 * beat, four times a second, so the page's work depends on what is on it and not on the rate of messages.
 */
import type { Command } from "@interactor/shared/wire/messages/command";
import { decodeHubMetric, decodeHubState, type HubMetric } from "@interactor/shared/wire/messages/hub-state";
import { findPort } from "@interactor/shared/wire/messages/port";
import { decodeReply, type ReplyDocument } from "@interactor/shared/wire/messages/reply";
import { decodeReported } from "@interactor/shared/wire/messages/reported";
import { decodeNodeState } from "@interactor/shared/wire/messages/state";
import { decodeStopLatch, type StopLatch } from "@interactor/shared/wire/messages/stop";
import type { SiteAddress } from "@interactor/shared/wire/names";
import type { RequestId } from "@interactor/shared/wire/request";
import { parseTopic, type Topic, topicRoot } from "@interactor/shared/wire/topics";
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { type Hearing, hubLink, type HubLink } from "./hub-link.ts";
import { faultsCountedMax } from "./limits.ts";
import {
  type NodeEvent,
  nodeReasons,
  type Nodes,
  nodeState,
  type NodeState,
  stepNodes,
} from "./node-record.ts";
import { Questions } from "./questions.ts";
import { SiteClock } from "./site-clock.ts";
import { type Asking, askText, type StopAsk, StopAsks } from "./stop-asks.ts";
import { Values } from "./values.ts";

export interface HubView {
  readonly link: HubLink;
  readonly version: string | undefined;
  readonly metric: HubMetric | undefined;
}

/** What went wrong with messages since the page was opened. */
export interface Troubles {
  /** Messages that could not be read. */
  readonly unreadable: number;
  /** Messages of values beyond those the page keeps. */
  readonly refused: number;
}

/** Whether a command left, and if not, why. */
export type Sent = "sent" | "hub-lost" | "hub-busy";

export interface LiveOptions {
  readonly site: string;
  /** Ms since 1970 by this machine. */
  readonly wall: () => number;
  /** Ms, never steps. */
  readonly monotonic: () => number;
  readonly send: (address: SiteAddress, command: Command) => Sent;
  readonly stop: (zone: string, latch: StopLatch, taken: () => void) => () => void;
  /** Of a press. */
  readonly newId: () => string;
  readonly newRequest: () => RequestId;
}

/** What the hub says of the show stop, by zone. */
export type Stops = ReadonlyMap<string, StopLatch>;

export class Live {
  readonly site: string;
  readonly values: Values;
  readonly clock: SiteClock;
  readonly #options: LiveOptions;
  readonly #questions = new Questions();
  readonly #valuesBase: string;
  readonly #nodesShown = signal<Nodes>(new Map());
  readonly #hubShown = signal<HubView>({ link: "connecting", version: undefined, metric: undefined });
  readonly #link = computed(() => this.#hubShown.value.link);
  readonly #troublesShown = signal<Troubles>({ unreadable: 0, refused: 0 });
  readonly #stopsShown = signal<Stops>(new Map());
  readonly #asks: StopAsks;
  readonly #asksShown = signal<readonly StopAsk[]>([]);
  readonly #beats = signal(0);
  readonly #valuesKnown = signal(0);
  #nodes: Nodes = new Map();
  #hearing: Hearing = { isSocketUp: false, isHubGone: false, heardAt: undefined };
  #version: string | undefined;
  #metric: HubMetric | undefined;
  #unreadable = 0;
  #refused = 0;
  #changesOfValues = 0;

  constructor(options: LiveOptions) {
    this.#options = options;
    this.site = options.site;
    this.#valuesBase = `${topicRoot}/${options.site}/v/`;
    this.clock = new SiteClock(options.wall);
    this.values = new Values((address) => !this.#isCounted(address));
    const send = (zone: string, asking: Asking, taken: () => void) =>
      options.stop(
        zone,
        { v: 1, by: "dashboard", at: Math.round(this.clock.now() * 1000), ...asking },
        taken,
      );
    this.#asks = new StopAsks({ send, newId: options.newId });
  }

  get nodes(): ReadonlySignal<Nodes> {
    return this.#nodesShown;
  }
  get hub(): ReadonlySignal<HubView> {
    return this.#hubShown;
  }
  get link(): ReadonlySignal<HubLink> {
    return this.#link;
  }
  /** Shown at once and not on the next beat. */
  get stops(): ReadonlySignal<Stops> {
    return this.#stopsShown;
  }
  /** What was asked of the show stop and is not confirmed. Shown at once. */
  get asks(): ReadonlySignal<readonly StopAsk[]> {
    return this.#asksShown;
  }
  get troubles(): ReadonlySignal<Troubles> {
    return this.#troublesShown;
  }
  /** Changes with every beat: read it where something ages. */
  get beats(): ReadonlySignal<number> {
    return this.#beats;
  }
  /** Changes when a value appears or disappears. */
  get valuesKnown(): ReadonlySignal<number> {
    return this.#valuesKnown;
  }

  /** How a node is, by what is shown now. */
  stateOf(node: string): NodeState {
    const record = this.#nodesShown.value.get(node);
    return record === undefined ? "unknown" : nodeState(record, this.#link.value === "connected");
  }

  /** Why it is so, in words; empty when there is nothing to say. */
  reasonsOf(node: string): readonly string[] {
    const record = this.#nodesShown.value.get(node);
    return record === undefined ? [] : nodeReasons(record, this.#link.value === "connected");
  }

  /** `answered`: told what became of it, if the hub says so in time. */
  send(address: SiteAddress, command: Command, answered?: (reply: ReplyDocument) => void): Sent {
    if (this.#hubShown.peek().link === "lost") return "hub-lost";
    if (answered === undefined) return this.#options.send(address, command);
    const request = this.#options.newRequest();
    const sent = this.#options.send(address, { ...command, request });
    if (sent === "sent") this.#questions.add(request, answered);
    return sent;
  }

  /** A stop goes also when the hub seems lost: it may hear yet. */
  stop(zone: string): void {
    this.#asks.stop(zone, this.#options.monotonic());
    this.#asksShown.value = this.#asks.open;
  }

  /** Lets go of latches in a zone. */
  release(zone: string, ids: readonly string[]): void {
    this.#asks.release(zone, ids, this.#options.monotonic());
    this.#asksShown.value = this.#asks.open;
  }

  /** What is to be said of an ask now. */
  askText(ask: StopAsk): string {
    return askText(ask, this.#options.monotonic());
  }

  socketUp(): void {
    this.#hearing = { ...this.#hearing, isSocketUp: true, isHubGone: false };
    // It may be another hub that knows less; what holds comes again at once.
    this.#stopsShown.value = new Map();
    this.#step({ kind: "connected" });
  }

  socketDown(): void {
    this.#hearing = { ...this.#hearing, isSocketUp: false };
    this.#show();
  }

  receive(topic: string, payload: Uint8Array): void {
    if (!this.#hearing.isHubGone) this.#hearing = { ...this.#hearing, heardAt: this.#options.monotonic() };
    if (topic.startsWith(this.#valuesBase)) return this.#receiveValue(topic, payload);
    const parsed = parseTopic(topic);
    if (parsed === undefined) return this.#count("unreadable");
    return this.#receiveDocument(parsed, payload);
  }

  /** Shows what has come since the last beat. */
  beat(): void {
    this.#show();
    this.#beats.value += 1;
  }

  #receiveValue(topic: string, payload: Uint8Array): void {
    const taken = this.values.take(topic, payload, this.clock.now());
    if (taken === "updated") return;
    if (taken === "new" || taken === "forgotten") this.#changesOfValues += 1;
    else this.#count(taken === "refused" ? "refused" : "unreadable");
  }

  #receiveDocument(topic: Topic, payload: Uint8Array): void {
    switch (topic.kind) {
      case "state": {
        if (payload.length === 0) return this.#step({ kind: "forgotten", node: topic.node });
        const message = decodeNodeState(payload);
        if (!message.ok) return this.#count("unreadable");
        return this.#step({ kind: "state", node: topic.node, message: message.value });
      }
      case "reported": {
        if (payload.length === 0) return;
        const reported = decodeReported(payload);
        if (!reported.ok) return this.#count("unreadable");
        return this.#step({ kind: "reported", node: topic.node, reported: reported.value });
      }
      case "stop": {
        const latch = decodeStopLatch(payload);
        if (!latch.ok) return this.#count("unreadable");
        this.#stopsShown.value = new Map(this.#stopsShown.peek()).set(topic.zone, latch.value);
        this.#asks.heard(topic.zone, latch.value);
        this.#asksShown.value = this.#asks.open;
        return;
      }
      case "reply": {
        const reply = decodeReply(payload);
        if (!reply.ok) return this.#count("unreadable");
        return this.#questions.answer(reply.value);
      }
      case "hub-state":
        return this.#receiveHubState(payload);
      case "hub-metric": {
        const metric = decodeHubMetric(payload);
        if (!metric.ok) return this.#count("unreadable");
        this.#metric = metric.value;
        this.clock.hear(metric.value.at / 1000);
        return;
      }
      default:
        return this.#count("unreadable");
    }
  }

  #receiveHubState(payload: Uint8Array): void {
    const state = decodeHubState(payload);
    if (!state.ok) return this.#count("unreadable");
    this.#version = state.value.version;
    this.#hearing = { ...this.#hearing, isHubGone: state.value.kind === "death" };
  }

  #step(event: NodeEvent): void {
    this.#nodes = stepNodes(this.#nodes, event);
  }

  #count(trouble: "unreadable" | "refused"): void {
    if (trouble === "refused") this.#refused = Math.min(this.#refused + 1, faultsCountedMax);
    else this.#unreadable = Math.min(this.#unreadable + 1, faultsCountedMax);
  }

  #show(): void {
    this.#asks.tick(this.#options.monotonic());
    if (this.#asksShown.peek().length > 0) this.#asksShown.value = this.#asks.open;
    this.#nodesShown.value = this.#nodes;
    this.#valuesKnown.value = this.#changesOfValues;
    const link = hubLink(this.#hearing, this.#options.monotonic());
    const hub = this.#hubShown.peek();
    if (hub.link !== link || hub.metric !== this.#metric || hub.version !== this.#version) {
      this.#hubShown.value = { link, metric: this.#metric, version: this.#version };
    }
    const troubles = this.#troublesShown.peek();
    if (troubles.unreadable !== this.#unreadable || troubles.refused !== this.#refused) {
      this.#troublesShown.value = { unreadable: this.#unreadable, refused: this.#refused };
    }
  }

  /** One of many ports under one name, such as the channels of a universe. */
  #isCounted({ node, instance, port }: SiteAddress): boolean {
    const declared = this.#nodes.get(node)?.birth?.instances[instance];
    const spec = declared && (findPort(declared.inputs, port) ?? findPort(declared.outputs, port));
    return spec?.count !== undefined;
  }
}
