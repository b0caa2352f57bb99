/** The code of a module that came with this agent: where it cannot be loaded, nothing of a hub's can mend it. */
import { Fault, messageOf } from "@interactor/shared/kernel/fault";

/** Throws a Fault `AGENT_DAMAGED` when its files are not what was installed. */
export async function builtInCode<Code>(module: string, load: () => Promise<Code>): Promise<Code> {
  try {
    return await load();
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    const words = `the code of "${module}" that came with this agent cannot be loaded (${messageOf(cause)})`;
    throw new Fault("AGENT_DAMAGED", `${words}: install the agent again, and look at this node's disk`, {
      cause,
    });
  }
}
