"""Weights from a name and nothing else, in integers until the last step, so that Rust makes the same to the bit
(`crates/engine/tests/common/weights.rs`)."""
import numpy as np


def seed(name: str) -> int:
    """FNV-1a, 64 bits. Source: http://www.isthe.com/chongo/tech/comp/fnv/"""
    hash = 0xCBF29CE484222325
    for byte in name.encode():
        hash = (hash ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return hash


def words(name: str, count: int) -> np.ndarray:
    """The first `count` numbers of SplitMix64 from the name's seed. Source: https://prng.di.unimi.it/splitmix64.c"""
    with np.errstate(over="ignore"):
        z = np.uint64(seed(name)) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def numbers(name: str, shape: list[int], around: int, exponent: int | None) -> np.ndarray:
    """`around + bell * 2^exponent`, f32, exact. A bell is the sum of a word's four 16-bit parts, less its mean: a
    whole number from -131070 to 131070 with a standard deviation of 37837. Without an exponent: all zero."""
    count = int(np.prod(shape))
    if exponent is None:
        return np.zeros(shape, np.float32)
    word = words(name, count)
    parts = [(word >> np.uint64(shift)) & np.uint64(0xFFFF) for shift in (0, 16, 32, 48)]
    bell = sum(part.astype(np.int64) for part in parts) - 131070
    whole = bell + (around << -exponent)
    return (whole.astype(np.float32) * np.float32(2.0**exponent)).reshape(shape)


def bytes_of(name: str, shape: list[int], low: int, high: int) -> np.ndarray:
    """Bytes from `low` to `high`, both in."""
    count = int(np.prod(shape))
    return (words(name, count) % np.uint64(high - low + 1) + np.uint64(low)).astype(np.uint8).reshape(shape)


def ids(name: str, count: int, vocabulary: int) -> list[int]:
    """Tokens of a prompt."""
    return [int(word) for word in words(name, count) % np.uint64(vocabulary)]
