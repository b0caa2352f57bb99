/** What goes wrong in a world, and when: drawn from its seed. All of it has an end. */
import type { SimNode } from "./agent-life.ts";
import type { SimFault } from "./coverage.ts";
import type { People } from "./people.ts";
import type { World } from "./world.ts";

/** ms; a mishap is over after this. */
type Mishap = (span: number) => void;

const dayMillis = 24 * 3600 * 1000;

export class BadTimes {
  readonly #world: World;
  readonly #people: People;
  /** Nothing goes wrong but that the hub is killed, and is soon there again. */
  readonly isOfHubAlone: boolean;
  #isOver = false;

  /** Things go wrong until `end`. */
  constructor(world: World, people: People, end: number) {
    this.#world = world;
    this.#people = people;
    this.isOfHubAlone = world.chance.is(0.15);
    const { chance, time } = world;
    for (let count = 4 + chance.below(8); count > 0; count -= 1) {
      const at = chance.between(1500, end - 500);
      const span = Math.min(chance.pick([50, 300, 1500, 4000, 8000]), end - at);
      time.after(at, () => {
        if (this.isOfHubAlone) return this.#endHub(chance.pick(["hub-killed", "hub-power-cut"]), 0);
        const [name, mishap] = chance.pick(this.#mishaps);
        world.observer.tell(`mishap: ${name} for ${span.toFixed(0)} ms`);
        return mishap(span);
      });
    }
  }

  /** Whoever has ended is started again. */
  keepUp(): void {
    this.#world.hub.start();
    for (const node of this.#world.nodes) node.start();
  }

  /** Everything is well again. */
  heal(): void {
    this.#isOver = true;
    const { hub, nodes } = this.#world;
    for (const node of nodes) {
      node.disk.weather.isFull = false;
      node.disk.weather.slowness = 1;
      for (const path of [node.paths.up, node.paths.down]) {
        Object.assign(path, { latency: 1, jitter: 0, lossRate: 0, duplicateRate: 0, bytesPerMs: 10_000 });
        path.heal();
      }
      node.process?.resume();
    }
    hub.journalFile.weather.isFull = false;
    hub.journalFile.weather.slowness = 1;
    hub.weather.isFull = false;
    hub.weather.slowness = 1;
    hub.process?.resume();
    this.keepUp();
  }

  get #mishaps(): readonly (readonly [string, Mishap])[] {
    return [
      ...this.#ofNetwork,
      ...this.#ofDisks,
      ...this.#ofPrograms,
      ["power cut while a node writes", (span) => this.#cutPowerWhileWriting(span)],
      ["flood", () => this.#people.flood(this.#node, this.#world.chance.pick(["picture", "siren"]))],
      ["flood while cut off", (span) => this.#floodWhileCutOff(span)],
      ["burst", (span) => this.#burst(span)],
    ];
  }

  get #node(): SimNode {
    return this.#world.chance.pick(this.#world.nodes);
  }

  get #ofNetwork(): readonly (readonly [string, Mishap])[] {
    const { chance } = this.#world;
    const weather = (change: (node: SimNode) => object, back: object): Mishap => {
      return (span) => {
        const node = this.#node;
        const change1 = change(node);
        const paths = chance.is(0.5)
          ? [node.paths.up, node.paths.down]
          : [chance.pick([node.paths.up, node.paths.down])];
        for (const path of paths) Object.assign(path, change1);
        this.#world.time.after(span, () => {
          for (const path of paths) Object.assign(path, back);
        });
      };
    };
    return [
      ["loss", weather(() => ({ lossRate: chance.between(0.05, 0.4) }), { lossRate: 0 })],
      ["delay", weather(() => ({ jitter: chance.between(20, 800) }), { jitter: 0 })],
      ["duplicates", weather(() => ({ duplicateRate: 0.3 }), { duplicateRate: 0 })],
      ["slow line", weather(() => ({ bytesPerMs: chance.between(4, 50) }), { bytesPerMs: 10_000 })],
      ["partition", (span) => this.#cut(this.#node, span)],
      ["partition", (span) => this.#cut(this.#node, span)],
      ["flapping", (span) => this.#flap(this.#node, span)],
    ];
  }

  get #ofDisks(): readonly (readonly [string, Mishap])[] {
    const { hub, time, chance, coverage, observer } = this.#world;
    const set = (weather: object, change: object, back: object, span: number) => {
      Object.assign(weather, change);
      time.after(span, () => Object.assign(weather, back));
    };
    const node = this.#node;
    const troubled = (span: number) => node.troubled(time.now + span);
    return [
      [
        "a node's disk is full",
        (span) => {
          // It is tried again every second.
          troubled(span + 2500);
          set(node.disk.weather, { isFull: true }, { isFull: false }, span);
        },
      ],
      [
        "a node's disk is slow",
        (span) => {
          troubled(span + 2000);
          set(node.disk.weather, { slowness: chance.between(10, 200) }, { slowness: 1 }, span);
        },
      ],
      ["the hub's disk is full", (span) => this.#hubDisk(span, { isFull: true }, { isFull: false })],
      [
        "the hub's disk is slow",
        (span) => this.#hubDisk(span, { slowness: chance.between(10, 500) }, { slowness: 1 }),
      ],
      [
        "a bit flips",
        () => {
          observer.doubt(node.name, 0);
          if (node.disk.flipBit()) coverage.fault("bit-flip");
        },
      ],
      [
        "the hub's disk is slow and its power goes",
        (span) => {
          set(hub.journalFile.weather, { slowness: 50 }, { slowness: 1 }, 500);
          time.after(300, () => this.#endHub("hub-power-cut", span));
        },
      ],
    ];
  }

  #hubDisk(span: number, change: object, back: object): void {
    const { hub, time } = this.#world;
    for (const weather of [hub.journalFile.weather, hub.weather]) {
      Object.assign(weather, change);
      time.after(span, () => Object.assign(weather, back));
    }
  }

  get #ofPrograms(): readonly (readonly [string, Mishap])[] {
    const { hub, chance, coverage, time } = this.#world;
    const node = this.#node;
    return [
      ["kill the hub", (span) => this.#endHub("hub-killed", span)],
      ["kill the hub", (span) => this.#endHub("hub-killed", span)],
      ["power cut at the hub", (span) => this.#endHub("hub-power-cut", span)],
      ["restart the hub", (span) => this.#endHub("hub-restarted", span)],
      ["kill an agent", (span) => this.#endAgent(node, "agent-killed", span)],
      ["power cut at a node", (span) => this.#endAgent(node, "agent-power-cut", span)],
      ["restart an agent", (span) => this.#endAgent(node, "agent-restarted", span)],
      [
        "freeze the hub",
        (span) => {
          const { process } = hub;
          if (process === undefined) return;
          coverage.fault("hub-paused");
          process.pause();
          time.after(span, () => process.resume());
        },
      ],
      [
        "freeze an agent",
        (span) => {
          const { process } = node;
          if (process === undefined) return;
          coverage.fault("agent-paused");
          node.troubled(time.now + span);
          process.pause();
          time.after(span, () => process.resume());
        },
      ],
      [
        "set the hub's clock",
        () => {
          coverage.fault("hub-clock-step");
          hub.machine.wallOffset += chance.pick([-dayMillis, dayMillis, 3000, -3000]);
        },
      ],
      [
        "set a node's clock",
        () => {
          coverage.fault("agent-clock-step");
          node.machine.wallOffset += chance.pick([-dayMillis, dayMillis, 3000, -3000]);
        },
      ],
    ];
  }

  #endHub(how: Extract<SimFault, `hub-${string}`>, span: number): void {
    const { hub, coverage, time } = this.#world;
    if (hub.hub === undefined || this.#isOver) return;
    coverage.fault(how);
    if (how === "hub-killed") hub.kill();
    else if (how === "hub-power-cut") hub.cutPower();
    else hub.stop();
    time.after(span + 600, () => hub.start());
  }

  #endAgent(node: SimNode, how: Extract<SimFault, `agent-${string}`>, span: number): void {
    const { coverage, time } = this.#world;
    if (!node.isUp || this.#isOver) return;
    coverage.fault(how);
    if (how === "agent-killed") node.kill();
    else if (how === "agent-power-cut") node.cutPower();
    else node.stop();
    time.after(span + 600, () => node.start());
  }

  #cut(node: SimNode, span: number): void {
    const { chance, coverage, time } = this.#world;
    const way = chance.pick(["up", "down", "both"] as const);
    coverage.fault(`partition-${way}`);
    const paths = way === "both" ? [node.paths.up, node.paths.down] : [node.paths[way]];
    for (const path of paths) path.isCut = true;
    time.after(span, () => {
      for (const path of paths) path.heal();
    });
  }

  #flap(node: SimNode, span: number): void {
    const { chance, coverage, time } = this.#world;
    coverage.fault("flapping");
    for (let at = 0; at < span; at += chance.between(300, 1500)) {
      time.after(at, () => this.#cut(node, chance.between(50, 250)));
    }
  }

  /** What it has is on its way to a slow disk, and the hub is not there to take it. */
  #cutPowerWhileWriting(span: number): void {
    const { time, chance } = this.#world;
    const node = this.#node;
    this.#cut(node, 3000);
    time.after(1500, () => {
      node.disk.weather.slowness = 100;
      node.troubled(time.now + 3000);
    });
    time.after(1500 + chance.between(200, 1400), () => {
      this.#endAgent(node, "agent-power-cut", span);
      node.disk.weather.slowness = 1;
    });
  }

  /** More small messages than a narrow queue holds, with the node they go to or their own cut off. */
  #burst(span: number): void {
    const { chance, time, next } = this.#world;
    const node = this.#node;
    this.#cut(chance.is(0.5) ? node : next(node), Math.max(span, 4000));
    time.after(1000, () => this.#people.burst(node));
  }

  #floodWhileCutOff(span: number): void {
    const { chance, time } = this.#world;
    const node = this.#node;
    this.#cut(node, Math.max(span, 4000));
    time.after(1000, () => this.#people.flood(node, chance.pick(["picture", "siren"])));
  }
}
