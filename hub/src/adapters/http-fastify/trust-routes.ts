/** Trust over HTTP: how it stands, the documents as they are, and what people and programs bring. */
import type { FastifyInstance, FastifyReply } from "fastify";
import type { ZodMiniType } from "zod/mini";
import {
  developmentBody,
  documentBody,
  importBodyMax,
  publishBody,
  trustPaths,
} from "@interactor/shared/bundle/trust-api";
import { Fault } from "@interactor/shared/kernel/fault";
import type { TrustDesk } from "../../ports/trust-desk.ts";
import type { Signed } from "./asker.ts";

/** Who may publish and what he published: some thousand bundles. Larger: refuse. */
const documentBodyMax = 8 * 1024 * 1024;

/** Into where only those who may change the site may post: whose code its nodes run is more than that. */
export function routeTrust(app: FastifyInstance, desk: TrustDesk, signed: Signed): void {
  app.get(trustPaths.standing, async () => desk.standing());
  app.get<{ Params: { readonly role: string } }>(
    `${trustPaths.metadata}/:role`,
    async ({ params }, reply) => {
      const bytes = await desk.document(params.role);
      if (bytes === undefined)
        return reply.code(404).send({ error: `there is no document of "${params.role}"` });
      return reply.type("application/json").send(Buffer.from(bytes));
    },
  );
  app.post(trustPaths.onlineKey, async () => desk.nextOnlineKey());
  app.post(trustPaths.root, { bodyLimit: documentBodyMax }, async (request, reply) =>
    answered(reply, documentBody, request.body, ({ by, document, targets, before }) =>
      desk.putRoot(signed(request, by), bytesOf(document), targets && bytesOf(targets), before?.map(bytesOf)),
    ),
  );
  app.post(trustPaths.targets, { bodyLimit: documentBodyMax }, async (request, reply) =>
    answered(reply, documentBody, request.body, ({ by, document }) =>
      desk.putTargets(signed(request, by), bytesOf(document)),
    ),
  );
  app.post(trustPaths.publish, { bodyLimit: importBodyMax }, async (request, reply) =>
    answered(reply, publishBody, request.body, ({ by, publisher, document, files }) =>
      desk.publish(signed(request, by), {
        publisher,
        document: bytesOf(document),
        files: new Map(files.map(({ path, base64 }) => [path, Buffer.from(base64, "base64")])),
      }),
    ),
  );
  app.post(trustPaths.development, { bodyLimit: importBodyMax }, async (request, reply) =>
    answered(reply, developmentBody, request.body, async ({ by, manifest, base64 }) => ({
      path: await desk.publishDevelopment(signed(request, by), manifest, Buffer.from(base64, "base64")),
    })),
  );
}

/** Signatures are over what a document says, however it is written. */
const bytesOf = (document: object): Uint8Array => Buffer.from(JSON.stringify(document));

async function answered<Body>(
  reply: FastifyReply,
  schema: ZodMiniType<Body>,
  body: unknown,
  task: (body: Body) => Promise<object | void>,
): Promise<FastifyReply> {
  const parsed = schema.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return reply.code(400).send({ code: "BODY", error: `${issue?.path.join(".")}: ${issue?.message}` });
  }
  try {
    const answer = await task(parsed.data);
    return await reply.send(answer ?? { done: true });
  } catch (error) {
    // A refusal is an answer; anything else is a bug, and has its own.
    if (!(error instanceof Fault)) throw error;
    return reply.code(422).send({ code: error.code, error: error.message });
  }
}
