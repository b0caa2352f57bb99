/** Where people ask for profiles of running modules, whichever node those are on. */
import type { ProfileRequest, ProfileView } from "@interactor/shared/wire/api-profile";

export interface ProfileDesk {
  /** Its number. Fault `PROFILE_BUSY`: as many as the hub holds are being made. */
  begin(by: string, wanted: ProfileRequest): number;
  /** `undefined`: there is none of that number, any more. */
  look(id: number): ProfileView | undefined;
  /** All of it, as gzip has it, once it is done. */
  file(id: number): Uint8Array | undefined;
}
