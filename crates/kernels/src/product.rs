//! Weights times activations, on all threads of a pool.

use crate::activations::Activations;
use crate::matrix::Matrix;
use crate::pool::{Disjoint, Pool};
use std::ops::Range;

/// Rows of weights that a thread takes at once.
const TILE: usize = 16;

/// A matrix times rows of activations.
pub struct Product<'a> {
    /// (rows, columns)
    pub weights: Matrix<'a>,
    /// Added to each row's results, (rows).
    pub bias: Option<&'a [f32]>,
    /// (…, columns)
    pub x: &'a Activations,
    /// Which rows of the activations.
    pub tokens: Range<usize>,
    /// (tokens, rows)
    pub out: &'a mut [f32],
}

impl Product<'_> {
    fn is_whole(&self) -> bool {
        let Product {
            weights, x, tokens, ..
        } = self;
        weights.columns() == x.columns()
            && tokens.end <= x.rows()
            && x.is_for(weights.kind())
            && self.bias.is_none_or(|bias| bias.len() == weights.rows())
            && tokens.len().checked_mul(weights.rows()) == Some(self.out.len())
    }
}

/// Computes some products, which may share activations. Each number is made in one order of
/// additions, whatever stands beside it. Returns false, with nothing done, where sizes do not
/// agree or activations were not made for a type of weights.
pub fn products(pool: &Pool, products: &mut [Product<'_>]) -> bool {
    if !products.iter().all(Product::is_whole) {
        return false;
    }
    for product in products {
        let (weights, x, bias) = (product.weights, product.x, product.bias);
        let (rows, tokens) = (weights.rows(), product.tokens.clone());
        let out = Disjoint::new(product.out);
        pool.each(rows.div_ceil(TILE), |tile| {
            let mut across = vec![0f32; x.rows()];
            for row in tile * TILE..rows.min((tile + 1) * TILE) {
                let bytes = weights.row(row).unwrap_or_default();
                crate::multiply(pool.level(), weights.kind(), bytes, x, &mut across);
                for (token, value) in across[tokens.clone()].iter().enumerate() {
                    let at = token * rows + row;
                    // SAFETY: each row is in one tile, and each tile comes once.
                    #[allow(unsafe_code)]
                    let out = unsafe { out.slice(at, at + 1) };
                    out[0] = value + bias.map_or(0.0, |bias| bias[row]);
                }
            }
        });
    }
    true
}
