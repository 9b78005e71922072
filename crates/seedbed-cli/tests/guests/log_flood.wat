;; Logs a thousand kilobytes in one turn.
(module
  (import "seedbed" "log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 1)
  (global (export "seedbed_inbox_ptr") i32 (i32.const 0))
  (global (export "seedbed_inbox_len") i32 (i32.const 1024))
  (func (export "seedbed_on_message") (param i32 i32 i32) (result i32)
    (local $i i32)
    (loop $again
      (call $log (i32.const 2) (i32.const 4096) (i32.const 1024))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000))))
    (i32.const 0)))
