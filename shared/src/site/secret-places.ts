/**
 * Secrets in the settings of a plan. A text with secrets comes as `{ $secret: [text, place, text …] }`: the places where
 * their values are on this node stand between what is written around them.
 */
import * as z from "zod/mini";

const source = z.union([
  z.object({ env: z.string() }),
  z.object({ file: z.string() }),
  z.object({ credential: z.string() }),
]);

export type SecretSource = z.infer<typeof source>;

/** The settings with each secret's value in its place. Throws what `valueOf` does; a place that is none is asked for too. */
export async function withSecrets(
  settings: unknown,
  valueOf: (source: SecretSource | undefined) => Promise<string>,
): Promise<unknown> {
  if (Array.isArray(settings)) return Promise.all(settings.map((each) => withSecrets(each, valueOf)));
  if (typeof settings !== "object" || settings === null || settings instanceof Uint8Array) return settings;
  const parts = partsOf(settings);
  if (parts !== undefined) {
    const texts = parts.map((part, index) =>
      index % 2 === 1 ? valueOf(source.safeParse(part).data) : Promise.resolve(String(part)),
    );
    return (await Promise.all(texts)).join("");
  }
  const entries = Object.entries(settings).map(
    async ([key, each]) => [key, await withSecrets(each, valueOf)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

function partsOf(settings: object): readonly unknown[] | undefined {
  const parts: unknown = Object.hasOwn(settings, "$secret") ? Reflect.get(settings, "$secret") : undefined;
  return Array.isArray(parts) ? parts : undefined;
}
