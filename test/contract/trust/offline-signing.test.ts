// Whoever has offline keys, and a hub that somebody got at: what it shows is signed only as far as it follows from the root
// that lies beside the keys, and what changed since the last time is told before.

import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runModulePublish } from "@interactor/hub/cli/module-publish.ts";
import { runTrustInit } from "@interactor/hub/cli/trust-init.ts";
import { runRevoke } from "@interactor/hub/cli/trust-publishers.ts";
import { runTrustRotate } from "@interactor/hub/cli/trust-rotate.ts";
import { withPublisher } from "@interactor/hub/signing/ceremony.ts";
import {
  delegatedBy,
  delegatingTargets,
  fileOf,
  filesTargets,
  readRoot,
  readTargets,
  rootOf,
  signed,
  signersOf,
} from "@interactor/hub/signing/documents.ts";
import { newSigningKey, type SigningKey } from "@interactor/hub/signing/signing-key.ts";
import { keyAt, people, person, publicPem, refusal, site, thief } from "./offline-site.ts";

const now = Date.now();

describe("a hub that somebody got at", () => {
  test.each(["nobody", "the thief"])(
    "shows a publisher more, signed by %s: nothing is signed",
    async (by) => {
      const { lies, add, newest, publishers } = await site();
      const { delegations: _none, ...before } = readTargets(await newest("targets")).signed;
      const delegated = [
        ...delegatedBy(readTargets(await newest("targets")).signed),
        { name: "thief", key: thief.key, paths: ["modules/thief/*"] },
      ];
      const shown = delegatingTargets({ version: before.version, now, delegated });
      lies.set("targets", signed(shown, by === "nobody" ? [] : [thief]));

      expect(await refusal(add("bob", { yes: true }))).toContain("does not follow from the root.json here");

      expect(publishers()).toEqual([]);
    },
  );

  test("shows a root that follows from none: nothing is signed", async () => {
    const { lies, options, newest, keys } = await site();
    const real = readRoot(await newest("root")).signed;
    const fake = rootOf({
      version: 1,
      isDevelopment: false,
      now,
      roles: {
        root: { keys: [...signersOf(real, "root").keys, thief.key], threshold: 1 },
        targets: signersOf(real, "targets"),
        snapshot: signersOf(real, "snapshot"),
        timestamp: signersOf(real, "timestamp"),
      },
    });
    lies.set("root", signed(fake, [thief]));
    lies.set("1.root", signed(fake, [thief]));

    await runTrustRotate("online", options);

    // What follows is from the root here, whatever it shows.
    lies.delete("root");
    const next = readRoot(await newest("root")).signed;
    expect([next.version, signersOf(next, "root").threshold]).toEqual([2, 2]);
    expect(signersOf(next, "root").keys.map(({ keyID }) => keyID)).not.toContain(thief.key.keyID);

    const third = rootOf({ version: 2, isDevelopment: false, now, roles: rolesOf(fake) });
    lies.set("2.root", signed(third, [thief]));
    lies.delete("1.root");
    // As for somebody who has an old copy of what lies beside the keys.
    writeFileSync(join(keys, "root.json"), await newest("1.root"));
    rmSync(join(keys, "signed"), { recursive: true });
    expect(await refusal(runTrustRotate("root", { ...options, yes: true }))).toContain(
      "root does not follow from the root.json here",
    );
  });

  test("shows who might publish before somebody was let out: it goes on from what was signed here", async () => {
    const { lies, add, options, newest, publishers, said } = await site();
    await add("eve");
    lies.set("targets", await newest("targets"));
    await runRevoke("eve", options);

    await add("bob");

    expect(publishers()).toEqual(["bob"]);
    expect(said()).toContain("the hub has version 2 of who may publish, and 3 was signed here");
  });
});

const rolesOf = (root: ReturnType<typeof rootOf>) => ({
  root: signersOf(root, "root"),
  targets: signersOf(root, "targets"),
  snapshot: signersOf(root, "snapshot"),
  timestamp: signersOf(root, "timestamp"),
});

describe("whoever signs", () => {
  test("sees what changes, and only that", async () => {
    const { add, options, said } = await site();
    await add("bob");
    await runTrustRotate("targets", options);

    expect(said()).toMatch(
      /who may publish, version 1 → 2:\n {2}\+ publisher bob, key [0-9a-f]{16}, modules\/bob\/\*\n/,
    );
    expect(said()).toMatch(
      /root 1 → 2, who may publish, version 2 → 3:\n {2}- the key of who may publish [0-9a-f]{16}\n {2}\+ the key of who may publish [0-9a-f]{16}\n/,
    );
    expect(said()).not.toContain("signed here last");
  });

  test("is told what came since with the same key, and has to say that he wants it", async () => {
    const { add, keys, newest, publishers, said, bring } = await site();
    const before = readTargets(await newest("targets")).signed;
    const stolen = keyAt(keys, "targets");
    await bring(withPublisher({ before, by: stolen, now }, "eve", person("eve").key));

    expect(await refusal(add("bob"))).toContain("nothing was signed: more changed than was asked for");
    expect(said()).toContain(
      "since it was signed here last, by somebody else who has the key:\n  + publisher eve",
    );
    expect(publishers()).toEqual(["eve"]);

    await add("bob", { yes: true });
    expect(publishers()).toEqual(["eve", "bob"]);
    // From then on it is known.
    await add("acme");
    expect(publishers()).toEqual(["eve", "bob", "acme"]);
  });

  test("needs the root that nodes were given", async () => {
    const { options, keys } = await site();
    rmSync(join(keys, "root.json"));

    expect(await refusal(runTrustRotate("online", options))).toContain("there is no root.json in");
  });

  test("brings a root again that the hub has lost", async () => {
    const { options, folder, keys, said, restart, standing } = await site();
    await runTrustRotate("root", options);
    expect(readRoot(readFileSync(join(keys, "root.json"))).signed.version).toBe(2);
    // The last root is damaged on its disk, and it starts anew.
    writeFileSync(join(folder, "repository", "metadata", "2.root.json"), "");
    await restart();
    expect(standing().problems.join()).toContain("version 2 of root is damaged on this hub");

    await runTrustRotate("online", options);

    expect(said()).toContain("the hub has root 1, and root 2 lies here: it is brought first");
    expect(standing()).toMatchObject({ root: { version: 3 }, problems: [] });
  });
});

describe("a cut", () => {
  test("in the middle of init: run again, it goes on with the same keys", async () => {
    const { options, folder, keys } = await site();
    const names = readdirSync(keys).toSorted();
    expect(names).toEqual([
      "root-1.pem",
      "root-2.pem",
      "root-3.pem",
      "root.json",
      "signed",
      "targets.json",
      "targets.pem",
    ]);
    const made = readFileSync(join(keys, "root.json"));

    // The answer was lost.
    await runTrustInit(options);

    expect(readFileSync(join(keys, "root.json"))).toEqual(made);
    const other = join(folder, "other");
    expect(await refusal(runTrustInit({ ...options, keys: [other] }))).toContain("has a root already");
    expect(existsSync(other)).toBe(false);
  });

  test.each(["root.json", "targets.pem"])(
    "of init before %s was there: run again, it is whole",
    async (missing) => {
      const first = await site();
      const { options, keys, cut, standing, add } = await site({ isBare: true });
      // Keys that were made and came no further.
      mkdirSync(keys);
      for (const name of ["root-1.pem", "root-2.pem", "root-3.pem", "targets.pem"])
        if (name !== missing) copyFileSync(join(first.keys, name), join(keys, name));
      cut(true);
      expect(await refusal(runTrustInit(options))).toContain("the log of the hub says more");
      cut(false);

      await runTrustInit(options);

      expect(standing()).toMatchObject({ kind: "real", root: { version: 1 }, problems: [] });
      expect(standing().root?.keys).toContain(keyAt(keys, "root-1").key.keyID);
      expect(keyAt(keys, "root-1").key.keyID).toBe(keyAt(first.keys, "root-1").key.keyID);
      await add("bob");
    },
  );

  test("of init leaves keys of another site alone", async () => {
    const first = await site();
    const { options, standing } = await site({ isBare: true });

    expect(await refusal(runTrustInit({ ...options, keys: [first.keys] }))).toContain("are of another hub");
    rmSync(join(first.keys, "targets.json"));
    expect(await refusal(runTrustInit({ ...options, keys: [first.keys] }))).toContain("is there already");

    expect(existsSync(join(first.keys, "targets.json"))).toBe(false);
    expect(standing().kind).toBe("none");
  });

  test("before the answer of rotate: run again, it goes on with the same new keys", async () => {
    const { options, keys, cut, standing, newest } = await site();
    cut(true);
    expect(await refusal(runTrustRotate("targets", options))).toContain("the log of the hub says more");
    cut(false);
    expect(standing().root?.version).toBe(2);
    const fresh = keyAt(keys, "targets-of-2").key.keyID;

    await runTrustRotate("root", { ...options, yes: true });

    const root = readRoot(await newest("root")).signed;
    expect([root.version, signersOf(root, "targets").keys[0]?.keyID]).toEqual([3, fresh]);
    expect(standing().problems).toEqual([]);
  });
});

describe("a publisher", () => {
  async function publisher() {
    const { folder, options, add, ...rest } = await site();
    await add("acme");
    const key = join(folder, "acme.pem");
    writeFileSync(key, person("acme").pem());
    const built = (version: string, text = `export const lamp = "${version}";`): string => {
      const dist = join(folder, version, "dist");
      mkdirSync(dist, { recursive: true });
      writeFileSync(join(dist, "lamp.mjs"), text);
      writeFileSync(join(dist, "lamp.manifest.json"), JSON.stringify({ id: "lamp", version }));
      return join(folder, version);
    };
    const publish = (version: string, given: object = {}) =>
      runModulePublish(built(version), { hub: options.hub, publisher: "acme", key, ...given });
    return { ...rest, add, folder, key, publish };
  }

  const evil = Buffer.from("evil");
  const word = (version: number, by: SigningKey, files: readonly string[]): Buffer =>
    signed(
      filesTargets({
        version,
        now,
        files: Object.fromEntries(
          files.map((path) => [path, fileOf(path, evil, { manifest: { id: "evil", version: "1.0.0" } })]),
        ),
      }),
      [by],
    );

  test("does not sign what a hub mixes into his word", async () => {
    const { publish, lies, newest } = await publisher();
    await publish("1.0.0");
    lies.set("acme", word(1, thief, ["modules/acme/evil-1.0.0.js"]));

    expect(await refusal(publish("1.0.1"))).toContain("was not signed with this key: nothing is signed");
    expect(Object.keys(readTargets(await newest("acme")).signed.targets)).toEqual([
      "modules/acme/lamp-1.0.0.js",
    ]);
  });

  test("is told what came with his own key from elsewhere, and of what he does each day nothing", async () => {
    const { publish, publishWord, newest, said } = await publisher();
    await publish("1.0.0");
    await publish("1.0.1");
    expect(said()).not.toContain("since it was signed here last");
    const last = readTargets(await newest("acme")).signed;
    const path = "modules/acme/evil-1.0.0.js";
    const files = { ...last.targets, ...readTargets(word(1, thief, [path])).signed.targets };
    const stolen = signed(filesTargets({ version: 3, now, files }), [person("acme")]);
    await publishWord(stolen, new Map([[path, evil]]));

    expect(await refusal(publish("1.0.2"))).toContain("nothing was signed");
    expect(said()).toContain(`+ ${path}`);

    await publish("1.0.2", { yes: true });
    expect(readTargets(await newest("acme")).signed.version).toBe(4);
  });

  test("with another key names the one that he had", async () => {
    const { folder, publish, add, newest } = await publisher();
    await publish("1.0.0");
    const former = join(folder, "former.pub.pem");
    writeFileSync(former, publicPem("acme"));
    people["acme"] = newSigningKey();
    await add("acme");
    const key = join(folder, "acme-2.pem");
    writeFileSync(key, person("acme").pem());

    expect(await refusal(publish("1.0.1", { key }))).toContain("name it with --former-key");
    await publish("1.0.1", { key, formerKey: former });

    expect(Object.keys(readTargets(await newest("acme")).signed.targets)).toHaveLength(2);
  });

  test("signs no number twice, whatever a hub has forgotten", async () => {
    const { publish, lies, newest } = await publisher();
    await publish("1.0.0");
    lies.set("acme", await newest("acme"));
    await publish("1.0.1");

    expect(await refusal(publish("1.0.2"))).toBe("done");

    expect(readTargets(await newest("acme")).signed.version).toBe(3);
  });
});
