// The show stop between hub and nodes, by their real cores: documents and reports come when they like, twice, late
// and in another order; the hub loses its folder or gets an old one back; nodes start again.

import fc from "fast-check";
import { expect, test } from "vitest";
import { StopLatches } from "@interactor/agent/src/core/stop/stop-latches.ts";
import { type KeptStop, StopBook } from "@interactor/hub/src/core/stop/stop-book.ts";
import {
  decodeStopLatch,
  encodeStopLatch,
  type StopLatch,
  type ZoneLatch,
} from "@interactor/shared/wire/messages/stop";

const zones = ["all", "foyer"] as const;
const nodes = [0, 1, 2] as const;

type Step =
  | { readonly kind: "stop" | "release"; readonly zone: (typeof zones)[number] }
  | { readonly kind: "lose" | "learnt" | "back-up" | "restore" }
  | { readonly kind: "restart" | "report"; readonly node: number }
  /** Some document that was ever said, new or old, comes to a node. */
  | { readonly kind: "hear"; readonly node: number; readonly which: number };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constantFrom("stop" as const, "release" as const),
      zone: fc.constantFrom(...zones),
    }),
    fc.record({
      kind: fc.constantFrom("lose" as const, "learnt" as const, "back-up" as const, "restore" as const),
    }),
    fc.record({
      kind: fc.constantFrom("restart" as const, "report" as const),
      node: fc.constantFrom(...nodes),
    }),
    fc.record({ kind: fc.constant("hear" as const), node: fc.constantFrom(...nodes), which: fc.nat(60) }),
  ),
  { minLength: 20, maxLength: 80 },
);

interface Said {
  readonly zone: string;
  readonly document: StopLatch;
}

class World {
  book = new StopBook({ zones: {}, members: {} });
  /** A hub that has lost its book learns from the nodes, for a while. */
  isLearning = true;
  backUp: KeptStop = this.book.kept;
  readonly nodes = nodes.map(() => new StopLatches(["foyer"]));
  readonly said: Said[] = [];
  readonly released = new Set<string>();
  pressed = 0;

  say(zone: string): void {
    const decoded = decodeStopLatch(encodeStopLatch(this.book.document(zone)));
    if (decoded.ok) this.said.push({ zone, document: decoded.value });
  }

  heldBy(node: number): readonly ZoneLatch[] {
    return this.nodes[node]?.held ?? [];
  }

  report(node: number): void {
    this.book.join(`n${node}`, ["foyer"]);
    if (!this.isLearning) return;
    for (const latch of this.heldBy(node)) if (this.book.learn(`n${node}`, latch)) this.say(latch.zone);
  }

  take(step: Step): void {
    switch (step.kind) {
      case "stop": {
        this.pressed += 1;
        const press = { id: `p${this.pressed}`, by: "anna", at: 0, freshId: () => `f${this.pressed}` };
        if (this.book.stop(step.zone, press) === "latched") this.say(step.zone);
        return;
      }
      case "release": {
        const reported = nodes.flatMap((node) => this.heldBy(node)).filter(({ zone }) => zone === step.zone);
        const release = { by: "bert", at: 0, ids: undefined, reported: reported.map(({ id }) => id) };
        if (this.book.release(step.zone, release) !== "released") return;
        for (const id of this.book.document(step.zone).released ?? []) this.released.add(id);
        return this.say(step.zone);
      }
      case "lose":
        this.book = new StopBook({ zones: {}, members: {} });
        this.isLearning = true;
        return;
      case "learnt":
        this.isLearning = false;
        return;
      case "back-up":
        this.backUp = this.book.kept;
        return;
      case "restore":
        this.book = new StopBook(this.backUp);
        this.isLearning = false;
        for (const zone of this.book.touched) this.say(zone);
        return;
      case "restart": {
        const again = new StopLatches(["foyer"]);
        again.restore(this.heldBy(step.node));
        this.nodes[step.node] = again;
        return;
      }
      case "report":
        return this.report(step.node);
      case "hear": {
        const said = this.said[step.which % Math.max(this.said.length, 1)];
        if (said !== undefined) this.nodes[step.node]?.take(said.zone, said.document);
      }
    }
  }

  /** Everybody is connected again, and hears what is retained now. */
  heal(): void {
    for (const node of nodes) this.report(node);
    for (const zone of this.book.touched) {
      for (const node of this.nodes) node.take(zone, this.book.document(zone));
    }
  }
}

const idsOf = (latches: readonly ZoneLatch[]) => latches.map(({ zone, id }) => `${zone}/${id}`).toSorted();

test("a latch that a node holds goes only by a release that named it, and who knows of it agree once they have met", () => {
  let gone = 0;
  let held = 0;
  let alone = 0;
  fc.assert(
    fc.property(steps, (all) => {
      const world = new World();
      for (const step of all) {
        const before = nodes.map((node) => world.heldBy(node));
        world.take(step);
        for (const node of nodes) {
          const now = new Set(world.heldBy(node).map(({ id }) => id));
          const lost = (before[node] ?? []).filter(({ id }) => !now.has(id));
          gone += lost.length;
          expect(lost.filter(({ id }) => !world.released.has(id))).toEqual([]);
        }
      }
      world.heal();
      for (const node of nodes) {
        held += world.heldBy(node).length;
        const known = world.heldBy(node).filter(({ zone, id }) => world.book.knows(zone, id));
        alone += world.heldBy(node).length - known.length;
        expect(idsOf(known)).toEqual(idsOf(world.book.latches));
      }
      for (const zone of zones) world.take({ kind: "release", zone });
      world.heal();
      expect(nodes.flatMap((node) => world.heldBy(node))).toEqual([]);
    }),
    { numRuns: 1000 },
  );
  expect([gone > 100, held > 100, alone > 100]).toEqual([true, true, true]);
});
