// A hub over HTTP that can be made to lie, and whoever signs for it with offline keys from the command line.

import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fastify from "fastify";
import { onTestFinished, vi } from "vitest";
import { runTrustInit } from "@interactor/hub/cli/trust-init.ts";
import { runAddPublisher } from "@interactor/hub/cli/trust-publishers.ts";
import { newSigningKey, readSigningKey, type SigningKey } from "@interactor/hub/signing/signing-key.ts";
import { openAuditLog } from "@interactor/hub/src/adapters/audit-log-files.ts";
import { routeTrust } from "@interactor/hub/src/adapters/http-fastify/trust-routes.ts";
import { openSigner } from "@interactor/hub/src/adapters/signer-ed25519/signer-ed25519.ts";
import { openTrustRepository } from "@interactor/hub/src/adapters/trust-repository/trust-repository.ts";
import { HubTrust } from "@interactor/hub/src/hub-trust.ts";
import { importPolicyDefault } from "@interactor/hub/src/ports/import-policy.ts";
import type { TrustDesk } from "@interactor/hub/src/ports/trust-desk.ts";
import { messageOf } from "@interactor/shared/kernel/fault";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import { emptyFolder } from "../folders.ts";

export const thief = newSigningKey();

/** A hub, what it lies about, and a folder with keys; `isBare`: nobody has begun. */
export async function site({ isBare = false } = {}) {
  const folder = emptyFolder();
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const open = async () => {
    const signer = await openSigner(join(folder, "keys"), quiet);
    const repository = await openTrustRepository({ folder, signer, now: Date.now, log: quiet });
    const hubTrust = new HubTrust({
      repository,
      policy: async () => importPolicyDefault,
      audit: await openAuditLog({ folder, now: Date.now, log: quiet }),
      digestOf: (bytes) => createHash("sha256").update(bytes).digest("hex"),
      clock: new VirtualClock(),
      log: quiet,
    });
    return { desk: hubTrust, repository };
  };
  let { desk, repository } = await open();
  /** What it answers in the place of what it has. */
  const lies = new Map<string, Uint8Array>();
  let isCut = false;
  const lying: TrustDesk = {
    standing: () => desk.standing(),
    document: async (role) => lies.get(role) ?? desk.document(role),
    nextOnlineKey: () => desk.nextOnlineKey(),
    async putRoot(by, document, targets, before) {
      await desk.putRoot(by, document, targets, before);
      if (isCut) throw new Error("the line is cut");
    },
    putTargets: (by, document) => desk.putTargets(by, document),
    publish: (by, word) => desk.publish(by, word),
    publishDevelopment: (by, manifest, bundle) => desk.publishDevelopment(by, manifest, bundle),
  };
  const app = fastify();
  routeTrust(app, lying, (_request, by) => by);
  const hub = await app.listen({ port: 0, host: "127.0.0.1" });
  const said: string[] = [];
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, "write").mockImplementation((text) => said.push(String(text)) > 0);
  onTestFinished(async () => {
    vi.restoreAllMocks();
    await app.close();
  });
  const keys = join(folder, "stick");
  const options = { hub, keys: [keys] };
  if (!isBare) await runTrustInit(options);
  const publicKey = (name: string): string => {
    const path = join(folder, `${name}.pub.pem`);
    writeFileSync(path, publicPem(name));
    return path;
  };
  return {
    folder,
    options,
    keys,
    lies,
    standing: () => desk.standing(),
    /** As nodes pull from it. */
    served: () => repository,
    assign: (node: string, text: string) => repository.assign(node, Buffer.from(text)),
    tryOut: () =>
      desk.publishDevelopment(
        "somebody",
        { id: "lamp", version: "1.0.0" },
        Buffer.from("export const a = 1;"),
      ),
    async restart() {
      ({ desk, repository } = await open());
    },
    said: () => said.join(""),
    cut: (is: boolean) => void (isCut = is),
    add: (name: string, given: { readonly yes?: boolean } = {}) =>
      runAddPublisher(name, { ...options, ...given, key: publicKey(name) }),
    newest: async (role: string) => (await desk.document(role)) ?? new Uint8Array(),
    bring: (document: Uint8Array) => desk.putTargets("somebody", document),
    publishers: () => desk.standing().publishers.map(({ name }) => name),
    publishWord: (document: Uint8Array, files: ReadonlyMap<string, Uint8Array>) =>
      desk.publish("somebody", { publisher: "acme", document, files }),
  };
}

export const people: Record<string, SigningKey> = {
  bob: newSigningKey(),
  eve: newSigningKey(),
  acme: newSigningKey(),
};
export const person = (name: string): SigningKey => people[name] ?? thief;

/** As `trust key` writes it. */
export function publicPem(name: string): string {
  const raw = Buffer.from(person(name).key.keyVal["public"] ?? "", "hex");
  const der = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), raw]);
  return `-----BEGIN PUBLIC KEY-----\n${der.toString("base64")}\n-----END PUBLIC KEY-----\n`;
}

export const refusal = (task: Promise<void>): Promise<string> => task.then(() => "done", messageOf);
export const keyAt = (folder: string, name: string): SigningKey =>
  readSigningKey(readFileSync(join(folder, `${name}.pem`), "utf8"));
