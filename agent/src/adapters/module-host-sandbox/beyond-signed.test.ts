import { describe, expect, test } from "vitest";
import type { DeclaredPorts } from "@interactor/shared/bundle/manifest";
import { beyondSigned, type SignedPorts } from "./beyond-signed.ts";

const lamp: SignedPorts = {
  id: "lamp",
  version: "1.0.0",
  inputs: { level: { type: "float", actuator: true } },
  outputs: { seen: { type: "float", deliver: "every" } },
};
const code = { module: "lamp", version: "1.0.0" };

const beyond = (
  declared: Partial<DeclaredPorts>,
  signed: Partial<SignedPorts> = {},
  settings: unknown = {},
) => beyondSigned({ ...lamp, ...signed }, settings, { inputs: {}, outputs: {}, ...declared }, code);

test("what its publisher signed it may declare, with other words for people", () => {
  const { inputs } = lamp;

  expect(
    beyond({ inputs, outputs: { seen: { type: "float", deliver: "every", label: "Seen" } } }),
  ).toBeUndefined();
  expect(beyond({ inputs: {}, outputs: {} })).toBeUndefined();
});

test("it is the module and the version that were signed", () => {
  const of = (module: string, version: string) => beyondSigned(lamp, {}, lamp, { module, version });

  expect(of("lamp", "1.0.0")).toBeUndefined();
  for (const [module, version] of [
    ["dmx", "1.0.0"],
    ["lamp", "9.0.0"],
  ] as const)
    expect(of(module, version)).toBe(
      `it says that it is ${module} ${version}, and its publisher signed lamp 1.0.0`,
    );
});

describe("is beyond it:", () => {
  test.each<readonly [string, Partial<DeclaredPorts>]>([
    ["another output", { outputs: { alarm: { type: "bool" } } }],
    ["an output that is urgent", { outputs: { seen: { type: "float", deliver: "every", urgent: true } } }],
    ["an output that is kept on disk", { outputs: { seen: { type: "float", deliver: "durable" } } }],
    ["an output of another type", { outputs: { seen: { type: "text", deliver: "every" } } }],
    [
      "an output that stands for many",
      { outputs: { seen: { type: "float", deliver: "every", count: 512 } } },
    ],
  ])("%s", (_what, declared) => {
    expect(beyond(declared)).toMatch(/^its publisher did not sign the output "\w+" as it declares it$/);
  });

  test("another input, or one that moves nothing", () => {
    expect(beyond({ inputs: { other: { type: "float" } } })).toContain('the input "other"');
    expect(beyond({ inputs: { level: { type: "float" } } })).toContain('the input "level"');
  });
});

describe("of a module whose ports stand in its settings", () => {
  const open = { inputsFrom: "/in", outputsFrom: "/out" };

  test("those that were written are held to what was written", () => {
    const settings = { in: { dim: { type: "int" } }, out: { bell: { type: "bool" } } };

    expect(
      beyond({ inputs: { dim: { type: "int" } }, outputs: { bell: { type: "bool" } } }, open, settings),
    ).toBeUndefined();
    expect(beyond({ outputs: { bell: { type: "bool", urgent: true } } }, open, settings)).toContain('"bell"');
  });

  test("those that its schema fills in are taken, but none of them is urgent unless all may be", () => {
    expect(
      beyond({ inputs: { more: { type: "int" } }, outputs: { more: { type: "int" } } }, open),
    ).toBeUndefined();
    const urgent = { outputs: { more: { type: "int", urgent: true } } } as const;
    expect(beyond(urgent, open)).toContain('"more"');
    expect(beyond(urgent, { ...open, outputsLike: { urgent: true } })).toBeUndefined();
  });
});
