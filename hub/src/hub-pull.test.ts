import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { pieceBytesMax } from "@interactor/shared/wire/limits";
import { encodeCbor } from "@interactor/shared/wire/cbor";
import { decodePiece, encodePull, type Piece, type Pull } from "@interactor/shared/wire/messages/pull";
import { HubPull } from "./hub-pull.ts";

const file = Uint8Array.from({ length: 10_000 }, (_, at) => at & 255);
const asking = (given: Partial<Pull> = {}): Pull => ({
  id: 1,
  file: { kind: "content", name: "abc" },
  at: 0,
  bytes: 4096,
  ...given,
});

function hub(read: (file: Pull["file"]) => Promise<Uint8Array | undefined> = async () => file) {
  const answers: Piece[] = [];
  const reads: string[] = [];
  const said: string[] = [];
  const say = (words: string) => void said.push(words);
  const pull = new HubPull({
    read: (asked) => {
      reads.push(`${asked.kind} ${asked.name}`);
      return read(asked);
    },
    sumOf: (bytes) => createHash("sha256").update(bytes).digest(),
    log: { info: say, warn: say, error: say },
  });
  pull.start((_node, payload) => {
    const piece = decodePiece(payload);
    if (piece.ok) answers.push(piece.value);
  });
  return { pull, answers, reads, said };
}

test("each question has its piece, with its sum, and the last one is shorter", async () => {
  const { pull, answers, reads } = hub();
  for (const [id, at] of [0, 4096, 8192, 12_288].entries()) pull.asked("pi", encodePull(asking({ id, at })));
  await expect.poll(() => answers.length).toBe(4);

  expect(
    answers.map((piece) =>
      piece.kind === "bytes" ? [piece.id, piece.at, piece.total, piece.data.length] : piece,
    ),
  ).toEqual([
    [0, 0, 10_000, 4096],
    [1, 4096, 10_000, 4096],
    [2, 8192, 10_000, 1808],
    [3, 12_288, 10_000, 0],
  ]);
  expect(answers[0]).toMatchObject({
    sum: Uint8Array.from(createHash("sha256").update(file.subarray(0, 4096)).digest().subarray(0, 8)),
  });
  // Read once for all of them.
  expect(reads).toEqual(["content abc"]);
});

test("metadata is read each time, because it changes under its name", async () => {
  const { pull, answers, reads } = hub();
  for (const id of [1, 2])
    pull.asked("pi", encodePull(asking({ id, file: { kind: "metadata", name: "timestamp.json" } })));
  await expect.poll(() => answers.length).toBe(2);

  expect(reads.length).toBe(2);
});

test("what is not there is said, and looked for again the next time", async () => {
  let isThere = false;
  const { pull, answers } = hub(async () => (isThere ? file : undefined));
  pull.asked("pi", encodePull(asking({ id: 1 })));
  await expect.poll(() => answers).toEqual([{ kind: "missing", id: 1 }]);

  isThere = true;
  pull.asked("pi", encodePull(asking({ id: 2 })));
  await expect.poll(() => answers[1]).toMatchObject({ kind: "bytes", id: 2 });
});

test("a disk that fails is told, and the node asks again", async () => {
  const { pull, answers, said } = hub(() => Promise.reject(new Error("the disk is away")));
  pull.asked("pi", encodePull(asking()));

  await expect.poll(() => answers).toEqual([{ kind: "busy", id: 1 }]);
  expect(said).toEqual(["a file cannot be read for a node"]);
});

test("a node that asks for more than it can take is refused, and the others are not", async () => {
  const { pull, answers } = hub(() => new Promise(() => undefined));
  const refusals = Array.from({ length: 70 }, (_, id) => pull.asked("greedy", encodePull(asking({ id }))));

  expect(refusals.filter((refusal) => refusal === "too-many-pulls").length).toBe(6);
  expect(answers.length).toBe(6);
  expect(pull.asked("other", encodePull(asking()))).toBeUndefined();
});

test("files beyond what is kept in memory are read again", async () => {
  const large = new Uint8Array(6 * 1024 * 1024);
  const { pull, answers, reads } = hub(async () => large);
  let id = 0;
  const ask = async (name: string): Promise<void> => {
    pull.asked("pi", encodePull(asking({ id: (id += 1), file: { kind: "content", name } })));
    await expect.poll(() => answers.length).toBe(id);
  };
  for (const name of ["a", "b", "c", "c", "b", "a"]) await ask(name);

  expect(reads).toEqual(["content a", "content b", "content c", "content a"]);
});

test.each([
  ["no CBOR", Uint8Array.of(255)],
  ["no bytes", encodeCbor({ v: 1, ...asking({ bytes: 0 }) })],
  ["too many bytes", encodeCbor({ v: 1, ...asking({ bytes: pieceBytesMax + 1 }) })],
  ["a place before the beginning", encodeCbor({ v: 1, ...asking({ at: -1 }) })],
  ["a kind that there is not", encodeCbor({ v: 1, ...asking(), file: { kind: "secret", name: "x" } })],
  ["a name without end", encodeCbor({ v: 1, ...asking({ file: { kind: "file", name: "x".repeat(600) } }) })],
  ["another version", encodeCbor({ ...asking(), v: 2 })],
])("a question with %s is refused, with its reason", (_what, payload) => {
  const { pull, reads } = hub();

  expect(pull.asked("pi", payload)).toBeTypeOf("string");
  expect(reads).toEqual([]);
});
