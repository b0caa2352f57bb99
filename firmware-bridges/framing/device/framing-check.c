/* Runs framing.h on the host for the vectors: "encode <hex>" and "decode <hex>", a line each, answered by a line. */
#include <stdio.h>
#include <string.h>
#include "framing.h"

static void put(uint8_t byte) { printf("%02x", byte); }

static unsigned read_hex(const char *text, uint8_t *bytes, unsigned most) {
  unsigned length = 0, value;
  while (length < most && sscanf(text + 2 * length, "%2x", &value) == 1) bytes[length++] = (uint8_t)value;
  return length;
}

int main(void) {
  static const char *faults[] = {"", "torn", "too-short", "too-long", "crc"};
  static char line[8192];
  static uint8_t bytes[4096];
  struct frame_reader reader;
  while (fgets(line, sizeof line, stdin)) {
    char *hex = strchr(line, ' ');
    unsigned length = read_hex(hex ? hex + 1 : "", bytes, sizeof bytes);
    if (line[0] == 'e') {
      frame_send(bytes, (uint8_t)length, put);
    } else {
      frame_restart(&reader);
      for (unsigned i = 0; i < length; i++) {
        int8_t outcome = frame_take(&reader, bytes[i]);
        if (outcome < 0) continue;
        if (outcome > 0) printf("%s ", faults[outcome]);
        else {
          printf("=");
          for (unsigned k = 0; k < reader.length; k++) put(reader.bytes[k]);
          printf(" ");
        }
      }
    }
    printf("\n");
    fflush(stdout);
  }
  return 0;
}
