;; Works for processes of lunatic. The first message says which:
;; 16 bytes, how often and what (0: pass a ball of 64 bytes, 1: spawn children that report and end).
(module
  (import "lunatic::message" "create_data" (func $create (param i64 i64)))
  (import "lunatic::message" "write_data" (func $write (param i32 i32) (result i32)))
  (import "lunatic::message" "read_data" (func $read (param i32 i32) (result i32)))
  (import "lunatic::message" "send" (func $send (param i64) (result i32)))
  (import "lunatic::message" "receive" (func $receive (param i32 i32 i64) (result i32)))
  (import "lunatic::process" "process_id" (func $self (result i64)))
  (import "lunatic::process" "spawn"
    (func $spawn (param i64 i64 i64 i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "player")
  (data (i32.const 8) "child")
  ;; Where a parameter stands: its type, an i64, and its value.
  (data (i32.const 32) "\7e")

  ;; Takes the next message, of any tag, to 1024.
  (func $take (param $len i32)
    (if (call $receive (i32.const 0) (i32.const 0) (i64.const -1)) (then (unreachable)))
    (if (i32.ne (call $read (i32.const 1024) (local.get $len)) (local.get $len)) (then (unreachable))))

  ;; Sends what is at 1024.
  (func $give (param $to i64) (param $len i32)
    (call $create (i64.const 0) (i64.extend_i32_u (local.get $len)))
    (drop (call $write (i32.const 1024) (local.get $len)))
    (drop (call $send (local.get $to))))

  ;; Spawns a function of this module with one parameter; gives its pid.
  (func $start (param $name i32) (param $len i32) (param $with i64) (result i64)
    (i64.store (i32.const 33) (local.get $with))
    (if (call $spawn (i64.const 0) (i64.const -1) (i64.const -1) (local.get $name) (local.get $len)
          (i32.const 32) (i32.const 17) (i32.const 64))
      (then (unreachable)))
    (i64.load (i32.const 64)))

  ;; Sends each ball back to whom its first eight bytes name, until the counter in the next eight is 0.
  (func $play
    (local $to i64)
    (loop $next
      (call $take (i32.const 64))
      (local.set $to (i64.load (i32.const 1024)))
      (if (i64.eqz (i64.load (i32.const 1032))) (then (return)))
      (i64.store (i32.const 1032) (i64.sub (i64.load (i32.const 1032)) (i64.const 1)))
      (i64.store (i32.const 1024) (call $self))
      (call $give (local.get $to) (i32.const 64))
      (br $next)))

  (func (export "player") (param i64) (call $play))

  (func (export "child") (param $parent i64) (call $give (local.get $parent) (i32.const 8)))

  (func (export "_start")
    (local $n i64)
    (call $take (i32.const 16))
    (local.set $n (i64.load (i32.const 1024)))
    (if (i64.eqz (i64.load (i32.const 1032)))
      (then
        ;; The last ball of an odd number comes here.
        (i64.store (i32.const 1032) (i64.or (local.get $n) (i64.const 1)))
        (i64.store (i32.const 1024) (call $self))
        (call $give (call $start (i32.const 0) (i32.const 6) (i64.const 0)) (i32.const 64))
        (call $play)
        (return)))
    (loop $next
      (drop (call $start (i32.const 8) (i32.const 5) (call $self)))
      (call $take (i32.const 8))
      (local.set $n (i64.sub (local.get $n) (i64.const 1)))
      (br_if $next (i64.ne (local.get $n) (i64.const 0))))))
