/** What somebody wants to watch, as an MQTT filter: public values by their address, or a raw topic under `ix/`. */
import { failed, ok, type Result } from "@interactor/shared/kernel/result";
import { isName, parseSiteAddress } from "@interactor/shared/wire/names";
import { siteTopics } from "@interactor/shared/wire/topics";

/** node, instance, port */
const addressLevels = 3;
/** The deepest topic has seven levels, see topics.ts. Deeper: refuse. */
const topicLevelsMax = 8;

/** Fails with what is wrong and what would be right. */
export function tapTopic(filter: string, site: string): Result<string, string> {
  const levels = filter.split("/");
  const isRaw = levels[0] === "ix" && levels.length > 1;
  const wrong = wrongLevel(levels);
  if (wrong !== undefined) return failed(wrong);
  if (isRaw) return levels.length > topicLevelsMax ? failed("that is deeper than any topic") : ok(filter);
  const depth = levels.at(-1) === "#" ? levels.length - 1 : levels.length;
  if (depth > addressLevels) return failed("a value is node/instance/port; a raw topic begins with ix/");
  if (depth < addressLevels && levels.at(-1) !== "#") {
    const missing = Array.from({ length: addressLevels - depth }, () => "+");
    return failed(`a value is node/instance/port; write ${filter}/# or ${[...levels, ...missing].join("/")}`);
  }
  const odd = levels.find((level) => level !== "+" && level !== "#" && !isName(level));
  if (odd !== undefined) return failed(`"${odd}" is not a name: use a-z, 0-9, - and _, or + for any`);
  return ok(`${siteTopics(site).valueRoot}/${filter}`);
}

/** The topic of one output's raw stream: the hub gives it for a whole address only. */
export function rawTopic(text: string, site: string): Result<string, string> {
  const address = parseSiteAddress(text);
  if (address.ok) return ok(siteTopics(site).raw(address.value));
  return failed("a raw stream is of one output: write node/instance/output");
}

/** MQTT 3.1.1 section 4.7.1: a wildcard fills its level, and `#` is the last. */
function wrongLevel(levels: readonly string[]): string | undefined {
  for (const [index, level] of levels.entries()) {
    if (level === "") return "a level is empty; is there a / too many?";
    if (level === "#" && index < levels.length - 1) return "# stands at the end only; + is any one level";
    if (level !== "#" && level !== "+" && /[#+]/.test(level))
      return `"${level}": + and # stand alone in a level`;
  }
  return undefined;
}
