// A hub that was restored from an old backup, or lies on a new card: several roots in a row are brought back to it from where
// the keys lie, in their order, and nodes that are ahead of it say what is wrong until then.

import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Judge } from "@interactor/agent/src/adapters/trust-tuf/judge.ts";
import { runRevoke } from "@interactor/hub/cli/trust-publishers.ts";
import { runTrustRestore } from "@interactor/hub/cli/trust-restore.ts";
import { runTrustRotate } from "@interactor/hub/cli/trust-rotate.ts";
import { nextRoot } from "@interactor/hub/signing/ceremony.ts";
import { fileOf, filesTargets, readRoot, signed } from "@interactor/hub/signing/documents.ts";
import { newSigningKey } from "@interactor/hub/signing/signing-key.ts";
import { messageOf } from "@interactor/shared/kernel/fault";
import { emptyFolder } from "../folders.ts";
import { keyAt, person, refusal, site } from "./offline-site.ts";
import { newSigner, SmallRepository } from "./small-repository.ts";
import { install, wordsOf } from "./trusting-node.ts";

const path = "assign/pi-01.json";

/** A site with a node, and what lies on the hub's card at a moment. */
async function room() {
  const hub = await site();
  await hub.add("bob");
  await hub.assign("pi-01", "one");
  const pinnedRoot = await hub.newest("root");
  const node = emptyFolder();
  const card = (name: string) => join(hub.folder, name);
  return {
    ...hub,
    pinnedRoot,
    asks: (folder = node) => install({ folder, pinnedRoot, repository: hub.served() }, path),
    says: () => wordsOf({ folder: node, pinnedRoot, repository: hub.served() }),
    /** `parts`: what of the hub's data was saved. */
    save: (parts: readonly string[] = ["repository"]) => {
      for (const part of parts) cpSync(card(part), card(`saved-${part}`), { recursive: true });
    },
    async restore(parts: readonly string[] = ["repository"]) {
      for (const part of parts) {
        rmSync(card(part), { recursive: true });
        cpSync(card(`saved-${part}`), card(part), { recursive: true });
      }
      await hub.restart();
    },
    async newCard() {
      for (const part of ["repository", "keys"]) rmSync(card(part), { recursive: true });
      await hub.restart();
    },
  };
}

type Room = Awaited<ReturnType<typeof room>>;

/** Three roots more, with another key of targets, other root keys, and another publisher among them. */
async function handOn({ options, add }: Room): Promise<void> {
  await runTrustRotate("targets", options);
  await runTrustRotate("root", options);
  await add("eve");
  await runTrustRotate("targets", options);
}

describe("a hub whose repository is from before the last three roots", () => {
  test("gets them back in order, with who may publish, and nodes that had them install again", async () => {
    const now = await room();
    now.save();
    await handOn(now);
    expect(await now.asks()).toBe("one");
    await now.restore();
    expect(now.standing().root?.version).toBe(1);
    expect(await now.says()).toMatch(
      /^TRUST_HUB_BEHIND: the hub has no root 4, .*: interactor trust restore/,
    );

    await runTrustRestore(now.options);

    expect(now.said()).toContain("root 2 to 4: the hub has them again");
    expect(now.standing()).toMatchObject({ root: { version: 4 }, problems: [] });
    expect(now.publishers()).toEqual(["bob", "eve"]);
    expect(await now.asks()).toBe("one");
    // Who has the first root only follows through all of them.
    expect(await now.asks(emptyFolder())).toBe("one");
    await now.restart();
    expect(await now.asks(emptyFolder())).toBe("one");
  });

  test("gets them before whatever is signed next", async () => {
    const now = await room();
    now.save();
    await handOn(now);
    await now.restore();

    await now.add("acme");

    expect(now.said()).toContain("the hub has root 1, and root 2 to 4 lie here: they are brought first");
    expect(now.standing()).toMatchObject({ root: { version: 4 }, problems: [] });
    expect(now.publishers()).toEqual(["bob", "eve", "acme"]);
  });

  test("gets one likewise, with who may publish under its other key", async () => {
    const now = await room();
    now.save();
    await runTrustRotate("targets", now.options);
    await now.restore();

    await runTrustRotate("online", now.options);

    expect(now.said()).toContain("the hub has root 1, and root 2 lies here: it is brought first");
    expect(now.standing()).toMatchObject({ root: { version: 3 }, problems: [] });
    expect(now.publishers()).toEqual(["bob"]);
  });

  test("takes no root in between that somebody laid beside the keys", async () => {
    const now = await room();
    now.save();
    await handOn(now);
    await now.restore();
    const thieves = [newSigningKey(), newSigningKey()];
    const before = readRoot(readFileSync(join(now.keys, "signed", "2.root.json"))).signed;
    const by = ["root-1", "root-2"].map((name) => keyAt(now.keys, name));
    const root = thieves.map(({ key }) => key);
    const stolen = nextRoot({ before, by: [...by, ...thieves], root, now: Date.now() });
    writeFileSync(join(now.keys, "signed", "elsewhere.root.json"), stolen);

    await runTrustRestore(now.options);

    expect(now.standing()).toMatchObject({ root: { version: 4 }, problems: [] });
    expect(await now.newest("3.root")).toEqual(readFileSync(join(now.keys, "signed", "3.root.json")));
  });

  test("is told which root is nowhere, and finds it in another folder", async () => {
    const now = await room();
    now.save();
    await handOn(now);
    await now.restore();
    const elsewhere = join(now.folder, "elsewhere");
    mkdirSync(elsewhere);
    renameSync(join(now.keys, "signed", "3.root.json"), join(elsewhere, "3.root.json"));

    expect(await refusal(runTrustRestore(now.options))).toContain(
      "root 4 lies here, and roots 2 to 3 nowhere",
    );
    expect(now.standing().root?.version).toBe(1);

    await runTrustRestore({ ...now.options, keys: [now.keys, elsewhere] });
    expect(now.standing()).toMatchObject({ root: { version: 4 }, problems: [] });
  });

  test("has gone another way since: nothing of the other way is taken", async () => {
    const now = await room();
    now.save();
    cpSync(now.keys, join(now.folder, "copy"), { recursive: true });
    await handOn(now);
    await now.restore();
    await runTrustRotate("root", { ...now.options, keys: [join(now.folder, "copy")] });
    const other = await now.newest("2.root");

    expect(await refusal(runTrustRestore(now.options))).toContain("another root 2");

    expect(await now.newest("2.root")).toEqual(other);
    expect(now.standing().root?.version).toBe(2);
  });

  test("loses nothing that it has", async () => {
    const now = await room();
    await handOn(now);
    const said = now.said().length;

    await runTrustRestore(now.options);

    expect(now.said().slice(said)).toBe("nothing is lost: the hub has root 4 and all that lies here\n");
    // Nor of what lies beside old keys.
    rmSync(join(now.keys, "signed"), { recursive: true });
    writeFileSync(join(now.keys, "root.json"), now.pinnedRoot);
    await runTrustRestore(now.options);
    expect(now.standing()).toMatchObject({ root: { version: 4 }, problems: [] });
  });
});

describe("a hub whose key is from before as well", () => {
  test.each([
    ["an old backup", (now: Room) => now.restore(["repository", "keys"])],
    ["a new card", (now: Room) => now.newCard()],
  ])("after %s gets the roots with the next one, which names the key that it has", async (_what, lose) => {
    const now = await room();
    now.save(["repository", "keys"]);
    // The key that comes next was on the hub already, and so in the backup.
    await runTrustRotate("online", now.options);
    await runTrustRotate("online", now.options);
    await handOn(now);
    expect(await now.asks()).toBe("one");
    await lose(now);
    expect(await now.says()).toMatch(
      /^TRUST_HUB_BEHIND: the hub has no root 6, .*: interactor trust restore/,
    );

    const help = "names another key for this hub than it has";
    expect(await refusal(runTrustRestore(now.options))).toContain(help);
    expect(await refusal(now.add("acme"))).toContain(help);
    expect(await refusal(runRevoke("eve", now.options))).toContain(help);
    const files = readdirSync(now.keys);
    expect(await refusal(runTrustRotate("root", now.options))).toContain(help);
    expect(readdirSync(now.keys)).toEqual(files);
    await runTrustRotate("online", now.options);

    expect(now.standing()).toMatchObject({ root: { version: 7 }, problems: [] });
    expect(now.publishers()).toEqual(["bob", "eve"]);
    await now.assign("pi-01", "two");
    expect(await now.asks()).toBe("two");
    expect(await now.asks(emptyFolder())).toBe("two");
    expect(existsSync(join(now.keys, "signed", "7.root.json"))).toBe(true);
  });
});

describe("a hub that was begun anew", () => {
  test("and tries something out: a node that has another root says so", async () => {
    const now = await room();
    expect(await now.asks()).toBe("one");
    await now.newCard();
    await now.tryOut();

    expect(await now.says()).toMatch(/^TRUST_OTHER_ROOT: the hub has another root 1 than this node: /);

    await runTrustRotate("online", now.options);
    expect(await now.says()).toBe("believed");
  });
});

describe("a hub that lacks what was signed under the same root", () => {
  test("who may publish: nodes say what helps, and it is brought back", async () => {
    const now = await room();
    now.save();
    await now.add("eve");
    expect(await now.says()).toBe("believed");
    await now.restore();
    expect(now.publishers()).toEqual(["bob"]);
    expect(await now.says()).toMatch(/^TRUST_ROLLBACK: .*targets\.json.*: interactor trust restore/);

    await runTrustRestore(now.options);

    expect(now.said()).toContain("who may publish: the hub has the last of it again");
    expect(now.publishers()).toEqual(["bob", "eve"]);
    expect(await now.says()).toBe("believed");
  });

  test("the word of a publisher who was added and revoked since: nodes go on without him when the hub has a new key", async () => {
    const now = await room();
    now.save();
    await now.add("acme");
    const path = "modules/acme/lamp-1.0.0.js";
    const bundle = Buffer.from("export const lamp = 1;");
    const manifest = { apiVersion: 1, id: "lamp", version: "1.0.0", title: "lamp", worker: "shared" };
    const file = fileOf(path, bundle, { manifest: { ...manifest, inputs: {}, outputs: {} } });
    const word = signed(filesTargets({ version: 1, files: { [path]: file }, now: Date.now() }), [
      person("acme"),
    ]);
    await now.publishWord(word, new Map([[path, bundle]]));
    await runRevoke("acme", now.options);
    expect(await now.says()).toBe("believed");
    await now.restore();
    await runTrustRestore(now.options);
    expect(now.said()).toContain("revoked since, and he cannot publish: interactor trust rotate online");
    expect(await now.says()).toMatch(
      /^TRUST_ROLLBACK: .*If he may not publish any more: interactor trust rotate online/,
    );

    await runTrustRotate("online", now.options);

    expect(await now.says()).toBe("believed");
  });

  test.each([
    ["an older word of a publisher", (hub: SmallRepository) => void (hub.publisher("acme").version = 1)],
    ["no word of a publisher", (hub: SmallRepository) => void delete hub.publishers["acme"]],
  ])("%s: nodes name who has to publish again, with and without their metadata", async (_what, lose) => {
    const repository = new SmallRepository();
    repository.addPublisher("acme", ["modules/acme/*"]);
    repository.publisher("acme").version = 2;
    repository.publish();
    const folder = emptyFolder();
    expect(await wordsOf({ folder, repository })).toBe("believed");
    lose(repository);
    repository.publish();

    const help =
      /^TRUST_ROLLBACK: .*acme publishes again: interactor module publish.*: interactor trust rotate online/;
    expect(await wordsOf({ folder, repository })).toMatch(help);
    for (const name of readdirSync(folder)) if (name.endsWith(".json")) rmSync(join(folder, name));
    expect(await wordsOf({ folder, repository })).toMatch(help);
  });

  test("numbers of its clock: nodes say to look at the clock", async () => {
    const repository = new SmallRepository();
    const folder = emptyFolder();
    repository.versions.timestamp = 9;
    repository.publish();
    expect(await wordsOf({ folder, repository })).toBe("believed");
    repository.versions.timestamp = 3;
    repository.publish();

    expect(await wordsOf({ folder, repository })).toMatch(
      /^TRUST_ROLLBACK: .*its clock.*trust rotate online/,
    );
  });
});

test("a hub that is cut off is not said to be behind", async () => {
  const repository = new SmallRepository();
  const folder = emptyFolder();
  expect(await wordsOf({ folder, repository })).toBe("believed");
  const cutAt = (part: string) => (path: string) => {
    if (path.includes(part)) throw new Error("the line is cut");
    return undefined;
  };

  expect(await wordsOf({ folder, repository, bend: cutAt("timestamp") })).toMatch(/^TRUST_UNREACHABLE: /);
  // Nor when the line goes while it looks.
  repository.publish({ by: { timestamp: [newSigner()] } });
  expect(await wordsOf({ folder, repository, bend: cutAt("1.root") })).toMatch(/^TRUST_SIGNATURE: /);
});

test("when nothing new came, nothing was refused, and whatever fails after it is told as what it is", () => {
  const repository = new SmallRepository();
  const refused: string[] = [];
  const timeUnder = () => new Date(repository.now);
  const judge = new Judge(repository.firstRoot, timeUnder, (error) => refused.push(messageOf(error)));
  const timestamp = repository.file("metadata/timestamp.json");
  judge.updateTimestamp(timestamp);

  expect(() => judge.updateTimestamp(timestamp)).toThrow(/is equal to current version/);

  expect(refused).toEqual([]);
});

describe("a root before the last one", () => {
  test.each([
    ["is missing", (file: string) => rmSync(file)],
    ["is damaged", (file: string) => writeFileSync(file, "{")],
    ["has lost what the root before it signed", (file: string) => bendSignatures(file, (index) => index < 2)],
    ["has lost all its signatures", (file: string) => bendSignatures(file, () => true)],
  ])("%s on the hub: it is told, and brought back", async (_what, damage) => {
    const now = await room();
    await handOn(now);
    const newcomer = emptyFolder();
    damage(join(now.folder, "repository", "metadata", "3.root.json"));
    await now.restart();
    expect(now.standing().problems.join()).toContain("root 3 is missing or damaged on this hub");
    expect(await now.asks(newcomer)).not.toBe("one");

    await runTrustRestore(now.options);

    expect(now.said()).toContain("root 3: the hub has it again");
    expect(now.standing().problems).toEqual([]);
    expect(await now.asks(newcomer)).toBe("one");
  });
});

/** One hexadecimal digit of each signature that is meant. */
function bendSignatures(file: string, isMeant: (index: number) => boolean): void {
  let count = 0;
  const bent = readFileSync(file, "utf8").replaceAll(/"sig":"(.)/g, (whole, digit: string) =>
    isMeant(count++) ? `"sig":"${digit === "0" ? "1" : "0"}` : whole,
  );
  expect(count).toBeGreaterThan(2);
  writeFileSync(file, bent);
}

describe("what lies beside the keys", () => {
  test("is all that was ever signed, in every folder that was named", async () => {
    const now = await room();
    await handOn(now);

    const names = ["1.root.json", "1.targets.json", "2.root.json", "2.targets.json", "3.root.json"];
    expect(readdirSync(join(now.keys, "signed"))).toEqual(expect.arrayContaining(names));
    expect(readFileSync(join(now.keys, "signed", "4.root.json"))).toEqual(
      readFileSync(join(now.keys, "root.json")),
    );
  });

  test("from before there was such a folder: what the hub has is kept from the next signature on", async () => {
    const now = await room();
    await runTrustRotate("targets", now.options);
    await runTrustRotate("targets", now.options);
    rmSync(join(now.keys, "signed"), { recursive: true });

    await runTrustRotate("targets", now.options);

    expect(readdirSync(join(now.keys, "signed")).filter((name) => name.endsWith(".root.json"))).toEqual([
      "1.root.json",
      "2.root.json",
      "3.root.json",
      "4.root.json",
    ]);
  });

  test("is damaged: it is told, and passed by", async () => {
    const now = await room();
    now.save();
    await handOn(now);
    await now.restore();
    writeFileSync(join(now.keys, "signed", "9.root.json"), "{");

    await runTrustRestore(now.options);

    expect(now.said()).toContain("9.root.json: this is no such document");
    expect(now.standing()).toMatchObject({ root: { version: 4 }, problems: [] });
  });

  test("is torn, the last root among it: a hub gets back what it lacks from the others", async () => {
    const now = await room();
    now.save();
    await handOn(now);
    await now.restore();
    writeFileSync(join(now.keys, "root.json"), "");

    await runTrustRestore(now.options);

    expect(now.said()).toContain("root.json: this is no such document");
    expect(now.standing()).toMatchObject({ root: { version: 4 }, problems: [] });
  });

  test("was torn by a cut: it is written again with the next signature", async () => {
    const now = await room();
    const file = join(now.keys, "signed", "1.root.json");
    writeFileSync(file, "");

    await runTrustRotate("root", now.options);

    expect(readFileSync(file)).toEqual(now.pinnedRoot);
    const drafts = readdirSync(now.keys, { recursive: true }).filter((name) =>
      String(name).includes("draft"),
    );
    expect(drafts).toEqual([]);
  });
});
