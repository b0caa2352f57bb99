/** Assembles what a running module is looked into with. */
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { createGzip } from "node:zlib";
import type { Clock } from "@interactor/shared/kernel/clock";
import { Fault } from "@interactor/shared/kernel/fault";
import { AgentProfile } from "../agent-profile.ts";
import type { Log } from "../ports/log.ts";

export const openProfile = (
  where: { readonly site: string; readonly node: string },
  clock: Clock,
  log: Log,
): AgentProfile =>
  new AgentProfile(where, {
    clock,
    log,
    packed,
    sumOf: (bytes) => createHash("sha256").update(bytes).digest(),
  });

async function packed(parts: AsyncIterable<Uint8Array>, bytesMax: number): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  const zipped: AsyncIterable<Buffer> = Readable.from(parts).compose(createGzip());
  for await (const chunk of zipped) {
    size += chunk.length;
    if (size > bytesMax)
      throw new Fault("PROFILE_TOO_LARGE", `it has more than ${bytesMax} bytes: ask for a shorter time`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
