/** The registry over HTTP: what was published, for whoever looks for it. */
import type { FastifyInstance } from "fastify";
import * as z from "zod/mini";
import { modulesToldMax, registryPath } from "@interactor/shared/bundle/registry-api";
import type { HubView } from "../../ports/view.ts";
import type { ModuleRegistry } from "../../ports/module-registry.ts";

/** Characters of a search. More: refuse. */
const searchMax = 200;
const fromMax = 1_000_000;

const query = z.object({
  search: z._default(z.string().check(z.maxLength(searchMax)), ""),
  from: z._default(z.coerce.number().check(z.int(), z.nonnegative(), z.lte(fromMax)), 0),
});

export function routeRegistry(
  app: FastifyInstance,
  registry: Pick<ModuleRegistry, "search" | "versions">,
  view: Pick<HubView, "running">,
): void {
  app.get(registryPath, async (request, reply) => {
    const parsed = query.safeParse(request.query);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      return reply.code(400).send({ error: `${issue?.path.join(".")}: ${issue?.message}` });
    }
    const { search, from } = parsed.data;
    const modules = await registry.search(search, { from, max: modulesToldMax });
    return { modules, running: view.running(new Set(modules.map(({ id }) => id))) };
  });
  app.get<{ Params: { readonly id: string } }>(`${registryPath}/:id`, async ({ params }, reply) => {
    const modules = await registry.versions(params.id);
    // One that every agent has is published by nobody, and runs all the same.
    const running = view.running(new Set([params.id]));
    if (modules.length + running.length > 0) return { modules, running };
    const hint = "interactor module list has all there is";
    return reply.code(404).send({ error: `nobody has published a module "${params.id}"`, hint });
  });
}
