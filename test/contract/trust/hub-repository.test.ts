// The hub's repository as a node sees it: both by their real code, and files between them.

import { cpSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Key, Signature } from "@tufjs/models";
import { describe, expect, test } from "vitest";
import { openSigner } from "@interactor/hub/src/adapters/signer-ed25519/signer-ed25519.ts";
import { openTrustRepository } from "@interactor/hub/src/adapters/trust-repository/trust-repository.ts";
import {
  firstDocuments,
  nextRoot,
  renewedTargets,
  withOnline,
  withoutPublisher,
  withPublisher,
} from "@interactor/hub/signing/ceremony.ts";
import { fileOf, filesTargets, readRoot, readTargets, signed } from "@interactor/hub/signing/documents.ts";
import { newSigningKey, type SigningKey } from "@interactor/hub/signing/signing-key.ts";
import type { TrustRepository } from "@interactor/hub/src/ports/trust-repository.ts";
import { emptyFolder, fillDisk, isRoot, mountedFolder } from "../folders.ts";
import { codeOf, install } from "./trusting-node.ts";

const days = 24 * 3600 * 1000;
const path = "modules/acme/blink-1.0.0.js";
const content = Buffer.from("export const blink = 1;");

async function hubIn(folder: string, given: { readonly now?: () => number } = {}) {
  const said: string[] = [];
  const say = (words: string) => void said.push(words);
  const log = { info: say, warn: say, error: say };
  const now = given.now ?? (() => Date.now());
  const signer = await openSigner(join(folder, "keys"), log);
  const open = () => openTrustRepository({ folder, signer, now, log });
  return { folder, said, signer, now, open, repository: await open() };
}
type SmallHub = Awaited<ReturnType<typeof hubIn>>;

const offline = {
  root: [newSigningKey(), newSigningKey(), newSigningKey()],
  targets: newSigningKey(),
  acme: newSigningKey(),
};

/** A hub to which people with keys have come, and a publisher. */
async function begun(
  given: Parameters<typeof hubIn>[1] = {},
  folder = emptyFolder(),
): Promise<SmallHub & { pinnedRoot: Buffer }> {
  const hub = await hubIn(folder, given);
  const { root, targets } = firstDocuments({ ...offline, online: hub.signer.online.key, now: hub.now() });
  await hub.repository.putRoot(root);
  await hub.repository.putTargets(targets);
  const before = readTargets(targets).signed;
  const handing = { before, by: offline.targets, now: hub.now() };
  await hub.repository.putTargets(withPublisher(handing, "acme", offline.acme.key));
  return { ...hub, pinnedRoot: root };
}

function wordOf(
  files: Readonly<Record<string, Buffer>>,
  version: number,
  by: SigningKey,
  now = Date.now(),
): Buffer {
  const named = Object.entries(files).map(([path, bytes]) => [
    path,
    fileOf(path, bytes, { manifest: { id: "blink" } }),
  ]);
  return signed(filesTargets({ version, files: Object.fromEntries(named), now }), [by]);
}

const publish = (
  repository: TrustRepository,
  files: Record<string, Buffer>,
  version = 1,
  by = offline.acme,
) => repository.putPublisher("acme", wordOf(files, version, by), new Map(Object.entries(files)));

const refusal = (task: Promise<unknown>): Promise<string> => task.then(() => "taken", codeOf);

async function newestTargets(repository: TrustRepository) {
  const bytes = Buffer.from((await repository.newest("targets")) ?? "");
  return { bytes, before: readTargets(bytes).signed };
}

/** What a node gets of it. */
const got = (repository: TrustRepository, pinnedRoot: Uint8Array, what = path, folder = emptyFolder()) =>
  install({ folder, pinnedRoot, repository, time: { wall: Date.now(), isSynchronised: true } }, what);

test("what a publisher signed comes to a node, and to a hub that starts again", async () => {
  const { repository, pinnedRoot, open } = await begun();
  await publish(repository, { [path]: content });

  expect(await got(repository, pinnedRoot)).toBe(content.toString());
  expect(await got(await open(), pinnedRoot)).toBe(content.toString());
  expect(repository.standing()).toMatchObject({
    kind: "real",
    root: { version: 1, threshold: 2 },
    publishers: [{ name: "acme", files: 1 }],
    problems: [],
  });
  expect(repository.published(path)).toMatchObject({
    bytes: content.length,
    custom: { manifest: { id: "blink" } },
  });
  const digest = repository.published(path)?.digest ?? "";
  expect(await repository.content(digest)).toEqual(content);
});

test("keys of the hub are files that only their owner reads", async () => {
  const { folder } = await begun();

  for (const name of readdirSync(join(folder, "keys"))) {
    expect(statSync(join(folder, "keys", name)).mode & 0o077).toBe(0);
    expect(readFileSync(join(folder, "keys", name), "utf8")).toContain("PRIVATE KEY");
  }
});

describe("a hub takes nothing that a node would not", () => {
  test.each([
    ["signed by somebody else", { by: newSigningKey() }, "TRUST_SIGNATURE"],
    ["of a version that is there", { version: 1 }, "TRUST_VERSION"],
    ["of bytes that are not those that were signed", { bytes: Buffer.from("evil") }, "TRUST_MISMATCH"],
    ["of a module of another publisher", { file: "modules/other/blink-1.0.0.js" }, "TRUST_PATH"],
    ["that leads out of its folder", { file: "modules/acme/../../x.js" }, "TRUST_PATH"],
    ["of an assignment", { file: "assign/pi-01.json" }, "TRUST_PATH"],
    ["that changes what was published", { file: path, content: Buffer.from("other") }, "TRUST_CHANGED"],
  ] as const)("a word %s", async (_what, given, code) => {
    const { repository, pinnedRoot } = await begun();
    await publish(repository, { [path]: content });
    const {
      by = offline.acme,
      version = 2,
      file = "modules/acme/blink-1.0.1.js",
    } = { by: undefined, version: undefined, file: undefined, ...given };
    const bytes = "content" in given ? given.content : Buffer.from("newer");
    const brought = "bytes" in given ? given.bytes : bytes;
    const word = wordOf({ [path]: content, [file]: bytes }, version, by);

    expect(await refusal(repository.putPublisher("acme", word, new Map([[file, brought]])))).toBe(code);

    expect(await got(repository, pinnedRoot)).toBe(content.toString());
    expect(await got(repository, pinnedRoot, "modules/acme/blink-1.0.1.js")).toBe("nobody signed it");
  });

  test.each(["root", "targets", "snapshot", "timestamp"])("a publisher called %s", async (name) => {
    const { repository, now } = await begun();
    const { bytes, before } = await newestTargets(repository);
    const handing = { before, by: offline.targets, now: now() };

    expect(() => withPublisher(handing, name, newSigningKey().key)).toThrow(
      `"${name}" is no publisher's name`,
    );
    const bent = Buffer.from(bytes.toString().replaceAll("acme", name));
    expect(await refusal(repository.putTargets(bent))).toBe("TRUST_MALFORMED");
  });

  test("a word that has more bytes than nodes take of one", async () => {
    const { repository, pinnedRoot } = await begun();
    await publish(repository, { [path]: content });
    const custom = { manifest: { id: "blink", description: "x".repeat(5_000_000) } };
    const files = { [path]: fileOf(path, content, custom) };
    const word = signed(filesTargets({ version: 2, files, now: Date.now() }), [offline.acme]);

    expect(await refusal(repository.putPublisher("acme", word, new Map()))).toBe("TRUST_TOO_LONG");
    expect(await got(repository, pinnedRoot)).toBe(content.toString());
  });

  test("a word of somebody who may not publish", async () => {
    const { repository } = await begun();
    const word = wordOf({}, 1, newSigningKey());

    for (const name of ["other", "assign", "targets", "__proto__"])
      expect(await refusal(repository.putPublisher(name, word, new Map()))).toBe("TRUST_PUBLISHER");
  });

  test("a root by one of three, one that skips a number, and one that leaves the hub out", async () => {
    const { repository, pinnedRoot, now } = await begun();
    const before = readRoot(pinnedRoot).signed;
    const [one, two] = offline.root;
    if (one === undefined || two === undefined) throw new Error("no keys");
    const good = readRoot(nextRoot({ before, by: [one, two], now: now() }));

    const byOne = signed(good.signed, [one]);
    expect(await refusal(repository.putRoot(byOne))).toBe("TRUST_SIGNATURE");
    expect(() => nextRoot({ before, by: [one], now: now() })).toThrow(
      /1 of the root keys are here, and it takes 2/,
    );
    const later = nextRoot({ before: good.signed, by: [one, two], now: now() });
    expect(await refusal(repository.putRoot(later))).toBe("TRUST_VERSION");
    const other = nextRoot({ before, by: [one, two], online: newSigningKey().key, now: now() });
    expect(await refusal(repository.putRoot(other))).toBe("TRUST_KEYS");
    expect(await refusal(repository.putRoot(Buffer.from("{}")))).toBe("TRUST_MALFORMED");
  });

  test("a root in which one key stands for two people", async () => {
    const { repository, pinnedRoot, now } = await begun();
    const before = readRoot(pinnedRoot).signed;
    const [one] = offline.root;
    if (one === undefined) throw new Error("no keys");
    const { keyType, scheme, keyVal } = one.key;
    const twin: SigningKey = {
      ...one,
      key: new Key({ keyID: "twin", keyType, scheme, keyVal }),
      sign: (bytes) => new Signature({ keyID: "twin", sig: one.sign(bytes).sig }),
    };
    const root = nextRoot({ before, by: [...offline.root, twin], root: [one.key, twin.key], now: now() });

    expect(await refusal(repository.putRoot(root))).toBe("TRUST_SIGNATURE");
  });
});

describe("keys are handed on", () => {
  test("a revoked publisher is not installed any more, and one with a new key is", async () => {
    const folder = emptyFolder();
    const { repository, pinnedRoot, now } = await begun();
    await publish(repository, { [path]: content });
    expect(await got(repository, pinnedRoot, path, folder)).toBe(content.toString());
    const last = async () => {
      const version = repository.standing().targets?.version ?? 0;
      const bytes = await repository.read("metadata", `${version}.targets.json`);
      return { before: readTargets(bytes ?? Buffer.alloc(0)).signed, by: offline.targets, now: now() };
    };
    await repository.putTargets(withoutPublisher(await last(), "acme"));

    expect(await got(repository, pinnedRoot, path, folder)).toBe("nobody signed it");
    expect(await refusal(publish(repository, { [path]: content }, 2))).toBe("TRUST_PUBLISHER");

    const fresh = newSigningKey();
    await repository.putTargets(withPublisher(await last(), "acme", fresh.key));
    expect(await refusal(publish(repository, { [path]: content }, 2))).toBe("TRUST_SIGNATURE");
    await publish(repository, { [path]: content }, 2, fresh);
    expect(await got(repository, pinnedRoot, path, folder)).toBe(content.toString());
  });

  test("root by two of the old keys and two of the new ones; a node follows through all of them", async () => {
    const folder = emptyFolder();
    const { repository, pinnedRoot, now } = await begun();
    await publish(repository, { [path]: content });
    await got(repository, pinnedRoot, path, folder);
    const fresh = [newSigningKey(), newSigningKey(), newSigningKey()];
    const by = [...offline.root.slice(0, 2), ...fresh.slice(1)];
    const second = nextRoot({
      before: readRoot(pinnedRoot).signed,
      by,
      root: fresh.map(({ key }) => key),
      now: now(),
    });
    await repository.putRoot(second);
    await repository.putRoot(nextRoot({ before: readRoot(second).signed, by: fresh, now: now() }));

    expect(await got(repository, pinnedRoot, path, folder)).toBe(content.toString());
    expect(await got(repository, pinnedRoot)).toBe(content.toString());
  });

  test("the hub's key that was stolen signs nothing any more, and what it assigned is assigned anew", async () => {
    const folder = emptyFolder();
    const { repository, pinnedRoot, now, signer } = await begun();
    await repository.assign("pi-01", Buffer.from("one"));
    expect(await got(repository, pinnedRoot, "assign/pi-01.json", folder)).toBe("one");
    const stolen = signer.online;
    const online = (await signer.next()).key;

    await repository.putRoot(
      nextRoot({ before: readRoot(pinnedRoot).signed, by: offline.root, online, now: now() }),
    );
    const before = readTargets(
      (await repository.read("metadata", "2.targets.json")) ?? Buffer.alloc(0),
    ).signed;
    await repository.putTargets(withOnline({ before, by: offline.targets, now: now() }, online));

    expect(signer.online.key.keyID).toBe(online.keyID);
    expect(stolen.key.keyID).not.toBe(online.keyID);
    expect(await got(repository, pinnedRoot, "assign/pi-01.json", folder)).toBe("one");
  });
});

describe("a root before the last one", () => {
  async function threeRoots() {
    const hub = await begun();
    const handedOn = (before: Buffer) =>
      nextRoot({ before: readRoot(before).signed, by: offline.root, now: hub.now() });
    const second = handedOn(hub.pinnedRoot);
    const third = handedOn(second);
    for (const root of [second, third]) await hub.repository.putRoot(root);
    const thieves = [newSigningKey(), newSigningKey()];
    const also = readRoot(third);
    for (const thief of thieves) also.sign(thief.sign, true);
    const root = thieves.map(({ key }) => key);
    const by = [...offline.root, ...thieves];
    const stolen = nextRoot({ before: readRoot(hub.pinnedRoot).signed, by, root, now: hub.now() });
    return {
      ...hub,
      roots: [hub.pinnedRoot, second, third] as const,
      /** By somebody who may bring a root, and has none of the keys that count. */
      forged: signed(readRoot(stolen).signed, thieves),
      alsoByThieves: Buffer.from(JSON.stringify(also.toJSON())),
      lose: (version: number) => rmSync(join(hub.folder, "repository", "metadata", `${version}.root.json`)),
      async stand() {
        for (const [index, root] of [hub.pinnedRoot, second, third].entries())
          expect(await hub.repository.read("metadata", `${index + 1}.root.json`)).toEqual(root);
      },
    };
  }

  test("stays, whatever leads to the last one with one more signature on it", async () => {
    const { repository, forged, alsoByThieves, stand } = await threeRoots();

    expect(await refusal(repository.putRoot(alsoByThieves, undefined, [forged]))).toBe("TRUST_VERSION");
    // Nor does the last one take on signatures.
    expect(await refusal(repository.putRoot(alsoByThieves))).toBe("taken");

    await stand();
  });

  test("that is lost is made up for by what was signed, and by nothing else", async () => {
    const { repository, roots, forged, alsoByThieves, lose, stand } = await threeRoots();
    lose(2);

    expect(await refusal(repository.putRoot(alsoByThieves, undefined, [forged]))).toBe("TRUST_SIGNATURE");
    expect(await repository.read("metadata", "2.root.json")).toBeUndefined();
    expect(await refusal(repository.putRoot(roots[2], undefined, [roots[1]]))).toBe("taken");

    await stand();
  });
});

test("each node reads its own assignment, and none in the place of another's", async () => {
  const { repository, pinnedRoot } = await begun();
  await repository.assign("pi-01", Buffer.from("one"));
  await repository.assign("pi-02", Buffer.from("two"));
  const [one, two] = (await Promise.all(
    ["one", "two"].map(async (word, index) => {
      const digest = repository.published(`assign/pi-0${index + 1}.json`)?.digest ?? "";
      return [`targets/assign/${digest}.pi-0${index + 1}.json`, Buffer.from(word)] as const;
    }),
  )) as [readonly [string, Buffer], readonly [string, Buffer]];

  expect(await got(repository, pinnedRoot, "assign/pi-02.json")).toBe("two");
  const swapped = await install(
    {
      folder: emptyFolder(),
      pinnedRoot,
      repository,
      time: { wall: Date.now(), isSynchronised: true },
      bend: (asked) => (asked === one[0] ? [two[1]] : undefined),
    },
    "assign/pi-01.json",
  );
  expect(swapped).toBe("TRUST_MISMATCH");

  await repository.assign("pi-01", undefined);
  expect(await got(repository, pinnedRoot, "assign/pi-01.json")).toBe("nobody signed it");
});

describe("a development key", () => {
  const trial = { path: "modules/development/blink-1.0.0.js", bytes: content, custom: {} };

  test("is made on first use, is told wherever trust is shown, and publishes without a signature of anybody", async () => {
    const { repository, said } = await hubIn(emptyFolder());
    expect(repository.standing().kind).toBe("none");
    await repository.putDevelopment(trial);
    await repository.putDevelopment({ ...trial, bytes: Buffer.from("again") });
    const pinnedRoot = (await repository.read("metadata", "1.root.json")) ?? Buffer.alloc(0);

    expect(await got(repository, pinnedRoot, trial.path)).toBe("again");
    expect(repository.standing()).toMatchObject({ kind: "development", root: { threshold: 1 } });
    expect(repository.standing().problems.join()).toContain("the keys are for development");
    expect(said.join()).toContain("a development key was made");
  });

  test("is refused when a real root exists, and set aside when one comes", async () => {
    const { repository, signer, now, folder, open, said } = await hubIn(emptyFolder());
    await repository.putDevelopment(trial);
    const pinnedBefore = (await repository.read("metadata", "1.root.json")) ?? Buffer.alloc(0);
    const { root, targets } = firstDocuments({ ...offline, online: signer.online.key, now: now() });
    // What somebody keeps who was on the hub that day.
    const stolen = emptyFolder();
    cpSync(folder, stolen, { recursive: true });
    const { repository: before } = await hubIn(stolen);
    await repository.putRoot(root);
    await repository.putTargets(targets);

    expect(await refusal(repository.putDevelopment(trial))).toBe("TRUST_REAL_ROOT");
    expect(await refusal((await open()).putDevelopment(trial))).toBe("TRUST_REAL_ROOT");
    expect(await refusal(repository.putRoot(pinnedBefore))).toBe("TRUST_REAL_ROOT");
    expect(await got(repository, root, trial.path)).toBe("nobody signed it");
    const node = emptyFolder();
    expect(await got(before, pinnedBefore, trial.path, node)).toBe(content.toString());
    expect(await got(repository, root, "x", node)).toBe("nobody signed it");
    expect(await got(before, root, trial.path, node)).not.toBe(content.toString());
    // A node that was given the development root believes nothing else.
    expect(await got(repository, pinnedBefore, trial.path)).toBe("TRUST_SIGNATURE");
    expect(readdirSync(folder).some((name) => name.startsWith("repository.development-"))).toBe(true);
    expect(readdirSync(join(folder, "keys")).filter((name) => name.startsWith("development"))).toEqual([]);
    expect(said.join()).toContain("the development key is removed");
  });
});

describe("what expires is signed anew in time", () => {
  test("once a day, and a hub that was off for a month comes back to nodes that believe it", async () => {
    let at = Date.now();
    const { repository, pinnedRoot, open } = await begun({ now: () => at });
    const folder = emptyFolder();
    const answer = (from: TrustRepository) =>
      install({ folder, pinnedRoot, repository: from, time: { wall: at, isSynchronised: true } }, "x");
    expect(await repository.renew()).toBe(false);
    at += 2 * days;
    expect(await repository.renew()).toBe(true);
    expect(await repository.renew()).toBe(false);
    expect(await answer(repository)).toBe("nobody signed it");

    at += 30 * days;
    expect(await answer(repository)).toBe("TRUST_EXPIRED");
    expect(await answer(await open())).toBe("nobody signed it");
  });

  test("what nodes shall run as well: a new one is believed also after years in which nothing changed", async () => {
    let at = Date.now();
    const { repository, pinnedRoot, now } = await begun({ now: () => at });
    await repository.assign("pi-01", Buffer.from("one"));
    at += 300 * days;
    const { before } = await newestTargets(repository);
    await repository.putTargets(renewedTargets({ before, by: offline.targets, now: now() }));

    for (let day = 0; day < 80; day += 1) {
      at += days;
      await repository.renew();
    }

    const time = { wall: at, isSynchronised: true };
    const given = { folder: emptyFolder(), pinnedRoot, repository, time };
    expect(await install(given, "assign/pi-01.json")).toBe("one");
  });

  test("what was signed while the clock was ahead as well", async () => {
    let at = Date.now() + 3650 * days;
    const { repository, open } = await begun({ now: () => at });
    at -= 3650 * days;

    expect(await repository.renew()).toBe(true);
    expect(await repository.renew()).toBe(false);
    expect(await (await open()).renew()).toBe(false);
  });

  test("and whoever has offline keys is told two months before", async () => {
    let at = Date.now();
    const { repository } = await begun({ now: () => at });
    at += 310 * days;
    expect(repository.standing().problems).toEqual([expect.stringMatching(/^targets expires on \d{4}-/)]);
    at += 60 * days;
    expect(repository.standing().problems.join()).toContain("targets has expired");
  });
});

describe("a hub whose files are damaged", () => {
  test.each(["timestamp.json", "snapshot.json", "assign.json"])(
    "signs a torn %s anew, with a number that nodes take",
    async (name) => {
      const folder = emptyFolder();
      const hub = await begun();
      await publish(hub.repository, { [path]: content });
      await hub.repository.assign("pi-01", Buffer.from("one"));
      expect(await got(hub.repository, hub.pinnedRoot, path, folder)).toBe(content.toString());
      const metadata = join(hub.folder, "repository", "metadata");
      for (const file of readdirSync(metadata))
        if (file.endsWith(name)) truncateSync(join(metadata, file), 20);

      const again = await hub.open();

      expect(await got(again, hub.pinnedRoot, path, folder)).toBe(content.toString());
    },
  );

  test.each([
    ["lost", (file: string) => rmSync(file)],
    ["torn", (file: string) => truncateSync(file, 5)],
  ])("gets a bundle that is %s when the same is published again", async (_what, damage) => {
    const hub = await begun();
    const word = wordOf({ [path]: content }, 1, offline.acme);
    const publishSame = () => hub.repository.putPublisher("acme", word, new Map([[path, content]]));
    await publishSame();
    const folder = join(hub.folder, "repository", "targets", "modules", "acme");
    for (const file of readdirSync(folder)) damage(join(folder, file));
    expect(await got(hub.repository, hub.pinnedRoot)).not.toBe(content.toString());

    await publishSame();

    expect(await got(hub.repository, hub.pinnedRoot)).toBe(content.toString());
  });

  test("vouches on for a publisher's last word that is torn: what it names waits for him, and nothing else does", async () => {
    const hub = await begun();
    const [sawIt, fresh] = [emptyFolder(), emptyFolder()];
    const other = "modules/acme/blink-1.0.1.js";
    await publish(hub.repository, { [path]: content });
    await publish(hub.repository, { [path]: content, [other]: content }, 2);
    await hub.repository.assign("pi-01", Buffer.from("one"));
    expect(await got(hub.repository, hub.pinnedRoot, other, sawIt)).toBe(content.toString());
    writeFileSync(join(hub.folder, "repository", "metadata", "2.acme.json"), "{");

    const again = await hub.open();

    expect(hub.said.join()).toContain("a document of the repository is damaged");
    expect(again.standing().problems.join()).toContain("version 2 of acme is damaged on this hub");
    expect(await got(again, hub.pinnedRoot, other, sawIt)).toBe(content.toString());
    expect(await got(again, hub.pinnedRoot, "assign/pi-01.json", fresh)).toBe("one");
    expect(await got(again, hub.pinnedRoot, path, fresh)).toBe("TRUST_MISMATCH");

    await publish(again, { [path]: content, [other]: content }, 3);
    expect(await got(again, hub.pinnedRoot, other, fresh)).toBe(content.toString());
    expect(await got(again, hub.pinnedRoot, other, sawIt)).toBe(content.toString());
    expect(again.standing().problems).toEqual([]);
  });

  test("vouches on for a publisher of whom nothing is whole any more, and for who may publish", async () => {
    const hub = await begun();
    const sawIt = emptyFolder();
    await publish(hub.repository, { [path]: content });
    await hub.repository.assign("pi-01", Buffer.from("one"));
    expect(await got(hub.repository, hub.pinnedRoot, path, sawIt)).toBe(content.toString());
    for (const name of ["1.acme.json", "2.targets.json"])
      writeFileSync(join(hub.folder, "repository", "metadata", name), "");

    const again = await hub.open();

    expect(await got(again, hub.pinnedRoot, path, sawIt)).toBe(content.toString());
    expect(again.standing().problems).toEqual([
      expect.stringContaining("version 2 of targets is damaged"),
      expect.stringContaining("version 1 of acme is damaged"),
    ]);
  });

  test("whose own key is damaged serves on what it signed, and says what helps", async () => {
    const hub = await begun();
    await publish(hub.repository, { [path]: content });
    writeFileSync(join(hub.folder, "keys", "online.pem"), "nothing");

    const again = await hubIn(hub.folder);

    expect(await got(again.repository, hub.pinnedRoot)).toBe(content.toString());
    expect(again.repository.standing().problems.join()).toContain("interactor trust rotate online");
    expect(again.said.join()).toContain("a key of the hub is damaged");
  });

  test.skipIf(!isRoot)("on a full disk it starts all the same, and serves what is there", async () => {
    const hub = await begun({}, mountedFolder(512));
    await publish(hub.repository, { [path]: content });
    fillDisk(join(hub.folder, "ballast"));

    const again = await hub.open();

    expect(await got(again, hub.pinnedRoot)).toBe(content.toString());
    expect(hub.said.join()).toContain("could not be signed anew");
    expect(await refusal(again.assign("pi-01", content))).not.toBe("taken");
    rmSync(join(hub.folder, "ballast"));
    await again.assign("pi-01", Buffer.from("one"));
    expect(await got(again, hub.pinnedRoot, "assign/pi-01.json")).toBe("one");
  });

  test("gives no file from outside of its own", async () => {
    const { repository, folder } = await begun();
    writeFileSync(join(folder, "secret"), "secret");

    for (const asked of [
      "../../secret",
      "..%2f..%2fsecret",
      "/etc/passwd",
      "a/../../../secret",
      "",
      ".",
      "x/",
    ])
      expect(await repository.read("file", asked)).toBeUndefined();
    rmSync(join(folder, "secret"));
  });
});
