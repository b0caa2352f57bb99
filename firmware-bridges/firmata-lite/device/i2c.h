/* The I2C bus as its master, at 100 kHz. Nothing waits longer than a few milliseconds for a bus that hangs, and one that a
 * device holds is freed before the next transfer. What the bus has done is told by its interrupt: the flag that could be
 * looked at instead stays set in simavr 1.6. The pins come from board.h. */
#ifndef I2C_H
#define I2C_H

#include <avr/interrupt.h>
#include <avr/io.h>
#include <stdint.h>
#include <util/delay.h>

#define I2C_PATIENCE 4000 /* turns of a loop of some eight cycles */
#define I2C_HALF_CLOCK_US 5
/* A device that was cut off in the middle of a byte gives at most the rest of it, and waits for the answer. */
#define I2C_FREEING_CLOCKS 9
#define I2C_STARTED 0x08
#define I2C_STARTED_AGAIN 0x10
#define I2C_WRITE_TAKEN 0x18
#define I2C_BYTE_TAKEN 0x28
#define I2C_READ_TAKEN 0x40

static void i2c_start(void) {
  TWSR = 0;
  TWBR = (uint8_t)((F_CPU / 100000UL - 16) / 2);
}

/* Low is driven; high is let go, and the pull-up's. Never is high driven, against a device that holds the line. */
static void i2c_let(uint8_t pin, uint8_t is_high) {
  volatile uint8_t *port = port_of(pin), *direction = port - 1;
  uint8_t mask = mask_of(pin), status = SREG;
  cli();
  if (is_high) {
    *direction &= (uint8_t)~mask;
    *port |= mask;
  } else {
    *port &= (uint8_t)~mask;
    *direction |= mask;
  }
  SREG = status;
  _delay_us(I2C_HALF_CLOCK_US);
}

/* The lines idle high, also where nobody has put resistors. */
static void i2c_pull_up(void) {
  i2c_let(PIN_SDA, 1);
  i2c_let(PIN_SCL, 1);
}

static uint8_t i2c_is_held(void) { return !(*(port_of(PIN_SDA) - 2) & mask_of(PIN_SDA)); }

/* We were reset, or the line was torn, while a device gave a zero: it holds SDA low until it has had its clocks, and no
 * transfer can begin. The start and the stop after them end what it took for one. */
static void i2c_free(void) {
  TWCR = 0;
  i2c_pull_up();
  for (uint8_t clock = 0; clock < I2C_FREEING_CLOCKS && i2c_is_held(); clock++) {
    i2c_let(PIN_SCL, 0);
    i2c_let(PIN_SCL, 1);
  }
  i2c_let(PIN_SDA, 0);
  i2c_let(PIN_SDA, 1);
}

static uint8_t i2c_is_busy;
static volatile uint8_t i2c_is_done;

/* The bus stands still until the flag is cleared, which the next step does. */
ISR(TWI_vect) {
  TWCR = _BV(TWEN);
  i2c_is_done = 1;
}

/* Gives the state of the bus, 0 when it hangs. */
static uint8_t i2c_do(uint8_t control) {
  i2c_is_done = 0;
  TWCR = (uint8_t)(control | _BV(TWINT) | _BV(TWEN) | _BV(TWIE));
  for (uint16_t turn = 0; turn < I2C_PATIENCE; turn++)
    if (i2c_is_done) return TWSR & 0xf8;
  /* It forgets what it was at, or it would go on waiting for it. */
  TWCR = 0;
  return 0;
}

static uint8_t i2c_send(uint8_t byte) {
  TWDR = byte;
  return i2c_do(0);
}

/* Begins, also within a transfer, and calls a device. A call to write is answered by simavr 1.6 as if it were a byte,
 * which the chip cannot do here. */
static uint8_t i2c_call(uint8_t address, uint8_t is_read) {
  if (!i2c_is_busy && i2c_is_held()) i2c_free();
  i2c_is_busy = 1;
  uint8_t state = i2c_do(_BV(TWSTA));
  if (state != I2C_STARTED && state != I2C_STARTED_AGAIN) return 0;
  state = i2c_send((uint8_t)(address << 1 | is_read));
  return is_read ? state == I2C_READ_TAKEN : state == I2C_WRITE_TAKEN || state == I2C_BYTE_TAKEN;
}

static void i2c_stop(void) {
  TWCR = _BV(TWINT) | _BV(TWEN) | _BV(TWSTO);
  for (uint16_t turn = 0; turn < I2C_PATIENCE && TWCR & _BV(TWSTO); turn++);
  if (TWCR & _BV(TWSTO)) TWCR = 0;
  i2c_is_busy = 0;
}

static uint8_t i2c_write(uint8_t address, const uint8_t *bytes, uint8_t length) {
  uint8_t is_taken = i2c_call(address, 0);
  for (uint8_t i = 0; is_taken && i < length; i++) is_taken = i2c_send(bytes[i]) == I2C_BYTE_TAKEN;
  i2c_stop();
  return is_taken;
}

/* Within a transfer or by itself. */
static uint8_t i2c_read(uint8_t address, uint8_t *bytes, uint8_t length) {
  uint8_t is_taken = i2c_call(address, 1);
  for (uint8_t i = 0; is_taken && i < length; i++) {
    is_taken = i2c_do(i + 1 < length ? _BV(TWEA) : 0) != 0;
    bytes[i] = TWDR;
  }
  i2c_stop();
  return is_taken;
}

#endif
