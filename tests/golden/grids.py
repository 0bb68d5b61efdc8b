"""Writes crates/kernels/src/block/grids.rs to stdout: the grids of the IQ types, from gguf-py's tables.

    venv/bin/python tests/golden/grids.py > crates/kernels/src/block/grids.rs && cargo fmt -p kernels
"""

import numpy as np
from gguf import quants

# Name, class of gguf-py, its values from the smallest, bits of each in a number of the table.
GRIDS = [
    ("IQ1", quants.IQ1_S, 2),
    ("IQ2_XXS", quants.IQ2_XXS, 2),
    ("IQ2_XS", quants.IQ2_XS, 2),
    ("IQ2_S", quants.IQ2_S, 2),
    ("IQ3_XXS", quants.IQ3_XXS, 3),
    ("IQ3_S", quants.IQ3_S, 3),
]

HEAD = """//! The grids of the IQ types: the places of eight (IQ1, IQ2) or four (IQ3) weights among the few
//! values that each of them can have. Made by `tests/golden/grids.py` from gguf-py's tables.
//!
//! A number holds the places of one entry, the first weight lowest: two bits each, three for IQ3.
"""


def main():
    print(HEAD)
    for name, kind, bits in GRIDS:
        kind.init_grid()
        places = np.searchsorted(sorted(kind.grid_map), kind.grid[0, 0]).astype(np.uint32)
        packed = (places << (bits * np.arange(places.shape[1], dtype=np.uint32))).sum(axis=1)
        numbers = ", ".join(f"0x{number:x}" for number in packed)
        print(f"/// {places.shape[1]} weights each.\npub(super) const {name}: [u16; {len(packed)}] = [{numbers}];")


main()
