import { once } from "node:events";
import { createServer } from "node:http";
import { json } from "node:stream/consumers";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { YamlText } from "@interactor/shared/site/yaml-text";
import * as z from "zod/mini";
import { keepOnDisk, runModuleRun, withInstance } from "./module-run.ts";

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

  test("has lists and maps among its settings, written as JSON, and in place of others", () => {
    const set = [
      "hours=[9, 12.5]",
      'colours={"day": "white", "at": {"night": null}}',
      'code="007"',
      "note=[]",
    ];
    const once = withInstance(site, { ...blink, set });
    const settings = (files: Readonly<Record<string, string>>): unknown =>
      new YamlText(files["site.yaml"] ?? "").value;

    const twice = withInstance(once, { ...blink, set: ["hours=[10]", "colours.day=warm white"] });

    expect(settings(once.files)).toHaveProperty("nodes.foyer.instances.blink.settings", {
      hours: [9, 12.5],
      colours: { day: "white", at: { night: null } },
      code: "007",
      note: [],
    });
    expect(settings(twice.files)).toHaveProperty("nodes.foyer.instances.blink.settings", {
      hours: [10],
      colours: { day: "warm white", at: { night: null } },
      code: "007",
      note: [],
    });
    expect(twice.files["site.yaml"]).toContain("# a clock");
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
    ["with half a list", { set: ["hours=[9,"] }, "[9, is no JSON"],
    [
      "with one value for a list",
      { set: ["hours=[9]", "hours=9"] },
      "holds a list: set one value in it, or all",
    ],
    ["with a setting that is none", { set: ["=3"] }, '--set "=3": write name=value'],
  ])("%s is refused", (_, wrong, words) => {
    expect(() => withInstance(site, { ...blink, ...wrong })).toThrow(words);
  });
});

describe("the file that people edit", () => {
  function folderWith(files: Readonly<Record<string, string>>): string {
    const folder = mkdtempSync(join(tmpdir(), "module-run-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    return folder;
  }
  const after = withInstance(site, { ...blink, node: "hall" });

  test("gets what runs now, where it is what ran until now: in the one file that changed", () => {
    const folder = folderWith(site.files);

    expect(keepOnDisk(site, after, folder)).toEqual([`${join(folder, "hall.yaml")} has it too`]);
    expect(readFileSync(join(folder, "hall.yaml"), "utf8")).toBe(after.files["hall.yaml"]);
    expect(readFileSync(join(folder, "site.yaml"), "utf8")).toBe(root);
  });

  test("stays as it is when somebody has begun something in it, and that is told", () => {
    const begun = { ...site.files, "site.yaml": `${root}# soon more\n` };
    const folder = folderWith(begun);

    expect(keepOnDisk(site, after, folder).join()).toContain(
      "site.yaml is not what ran until now, and stays",
    );
    for (const [name, text] of Object.entries(begun))
      expect(readFileSync(join(folder, name), "utf8")).toBe(text);
  });

  test("need not be on this machine", () => {
    expect(keepOnDisk(site, after, folderWith({}))).toEqual([]);
  });
});

test("what somebody else applied meanwhile is not undone: it is made from the revision that was read", async () => {
  const asked: unknown[] = [];
  const answers: Readonly<Record<string, unknown>> = {
    "GET /api/v1/revisions?count=1": { revisions: [revision] },
    "GET /api/v1/revisions/4": { revision, ...site },
    "POST /api/v1/plan": { site: "demo", base: 5, unchanged: false, changes: [], nodes: [], untouched: 1 },
  };
  const server = createServer(async (request, response) => {
    const answer = answers[`${request.method} ${request.url}`];
    if (answer === undefined) asked.push(await json(request));
    response.writeHead(answer === undefined ? 409 : 200);
    response.end(JSON.stringify(answer ?? { error: "revision 5 is the newest, not 4" }));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => void server.close());
  const { port } = z.object({ port: z.number() }).parse(server.address());
  const options = { hub: `http://127.0.0.1:${port}`, node: "foyer", wait: false, json: true, color: false };
  const written = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  onTestFinished(() => written.mockRestore());

  await expect(runModuleRun("blink", options, new AbortController().signal)).rejects.toThrow("not 4");

  expect(asked).toMatchObject([{ base: 4 }]);
});

const revision = {
  number: 4,
  digest: "d",
  author: "anna",
  at: "2026-11-22T03:00:00Z",
  message: "",
  confirmed: true,
};
