/**
 * Consistent hashing by rendezvous: each node draws a number for the key and the highest takes it. When a node goes
 * only its keys move, and when one comes only those that it takes.
 */
export function rendezvous(key: string, nodes: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDraw = -1;
  for (const node of nodes) {
    const draw = mixed(hashOf(node, hashOf(key, fnvStart)));
    // Equal draws go by name, so that the order of the list says nothing.
    if (draw > bestDraw || (draw === bestDraw && best !== undefined && node < best)) {
      best = node;
      bestDraw = draw;
    }
  }
  return best;
}

/** FNV-1a over UTF-16 units, 32 bits. */
const fnvStart = 0x81_1c_9d_c5;
const fnvPrime = 0x01_00_01_93;

function hashOf(text: string, start: number): number {
  let hash = start;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), fnvPrime);
  // What ends one text begins no other: `ab` + `c` is not `a` + `bc`.
  return Math.imul(hash ^ 0xff_ff, fnvPrime);
}

/** MurmurHash3's last step: names that differ in one character draw as if they had nothing in common. */
function mixed(hash: number): number {
  let bits = hash;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85_eb_ca_6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2_b2_ae_35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
