/** What a new module begins with. Each is whole: it builds, and its contract holds. */

interface Template {
  /** For its author. */
  readonly title: string;
  /** The `interactor` block, without its title. */
  readonly block: Readonly<Record<string, unknown>>;
  readonly source: string;
}

const head = `import { manifest } from "interactor:manifest";
import { defineModule, millis } from "@interactor/shared/sdk/define-module";
import * as z from "@interactor/shared/sdk/schemas";
`;
const headOfListener = head.replace("millis, ", "");

export const moduleTemplates = {
  sensor: {
    title: "gives a value at a pace",
    block: {
      outputs: { level: { type: "float", min: 0, max: 1, label: "Level" } },
      example: { every: 100 },
    },
    source: `${head}
export const definition = defineModule({
  manifest,
  settings: z.strictObject({
    /** Milliseconds between two readings. */
    every: z._default(z.number().check(z.gte(10), z.lte(60_000)), 1000),
  }),
  start({ every }, context) {
    let cancel = () => {};
    const read = () => {
      // Here the world is read.
      context.emit("level", context.random.next());
      cancel = context.clock.after(millis(every), read);
    };
    read();
    context.running();
    return {
      async stop() {
        cancel();
      },
    };
  },
});
`,
  },
  actuator: {
    title: "does something with the value of an input",
    block: {
      inputs: { level: { type: "float", min: 0, max: 1, actuator: true, stop: 0, label: "Level" } },
      outputs: { shown: { type: "float", min: 0, max: 1 } },
      example: { gain: 0.5 },
    },
    source: `${headOfListener}
export const definition = defineModule({
  manifest,
  settings: z.strictObject({
    gain: z._default(z.number().check(z.gte(0), z.lte(1)), 1),
  }),
  start({ gain }, context) {
    const show = (level: number) => {
      // Here something moves or lights.
      context.emit("shown", level * gain);
    };
    // Nobody owns the input any more: it goes to where it is safe.
    context.onInput((input, applied) => show(Number(applied?.value ?? 0)));
    context.running();
    return {
      async stop() {
        show(0);
      },
    };
  },
});
`,
  },
  logic: {
    title: "decides something from values of others",
    block: {
      inputs: { distance: { type: "float", unit: "m", min: 0, max: 10 } },
      outputs: { near: { type: "bool" } },
      example: { nearer: 1.5 },
    },
    source: `${headOfListener}
export const definition = defineModule({
  manifest,
  settings: z.strictObject({
    /** In metres: nearer than this is near. */
    nearer: z._default(z.number().check(z.gte(0), z.lte(10)), 2),
  }),
  start({ nearer }, context) {
    let near: boolean | undefined;
    context.onInput((input, applied) => {
      if (applied === undefined) return;
      const isNear = Number(applied.value) < nearer;
      if (isNear !== near) context.emit("near", isNear);
      near = isNear;
    });
    context.running();
    return { async stop() {} };
  },
});
`,
  },
} as const satisfies Record<string, Template>;

export type TemplateName = keyof typeof moduleTemplates;
export const templateNames: readonly string[] = Object.keys(moduleTemplates);
