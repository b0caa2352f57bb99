import { describe, expect, test } from "vitest";
import { YamlText } from "@interactor/shared/site/yaml-text";
import { withInstance } from "./module-run.ts";

const root = `site: demo # of two files
include: [hall.yaml]
nodes:
  foyer:
    instances:
      # a clock
      host: { module: host }
`;
const hall = "nodes:\n  hall: # with nothing yet\n";
const site = { root: "site.yaml", files: { "site.yaml": root, "hall.yaml": hall } };
const blink = { node: "foyer", instance: "blink", module: "blink", set: [], failsafe: undefined };

describe("an instance that is run", () => {
  test("comes behind the others, and nothing else of the file changes", () => {
    const { files } = withInstance(site, blink);

    expect(files).toEqual({ ...site.files, "site.yaml": `${root}      blink:\n        module: blink\n` });
  });

  test("comes into the file of its node, with its settings and what it does without a source", () => {
    const set = ["every=200", "place.name=left", "is.on=true"];

    const { files } = withInstance(site, { ...blink, node: "hall", set, failsafe: "hold 1s -> 0" });

    expect(files["site.yaml"]).toBe(root);
    expect(new YamlText(files["hall.yaml"] ?? "").value).toEqual({
      nodes: {
        hall: {
          instances: {
            blink: {
              module: "blink",
              settings: { every: 200, place: { name: "left" }, is: { on: true } },
              failsafe: "hold 1s -> 0",
            },
          },
        },
      },
    });
  });

  test("again says the same, but for what is said anew", () => {
    const once = withInstance(site, { ...blink, set: ["every=200"] });

    expect(withInstance(once, blink)).toEqual(once);
    expect(withInstance(once, { ...blink, set: ["every=300"] }).files["site.yaml"]).toBe(
      once.files["site.yaml"]?.replace("200", "300"),
    );
  });

  test.each([
    ["on a node that is none", { node: "hal" }, 'the site has no node "hal" (did you mean hall?)'],
    ["by the name of another", { instance: "host" }, 'has an instance "host" of the module host'],
    ["with a setting that is none", { set: ["=3"] }, '--set "=3": write name=value'],
  ])("%s is refused", (_, wrong, words) => {
    expect(() => withInstance(site, { ...blink, ...wrong })).toThrow(words);
  });
});
