;; A plugin of palladium, run by palladium itself and by Seedbed. A message of 64 bytes is a counter of
;; eight and an address of 16: it is sent on to that, one less, with the own address in it. At 0 the
;; plugin fails.
(module
  (import "pd" "pd_send" (func $send (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "pd_actor_on_message") (param i32 i32) (param $e i32) (param $p i32) (param $len i32)
    (result i32)
    (if (i64.eqz (i64.load (local.get $p))) (then (return (i32.const 1))))
    (i64.store (local.get $p) (i64.sub (i64.load (local.get $p)) (i64.const 1)))
    ;; An envelope from 1024 on: what came, with the other's address as its receiver and the own as sender.
    (memory.copy (i32.const 1024) (local.get $e) (i32.const 80))
    (memory.copy (i32.const 1040) (i32.add (local.get $e) (i32.const 32)) (i32.const 16))
    (memory.copy (i32.const 1056) (i32.add (local.get $p) (i32.const 8)) (i32.const 16))
    (memory.copy (i32.add (local.get $p) (i32.const 8)) (i32.const 1040) (i32.const 16))
    (call $send (i32.const 1024) (i32.const 80) (local.get $p) (local.get $len))))
