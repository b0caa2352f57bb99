/* Before main: why the chip started, and the watchdog off until main turns it on. */
#ifndef BOOT_H
#define BOOT_H

#include <avr/io.h>
#include <avr/wdt.h>
#include <stdint.h>

/* MCUSR's bits, and one of ours: memory was kept, so it had been running. A bootloader may clear MCUSR. */
#define BOOT_POWER _BV(PORF)
#define BOOT_RESET_PIN _BV(EXTRF)
#define BOOT_BROWN_OUT _BV(BORF)
#define BOOT_WATCHDOG _BV(WDRF)
#define BOOT_WARM 0x10

#define BOOT_MARK 0x5afe600dUL

static uint8_t boot_flags __attribute__((section(".noinit")));
static uint32_t boot_mark __attribute__((section(".noinit")));

/* After the stack and the zero register are set up, before memory is. A watchdog that has fired is still running. */
void boot_early(void) __attribute__((naked, used, section(".init3")));
void boot_early(void) {
  boot_flags = MCUSR;
  MCUSR = 0;
  wdt_disable();
}

static uint8_t boot_reason(void) {
  uint8_t reason = boot_flags & 0x0f;
  /* After power on, memory holds anything, the mark of before a short cut among it. */
  if (boot_mark == BOOT_MARK && !(reason & BOOT_POWER)) reason |= BOOT_WARM;
  boot_mark = BOOT_MARK;
  return reason;
}

#endif
