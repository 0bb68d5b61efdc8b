"""Writes tests/golden/blocks.txt to stdout: what gguf-py makes of blocks of every type.

    venv/bin/python tests/golden/blocks.py > tests/golden/blocks.txt

A line for each type: its name, a digest of the values of 1000 blocks of random bytes (scales among
them that are negative, subnormal, infinite or no numbers), and one of the values of 256 blocks, each of
one byte again and again. Digests, so that two megabytes of numbers need no place; equal digests are
equal bits.
"""

import numpy as np
from gguf import GGMLQuantizationType, quants
from gguf.constants import GGML_QUANT_SIZES

TYPES = (
    "F32 F16 BF16 Q4_0 Q4_1 Q5_0 Q5_1 Q8_0 Q2_K Q3_K Q4_K Q5_K Q6_K IQ1_S IQ1_M IQ2_XXS IQ2_XS IQ2_S "
    "IQ3_XXS IQ3_S IQ4_NL IQ4_XS MXFP4 TQ1_0 TQ2_0"
).split()
BLOCKS = 1000
MASK = (1 << 64) - 1


def random_bytes(count):
    """xorshift64*, a byte from the top of each number."""
    state, made = 7, bytearray()
    for _ in range(count):
        state ^= state >> 12
        state ^= state << 25 & MASK
        state ^= state >> 27
        made.append((state * 0x2545F4914F6CDD1D & MASK) >> 56)
    return np.frombuffer(bytes(made), dtype=np.uint8)


def digest(values):
    """The sum of each number's bits and place, mixed as splitmix64 does. What is no number has one form."""
    bits = np.where(np.isnan(values), np.uint32(0x7FC00000), values.view(np.uint32)).astype(np.uint64)
    mixed = bits | np.arange(bits.size, dtype=np.uint64) << np.uint64(32)
    for factor, shift in ((0xBF58476D1CE4E5B9, 30), (0x94D049BB133111EB, 27)):
        mixed = (mixed ^ mixed >> np.uint64(shift)) * np.uint64(factor)
    return int((mixed ^ mixed >> np.uint64(31)).sum(dtype=np.uint64))


def main():
    np.seterr(all="ignore")
    for name in TYPES:
        kind = GGMLQuantizationType[name]
        size = GGML_QUANT_SIZES[kind][1]
        random = random_bytes(BLOCKS * size).reshape(BLOCKS, size)
        constant = np.repeat(np.arange(256, dtype=np.uint8), size).reshape(256, size)
        digests = [digest(quants.dequantize(blocks.copy(), kind).ravel()) for blocks in (random, constant)]
        print(name, *(f"{number:016x}" for number in digests))


main()
