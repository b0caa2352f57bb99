/** Crashes of modules over HTTP. */
import type { FastifyInstance, RouteShorthandOptions } from "fastify";
import * as z from "zod/mini";
import {
  type CrashDetails,
  crashesPath,
  type CrashSummary,
  crashesToldMax,
} from "@interactor/shared/wire/api-crashes";
import { isName } from "@interactor/shared/wire/names";
import type { CrashWanted } from "../../ports/crash-store.ts";

export interface CrashDesk {
  list(wanted: CrashWanted): Promise<readonly CrashSummary[]>;
  find(id: string, node?: string): Promise<readonly CrashDetails[]>;
}

interface OfOne {
  readonly Params: { readonly id: string };
  readonly Querystring: { readonly node?: unknown };
}

const fromMax = 1_000_000;
const name = z.optional(z.string().check(z.refine(isName, "not a name")));
const query = z.object({
  node: name,
  instance: name,
  from: z._default(z.coerce.number().check(z.int(), z.nonnegative(), z.lte(fromMax)), 0),
});

/** `read`: what a route has that not everybody may read. */
export function routeCrashes(app: FastifyInstance, crashes: CrashDesk, read: RouteShorthandOptions): void {
  app.get(crashesPath, read, async (request, reply) => {
    const parsed = query.safeParse(request.query);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      return reply.code(400).send({ error: `${issue?.path.join(".")}: ${issue?.message}` });
    }
    return { crashes: await crashes.list({ ...parsed.data, max: crashesToldMax }) };
  });
  app.get<OfOne>(`${crashesPath}/:id`, read, async ({ params, query: asked }, reply) => {
    const node = name.safeParse(asked.node);
    if (!node.success) return reply.code(400).send({ error: "node: not a name" });
    const [crash, ...others] = await crashes.find(params.id, node.data);
    if (crash === undefined) {
      const hint = "interactor crash list has those there are";
      return reply.code(404).send({ error: `there is no crash "${params.id}"`, hint });
    }
    if (others.length === 0) return crash;
    const nodes = [crash, ...others].map((each) => each.node).join(", ");
    const error = `more than one node has told of a crash "${params.id}": ${nodes}`;
    return reply.code(409).send({ error, hint: "say which node's: NODE/ID, or ?node=" });
  });
}
