import { expect, test } from "vitest";
import { builtInNames } from "../bundle/built-in-names.ts";
import { decodePlan, encodePlan } from "../wire/messages/plan.ts";
import { builtInModules } from "./built-in-modules.ts";
import { DeclaredModules } from "./catalogue.ts";
import { compileSite } from "./compile-site.ts";
import { newlyAsked } from "./newly-asked.ts";
import { planOf } from "./node-plan.ts";
import { changesBetween, emptyPlan } from "./plan-changes.ts";
import { declarationsOf, withdrawnOf, namedIn, type PublishedModule } from "./published-modules.ts";

function lamp(version: string, more: object = {}): PublishedModule {
  const ports = { inputs: { level: { type: "float" } }, outputs: {} };
  const manifest = {
    apiVersion: 1,
    id: "lamp",
    version,
    title: "A lamp",
    worker: "shared",
    ...ports,
    ...more,
  };
  return { id: "lamp", version, digest: version.replaceAll(/\D/g, "").padEnd(64, "a"), bytes: 7, manifest };
}

function compiled(published: readonly PublishedModule[], instances: string) {
  const text = `nodes: { hall: { instances: { ${instances} } } }\n`;
  const declared = [...builtInModules, ...declarationsOf(published)];
  const catalogue = new DeclaredModules(declared, "0.1.0", withdrawnOf(published));
  const site = compileSite(
    { root: "site.yaml", site: "demo", read: () => ({ ok: true, value: text }) },
    catalogue,
  );
  return { site, catalogue };
}

function planFor(published: readonly PublishedModule[], instances: string) {
  const { site, catalogue } = compiled(published, instances);
  const hall = site.ok ? site.value.nodes["hall"] : undefined;
  expect.assert(site.ok && hall !== undefined);
  return planOf(hall, site.value.hub.secrets, catalogue);
}

const problems = (published: readonly PublishedModule[], instances: string): readonly string[] => {
  const { site } = compiled(published, instances);
  return site.ok ? [] : site.error.problems.map(({ message }) => message);
};

test("a plan names the bundle of the newest version that is wanted, once", () => {
  const published = ["1.0.0", "1.2.0", "2.0.0"].map((version) => lamp(version, { takesSettings: true }));

  const plan = planFor(published, "a: { module: lamp, version: ^1.0 }, b: { module: lamp, version: ^1.0 }");

  const digest = "120".padEnd(64, "a");
  expect(plan.instances["a"]).toMatchObject({ version: "1.2.0", digest, takesSettings: true });
  expect(plan.files).toEqual([{ digest, bytes: 7 }]);
  expect(decodePlan(encodePlan(plan)).ok).toBe(true);
});

test("settings are checked as far as the manifest says what they are like", () => {
  const settings = { type: "object", properties: { label: { type: "string" } }, additionalProperties: false };

  expect(problems([lamp("1.0.0", { settings })], "a: { module: lamp, settings: { lable: x } }")).toHaveLength(
    1,
  );
  expect(problems([lamp("1.0.0")], "a: { module: lamp, settings: { lable: x } }")).toEqual([]);
  const nonsense = { settings: { type: "nonsense" } };
  expect(problems([lamp("1.0.0", nonsense)], "a: { module: lamp }")).toEqual([
    "lamp 1.0.0 does not say what its settings are like",
  ]);
});

test("what does not say what a site must know is not there", () => {
  const hostile = [{ title: undefined }, { inputs: { "../x": { type: "float" } } }, { apiVersion: 9 }];
  for (const more of hostile)
    expect(problems([lamp("1.0.0", more)], "a: { module: lamp }")).toEqual(['there is no module "lamp"']);
});

test("a module that every agent has cannot be taken by another", () => {
  expect([...builtInNames]).toEqual(builtInModules.map(({ manifest }) => manifest.id).toSorted());
  expect(declarationsOf([{ ...lamp("99.0.0", { id: "dmx" }), id: "dmx" }])).toEqual([]);
});

test("only modules that a site's texts speak of are looked at", () => {
  const files = { "site.yaml": "instances: { a: { module: lamp } }" };

  expect(namedIn({ files }, [lamp("1.0.0"), { ...lamp("1.0.0"), id: "lam" }]).map(({ id }) => id)).toEqual([
    "lamp",
  ]);
});

test("a version that was withdrawn is not taken, and it is said who took it back and what there is", () => {
  const why = "acme may not publish here any more";
  const withdrawn = (version: string): PublishedModule => ({ ...lamp(version), withdrawn: why });

  expect(problems([withdrawn("1.0.0")], "a: { module: lamp }")).toEqual([`lamp 1.0.0 was withdrawn: ${why}`]);
  const { site } = compiled([withdrawn("2.0.0"), lamp("1.0.0")], "a: { module: lamp, version: ^2 }");
  expect(site.ok ? [] : site.error.problems).toMatchObject([
    {
      path: "nodes.hall.instances.a.version",
      message: `lamp 2.0.0 was withdrawn: ${why}`,
      hint: "where it runs it goes on; there is 1.0.0",
    },
  ]);
  // An older one that is still there serves who did not insist.
  expect(planFor([withdrawn("2.0.0"), lamp("1.0.0")], "a: { module: lamp }").instances["a"]).toMatchObject({
    version: "1.0.0",
  });
});

const asking = {
  permissions: [
    { kind: "host", from: "/host" },
    { kind: "file", names: ["/etc/lamp"] },
  ],
  limits: { memoryMb: 256, handlerMs: 2000 },
  requires: { simulated: "^0.1" },
};

test("a plan has what was granted, no more than was asked, and what starts first", () => {
  const published = [lamp("1.0.0", asking)];
  const granted = "grant: { files: ['*'], hosts: [other:1], memoryMb: 512 }";
  const settings = "settings: { host: 'a.example:443' }";

  const plan = planFor(
    published,
    `lamp: { module: lamp, ${settings}, ${granted} }, base: { module: simulated }`,
  );

  expect(plan.instances["lamp"]).toMatchObject({
    grants: { host: ["a.example:443"], file: ["/etc/lamp"] },
    limits: { memoryMb: 256, handlerMs: 2000 },
    after: ["base"],
  });
  expect(plan.instances["base"]).not.toHaveProperty("grants");
  expect(decodePlan(encodePlan(plan))).toMatchObject({ value: { instances: plan.instances } });
});

test("what is granted anew is told, and a run that has it takes over", () => {
  const published = [lamp("1.0.0", asking)];
  const planWith = (host: string) =>
    planFor(
      published,
      `lamp: { module: lamp, settings: { host: ${host} }, grant: { files: [/etc/lamp], memoryMb: 256 } }, base: { module: simulated }`,
    );
  const [before, after] = [planWith("a"), planWith("[a, b]")];

  expect(newlyAsked(emptyPlan, before)).toEqual([
    { instance: "lamp", asks: ["host a", "file /etc/lamp", "256 MB of memory"] },
  ]);
  expect(newlyAsked(before, after)).toEqual([{ instance: "lamp", asks: ["host b"] }]);
  expect(changesBetween(before, after).instances["lamp"]).toBe("take-over");
  expect(newlyAsked(after, before)).toEqual([]);
});
