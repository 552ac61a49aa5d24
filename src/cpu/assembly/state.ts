/** What one instance (one thread) knows: its scratch memory and which share of a call it does now. */

/** Start of this thread's scratch, 64-byte aligned. */
export let scratch: usize = 0;
/** The share's number and how many shares the call has. */
export let part: i32 = 0;
export let parts: i32 = 1;

export function setScratch(pointer: usize): void {
  scratch = pointer;
}

export function setPart(index: i32, count: i32): void {
  part = index;
  parts = count;
}

/** First item of the share of `count` items, shares being multiples of `grain`. */
@inline
export function shareStart(count: i32, grain: i32): i32 {
  const units = (count + grain - 1) / grain;
  return min(count, <i32>((<i64>units * part) / parts) * grain);
}

/** End (exclusive) of the share. */
@inline
export function shareEnd(count: i32, grain: i32): i32 {
  const units = (count + grain - 1) / grain;
  return min(count, <i32>((<i64>units * (part + 1)) / parts) * grain);
}

/** First byte behind the static data. */
export function heapBase(): usize {
  return __heap_base;
}
