/** Runs instances of the dmx module in a process of its own, on the bench that module authors use. */
import { type Clock, instant, micros } from "@interactor/shared/sdk/define-module";
import { type Bench, startOnBench } from "@interactor/shared/sdk/testing";
import type { Value } from "@interactor/shared/wire/value";
import { definition } from "../../agent/modules/dmx/module.ts";
import { answerRequests } from "./remote.ts";

export type DriverQuestion =
  | { readonly kind: "start"; readonly name: string; readonly settings: unknown }
  | { readonly kind: "apply"; readonly name: string; readonly input: string; readonly value: Value }
  | { readonly kind: "state"; readonly name: string }
  /** What an output was given last, with its quality. */
  | { readonly kind: "given"; readonly name: string; readonly output: string }
  | { readonly kind: "stop"; readonly name: string };

const clock: Clock = {
  now: () => instant(performance.now()),
  wall: () => micros((performance.timeOrigin + performance.now()) * 1000),
  after(delay, task) {
    const timer = setTimeout(task, delay);
    return () => clearTimeout(timer);
  },
};

/** Bytes as a list: the channel to the test speaks JSON. */
const plain = (value: Value): unknown => (value instanceof Uint8Array ? [...value] : value);

const benches = new Map<string, Bench>();

answerRequests(async (asked) => {
  const question = asked as DriverQuestion;
  if (question.kind === "start") {
    const { name, settings } = question;
    benches.set(name, await startOnBench(definition, settings, { clock, name }));
    return null;
  }
  const bench = benches.get(question.name);
  if (bench === undefined) throw new Error(`no instance ${question.name}`);
  switch (question.kind) {
    case "apply":
      bench.apply(question.input, question.value);
      return null;
    case "state":
      return bench.states.at(-1);
    case "given": {
      const last = bench.emitted.findLast(({ output }) => output === question.output);
      return last === undefined ? null : { value: plain(last.value), quality: last.emission.quality ?? 0 };
    }
    case "stop":
      await bench.stop();
      return null;
    default:
      throw new Error(`unknown question ${JSON.stringify(question)}`);
  }
});
