/** What people and modules do in a world: values as they come, commands, stops, a node that is given up. */
import { millis } from "@interactor/shared/kernel/units";
import { encodeCommand } from "@interactor/shared/wire/messages/command";
import { encodeForget } from "@interactor/shared/wire/messages/forget";
import { encodeStopLatch } from "@interactor/shared/wire/messages/stop";
import { type RequestId, requestOf } from "@interactor/shared/wire/request";
import { siteTopics } from "@interactor/shared/wire/topics";
import type { SimNode } from "./agent-life.ts";
import type { OutputName } from "./sim-host.ts";
import { site } from "./surroundings.ts";
import type { World } from "./world.ts";

const topics = siteTopics(site);

export interface Asked {
  readonly request: RequestId;
  readonly node: string;
  readonly input: string;
  readonly value: number;
  readonly ttl: number;
  /** Who has no answer asks again, of the hub that is there then. */
  readonly asks: { readonly at: number; readonly hubLife: number }[];
}

/** Bytes that tell their number in the first four. */
const large = (bytes: number) => (number: number) => {
  const value = new Uint8Array(bytes);
  new DataView(value.buffer).setUint32(0, number);
  return value;
};
const pictureBytes = 70 * 1024;
/** No batch could carry it. */
const tooLarge = 90 * 1024;

export class People {
  readonly asked: Asked[] = [];
  readonly #world: World;
  #isBusy = true;
  #commands = 0;
  #presses = 0;

  constructor(world: World) {
    this.#world = world;
    for (const node of world.nodes) this.#give(node);
    this.#act();
  }

  /** Nobody does anything any more. */
  rest(): void {
    this.#isBusy = false;
  }

  /** One of each that must arrive. Returns how to tell whether all of them have, in words of what has not. */
  sendOff(): () => readonly string[] {
    const { nodes, observer, next } = this.#world;
    const sent = nodes.flatMap((node) => {
      const reaches = { event: "bell", alarm: "horn", log: undefined } as const;
      return (["event", "alarm", "log"] as const).map((output) => {
        const input = reaches[output];
        node.give(output, (number) => number);
        const number = node.lastGiven.get(output) ?? 0;
        const from = `${node.name}/src/${output}`;
        return { from, number, to: input === undefined ? undefined : `${next(node).name}/sink/${input}` };
      });
    });
    return () =>
      sent.flatMap(({ from, number, to }) => {
        const given = observer.given.get(from)?.get(number);
        const isTaken = to === undefined || observer.taken.get(to)?.get(number)?.length === 1;
        const isThere = given?.isAcknowledged === true && given.givenOutBy.length === 1 && isTaken;
        return isThere ? [] : [`${from} ${number} did not come${to === undefined ? "" : ` to ${to}`}`];
      });
  }

  /** More than a queue may hold at once. */
  flood(node: SimNode, output: "picture" | "siren"): void {
    for (let each = 0; each < 70; each += 1) node.give(output, large(pictureBytes));
  }

  /** More than a narrow queue holds of what is small. */
  burst(node: SimNode): void {
    for (let each = 0; each < 200; each += 1) node.give("event", (number) => number);
  }

  stop(zone: string): void {
    const { hub, observer, chance } = this.#world;
    if (!hub.hears) return;
    this.#presses += 1;
    const id = chance.is(0.7) ? `press-${this.#presses}` : undefined;
    const named = id === undefined ? {} : { id };
    const document = { v: 1, latched: true, by: "person", at: this.#wall, ...named } as const;
    observer.tell(`person stops ${zone} ${id ?? ""}`);
    observer.stops.pressed(zone, id);
    hub.ask(topics.stop(zone), encodeStopLatch(document));
  }

  release(zone: string): void {
    const { hub, observer } = this.#world;
    if (!hub.hears) return;
    const document = { v: 1, latched: false, by: "person", at: this.#wall } as const;
    observer.tell(`person releases ${zone}`);
    observer.stops.released(zone);
    hub.ask(topics.stop(zone), encodeStopLatch(document));
  }

  forget(node: SimNode): void {
    this.#world.observer.tell(`person forgets ${node.name}`);
    this.#world.hub.ask(
      topics.forget(node.name),
      encodeForget({ v: 1, kind: "forget", by: "person", request: this.#request() }),
    );
  }

  command(node: SimNode, input: string): void {
    const { chance, time, hub, observer } = this.#world;
    this.#commands += 1;
    const value = this.#commands;
    const request = this.#request();
    const ttl = chance.pick([200, 1000, 4000]);
    const command = {
      kind: "set",
      value,
      holdFor: millis(1500),
      ttl: millis(ttl),
      by: "person",
      request,
    } as const;
    observer.tell(`person asks ${node.name}/sink/${input} = ${value}, ${request}`);
    const address = { node: node.name, instance: "sink", port: input };
    const asked: Asked = { request, node: node.name, input, value, ttl, asks: [] };
    const ask = () => {
      if (!hub.ask(topics.set(address), encodeCommand(command))) return false;
      asked.asks.push({ at: time.now, hubLife: hub.life });
      return true;
    };
    if (!ask()) return;
    this.asked.push(asked);
    if (!chance.is(0.5)) return;
    time.after(chance.between(50, 4000), () => {
      if (!this.#isBusy) return;
      observer.tell(`person asks ${request} again`);
      ask();
    });
  }

  get #wall(): number {
    return this.#world.hub.process?.wall ?? 0;
  }

  #request(): RequestId {
    return requestOf(Uint8Array.from({ length: 8 }, () => this.#world.chance.below(256)));
  }

  #give(node: SimNode): void {
    const every = (span: number, output: OutputName, valueOf: (number: number) => number | string) => {
      const { chance, time } = this.#world;
      time.after(chance.between(0.5, 1.5) * span, () => {
        if (!this.#isBusy) return;
        node.give(output, valueOf);
        every(span, output, valueOf);
      });
    };
    const itself = (number: number) => number;
    every(this.#world.chance.pick([100, 400]), "level", itself);
    every(this.#world.chance.pick([150, 500]), "event", itself);
    every(this.#world.chance.pick([150, 500]), "log", itself);
    every(1200, "alarm", itself);
    every(4000, "label", (number) => `label ${number}`);
  }

  #act(): void {
    const { chance, time, nodes, hub } = this.#world;
    time.after(chance.between(300, 1500), () => {
      if (!this.#isBusy) return;
      const node = chance.pick(nodes);
      const zone = chance.pick(["all", "left", "right"]);
      const presence = hub.hub?.presence.state.get(node.name)?.state;
      const kind = chance.below(10);
      if (kind < 4) this.command(node, chance.pick(["dimmer", "key"]));
      else if (kind < 5) this.command(node, "nothing");
      else if (kind < 6) this.stop(zone);
      else if (kind < 8) this.release(zone);
      else if (kind < 9 && (presence === "lost" || presence === "disconnected")) this.forget(node);
      else if (chance.is(0.3)) node.give("picture", large(tooLarge));
      this.#act();
    });
  }
}
