/* The I2C bus as its master, at 100 kHz. Nothing waits longer than a few milliseconds for a bus that hangs. What the bus
 * has done is told by its interrupt: the flag that could be looked at instead stays set in simavr 1.6. */
#ifndef I2C_H
#define I2C_H

#include <avr/interrupt.h>
#include <avr/io.h>
#include <stdint.h>

#define I2C_PATIENCE 4000 /* turns of a loop of some eight cycles */
#define I2C_STARTED 0x08
#define I2C_STARTED_AGAIN 0x10
#define I2C_WRITE_TAKEN 0x18
#define I2C_BYTE_TAKEN 0x28
#define I2C_READ_TAKEN 0x40

static void i2c_start(void) {
  TWSR = 0;
  TWBR = (uint8_t)((F_CPU / 100000UL - 16) / 2);
}

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
  return 0;
}

static uint8_t i2c_send(uint8_t byte) {
  TWDR = byte;
  return i2c_do(0);
}

/* Begins, also within a transfer, and calls a device. A call to write is answered by simavr 1.6 as if it were a byte,
 * which the chip cannot do here. */
static uint8_t i2c_call(uint8_t address, uint8_t is_read) {
  uint8_t state = i2c_do(_BV(TWSTA));
  if (state != I2C_STARTED && state != I2C_STARTED_AGAIN) return 0;
  state = i2c_send((uint8_t)(address << 1 | is_read));
  return is_read ? state == I2C_READ_TAKEN : state == I2C_WRITE_TAKEN || state == I2C_BYTE_TAKEN;
}

static void i2c_stop(void) {
  TWCR = _BV(TWINT) | _BV(TWEN) | _BV(TWSTO);
  for (uint16_t turn = 0; turn < I2C_PATIENCE && TWCR & _BV(TWSTO); turn++);
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
