/** What the journal has kept, as a recording to take away. */
import { Readable } from "node:stream";
import type { FastifyInstance, RouteShorthandOptions } from "fastify";
import { Fault } from "@interactor/shared/kernel/fault";
import { micros } from "@interactor/shared/kernel/units";
import { apiPaths } from "@interactor/shared/wire/api";
import type { JournalSpan } from "../../ports/journal-reader.ts";

/** The pieces of a recording's file; throws a Fault when the journal cannot be read. */
export type TakeRecording = (span: JournalSpan) => AsyncIterable<Uint8Array>;

/** Recordings that are made at one time: each reads the disk that the hub writes to. More: refuse. */
const recordingsMax = 1;
/** RFC 8742. */
const mediaType = "application/cbor-seq";

/** `read`: what a route has that not everybody may read. */
export function routeRecording(
  app: FastifyInstance,
  record: TakeRecording,
  read: RouteShorthandOptions,
): void {
  let open = 0;
  app.get<{ Querystring: { readonly since?: unknown; readonly until?: unknown } }>(
    apiPaths.journal,
    read,
    async ({ query }, reply) => {
      const span = spanOf(query.since, query.until);
      if (span === undefined)
        return reply.code(400).send({ error: "since and until are times, such as 2026-11-21T09:00:00Z" });
      if (open >= recordingsMax)
        return reply.code(503).send({ error: "somebody else is taking a recording; ask again" });
      open += 1;
      const pieces = record(span)[Symbol.asyncIterator]();
      try {
        // The first piece says whether there is a journal to be read, while it can still be told.
        const first = await pieces.next();
        const stream = Readable.from(withFirst(first, pieces), { objectMode: false });
        stream.once("close", () => (open -= 1));
        return await reply.type(mediaType).send(stream);
      } catch (error) {
        open -= 1;
        if (!(error instanceof Fault)) throw error;
        return reply.code(500).send({ error: error.message });
      }
    },
  );
}

async function* withFirst(
  first: IteratorResult<Uint8Array, unknown>,
  rest: AsyncIterator<Uint8Array, unknown>,
): AsyncGenerator<Uint8Array, void> {
  try {
    for (let next = first; next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

/** `undefined`: one of them is no time. Left out, there is no such end. */
function spanOf(since: unknown, until: unknown): JournalSpan | undefined {
  const [from, to] = [timeOf(since, 0), timeOf(until, Number.MAX_SAFE_INTEGER / 1000)];
  return from === undefined || to === undefined
    ? undefined
    : { from: micros(from * 1000), until: micros(to * 1000) };
}

function timeOf(text: unknown, fallback: number): number | undefined {
  if (text === undefined) return fallback;
  const time = typeof text === "string" ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}
