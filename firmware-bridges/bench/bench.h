/* What the parts of the bench know of each other. Time is simulated, in AVR cycles or microseconds. */
#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>
#include <simavr/avr_uart.h>
#include <simavr/sim_avr.h>
#include <simavr/sim_io.h>

extern avr_t *avr;

uint64_t simulated_us(void);
/* A chip that sleeps is looked at 62 us late; not at this time, which each `whose` has one of. */
void wake_in(avr_cycle_count_t cycles, void *whose);
/* Writes an event line to stdout, with a line end, at once. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* The serial line of UART0: a pty of ours. */
struct line_options {
  const char *link;        /* where the link to the pty goes */
  uint8_t resets_on_open;  /* as DTR does on an Arduino */
};
void line_open(const struct line_options *options);
/* Between two instructions: moves bytes. Called every `line_poll_us`. */
void line_poll(void);
/* When the next byte is due at the AVR's receiver, in cycles; ~0 for never. */
extern avr_cycle_count_t line_next_byte_at;
void line_deliver_byte(void);
void line_say_counts(void);
/* The host hears nothing and says nothing while it is cut. */
void line_cut(uint8_t is_cut);

/* The DMX512 line of UART1. */
void dmx_listen(void);
/* A desk sends these bytes, the start code first, over and over; a period of 0 ends it. */
void dmx_feed(uint64_t period_us, const char *hex);

/* Devices on the I2C bus, each 256 registers with a pointer that moves on. */
void i2c_attach(void);
void i2c_set(uint8_t address, uint8_t reg, const uint8_t *bytes, unsigned length);
/* Its plug is pulled. */
void i2c_remove(uint8_t address);
/* A device keeps SDA low, as one that was cut off within a byte, until it has had so many clocks. */
void i2c_hold(unsigned clocks);

/* Pins and their levels. */
void pins_attach(void);
void pins_reset(void);
void pins_relax(void);
void pin_watch(char port, int bit, uint8_t is_watched);
void pin_drive(char port, int bit, unsigned level);
void adc_drive(int channel, unsigned millivolts);

/* Resets as the pin RESET does. */
void reset_by_pin(void);

#endif
