/** A site in simulated time: a hub, its nodes, what lies between them, and all chance from one seed. */
import type { Log } from "../../agent/src/ports/log.ts";
import { millis, seconds } from "@interactor/shared/kernel/units";
import { lane } from "@interactor/shared/wire/lanes";
import type { CompiledRoute } from "@interactor/shared/wire/messages/desired";
import { siteTopics } from "@interactor/shared/wire/topics";
import { SimNode } from "./agent-life.ts";
import { narrowBounds, setBounds } from "./bounds.ts";
import { Chance } from "./chance.ts";
import { Coverage } from "./coverage.ts";
import { SimHub } from "./hub-life.ts";
import { Observer } from "./observer.ts";
import type { SimBroker } from "./sim-broker.ts";
import { disks } from "./sim-files.ts";
import { sourcePorts } from "./sim-host.ts";
import type { SimProcess } from "./sim-process.ts";
import { site, type Surroundings } from "./surroundings.ts";
import { VirtualTime } from "./virtual-time.ts";

const names = ["a", "b", "c"];
const zonesOf: Readonly<Record<string, readonly string[]>> = { a: ["left"], b: ["right"], c: [] };

/** How long an event is of use, once the hub has it. */
export const ringTtl = millis(3000);

const week = seconds(7 * 24 * 3600);

export class World implements Surroundings {
  readonly chance: Chance;
  /** Its bounds are soon reached. */
  readonly isNarrow: boolean;
  readonly time = new VirtualTime();
  readonly coverage = new Coverage();
  readonly observer: Observer;
  readonly hub: SimHub;
  readonly nodes: readonly SimNode[];

  constructor(seed: number) {
    disks.clear();
    this.chance = new Chance(seed);
    this.isNarrow = this.chance.is(0.25);
    setBounds(this.isNarrow ? narrowBounds : {});
    this.observer = new Observer(this.time, this.coverage);
    const count = this.chance.is(0.5) ? 2 : 3;
    const spool = this.#spoolLimits();
    this.nodes = names
      .slice(0, count)
      .map((name) => new SimNode(this, { name, zones: zonesOf[name] ?? [], ...spool }));
    this.hub = new SimHub(this, routesOf(names.slice(0, count)));
  }

  readonly broker = (): SimBroker | undefined => this.hub.broker;

  get rawTopics(): readonly string[] {
    return this.nodes.flatMap(({ name }) =>
      Object.keys(sourcePorts.outputs).map((port) =>
        siteTopics(site).raw({ node: name, instance: "src", port }),
      ),
    );
  }

  /** The node that the routes of `name` lead to. */
  readonly next = ({ name }: SimNode): SimNode => {
    const place = this.nodes.findIndex((node) => node.name === name);
    const next = this.nodes[(place + 1) % this.nodes.length];
    if (next === undefined) throw new RangeError("a world has nodes");
    return next;
  };

  logOf(process: SimProcess): Log {
    const write = (level: string) => (message: string, details?: unknown) => {
      if (process.isAlive)
        this.observer.tell(`${process.name} ${level}: ${message} ${JSON.stringify(details ?? {})}`);
    };
    return { info: write("info"), warn: write("warn"), error: write("error") };
  }

  /** Mostly there is room and time enough; some worlds have spools that are soon full, or forget soon. */
  #spoolLimits() {
    const isSmall = this.chance.is(0.25);
    const isShort = this.chance.is(0.15);
    const spool = {
      bytesMax: isSmall ? 1024 : 1024 ** 2,
      segmentBytes: isSmall ? 256 : 8 * 1024,
      ageMax: isShort ? seconds(6) : week,
    };
    return { spool, isRoomy: !isSmall && !isShort };
  }
}

function routesOf(nodes: readonly string[]): readonly CompiledRoute[] {
  const routes = nodes.flatMap((node, place) => {
    const next = nodes[(place + 1) % nodes.length] ?? node;
    const to = (name: string, from: string, input: string, more: Partial<CompiledRoute> = {}) => ({
      name: `${name}-${node}`,
      from: `${node}/src/${from}`,
      to: `${next}/sink/${input}`,
      ttl: seconds(5),
      lane: lane.telemetry,
      ...more,
    });
    return [
      to("follow", "level", "light"),
      { ...to("near", "level", "lamp"), to: `${node}/sink/lamp` },
      // Alone in its lane, so that its messages can be counted.
      to("ring", "event", "bell", { lane: lane.bulk, ttl: ringTtl }),
      to("warn", "alarm", "horn", { lane: lane.critical }),
      to("show", "picture", "screen"),
      to("wail", "siren", "beacon", { lane: lane.critical }),
      to("wrong", "label", "number"),
      to("nowhere", "label", "none"),
    ];
  });
  return [...routes, gongs(nodes)];
}

/** Each event of `a` to one of the nodes that are there. */
const gongs = (nodes: readonly string[]): CompiledRoute => ({
  name: "gongs",
  from: "a/src/event",
  to: "all-of-them/sink/gong",
  ttl: seconds(5),
  lane: lane.telemetry,
  group: { nodes: [...nodes], strategy: "round-robin" },
});
