# A TUF repository as the library of its reference implementation signs it, and what that library says of documents of ours.
# `write FOLDER` makes one; `verify ROOT DOCUMENT ROLE` ends well when as many keys of the role as it takes have signed it.

import hashlib
import json
import os
import sys
from datetime import datetime, timedelta, timezone

from securesystemslib import formats, keys

EXPIRES = (datetime.now(timezone.utc) + timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%SZ")


def public(key):
    return {"keytype": key["keytype"], "scheme": key["scheme"], "keyval": {"public": key["keyval"]["public"]}}


def keyid(key):
    return hashlib.sha256(formats.encode_canonical(public(key)).encode()).hexdigest()


def signed(content, by):
    data = formats.encode_canonical(content).encode()
    signatures = [{"keyid": keyid(key), "sig": keys.create_signature(key, data)["sig"]} for key in by]
    return json.dumps({"signatures": signatures, "signed": content}, indent=2, ensure_ascii=False).encode()


def meta(version, document):
    return {"version": version, "length": len(document), "hashes": {"sha256": hashlib.sha256(document).hexdigest()}}


def write(folder):
    def put(path, data):
        place = os.path.join(folder, path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "wb") as file:
            file.write(data)

    def content(kind, version, **rest):
        return {"_type": kind, "spec_version": "1.0.31", "version": version, "expires": EXPIRES, **rest}

    ed, ec, rsa, later = (
        keys.generate_ed25519_key(),
        keys.generate_ecdsa_key(),
        keys.generate_rsa_key(2048),
        keys.generate_ecdsa_key(),
    )
    online = keys.generate_ecdsa_key()

    def root(version, *roots):
        roles = {"root": roots, "targets": [rsa], "snapshot": [online], "timestamp": [online]}
        return content(
            "root",
            version,
            consistent_snapshot=True,
            keys={keyid(key): public(key) for each in roles.values() for key in each},
            roles={
                role: {"keyids": [keyid(key) for key in each], "threshold": 2 if role == "root" else 1}
                for role, each in roles.items()
            },
        )

    put("metadata/1.root.json", signed(root(1, ed, ec, rsa), [ed, ec]))
    put("metadata/2.root.json", signed(root(2, ed, later, rsa), [ec, rsa, later]))

    # Letters of which canonical JSON escapes none, and its two that it does.
    name = 'päth/to/"a" \\ file \u0001.txt'
    data = "content from elsewhere\n".encode()
    digest = hashlib.sha512(data).hexdigest()
    folder_of, _, base = name.rpartition("/")
    put(f"targets/{folder_of}/{digest}.{base}", data)
    word = signed(
        content("targets", 1, targets={name: {"length": len(data), "hashes": {"sha512": digest}, "custom": {"päth": 1}}}),
        [ed],
    )
    put("metadata/1.päth.json", word)
    delegated = {
        "name": "päth",
        "keyids": [keyid(ed)],
        "threshold": 1,
        "terminating": False,
        "paths": ["päth/to/*"],
    }
    delegations = {"keys": {keyid(ed): public(ed)}, "roles": [delegated]}
    targets = signed(content("targets", 3, targets={}, delegations=delegations), [rsa])
    put("metadata/3.targets.json", targets)
    parts = {"targets.json": meta(3, targets), "päth.json": meta(1, word)}
    snapshot = signed(content("snapshot", 5, meta=parts), [online])
    put("metadata/5.snapshot.json", snapshot)
    timestamp = content("timestamp", 7, meta={"snapshot.json": meta(5, snapshot)})
    put("metadata/timestamp.json", signed(timestamp, [online]))
    put("target-name", name.encode())


def verify(root_path, path, role):
    with open(root_path, "rb") as file:
        named = json.load(file)["signed"]
    with open(path, "rb") as file:
        document = json.load(file)
    asked = named["roles"][role] if "roles" in named else next(
        each for each in named["delegations"]["roles"] if each["name"] == role
    )
    known = named["keys"] if "roles" in named else named["delegations"]["keys"]
    data = formats.encode_canonical(document["signed"]).encode()
    good = set()
    for signature in document["signatures"]:
        key = known.get(signature["keyid"])
        if signature["keyid"] not in asked["keyids"] or key is None:
            continue
        if keyid(key) != signature["keyid"]:
            sys.exit(f"{signature['keyid']} is not the id of its key")
        if keys.verify_signature({**key, "keyid": signature["keyid"]}, signature, data):
            good.add(signature["keyid"])
    if len(good) < asked["threshold"]:
        sys.exit(f"{len(good)} of {asked['threshold']}")


if __name__ == "__main__":
    {"write": write, "verify": verify}[sys.argv[1]](*sys.argv[2:])
