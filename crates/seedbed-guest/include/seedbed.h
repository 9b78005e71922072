/* seedbed.h: the `seedbed` guest dialect, version 1, for C. docs/guest-abi.md says what everything means.
 *
 * A guest defines seedbed_on_message, and whichever of the other hooks it wants; SEEDBED_INBOX(bytes) gives it an
 * inbox of fixed size. Build:
 *
 *   clang --target=wasm32-unknown-unknown -Os -nostdlib -Wl,--no-entry -Wl,-z,stack-size=8192 guest.c -o guest.wasm
 */
#ifndef SEEDBED_H
#define SEEDBED_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- The envelope: 48 bytes in front of every payload --- */

typedef struct {
  uint64_t id;          /* number of this signal among those its sender sent, from 1 */
  uint64_t from;        /* pid of the sender; 0 = nobody */
  uint64_t to;          /* as the sender wrote it */
  uint64_t correlation; /* ties a request, monitor, timer or effect to its answer; 0 = none */
  uint64_t tag;         /* chosen by the sender */
  uint32_t len;         /* length of the payload */
  uint32_t flags;       /* SEEDBED_FLAG_* */
} seedbed_envelope;

_Static_assert(sizeof(seedbed_envelope) == 48, "the envelope has 48 bytes");

enum {
  SEEDBED_FLAG_MESSAGE = 0, /* a request, if correlation is not 0 */
  SEEDBED_FLAG_REPLY = 1,
  SEEDBED_FLAG_EXIT = 2,
  SEEDBED_FLAG_DOWN = 4,
  SEEDBED_FLAG_TIMER = 8,
  SEEDBED_FLAG_COMPLETION = 16,
  SEEDBED_FLAG_STARTED = 32,
  SEEDBED_FLAG_FAILED = 64, /* beside reply, completion or started */
};

/* --- Numbers --- */

enum { /* what a hook answers; any other number fails the turn with that code */
  SEEDBED_OK = 0,
  SEEDBED_STOP = 1,
  SEEDBED_IGNORE = 2, /* from seedbed_on_start only */
};

enum { /* why a wish was refused */
  SEEDBED_MAILBOX_FULL = -1,
  SEEDBED_TOO_LARGE = -2,
  SEEDBED_LIMIT_REACHED = -3,
  SEEDBED_DENIED = -4,
  SEEDBED_NOT_FOUND = -5,
  SEEDBED_NAME_TAKEN = -6,
  SEEDBED_INVALID = -7,
  SEEDBED_NOT_NOW = -8,
  SEEDBED_NOT_YOURS = -9,
  SEEDBED_NO_ROOM = -10,
};

enum { /* the tag of a reply that failed */
  SEEDBED_DEAD = 1,
  SEEDBED_REFUSED = 2,
  SEEDBED_NO_CONNECTION = 3,
  SEEDBED_TIMEOUT = 4,
};

enum { /* reasons for seedbed_exit and seedbed_stop; any other number n: failed with code n */
  SEEDBED_NORMAL = 0,
  SEEDBED_SHUTDOWN = 1,
  SEEDBED_KILL = 2, /* seedbed_exit only */
};

enum { SEEDBED_LINK = 1, SEEDBED_MONITOR = 2, SEEDBED_NOTIFY = 4 };

enum { SEEDBED_ERROR = 1, SEEDBED_WARN = 2, SEEDBED_INFO = 3, SEEDBED_DEBUG = 4, SEEDBED_TRACE = 5 };

/* For seedbed_spawn: the length of an entry that means the caller's own module. */
#define SEEDBED_OWN_MODULE ((size_t)-1)

/* --- Exports: what a guest defines --- */

#define SEEDBED_EXPORT(name) __attribute__((export_name(#name)))

SEEDBED_EXPORT(seedbed_on_message)
int32_t seedbed_on_message(const seedbed_envelope *envelope, const uint8_t *payload, size_t len);

#define SEEDBED_ON_START SEEDBED_EXPORT(seedbed_on_start) int32_t seedbed_on_start
#define SEEDBED_ON_STOP SEEDBED_EXPORT(seedbed_on_stop) void seedbed_on_stop

/* An inbox with room for an envelope and a payload of `bytes`; asked for more, it traps. */
#define SEEDBED_INBOX(bytes)                                                                                            \
  SEEDBED_EXPORT(seedbed_inbox) void *seedbed_inbox(size_t len) {                                                       \
    static _Alignas(8) uint8_t room[sizeof(seedbed_envelope) + (bytes)];                                                \
    if (len > sizeof room) __builtin_trap();                                                                            \
    return room;                                                                                                        \
  }

/* --- Imports --- */

#define SEEDBED_IMPORT(name) __attribute__((import_module("seedbed"), import_name(#name)))

SEEDBED_IMPORT(send) int32_t seedbed_send(uint64_t to, uint64_t tag, const void *payload, size_t len);
SEEDBED_IMPORT(request)
int64_t seedbed_request(uint64_t to, uint64_t tag, const void *payload, size_t len, uint64_t timeout_ns);
SEEDBED_IMPORT(reply)
int32_t seedbed_reply(uint64_t to, uint64_t correlation, uint64_t tag, const void *payload, size_t len);
SEEDBED_IMPORT(self) uint64_t seedbed_self(void);
SEEDBED_IMPORT(parent) uint64_t seedbed_parent(void);
SEEDBED_IMPORT(address) int64_t seedbed_address(const char *name, size_t len);
SEEDBED_IMPORT(whereis) int64_t seedbed_whereis(const char *name, size_t len);
SEEDBED_IMPORT(register) int32_t seedbed_register(const char *name, size_t len);
SEEDBED_IMPORT(unregister) int32_t seedbed_unregister(void);
SEEDBED_IMPORT(now) uint64_t seedbed_now(void);
SEEDBED_IMPORT(unix_time) uint64_t seedbed_unix_time(void);
SEEDBED_IMPORT(random) void seedbed_random(void *to, size_t len);
SEEDBED_IMPORT(set_timer) int64_t seedbed_set_timer(uint64_t after_ns, uint64_t tag);
SEEDBED_IMPORT(set_interval) int64_t seedbed_set_interval(uint64_t every_ns, uint64_t tag);
SEEDBED_IMPORT(cancel_timer) int32_t seedbed_cancel_timer(uint64_t id);
SEEDBED_IMPORT(spawn)
int64_t seedbed_spawn(const char *entry, size_t entry_len, const void *args, size_t args_len, uint32_t flags,
                      const char *name, size_t name_len);
SEEDBED_IMPORT(link) int32_t seedbed_link(uint64_t pid);
SEEDBED_IMPORT(unlink) int32_t seedbed_unlink(uint64_t pid);
SEEDBED_IMPORT(monitor) int64_t seedbed_monitor(uint64_t pid);
SEEDBED_IMPORT(demonitor) int32_t seedbed_demonitor(uint64_t monitor, int32_t flush);
SEEDBED_IMPORT(trap_exits) void seedbed_trap_exits(int32_t on);
SEEDBED_IMPORT(exit) int32_t seedbed_exit(uint64_t pid, int32_t reason);
SEEDBED_IMPORT(stop) void seedbed_stop(int32_t reason);
SEEDBED_IMPORT(log) void seedbed_log(int32_t level, const char *text, size_t len);
SEEDBED_IMPORT(observe) int32_t seedbed_observe(const char *key, size_t len, int64_t value);
SEEDBED_IMPORT(fuel_left) uint64_t seedbed_fuel_left(void);
SEEDBED_IMPORT(buggify) int32_t seedbed_buggify(const char *site, size_t len);
SEEDBED_IMPORT(always) void seedbed_always(const char *name, size_t len, int32_t holds);
SEEDBED_IMPORT(sometimes) void seedbed_sometimes(const char *name, size_t len, int32_t holds);
SEEDBED_IMPORT(perform)
int64_t seedbed_perform(const char *effect, size_t effect_len, const void *payload, size_t len);

/* A text literal as pointer and length. */
#define SEEDBED_TEXT(literal) (literal), (sizeof(literal) - 1)

#ifdef __cplusplus
}
#endif

#endif
