/* Devices on the I2C bus: 256 registers each, a pointer that the first byte of a write sets, and which moves on. */
#include <string.h>
#include <simavr/avr_ioport.h>
#include <simavr/avr_twi.h>
#include "bench.h"

#define DEVICES_MAX 4

struct device {
  uint8_t address, pointer, registers[256];
};

static struct device devices[DEVICES_MAX];
static unsigned count;
static struct device *selected;
static uint8_t selected_address;
static unsigned written;
static avr_irq_t *input;
/* Clocks that a device still wants before it lets go of SDA; meanwhile nobody answers. */
static unsigned clocks_wanted;

static uint8_t is_mega(void) { return !strcmp(avr->mmcu, "atmega2560"); }

static void drive_sda(unsigned level) {
  if (is_mega()) pin_drive('D', 1, level);
  else pin_drive('C', 4, level);
}

static void on_clock(avr_irq_t *irq, uint32_t value, void *param) {
  (void)param;
  if (clocks_wanted == 0 || !value || irq->value) return;
  if (--clocks_wanted > 0) return;
  drive_sda(1);
  say("i2c-free %llu", (unsigned long long)simulated_us());
}

void i2c_hold(unsigned clocks) {
  clocks_wanted = clocks;
  drive_sda(0);
}

static struct device *find(uint8_t address) {
  for (unsigned i = 0; i < count; i++)
    if (devices[i].address == address) return &devices[i];
  return NULL;
}

static void on_message(avr_irq_t *irq, uint32_t value, void *param) {
  (void)irq, (void)param;
  avr_twi_msg_irq_t message;
  message.u.v = value;
  uint8_t what = message.u.twi.msg;
  if (what & TWI_COND_STOP) selected = NULL;
  if (what & TWI_COND_START) {
    selected = clocks_wanted > 0 ? NULL : find(message.u.twi.addr >> 1);
    selected_address = message.u.twi.addr;
    written = 0;
    if (selected) avr_raise_irq(input, avr_twi_irq_msg(TWI_COND_ACK, selected_address, 1));
  }
  if (!selected) return;
  if (what & TWI_COND_WRITE) {
    avr_raise_irq(input, avr_twi_irq_msg(TWI_COND_ACK, selected_address, 1));
    if (written++ == 0) {
      selected->pointer = message.u.twi.data;
      return;
    }
    say("i2c %02x %02x %02x %llu", selected->address, selected->pointer, message.u.twi.data,
        (unsigned long long)simulated_us());
    selected->registers[selected->pointer++] = message.u.twi.data;
  }
  if (what & TWI_COND_READ)
    avr_raise_irq(input, avr_twi_irq_msg(TWI_COND_READ, selected_address, selected->registers[selected->pointer++]));
}

void i2c_attach(void) {
  input = avr_io_getirq(avr, AVR_IOCTL_TWI_GETIRQ(0), TWI_IRQ_INPUT);
  avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_TWI_GETIRQ(0), TWI_IRQ_OUTPUT), on_message, NULL);
  char port = is_mega() ? 'D' : 'C';
  avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_IOPORT_GETIRQ(port), is_mega() ? 0 : 5), on_clock, NULL);
}

void i2c_remove(uint8_t address) {
  struct device *device = find(address);
  if (!device) fail("no device at %02x", address);
  selected = NULL;
  *device = devices[--count];
}

void i2c_set(uint8_t address, uint8_t reg, const uint8_t *bytes, unsigned length) {
  struct device *device = find(address);
  if (!device) {
    if (count == DEVICES_MAX) fail("more than %d devices on the bus", DEVICES_MAX);
    device = &devices[count++];
    device->address = address;
  }
  for (unsigned i = 0; i < length; i++) device->registers[(uint8_t)(reg + i)] = bytes[i];
}
