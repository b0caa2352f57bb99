import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { decodeBatch, readColumns } from "@interactor/shared/wire/batch";
import { lane } from "@interactor/shared/wire/lanes";
import { decodeNodeState } from "@interactor/shared/wire/messages/state";
import { ingestFiles } from "./ingested-batch.ts";

const folder = mkdtempSync(join(tmpdir(), "ingested-"));
afterAll(() => rmSync(folder, { recursive: true }));

const optionOf = (args: readonly string[], name: string): string => args[args.indexOf(name) + 1] ?? "";
const batchWith = (firstSeq: number, args: readonly string[]) => {
  const bytes = Uint8Array.from(readFileSync(optionOf(args, "--batch")));
  bytes[Number(optionOf(args, "--sequence-at"))] = firstSeq;
  return decodeBatch(bytes, lane.telemetry);
};

test("the generator repeats a batch of one entry, with a number that it may change", async () => {
  const { args } = await ingestFiles(folder);

  expect(batchWith(1, args)).toMatchObject({
    ok: true,
    value: { firstSeq: 1, entries: [{ at: expect.any(Number) }] },
  });
  expect(batchWith(23, args)).toMatchObject({ ok: true, value: { firstSeq: 23 } });
});

test("the birth that comes before is of the batch's life", async () => {
  const { args } = await ingestFiles(folder);
  const birth = decodeNodeState(Uint8Array.from(readFileSync(optionOf(args, "--birth"))));
  const batch = batchWith(1, args);

  expect(birth.ok && batch.ok && birth.value.session === batch.value.session).toBe(true);
});

test("each run is a new life", async () => {
  const sessions = [];
  for (let run = 0; run < 2; run += 1) {
    const batch = batchWith(1, (await ingestFiles(folder)).args);
    sessions.push(batch.ok ? batch.value.session : "none");
  }

  expect(new Set(sessions).size).toBe(2);
});

test("a message of several samples is one entry of one output", async () => {
  const { args, batch, sequenceAt } = await ingestFiles(folder, 64);
  const read = batchWith(2, args);
  const [entry] = read.ok ? read.value.entries : [];

  expect(batch[sequenceAt]).toBe(1);
  expect(read).toMatchObject({ ok: true, value: { entries: [{ from: "sensor/distance" }] } });
  expect(entry && readColumns(entry)).toHaveLength(64);
});
