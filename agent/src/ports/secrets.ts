/** Where a node finds what must not stand in any document of the site. */
import type { SecretSource } from "@interactor/shared/site/secret-places";

export interface Secrets {
  /** Throws a Fault `SECRET_MISSING` with words that say what to do, and never the value. */
  read(source: SecretSource): Promise<string>;
}
