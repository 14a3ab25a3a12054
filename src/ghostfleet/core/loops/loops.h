/* What all loops share. Plain C99 behind ctypes: no Python header, no library. Arrays are contiguous; what they may
 * hold is checked by the caller, except for what only a look at each value can tell. Whoever calls a loop does the same
 * in NumPy where nothing was compiled, and tests hold both to the same bits.
 */
#ifndef LOOPS_H
#define LOOPS_H

#include <float.h>
#include <stdint.h>
#include <string.h>

#define PUBLIC __attribute__((visibility("default")))

/* The compiler makes one for newer processors as well, and the loader chooses; integers and single operations on
 * doubles have the same bits on all of them. */
#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__)
#define ANYWHERE __attribute__((target_clones("default", "avx2")))
#else
#define ANYWHERE
#endif
#define INLINE static inline __attribute__((always_inline))

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "words are read in little-endian order"
#endif
#if FLT_EVAL_METHOD != 0
#error "floats are computed in their own precision"
#endif

#endif
