/** Ed25519 keys as TUF names them. Who has one may sign; where it lies is not known here. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from "node:crypto";
import { canonicalize } from "@tufjs/canonical-json";
import { Key, Signature } from "@tufjs/models";
import type { PublicKey } from "@interactor/shared/bundle/trust-api";
import { Fault } from "@interactor/shared/kernel/fault";

export interface SigningKey {
  readonly key: Key;
  readonly sign: (bytes: Buffer) => Signature;
  /** PKCS 8, under a passphrase if there is one. */
  readonly pem: (passphrase?: string) => string;
}

export const newSigningKey = (): SigningKey => signingKeyOf(generateKeyPairSync("ed25519").privateKey);

/** Throws a Fault when it is no such key, or the passphrase is wrong. */
export function readSigningKey(pem: string, passphrase?: string): SigningKey {
  try {
    const secret = createPrivateKey({ key: pem, ...(passphrase !== undefined && { passphrase }) });
    if (secret.asymmetricKeyType !== "ed25519") throw new Error(`it is of ${secret.asymmetricKeyType}`);
    return signingKeyOf(secret);
  } catch (cause) {
    throw new Fault("KEY_UNREADABLE", "this is no Ed25519 key, or its passphrase is another", { cause });
  }
}

/** What others need to know a signature by. Throws a Fault when it is no such key. */
export function readPublicKey(pem: string): Key {
  try {
    return keyOf(createPublicKey(pem));
  } catch (cause) {
    throw new Fault("KEY_UNREADABLE", "this is no public Ed25519 key", { cause });
  }
}

export const publicKeyOf = ({ keyID, keyVal }: Key): PublicKey => ({
  keyid: keyID,
  keytype: "ed25519",
  scheme: "ed25519",
  keyval: { public: keyVal["public"] ?? "" },
});

export const keyFrom = ({ keyid, keytype, scheme, keyval }: PublicKey): Key =>
  new Key({ keyID: keyid, keyType: keytype, scheme, keyVal: keyval });

function signingKeyOf(secret: KeyObject): SigningKey {
  const key = keyOf(createPublicKey(secret));
  return {
    key,
    sign: (bytes) => new Signature({ keyID: key.keyID, sig: sign(undefined, bytes, secret).toString("hex") }),
    pem: (passphrase) =>
      secret.export({
        type: "pkcs8",
        format: "pem",
        ...(passphrase !== undefined && { cipher: "aes-256-cbc", passphrase }),
      }),
  };
}

/** The last 32 bytes of its DER form are the key itself, RFC 8410. */
function keyOf(open: KeyObject): Key {
  if (open.asymmetricKeyType !== "ed25519") throw new Fault("KEY_UNREADABLE", "this is no Ed25519 key");
  const raw = open.export({ type: "spki", format: "der" }).subarray(-32).toString("hex");
  const named = { keytype: "ed25519", scheme: "ed25519", keyval: { public: raw } };
  const keyID = createHash("sha256").update(canonicalize(named)).digest("hex");
  return new Key({ keyID, keyType: "ed25519", scheme: "ed25519", keyVal: { public: raw } });
}
