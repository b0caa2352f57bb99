import { expect, test } from "vitest";
import { millis } from "../kernel/units.ts";
import { canonical } from "../wire/canonical.ts";
import { decodePlan, encodePlan } from "../wire/messages/plan.ts";
import { builtInModules } from "./built-in-modules.ts";
import { DeclaredModules } from "./catalogue.ts";
import { compileSite } from "./compile-site.ts";
import { planOf } from "./node-plan.ts";

const catalogue = new DeclaredModules(builtInModules);

function planFor(node: string, text: string) {
  const compiled = compileSite(
    { root: "site.yaml", site: "demo", read: () => ({ ok: true, value: text }) },
    catalogue,
  );
  if (!compiled.ok) throw new Error(compiled.error.problems.map(({ message }) => message).join("\n"));
  const { nodes, hub } = compiled.value;
  const plan = nodes[node];
  if (plan === undefined) throw new Error(`no ${node}`);
  return planOf(plan, hub.secrets, catalogue);
}

const site = `
zones: { house: { zones: { foyer: {} } } }
secrets: { line: { env: TTY_PATH } }
nodes:
  hall:
    zone: foyer
    instances:
      arduino:
        module: serial
        settings:
          path: "/dev/\${secret:line}"
          format: csv
          outputs: { distance: { type: float, unit: cm, column: 1 } }
      dmx:
        module: dmx
        settings: { universe: 1, sacn: { to: [127.0.0.1] } }
        failsafe: { "*": hold, ch7: hold 5s -> fade 2s -> 0 }
        stop: { ch7: 9 }
routes:
  - name: near
    from: hall/arduino/distance
    map: 255 - round(value)
    to: hall/dmx/ch7
`;

test("a node's part of a site becomes a plan that the wire carries", () => {
  const plan = planFor("hall", site);

  const read = decodePlan(encodePlan(plan));
  expect(read).toEqual({ ok: true, value: canonical(plan) });
  expect(plan.routes.map(({ name }) => name)).toEqual(["near"]);
  expect(plan.zones).toEqual(["foyer", "house"]);
  expect(plan.instances["dmx"]).toMatchObject({ module: "dmx", digest: "", takesSettings: false });
});

test("what inputs do without their source, and in a show stop, stands by input", () => {
  const { inputs } = planFor("hall", site);

  expect(inputs["dmx/ch7"]).toEqual({ failsafe: { hold: millis(5000), fade: millis(2000), to: 0 }, stop: 9 });
  expect(inputs["dmx/ch"]).toMatchObject({ failsafe: { hold: null, fade: 0 } });
});

test("a secret is told by the place where the node finds it", () => {
  const { instances } = planFor("hall", site);

  expect(instances["arduino"]?.settings).toMatchObject({
    path: { $secret: ["/dev/", { env: "TTY_PATH" }, ""] },
  });
});
